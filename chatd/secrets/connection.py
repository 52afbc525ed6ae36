"""What OpenSSL does for one connection."""

from OpenSSL import SSL


class Connection(SSL.Connection):
    """The server's side of TLS, without steps that Twisted takes in vain."""

    _begun = False
    _holds_back = False

    def do_handshake(self) -> None:
        if not self._begun:
            # Twisted asks when there is nothing to read yet, and then for what there
            # is to send. The client begins.
            self._begun = self._holds_back = True
            raise SSL.WantReadError
        super().do_handshake()
        # What is left to be sent are tickets to come back with. They go with the
        # first words: a packet and a system call less. In TLS 1.2 they are waited for.
        self._holds_back = self.get_protocol_version() == SSL.TLS1_3_VERSION

    def bio_read(self, bufsiz: int) -> bytes:
        if self._holds_back:
            self._holds_back = False
            raise SSL.WantReadError
        return super().bio_read(bufsiz)

    def bio_shutdown(self) -> None:
        # The line is gone. All that came was read, and nobody can be told anything.
        # OpenSSL would make an error of it that holds on to all that it knows of the
        # connection, 60 KiB, until garbage is looked for; the next one would begin
        # with memory that is not in use.
        self._holds_back = True
        self.recv = _nothing  # type: ignore[method-assign, assignment]


def _nothing(bufsiz: int) -> bytes:
    """Nothing more is to be read."""
    raise SSL.WantReadError

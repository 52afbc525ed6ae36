"""Clear words, in their own language, for clients whose door is not there."""

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol

from chatd.doors.transport import abort

# Seconds that a peer has to read the refusal.
PATIENCE = 2.0


class Refused(Protocol):
    """Says why, and hangs up."""

    def __init__(self, words: bytes, clock: IReactorTime) -> None:
        self._words = words
        self._clock = clock

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._words)
        self.transport.loseConnection()
        # A peer that never reads would otherwise keep the connection for ever.
        self._end = self._clock.callLater(PATIENCE, abort, self.transport)

    def connectionLost(self, reason: object = None) -> None:
        if self._end.active():
            self._end.cancel()


class Refusal(Factory):
    """
    Refuses every connection.

    @param words: What is said, complete with line ends and headers.
    """

    noisy = False

    def __init__(self, words: bytes, clock: IReactorTime) -> None:
        self._words = words
        self._clock = clock

    def buildProtocol(self, addr: IAddress | None) -> Refused:
        return Refused(self._words, self._clock)


_PAGE = b"""<!doctype html><title>chatd</title>
<h1>There is no page here yet</h1>
<p>This is a chat. Join it from a terminal with <code>nc</code> or
<code>telnet</code>, on the host and port that you typed just now.</p>
"""

HTTP = (
    b"HTTP/1.1 501 Not Implemented\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"Content-Length: %d\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"Connection: close\r\n\r\n%s" % (len(_PAGE), _PAGE)
)
IRC = (
    b"ERROR :Closing link: this server does not speak IRC yet. "
    b"Join from a terminal with nc or telnet.\r\n"
)
# What comes before a version string is shown by many SSH clients (RFC 4253, 4.2).
SSH = b"This server does not speak SSH yet. Join with nc, telnet or openssl.\r\n"
JSON = (
    b'{"event":"failed","ref":null,"code":"closed",'
    b'"text":"The JSON door of this server is closed."}\n'
)
TEXT = b"! The door for terminals is closed on this server.\r\n"
TLS = b"\x15\x03\x01\x00\x02\x02\x28"  # a fatal alert: handshake failure

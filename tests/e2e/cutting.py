"""A way to a server on which connections break."""

import contextlib
import socket
import threading

from tests.e2e.running import HOST


class Cutting:
    """
    Carries bytes between clients and a server, until it is told to cut.

    @ivar port: Where clients come.
    @ivar carried: Bytes so far, in both directions.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server((HOST, 0))
        self.port = int(self._listening.getsockname()[1])
        self.carried = 0
        self._limit = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, count: int) -> None:
        """Cut all connections once, when so many more bytes were carried."""
        self._limit = self.carried + count

    def cut(self) -> None:
        """Cut all connections."""
        self._limit = 0
        cut, self._open = self._open, []
        for one in cut:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let nobody through any more."""
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
                there = socket.create_connection((HOST, self._to))
            except OSError:
                return
            self._open += [here, there]
            pair = (here, there)
            threading.Thread(target=self._join, args=pair, daemon=True).start()

    def _join(self, here: socket.socket, there: socket.socket) -> None:
        back = threading.Thread(target=self._carry, args=(there, here), daemon=True)
        back.start()
        self._carry(here, there)
        back.join()
        # Not before: its number would be another's, from which the thread would read.
        for one in (here, there):
            one.close()

    def _carry(self, read: socket.socket, written: socket.socket) -> None:
        try:
            while data := read.recv(65_536):
                written.sendall(data)
                self.carried += len(data)
                if self._limit and self.carried >= self._limit:
                    self.cut()
        except OSError:
            pass
        for one in (read, written):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

"""A cable between a client and the server, that can be pulled out."""

import contextlib
import socket
import threading

from tests.e2e.running import HOST


class Cable:
    """
    Carries bytes to a port and back, until it is cut.

    @ivar port: This end of it.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._whole = True
        self._answer = b""
        self._ends: set[socket.socket] = set()
        self._listening = socket.create_server((HOST, 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections, and let none through."""
        self._whole = False
        for end in [*self._ends]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def break_off(self, answer: bytes) -> None:
        """End all connections, and answer by oneself whoever comes, as a proxy does."""
        self._answer = answer
        self.cut()

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def close(self) -> None:
        """Take it away."""
        self.cut()
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # taken away
            while True:
                near, _ = self._listening.accept()
                if not self._whole:
                    threading.Thread(target=self._turn_away, args=(near,)).start()
                    continue
                far = socket.create_connection((HOST, self._to))
                self._ends |= {near, far}
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _turn_away(self, near: socket.socket) -> None:
        with contextlib.closing(near), contextlib.suppress(OSError):
            if self._answer:
                near.settimeout(1)
                near.recv(65_536)
                near.sendall(self._answer)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends -= {source, target}
        source.close()

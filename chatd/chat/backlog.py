"""What waits for a reader who does not read."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatd.chat.connections import Connections


class Backlog:
    """
    There is one as long as the transport of a session is full.

    @ivar size: Bytes.
    """

    __slots__ = ("_connections", "_parts", "size")

    def __init__(self, connections: "Connections") -> None:
        self._connections = connections
        self._parts: list[bytes] = []
        self.size = 0

    def keep(self, data: bytes) -> None:
        """Let it wait behind the rest."""
        self._parts.append(data)
        self.size += len(data)
        self._connections.backlog += len(data)

    def empty(self) -> list[bytes]:
        """Take out what waits."""
        parts, self._parts = self._parts, []
        self._connections.backlog -= self.size
        self.size = 0
        return parts

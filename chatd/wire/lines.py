"""Bytes to lines, whatever the peer sends: in linear time and bounded memory."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Overlong:
    """
    In the place of a line that was longer than allowed.

    @ivar length: How many bytes it had.
    """

    length: int


class Lines:
    r"""
    Cuts a stream at each C{"\n"}, which is taken away; a C{"\r"} before it is not.

    C{twisted.protocols.basic.LineReceiver} copies all that follows at every line: 64
    KiB of empty lines take it 100 ms, and this 3 ms. It also forgets the lines behind
    one that is too long.

    @ivar limit: How many bytes a line may have; may be changed at any time.
    """

    __slots__ = ("_at", "_data", "_skipped", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._data = b""
        self._at = 0  # where the next line begins
        self._skipped = 0  # bytes of the current line that were thrown away

    def feed(self, data: bytes) -> None:
        """Take what was received; call L{take} until there is no more before."""
        self._data = self._data[self._at :] + data
        self._at = 0

    def take(self) -> bytes | Overlong | None:
        """
        @return: The next line; C{None} if it is not all here yet.
        """
        end = self._data.find(b"\n", self._at)
        if end < 0:
            if len(self._data) - self._at > self.limit + 1:
                # It may be the end of the line that begins here.
                kept = b"\r" if self._data.endswith(b"\r") else b""
                self._skipped += len(self._data) - self._at - len(kept)
                self._data, self._at = kept, 0
            return None
        line = self._data[self._at : end]
        self._at = end + 1
        length = self._skipped + len(line.removesuffix(b"\r"))
        self._skipped = 0
        return line if length <= self.limit else Overlong(length)

    def rest(self) -> bytes:
        """All that was not taken yet; it is given away."""
        rest, self._data, self._at = self._data[self._at :], b"", 0
        return rest

    @property
    def skipped(self) -> int:
        """How many bytes of the current line were thrown away so far."""
        return self._skipped

"""What all connections that speak lines have in common."""

from twisted.protocols.basic import LineReceiver

from chatd.chat.hub import Hub
from chatd.chat.session import LAST_WORDS, Session
from chatd.doors.connection import Connection, Exempt

# LineReceiver copies all that follows at every line: 64 KiB of empty lines take it
# 100 ms at once, and 6 ms in pieces of so many bytes.
PIECE = 1024

# Bytes after which a line without an end is taken for a flood: by strangers, and by
# people, who may paste anything.
ENDLESS = 1024 * 1024
ENDLESS_INSIDE = 64 * ENDLESS


class LineConnection(Connection, LineReceiver):
    """
    One connection that speaks lines: everything about it but what the lines mean.

    Reading stops when the session asks for it, in the middle of what was received.
    """

    kind = "lines"
    delimiter = b"\n"  # a "\r" before it is left to the door

    def __init__(self, hub: Hub, *, line_limit: int = 0, exempt: Exempt) -> None:
        super().__init__(hub, exempt=exempt)
        self.MAX_LENGTH = line_limit
        self._rest = b""  # what follows a line that was too long
        self._head = b""  # of a line that is too long, and has no end yet
        self._skipped = 0  # bytes of it

    # What a door must say

    def lineReceived(self, line: bytes) -> None:
        r"""Take a line; a C{"\r"} before its end is still there."""
        raise NotImplementedError

    def line_too_long(self, head: bytes, length: int) -> None:
        """
        Take notice of a line that was thrown away because it was too long.

        @param head: How it begins, as far as it was kept.
        """
        raise NotImplementedError

    def half_line(self, line: bytes) -> None:
        """Take notice of the beginning of a line, whose end will not come."""

    # What Twisted tells

    def dataReceived(self, data: bytes) -> None:
        self.heard = self.hub.clock.seconds()
        for start in range(0, len(data) or 1, PIECE):
            self._rest = data[start : start + PIECE]
            if self._skipped:
                self._skip()
            while True:
                rest, self._rest = self._rest, b""
                super().dataReceived(rest)
                if not self._rest:
                    break

    def readConnectionLost(self) -> None:
        rest = self.clearLineBuffer()
        if self._skipped:
            self.line_too_long(self._head, self._skipped)
        elif rest:
            self.half_line(rest)
        super().readConnectionLost()

    def lines_received(self, data: bytes) -> None:
        """Take lines, with nothing between them that is not part of one."""
        self.dataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:
        # Twisted gives all that it has: perhaps later lines, perhaps no end yet.
        head, end, self._rest = line.partition(self.delimiter)
        if end:
            self.line_too_long(head[: self.MAX_LENGTH], len(head))
        else:
            self._head, self._skipped = head[: self.MAX_LENGTH], len(head)

    def _skip(self) -> None:
        """Throw away what belongs to a line that is too long."""
        more, end, rest = self._rest.partition(self.delimiter)
        self._skipped += len(more)
        self._rest = rest
        if end:
            length, self._skipped = self._skipped, 0
            self.line_too_long(self._head, length)
        elif self.session is not None and self._skipped > self._endless(self.session):
            self.hub.connections.let_go(self.session, "it sends a line without an end")

    @staticmethod
    def _endless(session: Session) -> int:
        return ENDLESS if session.person is None else ENDLESS_INSIDE

    # What the session asks for

    def pause(self) -> None:
        """Read nothing more for now."""
        if not self.lost:
            self.pauseProducing()

    def resume(self) -> None:
        """Read again, beginning with what was received already."""
        if not self.lost:
            self.resumeProducing()

    def last_words(self) -> None:
        """Whole lines that waited while reading was paused are still carried out."""
        lines = self.clearLineBuffer().split(self.delimiter, LAST_WORDS)[:-1]
        self.paused = False
        self.lines_received(b"".join(line + self.delimiter for line in lines))

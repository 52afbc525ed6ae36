"""What all connections that speak lines have in common."""

from twisted.protocols.basic import LineReceiver

from chatd.chat.hub import Hub
from chatd.chat.queue import LAST_WORDS
from chatd.chat.session import Session
from chatd.doors.connection import Connection, Exempt

# Lines that are taken apart at once; reading may stop behind each of them.
AT_ONCE = 64

# Bytes after which a line without an end is taken for a flood: by strangers, and by
# people, who may paste anything.
ENDLESS = 1024 * 1024
ENDLESS_INSIDE = 64 * ENDLESS


class LineConnection(Connection, LineReceiver):
    r"""
    One connection that speaks lines: everything about it but what the lines mean.

    A C{LineReceiver} that takes many lines apart at once: Twisted's copies all that
    follows for each line, and needs 100 ms for 64 KiB of empty ones. Of a line that is
    too long it tells where it began and how long it was, and goes on behind it.

    Reading stops when the session asks for it, in the middle of what was received.
    """

    kind = "lines"
    delimiter = b"\n"  # a "\r" before it is left to the door

    def __init__(self, hub: Hub, *, line_limit: int = 0, exempt: Exempt) -> None:
        super().__init__(hub, exempt=exempt)
        self.MAX_LENGTH = line_limit
        self._unread = b""  # what was received
        self._busy = False  # whether it is being read
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
        self._unread += data
        if self._busy:
            return  # a line was read, because of which reading goes on
        self._busy = True
        try:
            while self._unread and not self.paused and self._take_some():
                pass
        finally:
            self._busy = False

    def _take_some(self) -> bool:
        """
        Take the next lines of what was received.

        @return: Whether there may be more.
        """
        lines = self.clearLineBuffer().split(self.delimiter, AT_ONCE)
        rest = lines.pop()
        for place, line in enumerate(lines, 1):
            if self._skipped:
                length, self._skipped = self._skipped + len(line), 0
                self.line_too_long(self._head, length)
            elif len(line) > self.MAX_LENGTH:
                self.line_too_long(line[: self.MAX_LENGTH], len(line))
            else:
                self.lineReceived(line)
            if self.paused or getattr(self.transport, "disconnecting", False):
                rest = self.delimiter.join((*lines[place:], rest))
                self._unread = rest + self._unread
                return False
        if len(lines) == AT_ONCE:
            self._unread = rest + self._unread
            return True
        if self._skipped or len(rest) > self.MAX_LENGTH:
            self._skip(rest)
        else:
            self._unread = rest + self._unread
        return False

    def _skip(self, part: bytes) -> None:
        """Throw away what belongs to a line that is too long, and has no end yet."""
        if not self._skipped:
            self._head = part[: self.MAX_LENGTH]
        self._skipped += len(part)
        session = self.session
        if session is not None and self._skipped > self._endless(session):
            self.hub.connections.let_go(session, "it sends a line without an end")

    def clearLineBuffer(self) -> bytes:  # noqa: N802
        """Give up what was received and not read yet."""
        unread, self._unread = self._unread, b""
        return unread

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
        self.lines_received(b"".join([line + self.delimiter for line in lines]))

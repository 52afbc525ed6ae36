"""The last lines of the log, and whoever follows it."""

from collections import deque
from collections.abc import Callable

from twisted.logger import Logger

from chatd.operate.logline import Line

# Lines that are kept in memory.
KEPT = 1_000


class Tail:
    """
    Is given each line of the log, from any thread, and tells followers in the
    reactor's.

    What is new is told at the end of the turn, all of it at once: a log that is busy
    costs a follower no more than one that is not.
    """

    def __init__(self, call: Callable[..., object]) -> None:
        """
        @param call: C{callFromThread} of the reactor.
        """
        self._call = call
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._followers: dict[Callable[[list[Line]], None], None] = {}
        self._count = 0
        self._told = 0
        self._telling = False

    def add(self, line: Line) -> None:
        """Take the next line; one thread at a time."""
        self._count += 1
        self._lines.append({"number": self._count, **line})
        if self._followers and not self._telling:
            self._telling = True
            self._call(self._tell)

    def last(self, count: int) -> list[Line]:
        """The latest lines, oldest first, each with a number that only grows."""
        return list(self._lines)[-count:] if count > 0 else []

    def follow(self, tell: Callable[[list[Line]], None]) -> Callable[[], None]:
        """
        Tell of lines from now on.

        @return: Call it to end that.
        """
        if not self._followers:
            self._told = self._count
        self._followers[tell] = None

        def stop() -> None:
            self._followers.pop(tell, None)

        return stop

    def _tell(self) -> None:
        self._telling = False
        told, self._told = self._told, self._count
        lines = [line for line in self.last(self._told - told)]
        for tell in list(self._followers):
            try:
                tell(lines)
            except Exception:
                self._followers.pop(tell, None)
                _log.failure("a follower of the log failed")


_log = Logger()

"""Keeps a flood of equal events from flooding the log."""

from collections.abc import Callable

from twisted.logger import ILogObserver, LogEvent, formatEvent
from zope.interface import implementer

# Seconds that share a limit.
WINDOW = 10.0

# What operators did is never summed up.
AUDIT = "chatd.audit"


@implementer(ILogObserver)
class RepeatFilter:
    """
    Lets so many events of a kind through in ten seconds, and then counts.

    That is 4 MB in an hour at the most, so that no flood makes the log rotate away what
    came before it. Events are of a kind if format, level and namespace are the same.
    """

    def __init__(
        self,
        observer: Callable[[LogEvent], None],
        seconds: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
        limit: int = 100,
    ) -> None:
        """
        @param seconds: Tells the time, from any clock that does not go back.
        @param later: Calls a function after so many seconds.
        """
        self._observer = observer
        self._seconds = seconds
        self._later = later
        self._limit = limit
        self._began = float("-inf")
        self._counts: dict[tuple[object, ...], int] = {}
        self._last: dict[tuple[object, ...], LogEvent] = {}

    def __call__(self, event: LogEvent) -> None:
        """Pass the event on, or count it."""
        if self._seconds() - self._began >= WINDOW:
            self.sum_up()
            self._began = self._seconds()
        kind = (
            event.get("log_format"),
            event.get("log_level"),
            event.get("log_namespace"),
        )
        count = self._counts.get(kind, 0) + 1
        self._counts[kind] = count
        if count <= self._limit or event.get("log_namespace") == AUDIT:
            self._observer(event)
            return
        if not self._last:
            self._later(WINDOW, self.sum_up)
        self._last[kind] = event

    def sum_up(self) -> None:
        """Say how many events were held back, and begin to count anew."""
        counts, last = self._counts, self._last
        self._counts, self._last = {}, {}
        for kind, event in last.items():
            self._observer(
                {
                    **{key: event[key] for key in _KEPT if key in event},
                    "log_format": "{more} more like this: {example}",
                    "more": counts[kind] - self._limit,
                    "example": formatEvent(event),
                }
            )


_KEPT = ("log_level", "log_namespace", "log_time", "log_source")

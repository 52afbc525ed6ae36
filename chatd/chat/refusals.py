"""How often people meet a limit: for the operator, who may want to change it."""

from collections import Counter

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat.errors import Banned, ChatError, Closed, Full, TooFast, TooLong

# Seconds that share a line in the log.
SUMMED_UP = 60.0

# What is a limit, and not a mistake.
LIMITS = frozenset(error.code for error in (Banned, Closed, Full, TooFast, TooLong))

# The code of a request that is not refused but has to wait.
SLOWED = "slowed"

# The code of a connection that had to make room before anybody came in by it.
CROWDED = "crowded"


class Refusals:
    """
    Counts how often limits were met.

    @ivar counts: How many since the start, by the code of the limit.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self.counts: Counter[str] = Counter()
        self._lately: Counter[str] = Counter()

    def note(self, error: ChatError) -> None:
        """A request was refused."""
        if error.code in LIMITS:
            self._count(error.code)

    def slowed(self) -> None:
        """Somebody was told to slow down."""
        self._count(SLOWED)

    def crowded(self, address: str, why: str) -> None:
        """
        A connection by which nobody had come in made room for others.

        In a flood this happens all the time: only the first of a minute is named.
        """
        if not self._lately[CROWDED]:
            _log.info("{address} was let go: {why}", address=address, why=why)
        self._count(CROWDED)

    def _count(self, code: str) -> None:
        self.counts[code] += 1
        if not self._lately.total():
            self._clock.callLater(SUMMED_UP, self._sum_up)
        self._lately[code] += 1

    def _sum_up(self) -> None:
        lately, self._lately = self._lately, Counter()
        _log.info(
            "limits that were met within {seconds:.0f} s: {counts}",
            seconds=SUMMED_UP,
            counts=", ".join(
                f"{code} {count}" for code, count in sorted(lately.items())
            ),
        )


_log = Logger()

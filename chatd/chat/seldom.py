"""Keeps what strangers do from filling the log."""

from collections import Counter

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

# Seconds in which what happens for the same reason shares a line in the log.
SUMMED_UP = 60.0


class Seldom:
    """
    Tells of the first connection of a kind, and then how many more there were; and so
    of guesses.

    Scanners come by the hundred, and nobody can do anything about them.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._repeated: Counter[str] = Counter()

    def refused(self, kind: str, address: str, why: str) -> None:
        """A connection was not let in."""
        self._connection(address, f"refused ({kind})", why)

    def ended(self, kind: str, address: str, why: str = "") -> None:
        """
        A connection was ended before anybody came in by it.

        @param why: A sentence, where the kind does not say it.
        """
        self._connection(address, f"ended ({kind})", why)

    def wrong(self, what: str, address: str) -> None:
        """
        Somebody did not know a secret.

        @param what: Which, and whose.
        """
        self._tell(f"wrong {what} from {address}", f"wrong {what} from {address}")

    def _connection(self, address: str, what: str, why: str) -> None:
        line = f"a connection from {address} was {what}{why and f': {why}'}"
        self._tell(f"a connection was {what}", line)

    def _tell(self, kind: str, line: str) -> None:
        self._repeated[kind] += 1
        if self._repeated[kind] == 1:
            _log.info("{line}", line=line)
            self._clock.callLater(SUMMED_UP, self._sum_up, kind)

    def _sum_up(self, kind: str) -> None:
        more = self._repeated.pop(kind) - 1
        if more:
            _log.info(
                "{more:,} more within {seconds:.0f} s: {kind}",
                more=more,
                seconds=SUMMED_UP,
                kind=kind,
            )


_log = Logger()

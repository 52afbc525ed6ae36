"""Keeps what strangers do from filling the log."""

from collections import Counter

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat.durations import counted

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
        self._repeated: Counter[tuple[str, str]] = Counter()
        self._wrong: Counter[tuple[str, str]] = Counter()

    def refused(self, kind: str, address: str, why: str) -> None:
        """A connection was not let in."""
        self._tell("refused", kind, address, why)

    def ended(self, kind: str, address: str, why: str = "") -> None:
        """
        A connection was ended before anybody came in by it.

        @param why: A sentence, where the kind does not say it.
        """
        self._tell("ended", kind, address, why)

    def wrong(self, what: str, address: str) -> None:
        """
        Somebody did not know a secret.

        @param what: Which, and whose.
        """
        self._wrong[what, address] += 1
        if self._wrong[what, address] > 1:
            return
        _log.info("wrong {what} from {address}", what=what, address=address)
        self._clock.callLater(SUMMED_UP, self._sum_up_wrong, what, address)

    def _sum_up_wrong(self, what: str, address: str) -> None:
        more = self._wrong.pop((what, address)) - 1
        if more:
            _log.info(
                "wrong {what} from {address}: {more} within {seconds:.0f} s",
                what=what,
                address=address,
                more=counted(more, "more time"),
                seconds=SUMMED_UP,
            )

    def _tell(self, what: str, kind: str, address: str, why: str) -> None:
        self._repeated[what, kind] += 1
        if self._repeated[what, kind] > 1:
            return
        _log.info(
            "a connection from {address} was {what} ({kind}){why}",
            address=address,
            what=what,
            kind=kind,
            why=f": {why}" if why else "",
        )
        self._clock.callLater(SUMMED_UP, self._sum_up, what, kind)

    def _sum_up(self, what: str, kind: str) -> None:
        more = self._repeated.pop((what, kind)) - 1
        if more:
            _log.info(
                "{more} {were} {what} ({kind}) within {seconds:.0f} s",
                more=counted(more, "more connection"),
                were="was" if more == 1 else "were",
                what=what,
                kind=kind,
                seconds=SUMMED_UP,
            )


_log = Logger()

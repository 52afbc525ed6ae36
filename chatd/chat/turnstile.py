"""Lets so many through at a time."""

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

# Seconds between two groups of a crowd. What a group causes is done in less, and then
# it is the turn of those who are here.
A_WHILE = 0.05


class Turnstile:
    """
    Spreads a crowd over time, so that others have their turns in between.

    @ivar most: How many go through together.
    """

    def __init__(self, clock: IReactorTime, most: int) -> None:
        self.most = most
        self._clock = clock
        self._passed = 0  # of this group
        self._waiting: list[Deferred[None]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    async def pass_through(self) -> None:
        """Wait for one's turn; those who came first go first."""
        if self._passed >= self.most or self._waiting:
            mine: Deferred[None] = Deferred()
            self._waiting.append(mine)
            await mine
            return
        self._count()

    def _count(self) -> None:
        if not self._passed:
            self._clock.callLater(A_WHILE if self._waiting else 0, self._go_on)
        self._passed += 1

    def _go_on(self) -> None:
        self._passed = 0
        first, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
        for waiting in first:
            self._count()
            waiting.callback(None)

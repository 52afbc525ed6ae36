"""Lets so many through in one turn of the reactor."""

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime


class Turnstile:
    """
    Spreads a crowd over turns, so that others have theirs in between.

    @ivar most: How many go through in one turn.
    """

    def __init__(self, clock: IReactorTime, most: int) -> None:
        self.most = most
        self._clock = clock
        self._passed = 0  # in this turn
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
            self._clock.callLater(0, self._next_turn)
        self._passed += 1

    def _next_turn(self) -> None:
        self._passed = 0
        first, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
        for waiting in first:
            self._count()
            waiting.callback(None)

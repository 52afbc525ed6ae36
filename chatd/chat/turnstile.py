"""Lets so many through at a time."""

from collections.abc import Callable

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

    def __init__(
        self, clock: IReactorTime, most: int, turn: Callable[[], object]
    ) -> None:
        """
        @param turn: Tells one turn of the reactor from the next. A timer for each who
            comes alone would cost more than all the rest here.
        """
        self.most = most
        self._clock = clock
        self._turn = turn
        self._now = turn()
        self._passed = 0  # in this turn
        self._waiting: list[Deferred[None]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    async def pass_through(self) -> None:
        """Wait for one's turn; those who came first go first."""
        if not self._waiting:
            if self._turn() != self._now:
                self._now, self._passed = self._turn(), 0
            if self._passed < self.most:
                self._passed += 1
                return
            self._clock.callLater(0, self._go_on)
        mine: Deferred[None] = Deferred()
        self._waiting.append(mine)
        await mine

    def _go_on(self) -> None:
        first, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
        self._now, self._passed = self._turn(), len(first)
        if self._waiting:
            self._clock.callLater(A_WHILE, self._go_on)
        for waiting in first:
            waiting.callback(None)

"""A crowd that comes at once does not keep others from having their turns."""

from collections.abc import Callable
from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.turnstile import A_WHILE, Turnstile


class Turns:
    """A clock like a reactor's: what is begun in a turn is done in the next."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []
        self.number = 0
        self.seconds: list[float] = []

    def callLater(  # noqa: N802
        self, seconds: float, call: Callable[[], None]
    ) -> None:
        self.seconds.append(seconds)
        self._calls.append(call)

    def turn(self) -> None:
        """The next turn."""
        self.number += 1
        calls, self._calls = self._calls, []
        for call in calls:
            call()


class TurnstileTests(SynchronousTestCase):
    """So many go through in a turn, the others in the next ones, in order."""

    def setUp(self) -> None:
        self.turns = Turns()
        clock = cast(IReactorTime, self.turns)
        self.turnstile = Turnstile(clock, 2, lambda: self.turns.number)
        self.passed: list[int] = []

    def come(self, number: int) -> None:
        """Somebody wants to go through."""

        async def go() -> None:
            await self.turnstile.pass_through()
            self.passed.append(number)

        Deferred.fromCoroutine(go())

    def test_few(self) -> None:
        """As many as may in one turn do not wait, in the next turn again."""
        for turn in range(3):
            self.come(2 * turn)
            self.come(2 * turn + 1)
            self.assertEqual(len(self.passed), 2 * turn + 2)
            self.turns.turn()

    def test_others(self) -> None:
        """While a crowd waits there is time for others between two groups."""
        for number in range(5):
            self.come(number)
        for _ in range(4):
            self.turns.turn()
        self.assertEqual(len(self.passed), 5)
        self.assertEqual(self.turns.seconds, [0, A_WHILE])

    def test_no_timer(self) -> None:
        """As long as few come nothing is left for later."""
        self.come(0)
        self.assertEqual(self.turns.seconds, [])

    def test_crowd(self) -> None:
        """More wait, and those who come later wait behind them."""
        for number in range(5):
            self.come(number)
        self.assertEqual(self.passed, [0, 1])
        self.turns.turn()
        self.assertEqual(self.passed, [0, 1, 2, 3])
        self.come(5)
        self.come(6)
        self.assertEqual(len(self.turnstile), 3)
        self.turns.turn()
        self.turns.turn()
        self.assertEqual(self.passed, [0, 1, 2, 3, 4, 5, 6])
        self.assertEqual(len(self.turnstile), 0)

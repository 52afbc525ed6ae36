"""Tests for L{chatd.operate.tail}: who follows the log."""

from collections.abc import Callable
from typing import Any

from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.logline import Line, parts
from chatd.operate.tail import KEPT, Tail


def event(text: str) -> Line:
    """Something that was logged."""
    return parts(
        {
            "log_format": "{text}",
            "text": text,
            "log_level": LogLevel.warn,
            "log_namespace": "chatd.x",
            "log_time": 12.5,
        }
    )


class TailTests(SynchronousTestCase):
    """The last lines are kept, and told."""

    def setUp(self) -> None:
        self.calls: list[Callable[[], None]] = []
        self.tail = Tail(self.calls.append)
        self.told: list[list[str]] = []

    def tell(self, lines: list[dict[str, Any]]) -> None:
        """Be told."""
        self.told.append([line["text"] for line in lines])

    def turn(self) -> None:
        """The reactor's turn ends."""
        calls, self.calls[:] = list(self.calls), []
        for call in calls:
            call()

    def test_last(self) -> None:
        """The latest lines come in order, with numbers, and in the parts they have."""
        for text in ("one", "two", "three"):
            self.tail.add(event(text))
        self.assertEqual(
            self.tail.last(2)[0],
            {
                "number": 2,
                "time": 12.5,
                "level": "warn",
                "from": "chatd.x",
                "text": "two",
            },
        )
        self.assertEqual([line["text"] for line in self.tail.last(2)], ["two", "three"])
        self.assertEqual(self.tail.last(0), [])
        self.assertEqual(len(self.tail.last(9)), 3)

    def test_forged(self) -> None:
        """A line break in a line cannot make another."""
        self.tail.add(event("one\ntwo\x1b[31m"))
        (line,) = self.tail.last(1)
        self.assertEqual(line["text"], "one\\ntwo\\x1b[31m")

    def test_bounded(self) -> None:
        """So many are kept, and no more."""
        for number in range(KEPT + 5):
            self.tail.add(event(str(number)))
        lines = self.tail.last(10 * KEPT)
        self.assertEqual((len(lines), lines[0]["number"]), (KEPT, 6))

    def test_follow(self) -> None:
        """What is logged in a turn is told at its end, all at once, from then on."""
        self.tail.add(event("before"))
        stop = self.tail.follow(self.tell)
        self.tail.add(event("one"))
        self.tail.add(event("two"))
        self.assertEqual(len(self.calls), 1)
        self.turn()
        self.tail.add(event("three"))
        self.turn()
        self.assertEqual(self.told, [["one", "two"], ["three"]])
        stop()
        stop()
        self.tail.add(event("four"))
        self.turn()
        self.assertEqual(len(self.told), 2)
        self.assertEqual(self.calls, [])

    def test_failure(self) -> None:
        """A follower that fails is told no more, and harms no other."""

        def fail(lines: object) -> None:
            raise ValueError("no")

        self.tail.follow(fail)
        self.tail.follow(self.tell)
        for text in ("one", "two"):
            self.tail.add(event(text))
            self.turn()
        self.assertEqual(self.told, [["one"], ["two"]])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

"""Tests for how long what was said is kept."""

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person
from chatd.chat.events import Announced, Event, Said, Whispered
from chatd.chat.retention import AGREEING, EVERY, PAUSE, STEP, Retention
from chatd.chat.rules import Rules
from chatd.store.memory import MemoryStore

ANN, BOB = Person(1, "ann"), Person(2, "bob")
DAY = 86_400.0
NOON = 1_795_255_200.0  # POSIX seconds


class RetentionTests(SynchronousTestCase):
    """Ten days of history; each event's id is the day on which it happened."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.now = NOON
        self.store = MemoryStore()
        self.keep(*(self.said(day, "ops") for day in range(1, 11)))

    def said(self, day: int, room: str) -> Said:
        """Something that was said."""
        time = NOON + (day - 10) * DAY
        return Said(id=day, time=time, room=room, sender=ANN, text="hi")

    def keep(self, *events: Event) -> None:
        """Store events."""
        results = self.successResultOf(self.store.append(events))
        self.assertEqual(results, [None] * len(events))

    def retention(self, **rules: Any) -> Retention:
        """Under these rules."""
        chosen = Rules(**rules)
        return Retention(self.store, self.clock, lambda: self.now, lambda: chosen)

    def clean(self, retention: Retention) -> int:
        """Look once, and let time pass until it is done."""
        cleaning = Deferred.fromCoroutine(retention.clean(["ops", "Tea"]))
        self.clock.pump([PAUSE] * 50)
        return self.successResultOf(cleaning)

    def ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        """The answer to a question."""
        return self.successResultOf(Deferred.fromCoroutine(question))

    def days(self, room: str = "ops") -> list[int]:
        """What is left of a room."""
        events = self.ask(self.store.history(room, limit=1000))
        return [event.id for event in events]

    def test_for_ever(self) -> None:
        """By default everything is kept, and nobody asks the store."""
        self.store.failing = True
        self.assertEqual(self.clean(self.retention()), 0)
        self.store.failing = False
        self.assertEqual(self.days(), list(range(1, 11)))

    def test_age(self) -> None:
        """What is older than is kept goes."""
        self.assertEqual(self.clean(self.retention(history_keep=3 * DAY)), 6)
        self.assertEqual(self.days(), [7, 8, 9, 10])

    def test_count(self) -> None:
        """What is more than is kept goes, the oldest first."""
        self.keep(self.said(11, "Tea"))
        self.assertEqual(self.clean(self.retention(history_keep_count=4)), 6)
        self.assertEqual(self.days(), [7, 8, 9, 10])
        self.assertEqual(self.days("Tea"), [11])

    def test_both(self) -> None:
        """Of two limits the narrower counts."""
        rules = {"history_keep": 3 * DAY, "history_keep_count": 2}
        self.clean(self.retention(**rules))
        self.assertEqual(self.days(), [9, 10])

    def test_room(self) -> None:
        """A room may have limits of its own, whatever its case."""
        self.keep(*(self.said(day, "Tea") for day in range(11, 15)))
        rooms = {"tea": (0.0, 2), "ops": (0.0, 0)}
        self.clean(self.retention(history_keep=DAY, history_rooms=rooms))
        self.assertEqual(self.days(), list(range(1, 11)))
        self.assertEqual(self.days("Tea"), [13, 14])

    def test_private(self) -> None:
        """Private messages and announcements go when they are old, however many."""
        old, new = NOON - 5 * DAY, NOON
        self.keep(
            Whispered(id=20, time=old, sender=ANN, to=BOB, text="psst"),
            Announced(id=21, time=old, sender=ANN, text="hear"),
            Whispered(id=22, time=new, sender=ANN, to=BOB, text="psst"),
            self.said(30, "Tea"),
        )
        self.clean(self.retention(history_keep_count=1))
        self.assertEqual(self.ask(self.store.stored([20, 21, 22])), {20, 21, 22})
        self.clean(self.retention(history_keep=DAY))
        self.assertEqual(self.ask(self.store.stored([20, 21, 22])), {22})

    def test_small_steps(self) -> None:
        """Much is removed in small steps, with time for others between them."""
        many = range(100, 100 + 3 * STEP)
        self.keep(*(self.said(day, "Tea") for day in many))
        retention = self.retention(history_rooms={"tea": (0.0, 1)})
        cleaning = Deferred.fromCoroutine(retention.clean(["Tea"]))
        for step in range(1, 4):
            left = len(self.days("Tea"))
            self.assertEqual(left, max(1, 3 * STEP - step * STEP))
            self.assertNoResult(cleaning)
            self.clock.advance(PAUSE)
        self.assertEqual(self.successResultOf(cleaning), 3 * STEP - 1)

    def test_clock_set_forward(self) -> None:
        """A clock that jumped forward removes nothing until it was so for a day."""
        retention = self.retention(history_keep=3 * DAY)
        self.clean(retention)
        self.now += 30 * DAY
        for _ in range(AGREEING - 1):
            self.clock.advance(EVERY)
            self.now += EVERY
            self.clean(retention)
        self.assertEqual(self.days()[-3:], [8, 9, 10])
        self.clock.advance(EVERY)
        self.now += EVERY
        self.clean(retention)
        self.assertEqual(self.days(), [10], "the last event of all stays")

    def test_clock_set_back(self) -> None:
        """A clock that was set back removes nothing too early."""
        retention = self.retention(history_keep=3 * DAY)
        self.now -= 5 * DAY
        self.assertEqual(self.clean(retention), 1)
        self.assertEqual(self.days(), list(range(2, 11)))

"""Tests for the store that forgets."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.store import StoreDown
from chatd.store.memory import MemoryStore
from tests.store.asking import said
from tests.store.questions import Questions


class MemoryTests(Questions, SynchronousTestCase):
    """The store in memory answers like a database, and breaks when told to."""

    def setUp(self) -> None:
        self.store = self.memory = MemoryStore()

    def test_failing(self) -> None:
        """A store that fails keeps nothing and answers nothing, until it is well."""
        self.memory.failing = True
        self.failureResultOf(self.memory.append([said(1)]), StoreDown)
        self.failureResultOf(Deferred.fromCoroutine(self.memory.last_id()), StoreDown)
        self.memory.failing = False
        self.assertEqual(self.ask(self.memory.last_id()), 0)
        self.must_keep(said(1))

    def test_full(self) -> None:
        """A store whose disk is full keeps nothing, and answers."""
        self.memory.full = True
        self.failureResultOf(self.memory.append([said(1)]), StoreDown)
        kept = Deferred.fromCoroutine(self.memory.keep_setting("motd", "hi"))
        self.failureResultOf(kept, StoreDown)
        self.assertEqual(self.ask(self.memory.setting("motd")), "")

    def test_unsure(self) -> None:
        """Cut off during a commit, a store may have kept what it says it has not."""
        self.memory.unsure = True
        self.failureResultOf(self.memory.append([said(1)]), StoreDown)
        self.assertEqual(self.ask(self.memory.stored([1])), {1})

    def test_hold(self) -> None:
        """While commits are held nothing is kept, but questions are answered."""
        self.memory.hold()
        first, second = self.memory.append([said(1)]), self.memory.append([said(2)])
        self.assertNoResult(first)
        self.assertEqual(self.ask(self.memory.stored([1, 2])), set())
        self.memory.release()
        self.assertEqual(self.successResultOf(first), [None])
        self.assertEqual(self.successResultOf(second), [None])
        self.assertEqual(self.ask(self.memory.stored([1, 2])), {1, 2})
        self.must_keep(said(3))

    def test_hold_questions(self) -> None:
        """Questions can be held too; they are answered in order."""
        self.memory.hold(questions=True)
        appending = self.memory.append([said(1)])
        asking = Deferred.fromCoroutine(self.memory.last_id())
        self.assertNoResult(asking)
        self.memory.release()
        self.assertEqual(self.successResultOf(appending), [None])
        self.assertEqual(self.successResultOf(asking), 1)

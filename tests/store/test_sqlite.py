"""Tests for what is particular to SQLite: the index of what was said, kept later."""

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.event import listens_for
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.events import Event
from chatd.chat.store import Query, StoreDown
from chatd.store import sqlite
from chatd.store.sql import SqlStore
from tests.store.asking import account, said


class IndexTests(SynchronousTestCase):
    """What is said is indexed later, and yet a search finds all that was said."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "chatd.db"
        self.store = self.open()

    def open(self) -> SqlStore:
        """A server begins."""
        store = SqlStore(self.path, key=None, call=None)
        store.open()
        self.addCleanup(store.close)
        return store

    def ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        """The answer to a question."""
        return self.successResultOf(Deferred.fromCoroutine(question))

    def append(self, *events: Event) -> None:
        """Keep events."""
        answer: Sequence[Exception | None] = self.successResultOf(
            self.store.append(events)
        )
        self.assertEqual(set(answer), {None})

    def found(self, word: str) -> list[int]:
        """The ids of what a search finds."""
        query = Query((word,), rooms=("ops",), limit=10_000)
        return [event.id for event in self.ask(self.store.search(query))]

    def statements(self) -> list[str]:
        """All that the database is told from now on."""
        heard: list[str] = []

        @listens_for(sqlite.Engine, "before_cursor_execute")
        def hear(conn: Any, cursor: Any, statement: str, *more: Any) -> None:
            heard.append(statement)

        self.addCleanup(
            sqlite.event.remove, sqlite.Engine, "before_cursor_execute", hear
        )
        execute = sqlite._execute

        def hear_directly(conn: Any, statement: str, *more: Any) -> None:
            heard.append(statement)
            execute(conn, statement, *more)

        self.patch(sqlite, "_execute", hear_directly)
        return heard

    def test_not_at_once(self) -> None:
        """A message that is kept costs one statement, and the index none."""
        heard = self.statements()
        self.append(said(1, "one"), said(2, "two"), said(3, "three"))
        self.assertEqual(len(heard), 2)  # and BEGIN
        self.assertNotIn("search", " ".join(heard))

    def test_once(self) -> None:
        """What is indexed is not looked at again."""
        self.append(said(1, "one"))
        self.ask(self.store.index())
        heard = self.statements()
        self.ask(self.store.index())
        self.assertEqual(heard, [])
        self.assertEqual(self.found("one"), [1])

    def test_enough(self) -> None:
        """A little is left for later, until it is enough, or somebody searches."""
        self.append(*(said(id, "one") for id in range(1, 11)))
        self.ask(self.store.index())
        self.append(said(11, "two"), said(12, "two"))
        heard = self.statements()
        self.ask(self.store.index(3))
        self.assertEqual(heard, [])
        self.append(said(13, "two"))
        heard.clear()
        self.ask(self.store.index(3))
        self.assertNotEqual(heard, [])
        self.assertEqual(self.found("two"), [11, 12, 13])

    def test_before_a_search(self) -> None:
        """A search finds what was said a moment ago, in any script."""
        self.append(said(1, "the café"), said(2, "你好吗"), said(3, "a cafe"))
        self.assertEqual(self.found("cafe"), [1, 3])
        self.assertEqual(self.found("好吗"), [2])
        self.append(said(4, "cafés and a café"))
        self.assertEqual(self.found("café"), [1, 3, 4])

    def test_killed(self) -> None:
        """What was said just before the server was killed is found afterwards."""
        self.append(said(1, "one"), said(2, "two"))
        self.ask(self.store.index())
        self.append(said(3, "two more"))
        self.successResultOf(self.store.close())  # says nothing to the database
        self.store = self.open()
        self.assertEqual(self.found("two"), [2, 3])
        self.append(said(4, "two"))
        self.assertEqual(self.found("two"), [2, 3, 4])

    def test_many(self) -> None:
        """However much was said, all of it is indexed."""
        count = 2 * sqlite._PIECE + 1
        self.append(*(said(id, "word") for id in range(1, count + 1)))
        self.assertEqual(self.found("word"), list(range(1, count + 1)))

    def test_forgotten(self) -> None:
        """What was removed before it was indexed is not found, and harms nothing."""
        self.append(said(1, "one"))
        self.ask(self.store.index())
        self.append(said(2, "one"), said(3, "one"))
        self.ask(self.store.forget([1, 2]))
        self.assertEqual(self.found("one"), [3])

    def test_disk_full(self) -> None:
        """While nothing can be written, a search finds what is indexed."""
        self.append(said(1, "one"))
        self.ask(self.store.index())
        self.append(said(2, "one"))
        blocker = sqlite.connect(self.path, None)
        self.addCleanup(blocker.close)
        blocker.execute("BEGIN IMMEDIATE")
        self.patch(sqlite, "BUSY", 0.0)
        self.store._workers._writer.connection.dbapi_connection.execute(  # type: ignore
            "PRAGMA busy_timeout = 1"
        )
        self.assertEqual(self.found("one"), [1])
        self.failureResultOf(Deferred.fromCoroutine(self.store.index()), StoreDown)
        blocker.execute("ROLLBACK")
        self.assertEqual(self.found("one"), [1, 2])


class NameTests(SynchronousTestCase):
    """Whether a name belongs to somebody."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "chatd.db"
        self.store = SqlStore(self.path, key=None, call=None)
        self.store.open()
        self.addCleanup(lambda: self.store.close())

    def ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        """The answer to a question, and whether the database was asked."""
        asked: list[str] = []

        @listens_for(sqlite.Engine, "before_cursor_execute")
        def hear(conn: Any, cursor: Any, statement: str, *more: Any) -> None:
            asked.append(statement)

        answer = self.successResultOf(Deferred.fromCoroutine(question))
        sqlite.event.remove(sqlite.Engine, "before_cursor_execute", hear)
        return answer, bool(asked)

    def test_nobody(self) -> None:
        """A name that nobody has needs no question to the database."""
        self.assertEqual(self.ask(self.store.account_named("ann")), (None, False))
        self.assertEqual(self.ask(self.store.account_like("ann")), (None, False))

    def test_somebody(self) -> None:
        """Names of accounts are found, also those made before the start."""
        ann = account(5, "ann")
        self.ask(self.store.add_account(ann))
        self.assertEqual(self.ask(self.store.account_named(ann.key)), (ann, True))
        self.assertEqual(self.ask(self.store.account_like(ann.skeleton)), (ann, True))
        self.successResultOf(self.store.close())
        self.store = SqlStore(self.path, key=None, call=None)
        self.store.open()
        self.assertEqual(self.ask(self.store.account_named(ann.key)), (ann, True))

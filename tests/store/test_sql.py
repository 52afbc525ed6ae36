"""Tests for the store on this machine, encrypted and not."""

import shutil
import threading
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, select
from sqlalchemy.event import listen, listens_for, remove
from sqlalchemy.exc import IntegrityError, OperationalError
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from chatd.chat.account import Account, Person, Role
from chatd.chat.errors import NameTaken
from chatd.chat.events import Left, RoleChanged
from chatd.chat.store import Query, StoreDown, Unsure
from chatd.store import people, sqlite
from chatd.store.codec import Row
from chatd.store.schema import events as events_table
from chatd.store.schema import invitations, tokens
from chatd.store.sql import SqlStore
from chatd.store.workers import Inline
from chatd.store.writing import Task, commit
from tests.store.asking import ANN, account, said
from tests.store.questions import Questions

KEY = "5f" * 32


class SqlQuestions(Questions):
    """A database in a file, which is made once and copied for each test."""

    key: ClassVar[str | None]
    made: ClassVar[dict[str | None, Path]] = {}

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        if self.key not in self.made:
            self.made[self.key] = Path(self.mktemp())
            first = self.new_store(self.made[self.key])
            first.open()
            self.successResultOf(first.close())
        shutil.copytree(self.made[self.key], self.folder)
        self.store = self.sql = self.new_store(self.folder)
        self.sql.open()
        self.addCleanup(self.sql.close)

    def new_store(self, folder: Path) -> SqlStore:
        """A store that is not open yet."""
        check = "check" if self.key else ""
        return SqlStore(
            folder / "chatd.db", key=self.key, check=check, call=None, now=float
        )


class EncryptedTests(SqlQuestions, SynchronousTestCase):
    """The encrypted database answers all questions."""

    key = KEY


class PlainTests(SqlQuestions, SynchronousTestCase):
    """So does one that is not encrypted."""

    key = None

    def test_tokens_of_guests(self) -> None:
        """Guests come by the thousand: the latest tokens are kept, and members'."""
        self.patch(people, "GUESTS_TOKENS", 4)
        self.patch(people, "SWEEP", 2)
        self.ask(self.store.add_token("member", Person(1, "ann", guest=False), 9.0))
        for number in range(2, 11):
            guest = Person(number, f"guest{number}")
            self.ask(self.store.add_token(f"d{number}", guest, 9.0))
        known = [
            number
            for number in range(2, 11)
            if self.ask(self.store.token(f"d{number}", 0.0)) is not None
        ]
        self.assertEqual(known, [7, 8, 9, 10])
        self.assertIsNotNone(self.ask(self.store.token("member", 0.0)))


class CommitTests(SynchronousTestCase):
    """What is done together, and what happens to it when something goes wrong."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "chatd.db"
        self.store = SqlStore(self.path, key=KEY, check="check", call=None)
        self.store.open()
        self.addCleanup(self.store.close)
        self.connection = sqlite.writing(self.path, KEY).connect()
        self.addCleanup(self.connection.close)

    def ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        """The answer to a question."""
        return self.successResultOf(Deferred.fromCoroutine(question))

    def commit(self, *tasks: Task) -> Exception | None:
        """Do tasks in one transaction."""
        return commit(self.connection, tasks, sqlite.insert)

    def adding(self, new: Account) -> Task:
        """To add an account."""
        return Task(partial(people.add_account, account=new))

    def test_together(self) -> None:
        """In one transaction things are done in the order in which they were asked."""
        person = Person(5, "ann", guest=False)
        tasks = [
            Task(events=[said(1), said(2)]),
            self.adding(account(5, "ann")),
            Task(
                events=[
                    RoleChanged(id=3, sender=ANN, person=person, role=Role.OPERATOR)
                ]
            ),
            Task(people.number_of_operators),
            Task(events=[said(4)]),
        ]
        self.assertIsNone(self.commit(*tasks))
        self.assertEqual(
            [task.outcome for task in tasks], [[None, None], None, [None], 1, [None]]
        )
        self.assertEqual(self.ask(self.store.stored(range(9))), {1, 2, 3, 4})

    def test_bad_neighbours(self) -> None:
        """In one transaction bad things fail alone, whatever they are."""
        tasks = [
            Task(events=[said(1)]),
            self.adding(account(5, "ann")),
            self.adding(account(6, "ann")),
            Task(events=[said(2), said(1), said(3, "\ud800")]),
            Task(lambda connection: 1 / 0),
            Task(events=[]),
            self.adding(account(7, "bob")),
        ]
        self.assertIsNone(self.commit(*tasks))
        self.assertEqual([task.failed for task in tasks], [0, 0, 1, 0, 1, 0, 0])
        self.assertIsInstance(tasks[2].outcome, NameTaken)
        self.assertIsInstance(tasks[4].outcome, ZeroDivisionError)
        good, twice, odd = tasks[3].outcome
        self.assertIsNone(good)
        self.assertIsInstance(twice, IntegrityError)
        self.assertIsInstance(odd, UnicodeEncodeError)
        self.assertEqual(self.ask(self.store.stored(range(9))), {1, 2})
        self.assertEqual(self.ask(self.store.accounts()), 2)

    def test_not_kept(self) -> None:
        """An event that is not for keeping fails alone too."""
        task = Task(events=[said(1), Left(id=2, room="ops", person=ANN), said(3)])
        self.assertIsNone(self.commit(task))
        self.assertEqual(
            [type(result) for result in task.outcome],
            [type(None), KeyError, type(None)],
        )

    def test_many(self) -> None:
        """More events than go into one statement are kept and found."""
        task = Task(events=[said(id, f"word{id}") for id in range(1, 1202)])
        self.assertIsNone(self.commit(task))
        self.assertEqual(task.outcome, [None] * 1201)
        for id in (1, 500, 501, 1201):
            query = Query((f"word{id}",), rooms=("ops",))
            self.assertEqual([e.id for e in self.ask(self.store.search(query))], [id])

    def test_many_long(self) -> None:
        """Nor is any lost if they are too long for one statement."""
        texts = {1: "a", 2: "b" * 200_000, 3: "c" * 100_000, 4: "d" * 50_000, 5: "e"}
        task = Task(events=[said(id, text) for id, text in texts.items()])
        self.assertIsNone(self.commit(task))
        self.assertEqual(self.ask(self.store.stored(texts)), set(texts))

    def listen(self) -> list[Any]:
        """What is logged from now on."""
        logged: list[Any] = []
        globalLogPublisher.addObserver(logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, logged.append)
        return logged

    def fill_disk(self) -> None:
        """Let the writer believe that there is no space left."""

        def fill(connection: Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        self.successResultOf(self.store._write(fill))

    def test_disk_full(self) -> None:
        """On a full disk a batch is kept as a whole or not at all; then it goes on."""
        events = [said(id, f"secret{id} " * 500) for id in range(1, 50)]
        logged = self.listen()
        self.fill_disk()
        self.failureResultOf(self.store.append(events), StoreDown)
        self.assertEqual(self.ask(self.store.stored(range(50))), set())
        self.assertEqual(self.successResultOf(self.store.append(events)), [None] * 49)
        failed, works = map(formatEvent, logged)
        self.assertIn("database or disk is full", failed or "")
        self.assertIn("works again", works or "")
        self.assertNotIn("secret", str(logged))

    def test_unsure(self) -> None:
        """If the end of a transaction fails, nobody is told that nothing is kept."""
        workers = self.store._workers
        assert isinstance(workers, Inline)

        def fail(connection: object) -> None:
            raise OperationalError("COMMIT", None, OSError("the cable"))

        listen(workers._writer.engine, "commit", fail)
        self.failureResultOf(self.store.append([said(1)]), Unsure)
        remove(workers._writer.engine, "commit", fail)
        self.assertEqual(self.successResultOf(self.store.append([said(2)])), [None])

    def test_disk_full_and_bad(self) -> None:
        """A bad event on a full disk is no reason to keep a part of the others."""
        events = [said(id, "long " * 1000) for id in range(1, 50)]
        self.fill_disk()
        appending = self.store.append([*events, said(1)])
        self.failureResultOf(appending, StoreDown)
        self.assertEqual(self.ask(self.store.stored(range(50))), set())

    def test_locked(self) -> None:
        """While another program writes nothing is kept, and reading goes on."""
        self.successResultOf(self.store.append([said(1)]))
        self.successResultOf(self.store.close())
        self.patch(sqlite, "BUSY", 0.01)
        self.store.open()
        logged = self.listen()
        with self.connection.begin():
            self.failureResultOf(self.store.append([said(2)]), StoreDown)
            changing = self.store.keep_setting("a", "b")
            self.failureResultOf(Deferred.fromCoroutine(changing), StoreDown)
            self.assertEqual(self.ask(self.store.last_id()), 1)
        self.assertEqual(len(logged), 1, "once, not at each request")
        self.assertEqual(self.successResultOf(self.store.append([said(2)])), [None])
        self.assertEqual(len(logged), 2)

    def test_database_gone(self) -> None:
        """When the file is gone nothing is kept; when it is back, it goes on."""
        away = self.path.with_name("away")
        self.connection.close()
        for workers in (self.store._workers,):
            assert isinstance(workers, Inline)
            workers._writer.invalidate()
            workers._reader.invalidate()
        self.path.rename(away)
        self.failureResultOf(self.store.append([said(1)]), StoreDown)
        self.failureResultOf(Deferred.fromCoroutine(self.store.last_id()), StoreDown)
        self.failureResultOf(Deferred.fromCoroutine(self.store.last_id()), StoreDown)
        self.assertFalse(self.path.exists())
        away.rename(self.path)
        self.assertEqual(self.successResultOf(self.store.append([said(1)])), [None])
        self.assertEqual(self.ask(self.store.last_id()), 1)

    def test_bug(self) -> None:
        """A question that fails by itself does not count as a failure of the store."""
        asking = self.store._read(lambda connection: 1 / 0)
        self.failureResultOf(asking, ZeroDivisionError)
        self.assertEqual(self.ask(self.store.last_id()), 0)

    def test_closed(self) -> None:
        """A closed store answers that it is down, and can be opened again."""
        self.successResultOf(self.store.append([said(1)]))
        self.successResultOf(self.store.close())
        self.successResultOf(self.store.close())
        self.failureResultOf(self.store.append([said(2)]), StoreDown)
        self.failureResultOf(Deferred.fromCoroutine(self.store.last_id()), StoreDown)
        self.store.open()
        self.assertEqual(self.ask(self.store.last_id()), 1)

    def test_expired(self) -> None:
        """What has expired is not kept for ever."""
        now = [10.0]
        self.store._now = lambda: now[0]
        self.ask(self.store.add_token("a", ANN, 11.0))
        self.ask(self.store.add_invitation("b", 1, 11.0))
        now[0] = 11.0
        self.ask(self.store.add_token("c", ANN, 12.0))
        for table in (tokens, invitations):
            with self.connection.begin():
                left = self.connection.scalars(select(table.c.digest)).all()
            self.assertEqual(left, ["c"] if table is tokens else [])

    def test_indexes(self) -> None:
        """No question about a conversation reads all that was ever said."""
        asked: list[tuple[str, Any]] = []
        workers = self.store._workers
        assert isinstance(workers, Inline)

        @listens_for(workers._reader.engine, "before_cursor_execute")
        def remember(c: object, cursor: object, sql: str, values: Any, *_: Any) -> None:
            asked.append((sql, values))

        person = Person(1, "ann")
        for question in (
            self.store.stored([1, 2]),
            self.store.last_id(),
            self.store.event(1),
            self.store.by_key(1, "k"),
            self.store.history("ops", before=9, limit=9),
            self.store.history("ops", after=1, limit=9),
            self.store.whispers(1, 2, limit=9),
            self.store.unseen_whispers(1, limit=9),
            self.store.missed(1, ["ops"], after=1, upto=9, limit=9),
            self.store.search(Query(("word",), rooms=("ops",), person=1)),
            self.store.unread(person, {"ops": 1}),
            self.store.mentions(person, {"ops": 1}, limit=9),
            self.store.account_named("ann"),
            self.store.account_like("ann"),
            self.store.token("t", 1.0),
            self.store.key_owner("f"),
        ):
            self.ask(question)
        self.assertGreater(len(asked), 15)
        raw = self.connection.connection
        for sql, values in asked:
            cursor = raw.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            plan = "; ".join(str(row[3]) for row in cursor.fetchall())
            self.assertNotRegex(plan, "SCAN (events|accounts|tokens|ssh)", sql)
            self.assertNotIn("TEMP B-TREE", plan, sql)

    def test_columns(self) -> None:
        """A row has the columns of the table, in their order."""
        self.assertEqual(list(Row._fields), events_table.c.keys())


class ThreadTests(TestCase):
    """The store as the server has it: with threads, and the reactor."""

    def setUp(self) -> None:
        path = Path(self.mktemp()) / "chatd.db"
        before = threading.active_count()
        self.store = SqlStore(
            path, key=KEY, check="check", call=reactor.callFromThread, readers=1
        )
        self.assertEqual(threading.active_count(), before)
        self.store.open()
        self.addCleanup(self.store.close)

    async def _many(self) -> None:
        appending = [self.store.append([said(id)]) for id in range(1, 301)]
        order: list[int] = []
        for id, answer in enumerate(appending, 1):
            answer.addCallback(lambda result, id=id: order.append(id) or result)
        adding = Deferred.fromCoroutine(self.store.add_account(account(5, "ann")))
        bad = self.store.append([said(1), said(301)])
        for answer in appending:
            self.assertEqual(await answer, [None])
        await adding
        twice, fine = await bad
        self.assertIsInstance(twice, IntegrityError)
        self.assertIsNone(fine)
        self.assertEqual(order, list(range(1, 301)))
        self.assertEqual(await self.store.last_id(), 301)
        self.assertEqual(len(await self.store.history("ops", limit=999)), 301)
        query = Query(("hi",), rooms=("ops",), limit=5)
        self.assertEqual(len(await self.store.search(query)), 5)

    def test_many(self) -> "Deferred[None]":
        """Hundreds at once are kept in order, and found as soon as they are kept."""
        return Deferred.fromCoroutine(self._many())

    async def _closing(self) -> None:
        appending = self.store.append([said(id) for id in range(1, 2001)])
        last = self.store.append([said(2001)])
        asking = Deferred.fromCoroutine(self.store.rooms())
        closing = self.store.close()
        self.assertEqual(len(await appending), 2000)
        self.assertEqual(await last, [None])
        self.assertEqual(await asking, [])
        await closing
        for thread in threading.enumerate():
            if thread.name == "store":
                thread.join(5)
        self.assertNotIn("store", [thread.name for thread in threading.enumerate()])
        self.store.open()
        self.assertEqual(await self.store.last_id(), 2001)

    def test_closing(self) -> "Deferred[None]":
        """What was asked before the end is done; no thread is left behind."""
        return Deferred.fromCoroutine(self._closing())

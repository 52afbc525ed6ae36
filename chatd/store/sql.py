"""The questions of C{chat.store}, asked of an SQL database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from time import time
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger

from chatd.chat.account import Account, Person
from chatd.chat.events import Event
from chatd.chat.file import File
from chatd.chat.store import PublicKey, Query, RoomRecord, ServerRecord, StoreDown
from chatd.store import people, reading, records, shared, sqlite
from chatd.store.lock import Lock
from chatd.store.opening import cannot_open, prepare
from chatd.store.workers import Inline, Threads, Workers, close
from chatd.store.writing import Task, probe

T = TypeVar("T")


class SqlStore:
    """
    A database on this machine, in threads of its own.

    Nothing happens before L{open}: no thread, no connection, no file.
    """

    _log = Logger()

    def __init__(
        self,
        path: Path,
        *,
        key: str | None,
        check: str = "",
        call: Callable[..., object] | None,
        readers: int = 2,
        now: Callable[[], float] = time,
    ) -> None:
        """
        @param path: The database; other files are made beside it.
        @param key: 64 hexadecimal digits; C{None}: a database that is not encrypted.
        @param check: What tells this key from another, and may be known.
        @param call: C{reactor.callFromThread}; C{None}: without threads, for tests.
        @param readers: Threads that read, besides the one that searches.
        @param now: POSIX seconds.
        """
        self._path = path
        self._key = key
        self._check = check
        self._call = call
        self._number = readers
        self._now = now
        self._failing: set[str] = set()
        self._lock: Lock | None = None
        self._workers: Workers | None = None
        # Of what a server that was killed left behind, nothing is known: one to begin.
        self._appended = 1
        # All that an account may be found by: most who come in are guests with a new
        # name, and need not wait for a thread to say that nobody has it. No other
        # process adds accounts.
        self._names: set[str] = set()
        self._indexed = 0

    # Coming and going

    def open(self) -> None:
        """
        Make what is missing, lead an older database to today's schema, and begin.

        @raise StoreRefused: if that cannot be; then nothing was changed.
        """
        with ExitStack() as undo:
            lock = prepare(self._path, key=self._key, check=self._check)
            undo.callback(lock.release)
            try:
                writer = sqlite.writing(self._path, self._key).connect()
                undo.callback(close, writer)
                with writer.begin():  # shows also whether it can be written to
                    people.forget_expired(writer, self._now())
                    self._names = people.names(writer)
                readers = []
                for _ in range(self._number + 1 if self._call else 1):
                    readers.append(sqlite.reading(self._path, self._key).connect())
                    undo.callback(close, readers[-1])
            except SQLAlchemyError as problem:
                raise cannot_open(self._path, problem) from None
            undo.pop_all()
        self._lock = lock
        if self._call:
            self._workers = Threads(writer, readers, sqlite.insert, self._report)
        else:
            self._workers = Inline(writer, readers[0], sqlite.insert, self._settle)

    def close(self) -> "Deferred[None]":
        """
        Do what was asked already, then close; a second time does nothing.

        @return: Fires when it is done.
        """
        workers, self._workers = self._workers, None
        if workers is None:
            return succeed(None)
        done: Deferred[None] = Deferred()
        call = self._call or _at_once
        workers.stop(lambda: call(self._closed, done))
        return done

    def _closed(self, done: "Deferred[None]") -> None:
        if self._lock is not None:
            self._lock.release()
        done.callback(None)

    # What happened

    def append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        """Keep events, and change rooms, roles and bans as they say."""
        self._appended += len(events)
        return self._do(Task(events=tuple(events)))

    async def index(self, least: int = 1) -> None:
        """
        Let all that was kept so far be found: now and then, and before a search.

        @param least: Only if at least so much was kept since the last time.
        """
        wanted = self._appended
        if wanted - self._indexed < least:
            return
        while self._indexed < wanted:
            upto = self._appended
            more = await self._write(sqlite.index)
            if not more:
                self._indexed = max(self._indexed, upto)

    async def stored(self, ids: Collection[int]) -> set[int]:
        return await self._read(reading.stored, ids)

    async def probe(self) -> None:
        await self._write(probe)

    async def last_id(self) -> int:
        return await self._read(reading.last_id)

    async def event(self, id: int) -> Event | None:
        return await self._read(reading.event, id)

    async def by_key(self, sender: int, key: str) -> Event | None:
        return await self._read(reading.by_key, sender, key)

    async def history(
        self, room: str, *, before: int = 0, after: int = 0, limit: int
    ) -> list[Event]:
        return await self._read(reading.history, room, before, after, limit)

    async def whispers(
        self, person: int, other: int, *, before: int = 0, after: int = 0, limit: int
    ) -> list[Event]:
        return await self._read(reading.whispers, person, other, before, after, limit)

    async def unseen_whispers(self, person: int, *, limit: int) -> list[Event]:
        return await self._read(reading.unseen_whispers, person, limit)

    async def count_unseen(self, person: int, *, limit: int) -> int:
        return await self._read(reading.count_unseen, person, limit)

    async def missed(
        self, person: int, rooms: Collection[str], *, after: int, upto: int, limit: int
    ) -> list[Event]:
        return await self._read(reading.missed, person, rooms, after, upto, limit)

    async def search(self, query: Query) -> list[Event]:
        await self._try_to_index()
        return await self._read(reading.search, query, slow=True)

    async def unread(
        self, person: Person, marks: Mapping[str, int]
    ) -> dict[str, tuple[int, int]]:
        await self._try_to_index()
        return await self._read(reading.unread, person, marks)

    async def mentions(
        self, person: Person, marks: Mapping[str, int], *, limit: int
    ) -> list[Event]:
        await self._try_to_index()
        return await self._read(reading.mentions, person, marks, limit, slow=True)

    async def outdated(
        self, room: str, *, before: float = 0.0, beyond: int = 0, limit: int
    ) -> list[int]:
        args = room, before, beyond, limit
        return await self._read(reading.outdated, *args, slow=True)

    async def forget(self, ids: Collection[int]) -> None:
        await self._write(reading.forget, tuple(ids))

    # What there is

    async def rooms(self) -> list[RoomRecord]:
        return await self._read(records.all_rooms)

    async def server(self) -> ServerRecord:
        return await self._read(records.server)

    async def setting(self, name: str) -> str:
        return await self._read(records.setting, name)

    async def keep_setting(self, name: str, value: str) -> None:
        await self._write(records.keep_setting, name, value)

    # Files

    async def files_in(self, room: str, *, limit: int) -> list[File]:
        return await self._read(shared.files_in, room, limit)

    async def files_between(self, person: int, other: int, *, limit: int) -> list[File]:
        return await self._read(shared.files_between, person, other, limit)

    async def partners(self, person: int) -> list[Person]:
        return await self._read(shared.partners, person)

    async def file(self, id: str) -> File | None:
        return await self._read(partial(shared.file, id=id))

    async def file_of(self, event: int) -> File | None:
        return await self._read(partial(shared.file, event=event))

    async def space(self, owner: Person) -> tuple[int, int]:
        return await self._read(shared.space, owner)

    async def remove_file(self, id: str) -> bool:
        return await self._write(shared.remove_file, id)

    async def expired_files(self, now: float, *, limit: int) -> list[str]:
        return await self._read(shared.expired_files, now, limit)

    async def file_ids(self) -> set[str]:
        return await self._read(shared.file_ids, slow=True)

    # Accounts

    async def account(self, id: int) -> Account | None:
        return await self._read(people.account, "id", id)

    async def account_named(self, key: str) -> Account | None:
        if key not in self._names:
            return None
        return await self._read(people.account, "key", key)

    async def account_like(self, skeleton: str) -> Account | None:
        if skeleton not in self._names:
            return None
        return await self._read(people.account, "skeleton", skeleton)

    async def accounts(self) -> int:
        return await self._read(people.number_of_accounts)

    async def operators(self) -> int:
        return await self._read(people.number_of_operators)

    async def find_accounts(
        self, text: str, *, after: str, limit: int
    ) -> list[Account]:
        return await self._read(people.find_accounts, text, after, limit)

    async def add_account(self, account: Account) -> None:
        self._names.update((account.key, account.skeleton))
        await self._write(people.add_account, account)

    async def keep_choices(self, account: Account) -> None:
        await self._write(people.keep_choices, account)

    async def keep_secret(self, account: int, secret: str, *, was: str) -> bool:
        return await self._write(people.keep_secret, account, secret, was)

    async def rooms_of(self, account: int) -> list[str]:
        return await self._read(people.rooms_of, account)

    async def keep_rooms_of(self, account: int, rooms: Collection[str]) -> None:
        await self._write(people.keep_rooms_of, account, tuple(rooms))

    async def marks(self, account: int) -> dict[str, int]:
        return await self._read(people.marks_of, account)

    async def keep_marks(self, account: int, marks: Mapping[str, int]) -> None:
        await self._write(people.keep_marks, account, dict(marks))

    async def addresses(self, account: int) -> set[str]:
        return await self._read(people.addresses_of, account)

    async def keep_address(self, account: int, address: str) -> None:
        await self._write(people.keep_address, account, address)

    # Ways to come in

    async def add_token(self, digest: str, person: Person, expires: float) -> None:
        await self._write(people.add_token, digest, person, expires, self._now())

    async def token(self, digest: str, now: float) -> Person | None:
        return await self._read(people.token, digest, now)

    async def remove_token(self, digest: str) -> None:
        await self._write(people.remove_token, digest)

    async def remove_tokens(self, person: int) -> None:
        await self._write(people.remove_tokens, person)

    async def keys(self, account: int) -> list[PublicKey]:
        return await self._read(people.keys, account)

    async def key_owner(self, fingerprint: str) -> int:
        return await self._read(people.key_owner, fingerprint)

    async def add_key(self, account: int, key: PublicKey) -> None:
        await self._write(people.add_key, account, key)

    async def remove_key(self, account: int, fingerprint: str) -> bool:
        return await self._write(people.remove_key, account, fingerprint)

    async def add_invitation(self, digest: str, by: int, expires: float) -> None:
        await self._write(people.add_invitation, digest, by, expires, self._now())

    async def invitations(self, by: int, now: float) -> int:
        return await self._read(people.count_invitations, by, now)

    async def take_invitation(self, digest: str, now: float) -> bool:
        return await self._write(people.take_invitation, digest, now)

    # How it is done

    async def _try_to_index(self) -> None:
        with suppress(StoreDown):  # a full disk can be read: what is indexed is found
            await self.index()

    def _read(
        self, question: Callable[..., T], *args: Any, slow: bool = False
    ) -> "Deferred[T]":
        task = Task(lambda connection: question(connection, *args))
        if self._workers is None:
            return fail(StoreDown())
        self._workers.read(task, slow=slow)
        return task.answer

    def _write(self, job: Callable[..., T], *args: Any) -> "Deferred[T]":
        return self._do(Task(lambda connection: job(connection, *args)))

    def _do(self, task: Task) -> "Deferred[Any]":
        if self._workers is None:
            return fail(StoreDown())
        self._workers.write(task)
        return task.answer

    def _report(
        self, what: str, tasks: Sequence[Task], problem: Exception | None
    ) -> None:
        assert self._call is not None
        self._call(self._settle, what, tasks, problem)

    def _settle(
        self, what: str, tasks: Sequence[Task], problem: Exception | None
    ) -> None:
        if problem is not None and what not in self._failing:
            # Only what the database says: with the statement would come what was said.
            reason = str(getattr(problem, "orig", problem))
            self._log.error(
                "{what} {path} failed: {reason}",
                what=what,
                path=str(self._path),
                reason=reason,
            )
            self._failing.add(what)
        elif problem is None and what in self._failing:
            self._log.info("{what} {path} works again", what=what, path=str(self._path))
            self._failing.remove(what)
        for task in tasks:
            task.settle()


def _at_once(function: Callable[..., object], *args: object) -> None:
    function(*args)

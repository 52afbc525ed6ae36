"""Group commit: many tasks in one transaction, of which a bad one fails alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, update
from sqlalchemy import insert as insert_into
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
)
from twisted.internet.defer import Deferred

from chatd.chat.account import Person
from chatd.chat.events import (
    Act,
    Event,
    Handed,
    Invited,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    ServerBanned,
    ServerUnbanned,
    Shared,
    TopicChanged,
)
from chatd.chat.store import Duplicate, StoreDown, Unsure
from chatd.store import schema
from chatd.store.codec import Row, milliseconds, to_row
from chatd.store.reading import by_key
from chatd.store.schema import accounts, bans, files, room_people, rooms, settings
from chatd.store.shared import row_of

# These are the fault of what was to be written; other errors are the database's.
_OWN_FAULT = (IntegrityError, DataError, InterfaceError, ProgrammingError)

# What inserts many rows: C{sqlite.insert}.
Insert = Callable[[Connection, Sequence[Row]], None]


@dataclass(eq=False)
class Task:
    """
    Something to be done with a connection.

    @ivar job: What to do; it may be done again if a neighbour fails.
    @ivar events: To be kept; then there is no job.
    @ivar outcome: The result, or what was raised.
    """

    job: Callable[[Connection], Any] | None = None
    events: Sequence[Event] = ()
    answer: "Deferred[Any]" = field(default_factory=Deferred)
    outcome: Any = None
    failed: bool = False

    def run(self, connection: Connection) -> None:
        """Do the job."""
        assert self.job is not None
        self.outcome, self.failed = self.job(connection), False

    def fail(self, problem: Exception) -> None:
        """The task was not done."""
        self.outcome, self.failed = problem, True

    def settle(self) -> None:
        """Tell whoever asked."""
        if self.failed:
            self.answer.errback(self.outcome)
        else:
            self.answer.callback(self.outcome)


def is_down(problem: Exception) -> bool:
    """Whether it is the database that failed, not what it was asked."""
    return isinstance(problem, DBAPIError) and not isinstance(problem, _OWN_FAULT)


def commit(
    connection: Connection, tasks: Sequence[Task], insert: Insert
) -> Exception | None:
    """
    Do tasks in their order, in one transaction, and set their outcomes.

    @return: Why the database failed; C{None} if it did not.
    """
    committing = False
    try:
        try:
            with connection.begin():
                _do(connection, tasks, insert)
                committing = True
        except Exception as problem:
            if is_down(problem):
                raise
            committing = False
            with connection.begin():
                _do_apart(connection, tasks, insert)
                committing = True
    except Exception as problem:
        return give_up(connection, tasks, problem, unsure=committing)
    return None


def give_up(
    connection: Connection,
    tasks: Sequence[Task],
    problem: Exception,
    *,
    unsure: bool = False,
) -> Exception:
    """
    Fail all tasks; the connection is made anew when it is used again.

    @param unsure: Whether it was the end of the transaction that failed; before that,
        nothing is kept.
    """
    for task in tasks:
        task.fail(Unsure() if unsure and task.job is None else StoreDown())
    connection.invalidate()
    return problem


def _do(connection: Connection, tasks: Sequence[Task], insert: Insert) -> None:
    for is_job, group in groupby(tasks, lambda task: task.job is not None):
        if is_job:
            for task in group:
                task.run(connection)
        else:
            appending = list(group)
            events = [event for task in appending for event in task.events]
            keep(connection, events, insert)
            for task in appending:
                task.outcome, task.failed = [None] * len(task.events), False


def _do_apart(connection: Connection, tasks: Sequence[Task], insert: Insert) -> None:
    for task in tasks:
        if task.job is not None:
            problem = _apart(connection, partial(task.run, connection))
            if problem is not None:
                task.fail(problem)
        else:
            task.failed = False
            task.outcome = [
                _keep_apart(connection, event, insert) for event in task.events
            ]


def _keep_apart(
    connection: Connection, event: Event, insert: Insert
) -> Exception | None:
    problem = _apart(connection, partial(keep, connection, [event], insert))
    if isinstance(problem, IntegrityError):
        row = to_row(event)
        first = by_key(connection, row.sender, row.key)
        if first is not None:
            return Duplicate(first)
    return problem


def _apart(connection: Connection, act: Callable[[], None]) -> Exception | None:
    try:
        with connection.begin_nested():
            act()
    except Exception as problem:
        if is_down(problem):
            raise
        return problem
    return None


def keep(connection: Connection, events: Sequence[Event], insert: Insert) -> None:
    """Write events, and change what they change."""
    rows = [to_row(event) for event in events]
    insert(connection, rows)
    for row, event in zip(rows, events, strict=True):
        if row.kind in _CHANGES_NOTHING:
            continue
        if isinstance(event, Shared | Handed):
            connection.execute(insert_into(files).values(row_of(event)))
        else:
            _apply(connection, event)


def probe(connection: Connection) -> None:
    """Write an event and take it back: the pages are written as for any other."""
    values = dict.fromkeys(Row._fields, "") | _PROBE
    connection.execute(insert_into(schema.events).values(values))
    connection.execute(delete(schema.events).where(schema.events.c.id == _PROBE["id"]))


# Behind all others, where the next one will be; nobody else ever sees it.
_PROBE: dict[str, Any] = {
    "id": 2**62,
    "time": 0,
    "sender": 0,
    "sender_guest": False,
    "other": 0,
}
_CHANGES_NOTHING = {"said", "emoted", "whispered", "announced", "killed"}


def put(
    connection: Connection, table: Table, where: dict[str, Any], values: dict[str, Any]
) -> None:
    """Change the row with this key, or add it."""
    found = connection.execute(
        update(table).where(_matching(table, where)).values(values)
    )
    if not found.rowcount:
        connection.execute(insert_into(table).values(**where, **values))


def _matching(table: Table, where: dict[str, Any]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in where.items()))


def _apply(connection: Connection, event: Event) -> None:
    """Change what C{Room.apply} changes, for those who read it after a restart."""
    match event:
        case RoomOpened():
            _change_room(connection, event.room, private=event.private)
            _add(connection, event.room, "member", event.sender)
            _add(connection, event.room, "moderator", event.sender)
        case TopicChanged():
            _change_room(connection, event.room, topic=event.text)
        case RoomChanged():
            _change_room(
                connection, event.room, private=event.private, history=event.history
            )
            for id in event.members:
                _add(connection, event.room, "member", Person(id, ""))
        case Invited():
            _change_room(connection, event.room)
            _add(connection, event.room, "member", event.person)
        case Moderated():
            _change_room(connection, event.room)
            _moderate(connection, event)
        case RoleChanged():
            change = update(accounts).where(accounts.c.id == event.person.id)
            connection.execute(change.values(role=event.role.value))
        case ServerBanned():
            put(
                connection,
                bans,
                {"target": event.target},
                {
                    "shown": event.shown,
                    "until": milliseconds(event.until),
                    "reason": event.reason,
                    "given_by": event.sender.name,
                },
            )
        case ServerUnbanned():
            connection.execute(delete(bans).where(bans.c.target == event.target))
        case LockdownChanged():
            value = {"value": "on" if event.on else ""}
            put(connection, settings, {"name": "lockdown"}, value)
        case MotdChanged():
            put(connection, settings, {"name": "motd"}, {"value": event.text})
        case _:
            pass


def _change_room(connection: Connection, name: str, **changes: Any) -> None:
    new = {"topic": "", "private": False, "history": True}
    found = connection.execute(
        update(rooms).where(rooms.c.name == name).values(changes or {"name": name})
    )
    if not found.rowcount:
        connection.execute(insert_into(rooms).values(name=name, **new | changes))


def _moderate(connection: Connection, event: Moderated) -> None:
    room, person = event.room, event.person
    match event.act:
        case Act.MUTE:
            _add(connection, room, "mute", person, event)
        case Act.UNMUTE:
            _remove(connection, room, "mute", person)
        case Act.BAN:
            _remove(connection, room, "member", person)
            _add(connection, room, "ban", person, event)
        case Act.UNBAN:
            _remove(connection, room, "ban", person)
        case Act.APPOINT:
            _add(connection, room, "member", person)
            _add(connection, room, "moderator", person)
        case Act.DISMISS:
            _remove(connection, room, "moderator", person)
        case Act.KICK:
            pass


def _add(
    connection: Connection,
    room: str,
    part: str,
    person: Person,
    terms: Moderated | None = None,
) -> None:
    put(
        connection,
        room_people,
        {"room": room, "person": person.id, "part": part},
        {
            "name": person.name,
            "guest": person.guest,
            "until": milliseconds(terms.until) if terms else 0,
            "reason": terms.reason if terms else "",
            "given_by": terms.sender.name if terms else "",
        },
    )


def _remove(connection: Connection, room: str, part: str, person: Person) -> None:
    where = {"room": room, "person": person.id, "part": part}
    connection.execute(delete(room_people).where(_matching(room_people, where)))

"""Questions about what happened."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
)

from chatd.chat.account import Person
from chatd.chat.events import SHOWN, SPOKEN, Announced, Event, Shared
from chatd.chat.store import Query
from chatd.store import words
from chatd.store.agreed import COUNTED, EVERYTHING, LARGEST
from chatd.store.codec import KIND_OF, Row, milliseconds, to_event
from chatd.store.schema import ANNOUNCED, KEYED, PRIVATE, accounts, events, marks
from chatd.store.sqlite import found, unindex

_SHOWN = [KIND_OF[event] for event in SHOWN if event is not Announced]
_SPOKEN = [KIND_OF[event] for event in SPOKEN]
_SEARCHED = [*_SPOKEN, KIND_OF[Shared]]

# Ids in one question.
_SOME = 1_000

_id = events.c.id


def stored(connection: Connection, ids: Collection[int]) -> set[int]:
    """Tell those of the ids whose events are kept."""
    return {
        id
        for some in _pieces(id for id in ids if id <= LARGEST)
        for id in connection.scalars(select(_id).where(_id.in_(some)))
    }


def last_id(connection: Connection) -> int:
    """Tell the largest id of an event or account."""
    largest = (select(func.max(column)) for column in (_id, accounts.c.id))
    return max(connection.scalar(question) or 0 for question in largest)


def event(connection: Connection, id: int) -> Event | None:
    """Read one event."""
    return _one(connection, _id == id) if id <= LARGEST else None


def by_key(connection: Connection, sender: int, key: str) -> Event | None:
    """Read what somebody sent under a key."""
    return _one(connection, KEYED, events.c.sender == sender, events.c.key == key)


def history(
    connection: Connection, room: str, before: int, after: int, limit: int
) -> list[Event]:
    """Read what was shown in a room."""
    return _nearest(connection, [_shown(room)], before, after, limit)


def whispers(
    connection: Connection, person: int, other: int, before: int, after: int, limit: int
) -> list[Event]:
    """Read what two people told each other."""
    ways = {(person, other), (other, person)}
    parts = [
        and_(PRIVATE, events.c.other == to, events.c.sender == sender)
        for sender, to in ways
    ]
    return _nearest(connection, parts, before, after, limit)


def unseen_whispers(connection: Connection, person: int, limit: int) -> list[Event]:
    """Read the private messages beyond the read marks."""
    part = _unseen(connection, person)
    return _read(connection, select(events).where(part).order_by(_id).limit(limit))


def count_unseen(connection: Connection, person: int, limit: int) -> int:
    """Count them, up to a limit."""
    some = select(_id).where(_unseen(connection, person)).limit(limit).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def _unseen(connection: Connection, person: int) -> ColumnElement[bool]:
    mark = select(marks.c.upto).where(marks.c.account == person)
    everything = connection.scalar(mark.where(marks.c.conversation == EVERYTHING)) or 0
    conversation = literal("@") + cast(events.c.sender, Text)
    upto = mark.where(marks.c.conversation == conversation).scalar_subquery()
    return and_(
        PRIVATE,
        events.c.other == person,
        _id > everything,
        _id > func.coalesce(upto, 0),
    )


def missed(
    connection: Connection,
    person: int,
    rooms: Collection[str],
    after: int,
    upto: int,
    limit: int,
) -> list[Event]:
    """Read all that somebody would have been shown."""
    parts = [
        *(_shown(room) for room in rooms),
        and_(ANNOUNCED),
        and_(PRIVATE, events.c.other == person),
        and_(PRIVATE, events.c.sender == person),
    ]
    return _nearest(connection, parts, upto + 1, after, limit)


def search(connection: Connection, query: Query) -> list[Event]:
    """Read the latest matches."""
    own = or_(events.c.sender == query.person, events.c.other == query.person)
    conditions = [
        or_(
            and_(events.c.room.in_(query.rooms), events.c.kind.in_(_SEARCHED)),
            and_(PRIVATE, own) if query.person else literal(False),
        ),
        events.c.time >= milliseconds(query.since),
    ]
    if 0 < query.before <= LARGEST:
        conditions.append(_id < query.before)
    if query.sender:
        conditions.append(events.c.sender_folded == query.sender.casefold())
    phrases = [words.phrase(word) for word in query.words]
    if not all(tokens for tokens, _ in phrases):
        return []
    if phrases:
        statement = found(phrases, *events.c)
    else:
        statement = select(events).order_by(_id.desc())
    return _read(connection, statement.where(*conditions).limit(query.limit))[::-1]


def unread(
    connection: Connection, person: Person, upto: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    """Count what others said beyond the marks, and what of it names the person."""
    counts = {}
    for room, mark in upto.items():
        heard = select(_id).where(
            events.c.room == room,
            _id > min(mark, LARGEST),
            events.c.kind.in_(_SPOKEN),
            events.c.sender != person.id,
        )
        counted = select(func.count()).select_from(heard.limit(COUNTED).subquery())
        counts[room] = connection.scalar(counted) or 0
    named = dict.fromkeys(upto, 0)
    unread = {room: upto[room] for room, count in counts.items() if count}
    for _, room in _mentions(connection, person, unread, COUNTED):
        named[room] += 1
    return {room: (count, named[room]) for room, count in counts.items()}


def mentions(
    connection: Connection, person: Person, upto: Mapping[str, int], limit: int
) -> list[Event]:
    """Read the latest messages beyond the marks that name the person."""
    ids = [id for id, _ in _mentions(connection, person, upto, limit)]
    return _by_ids(connection, ids)


def outdated(
    connection: Connection, room: str, before: float, beyond: int, limit: int
) -> list[int]:
    """List what need not be kept, oldest first."""
    shown = _shown(room)
    if not room:
        shown = and_(events.c.room == "", or_(PRIVATE, ANNOUNCED))
    upto = 0
    if beyond:
        latest = select(_id).where(shown).order_by(_id.desc())
        upto = connection.scalar(latest.offset(beyond).limit(1)) or 0
    # The last of all stays, so that ids are never used again.
    last = select(func.max(_id)).scalar_subquery()
    oldest = select(_id, events.c.time).where(shown, _id < last).order_by(_id)
    old = []
    for id, time in connection.execute(oldest.limit(limit)):
        if id > upto and time >= milliseconds(before):
            break  # what comes after is newer still: the rest need not be looked at
        old.append(id)
    return old


def forget(connection: Connection, ids: Collection[int]) -> None:
    """Remove events."""
    for some in _pieces(ids):
        connection.execute(delete(events).where(_id.in_(some)))
        unindex(connection, some)


def _shown(room: str) -> ColumnElement[bool]:
    return and_(events.c.room == room, events.c.kind.in_(_SHOWN))


def _mentions(
    connection: Connection, person: Person, upto: Mapping[str, int], limit: int
) -> list[tuple[int, str]]:
    """List id and room, latest first."""
    name = words.phrase(person.name)
    if not name[0] or not upto:
        return []
    oldest = min(*upto.values(), LARGEST)
    statement = found([name], _id, events.c.room, after=oldest).where(
        events.c.room.in_(upto),
        events.c.kind.in_(_SPOKEN),
        events.c.sender != person.id,
    )
    with connection.execute(statement) as rows:
        beyond = ((id, room) for id, room in rows if id > upto[room])
        return list(islice(beyond, limit))


def _nearest(
    connection: Connection,
    parts: Sequence[ColumnElement[bool]],
    before: int,
    after: int,
    limit: int,
) -> list[Event]:
    """
    Read events that fit any of several conditions: the latest, or nearest to a bound.

    Each condition is asked by itself, because each has an index in the order of ids.
    """
    rising = bool(after) and not before
    bounds = [_id > min(after, LARGEST)] if after else []
    if 0 < before <= LARGEST:
        bounds.append(_id < before)
    order = _id if rising else _id.desc()

    def bounded(question: "Select[Any]", part: ColumnElement[bool]) -> "Select[Any]":
        return question.where(part, *bounds).order_by(order).limit(limit)

    if len(parts) == 1:
        found = _read(connection, bounded(select(events), parts[0]))
        return found if rising else found[::-1]
    ids = {
        id for part in parts for id in connection.scalars(bounded(select(_id), part))
    }
    return _by_ids(connection, sorted(ids, reverse=not rising)[:limit])


def _by_ids(connection: Connection, ids: Sequence[int]) -> list[Event]:
    """Read events, oldest first."""
    return [
        event
        for some in _pieces(sorted(ids))
        for event in _read(
            connection, select(events).where(_id.in_(some)).order_by(_id)
        )
    ]


def _one(connection: Connection, *conditions: Any) -> Event | None:
    for event in _read(connection, select(events).where(*conditions)):
        return event
    return None


def _read(connection: Connection, statement: Any) -> list[Event]:
    return [to_event(Row._make(row)) for row in connection.execute(statement)]


def _pieces(ids: Iterable[int]) -> Iterable[list[int]]:
    all_ids = list(ids)
    return (all_ids[start : start + _SOME] for start in range(0, len(all_ids), _SOME))

"""Kept events as rows: columns for what is asked, JSON text for the rest."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, NamedTuple, get_origin, get_type_hints

from chatd.chat.account import Person
from chatd.chat.events import (
    Announced,
    Emoted,
    Event,
    Invited,
    Killed,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    Said,
    ServerBanned,
    ServerUnbanned,
    TopicChanged,
    Whispered,
)

# What is written is read for as long as there are databases: never rename a kind.
KINDS: Mapping[str, type[Any]] = {
    "said": Said,
    "emoted": Emoted,
    "whispered": Whispered,
    "announced": Announced,
    "room-opened": RoomOpened,
    "topic-changed": TopicChanged,
    "room-changed": RoomChanged,
    "invited": Invited,
    "moderated": Moderated,
    "role-changed": RoleChanged,
    "server-banned": ServerBanned,
    "server-unbanned": ServerUnbanned,
    "killed": Killed,
    "lockdown-changed": LockdownChanged,
    "motd-changed": MotdChanged,
}
KIND_OF = {event: kind for kind, event in KINDS.items()}


class Row(NamedTuple):
    """
    A row of the table of events.

    @ivar time: Milliseconds, POSIX, UTC.
    @ivar sender_folded: The sender's name in the form in which its case is equal.
    @ivar other: The id of whom it was done or told to, or 0.
    @ivar body: The fields without a column, as a JSON object, or C{""}.
    """

    id: int
    time: int
    node: str
    kind: str
    room: str
    sender: int
    sender_name: str
    sender_folded: str
    sender_guest: bool
    other: int
    key: str
    text: str
    body: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which fields of an event have a column, and how the others become JSON."""

    columns: tuple[str, ...]
    body: Mapping[str, Callable[[Any], Any]]
    other: str


def to_row(event: Event) -> Row:
    """
    Write an event down.

    @raise KeyError: if it is of a kind that is not kept.
    """
    kind = KIND_OF[type(event)]
    shape = _SHAPES[kind]
    get: Any = event  # which fields it has, its shape says
    sender = get.sender
    body = ""
    if shape.body:
        rest = {name: _plain(getattr(event, name)) for name in shape.body}
        body = json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
    return Row(
        event.id,
        milliseconds(event.time),
        event.node,
        kind,
        getattr(event, "room", ""),
        sender.id,
        sender.name,
        sender.name.casefold(),
        sender.guest,
        getattr(event, shape.other).id if shape.other else 0,
        getattr(event, "key", ""),
        getattr(event, "text", ""),
        body,
    )


def to_event(row: Row) -> Event:
    """Read a row that L{to_row} wrote; fields of later versions are passed over."""
    shape = _SHAPES[row.kind]
    values: dict[str, Any] = {name: getattr(row, name) for name in shape.columns}
    values["time"] = row.time / 1000
    values["sender"] = Person(row.sender, row.sender_name, bool(row.sender_guest))
    if row.body:
        body = json.loads(row.body)
        for name, read in shape.body.items():
            if name in body:
                values[name] = read(body[name])
    event: Event = KINDS[row.kind](**values)
    return event


def milliseconds(seconds: float) -> int:
    """POSIX seconds as they are stored."""
    return round(seconds * 1000)


def _shape(event: type[Any]) -> _Shape:
    hints = get_type_hints(event)
    names = [field.name for field in fields(event)]
    columns = [name for name in names if name in Row._fields and name != "sender"]
    rest = [name for name in names if name not in Row._fields]
    people = [name for name in rest if hints[name] is Person]
    body = {name: _reader(hints[name]) for name in rest}
    return _Shape(tuple(columns), body, people[0] if people else "")


def _plain(value: Any) -> Any:
    match value:
        case Person():
            return [value.id, value.name, value.guest]
        case Enum():
            return value.value
        case _:
            return value


def _reader(hint: Any) -> Callable[[Any], Any]:
    if hint is Person:
        return lambda value: Person(*value)
    if get_origin(hint) is tuple:
        return tuple
    if issubclass(hint, Enum):
        return lambda value: hint(value)
    return lambda value: value


_SHAPES = {kind: _shape(event) for kind, event in KINDS.items()}

"""Kept events as rows: columns for what is asked, JSON text for the rest."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_origin, get_type_hints

from chatd.chat.account import Person
from chatd.chat.events import (
    Announced,
    Emoted,
    Event,
    Handed,
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
    Shared,
    TopicChanged,
    Whispered,
)

T = TypeVar("T")

# What is written is read for as long as there are databases: never rename a kind.
KINDS: Mapping[str, type[Any]] = {
    "said": Said,
    "emoted": Emoted,
    "whispered": Whispered,
    "shared": Shared,
    "handed": Handed,
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
    sender_guest: int
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
    if kind == "said":
        return _said(event)
    shape = _SHAPES[kind]
    get: Any = event  # which fields it has, its shape says
    sender = get.sender
    body = ""
    if shape.body:
        rest = {name: _plain(getattr(event, name)) for name in shape.body}
        body = _dumps(rest)
    return Row(
        event.id,
        milliseconds(event.time),
        event.node,
        kind,
        getattr(event, "room", ""),
        sender.id,
        sender.name,
        sender.name.casefold(),
        # A flag that is no plain number is adapted by way of three exceptions: 1 us.
        int(sender.guest),
        getattr(event, shape.other).id if shape.other else 0,
        getattr(event, "key", ""),
        getattr(event, "text", ""),
        body,
    )


def _said(event: Any) -> Row:
    """Likewise for what most rows are, in a quarter of the time."""
    sender, name = event.sender, event.sender.name
    return tuple.__new__(
        Row,
        (
            event.id,
            round(event.time * 1000),
            event.node,
            "said",
            event.room,
            sender.id,
            name,
            name.casefold(),
            int(sender.guest),
            0,
            event.key,
            event.text,
            "",
        ),
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


def to_json(value: Any) -> str:
    """Write a dataclass down whose fields are numbers, texts, flags or choices."""
    kind: Any = type(value)
    return _dumps({name: _plain(getattr(value, name)) for name in _readers(kind)})


def from_json(kind: type[T], text: str) -> T:
    """Read what L{to_json} wrote; fields of later versions are passed over."""
    body = json.loads(text)
    any_kind: Any = kind
    readers = _readers(any_kind).items()
    return kind(**{name: read(body[name]) for name, read in readers if name in body})


def milliseconds(seconds: float) -> int:
    """POSIX seconds as they are stored."""
    return round(seconds * 1000)


def _shape(event: Any) -> _Shape:
    readers = _readers(event)
    columns = [name for name in readers if name in Row._fields and name != "sender"]
    body = {name: read for name, read in readers.items() if name not in Row._fields}
    others = [name for name in body if get_type_hints(event)[name] is Person]
    return _Shape(tuple(columns), body, others[0] if others else "")


@cache
def _readers(kind: Any) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in fields(kind)}


def _dumps(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: hint(value)
    return lambda value: value


_SHAPES = {kind: _shape(event) for kind, event in KINDS.items()}

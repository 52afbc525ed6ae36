"""What a server sends, as the values of C{chatd.chat.events}; see L{read_event}."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeAlias, get_type_hints

from chatd.chat.account import Person, Role
from chatd.chat.clean import clean, clean_block
from chatd.chat.events import (
    Act,
    Announced,
    Answer,
    Arrived,
    AwayChanged,
    CaughtUp,
    Closing,
    Departed,
    Emoted,
    Entered,
    Event,
    Failed,
    Greeting,
    Handed,
    Invited,
    Joined,
    Killed,
    Left,
    Listing,
    LockdownChanged,
    Moderated,
    MotdChanged,
    Notice,
    Past,
    Renamed,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    RoomView,
    Said,
    ServerBanned,
    ServerUnbanned,
    Shared,
    Stamped,
    TopicChanged,
    Unshared,
    Welcome,
    Whispered,
)

Fields: TypeAlias = Mapping[str, Any]


def read_event(found: Fields) -> Event | Answer | None:
    """
    Read one object from a server.

    @return: C{None} for what is not known here, or is not as it should be: a newer
        server may say more than this client knows.
    """
    try:
        kind = found["event"]
        if kind in _EVENTS or kind == "shared":
            return _event(found)
        return _ANSWERS[kind](found) if kind in _ANSWERS else None
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def person_called(name: str, *, guest: bool = False) -> Person:
    """
    Somebody of whom programs know no more than the name.

    The id is made of the name: two of one name are one, as long as both are here.
    """
    return Person(int.from_bytes(name.casefold().encode()), clean(name), guest)


def _event(found: Fields) -> Event:
    if found["event"] == "shared":
        kind: type[Event] = Handed if "to" in found else Shared
    else:
        kind = _EVENTS[found["event"]]
    guest = found.get("guest") is True
    values: dict[str, Any] = {}
    for name, hint in _fields(kind).items():
        given = _NAMES.get((kind, name), name)
        if given in found:
            # The mark belongs to the sender, or to the person if there is none.
            marked = name == (
                "sender" if "sender" in found else _WHO.get(kind, "person")
            )
            values[name] = _value(hint, found[given], guest and marked)
    if kind is ServerBanned or kind is ServerUnbanned:
        values["target"] = ""  # how servers call it among themselves
    if kind is Unshared:
        values["owner"] = values["sender"]  # that is not told
    return kind(**values)


def _fields(kind: type[Event]) -> Mapping[str, Any]:
    """What an event has, and of which type."""
    if kind not in _HINTS:
        hints = get_type_hints(kind)
        _HINTS[kind] = {field.name: hints[field.name] for field in fields(kind)}
    return _HINTS[kind]


def _value(hint: Any, value: Any, guest: bool) -> Any:
    if hint is Person or hint == Person | None:
        return person_called(_text(value), guest=guest)
    if hint is Role:
        return Role[value.upper()]
    if hint is Act:
        return Act(value)
    if hint is int:
        return int(value)
    if hint is float:
        return float(value)
    if hint is bool:
        return bool(value)
    if hint == tuple[str, ...]:
        return _texts(value)
    return None if value is None else _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    # A server may be hostile as well: nothing that it says moves the cursor.
    return clean_block(value)


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(_text, values))


def _greeting(found: Fields) -> Greeting:
    return Greeting(
        _text(found["server"]),
        _text(found["version"]),
        (),
        found["secure"] is True,
        "",
        found["guests"] is True,
        _text(found["registration"]),
        dict(found["limits"]),
        found.get("passwords") is not False,
    )


def _failed(found: Fields) -> Failed:
    return Failed(
        _text(found["code"]),
        _text(found["text"]),
        _text(found.get("line", "")),
        found.get("ref"),
    )


def _listing(found: Fields) -> Listing:
    return Listing(
        _text(found["name"]),
        _text(found["title"]),
        _texts(found["lines"]),
        tuple(dict(row) for row in found["rows"]),
        found.get("ref"),
    )


def _past(found: Fields) -> Past:
    why, room = _text(found["why"]), _text(found["room"])
    read = map(read_event, found["events"])
    return Past(
        why,
        tuple(event for event in read if isinstance(event, Stamped)),
        f"The log of {room}:" if why == "log" else "",
        found["more"] is True,
        room,
        found.get("ref"),
    )


def _room(found: Fields, name: str) -> RoomView:
    return RoomView(
        _text(found[name]),
        _text(found["topic"]),
        _texts(found["people"]),
        found["private"] is True,
        found["history"] is True,
        int(found["unread"]),
        int(found["mentions"]),
        int(found.get("seen", 0)),
    )


def read_welcome(found: Fields) -> Welcome:
    """
    Read the C{done} of C{enter}.

    @raise LookupError: or C{TypeError}, if it is something else.
    """
    return Welcome(
        person_called(_text(found["name"]), guest=found["account"] is None),
        Role[found["role"].upper()],
        _text(found["cursor"]),
        tuple(_room(room, "name") for room in found["rooms"]),
        _texts(found["people"]),
        int(found["whispers"]),
        _text(found["token"] or ""),
        _text(found["motd"]),
        found.get("ref"),
    )


_ANSWERS: Mapping[str, Callable[[Fields], Answer]] = {
    "hello": _greeting,
    "notice": lambda found: Notice(_text(found["text"]), found.get("ref")),
    "failed": _failed,
    "listing": _listing,
    "history": _past,
    "entered": lambda found: Entered(_room(found, "room"), found.get("ref")),
    "caught-up": lambda found: CaughtUp(found["gap"] is True, _text(found["cursor"])),
    "closing": lambda found: Closing(
        _text(found["text"]),
        float(found["seconds"]),
        isinstance(found.get("retry"), int | float),
    ),
}

_EVENTS: Mapping[str, type[Event]] = {
    "said": Said,
    "emoted": Emoted,
    "whispered": Whispered,
    "announced": Announced,
    "opened": RoomOpened,
    "topic": TopicChanged,
    "room": RoomChanged,
    "invited": Invited,
    "moderated": Moderated,
    "arrived": Arrived,
    "departed": Departed,
    "joined": Joined,
    "left": Left,
    "away": AwayChanged,
    "renamed": Renamed,
    "role": RoleChanged,
    "banned": ServerBanned,
    "unbanned": ServerUnbanned,
    "killed": Killed,
    "lockdown": LockdownChanged,
    "motd": MotdChanged,
    "unshared": Unshared,
}

_HINTS: dict[type[Event], Mapping[str, Any]] = {}

# Where a field is called otherwise on the line.
_NAMES = {
    (Shared, "mime"): "type",
    (Handed, "mime"): "type",
    (ServerBanned, "shown"): "target",
    (ServerUnbanned, "shown"): "target",
}
# Of a renaming it is known of the new name whether it is a guest's.
_WHO: Mapping[type[Event], str] = {Renamed: "now"}

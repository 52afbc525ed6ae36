"""What happened, as a sentence."""

from datetime import datetime
from typing import assert_never

from chatd.chat.account import Person, Role
from chatd.chat.events import (
    Act,
    Announced,
    Arrived,
    AwayChanged,
    Departed,
    Emoted,
    Event,
    Handed,
    Invited,
    Joined,
    Killed,
    Left,
    LockdownChanged,
    Moderated,
    MotdChanged,
    Renamed,
    RoleChanged,
    RoomChanged,
    RoomOpened,
    Said,
    ServerBanned,
    ServerUnbanned,
    Shared,
    TopicChanged,
    Unshared,
    Whispered,
)
from chatd.chat.file import size_in_words
from chatd.chat.look import Look
from chatd.chat.short_ids import short_id

# Of a file, where there are no links.
HOW = "/files tells how to get it."


def sentence(event: Event, look: Look, here: bool, reader: Person | None) -> str | None:
    """
    What happened, without the time; C{None} where that is not told so.

    @param here: Whether it is in the reader's current room.
    @param reader: Who reads, where that matters.
    """
    match event:
        case Said() | Emoted() | Whispered() | RoomOpened():
            return None
        case Shared():
            where = "" if here else f" in {event.room}"
            how = _how(event, look, reader)
            return f"{event.sender.name} shares {_file(event)}{where}: {how}"
        case Handed():
            return _handed(event, look, reader)
        case Unshared():
            return _unshared(event, here, reader)
        case Arrived():
            return f"{event.person.name} has joined the chat."
        case Departed():
            return f"{event.person.name} has left the chat{_why(event.reason)}"
        case Joined():
            return f"{event.person.name} has joined {event.room}."
        case Left():
            return f"{event.person.name} has left {event.room}{_why(event.reason)}"
        case AwayChanged():
            if event.text is None:
                return f"{event.person.name} is back."
            return f"{event.person.name} is away{_why(event.text)}"
        case Renamed():
            if event.person.name == event.now.name:
                return f"{event.now.name} is registered now."
            return f"{event.person.name} is called {event.now.name} now."
        case TopicChanged():
            if not event.text:
                return f"{event.sender.name} cleared the topic of {event.room}."
            return f"{event.sender.name} set the topic of {event.room}: {event.text}"
        case RoomChanged():
            kind = "private" if event.private else "public"
            history = "kept" if event.history else "NOT kept"
            return (
                f"{event.sender.name} changed {event.room}: it is {kind}, and "
                f"what is said is {history}."
            )
        case Invited():
            if reader is not None and reader.id == event.person.id:
                return (
                    f"{event.sender.name} invites you to {event.room}: "
                    f"/join {event.room}"
                )
            return f"{event.sender.name} invited {event.person.name} to {event.room}."
        case Moderated():
            return _moderated(event, look)
        case Announced():
            return f"{event.sender.name} to all: {event.text}"
        case RoleChanged():
            role = "an operator" if event.role is Role.OPERATOR else "no operator"
            return f"{event.person.name} is {role} now, by {event.sender.name}."
        case ServerBanned():
            until = _until(event.until, look)
            return (
                f"{event.sender.name} banned {event.shown} from the server{until}"
                f"{_why(event.reason)}"
            )
        case ServerUnbanned():
            return f"{event.sender.name} lifted the ban of {event.shown}."
        case Killed():
            return (
                f"{event.sender.name} ended the sessions of {event.person.name}"
                f"{_why(event.reason)}"
            )
        case LockdownChanged():
            if event.on:
                return (
                    f"{event.sender.name} locked the server down: only members "
                    "come in, and nobody registers."
                )
            return f"{event.sender.name} ended the lock-down."
        case MotdChanged():
            if not event.text:
                return f"{event.sender.name} cleared the message of the day."
            return f"{event.sender.name} set the message of the day: {event.text}"
        case _:
            assert_never(event)


def _moderated(event: Moderated, look: Look) -> str:
    by, name, room = event.sender.name, event.person.name, event.room
    until, why = _until(event.until, look), _why(event.reason)
    match event.act:
        case Act.KICK:
            return f"{by} put {name} out of {room}{why}"
        case Act.MUTE:
            return f"{by} muted {name} in {room}{until}{why}"
        case Act.UNMUTE:
            return f"{by} lets {name} speak in {room} again."
        case Act.BAN:
            return f"{by} banned {name} from {room}{until}{why}"
        case Act.UNBAN:
            return f"{by} lifted the ban of {name} from {room}."
        case Act.APPOINT:
            return f"{by} made {name} a moderator of {room}."
        case Act.DISMISS:
            return f"{name} is no moderator of {room} any more, by {by}."
        case _:
            assert_never(event.act)


def _handed(event: Handed, look: Look, reader: Person | None) -> str:
    me = reader.id if reader else 0
    if event.sender.id == me:
        return f"You share {_file(event)} with {event.to.name}."
    to, refuse = event.to.name, ""
    if event.to.id == me:
        to = "you"
        refuse = f" (or refuse it: /files refuse {short_id(event.id)})"
    return (
        f"{event.sender.name} shares {_file(event)} with {to}{refuse}: "
        f"{_how(event, look, reader)}"
    )


def _how(event: Shared | Handed, look: Look, reader: Person | None) -> str:
    links = look.links
    if links is None or reader is None:
        return HOW
    return links.fetch(event, reader)


def _unshared(event: Unshared, here: bool, reader: Person | None) -> str:
    me = reader.id if reader else 0
    if event.to is None:
        where = "" if here else f" from {event.room}"
        return f"{event.sender.name} removed {event.name}{where}."
    who = "You" if event.sender.id == me else event.sender.name
    if event.sender.id != event.to.id:
        return f"{who} removed {event.name}."
    return f"{who} {'do' if who == 'You' else 'does'} not want {event.name}."


def _until(until: float, look: Look) -> str:
    if not until:
        return " for ever"
    return f" until {datetime.fromtimestamp(until, look.zone):%Y-%m-%d %H:%M}"


def _file(event: Shared | Handed) -> str:
    return f"{event.name} ({size_in_words(event.size)})"


def _why(reason: str) -> str:
    return f": {reason}" if reason else "."

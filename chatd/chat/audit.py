"""The log of what operators and moderators did; never what anybody said."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from twisted.logger import Logger

from chatd.chat.account import Person, Role
from chatd.chat.events import (
    Act,
    Announced,
    Event,
    Killed,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoleChanged,
    RoomChanged,
    ServerBanned,
    ServerUnbanned,
)

if TYPE_CHECKING:
    from chatd.chat.session import Session


def audit(event: Event, origin: "Session | None" = None) -> None:
    """
    Log an event, if somebody used a right in it; on the node where it happened.

    @param origin: The session that caused it.
    """
    if type(event) not in _TOLD:
        return
    write = partial(_write, origin)
    match event:
        case Moderated():
            ends = _terms(event) if event.act in (Act.MUTE, Act.BAN) else _why(event)
            write(event.sender, event.act.value, event.person.name, event.room, ends)
        case RoomChanged():
            kind = "private" if event.private else "public"
            history = "on" if event.history else "off"
            write(event.sender, f"change to {kind}, history {history}:", event.room)
        case RoleChanged():
            verb = "op" if event.role is Role.OPERATOR else "deop"
            write(event.sender, verb, event.person.name)
        case ServerBanned():
            write(event.sender, "serverban", event.shown, ends=_terms(event))
        case ServerUnbanned():
            write(event.sender, "serverunban", event.shown)
        case Killed():
            write(event.sender, "kill", event.person.name, ends=_why(event))
        case LockdownChanged():
            write(event.sender, f"lockdown {'on' if event.on else 'off'}")
        case MotdChanged():
            write(event.sender, "motd")
        case Announced():
            write(event.sender, "announce")
        case _:
            pass


def note(session: "Session", what: str, whom: str = "", room: str = "") -> None:
    """
    Log one act that no event tells of.

    @param whom: A person, a room or an address.
    @param room: Where, if a right over this room was used.
    """
    _write(session, session.somebody(), what, whom, room)


def _terms(event: Moderated | ServerBanned) -> str:
    until = " for ever"
    if event.until:
        until = f" until {datetime.fromtimestamp(event.until, UTC):%Y-%m-%d %H:%M} UTC"
    return until + _why(event)


def _why(event: Moderated | ServerBanned | Killed) -> str:
    return f": {event.reason}" if event.reason else ""


def _write(
    origin: "Session | None",
    who: Person,
    what: str,
    whom: str = "",
    room: str = "",
    ends: str = "",
) -> None:
    _log.info(
        "{who}: {what}{space}{whom}{where}{ends}{origin}",
        who=who.name,
        what=what,
        space=" " if whom else "",
        whom=whom,
        where=f" in {room}" if room else "",
        ends=ends,
        origin=f" ({origin.kind}, from {origin.address})" if origin else "",
    )


_TOLD = {
    Moderated,
    RoomChanged,
    RoleChanged,
    ServerBanned,
    ServerUnbanned,
    Killed,
    LockdownChanged,
    MotdChanged,
    Announced,
}

_log = Logger(namespace="chatd.audit")

"""The log of what operators and moderators did; never what anybody said."""

from functools import partial
from typing import TYPE_CHECKING

from twisted.logger import Logger

from chatd.chat.account import Person, Role
from chatd.chat.events import (
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
            write(event.sender, event.act.value, event.person.name, event.room)
        case RoomChanged():
            kind = "private" if event.private else "public"
            history = "on" if event.history else "off"
            write(event.sender, f"change to {kind}, history {history}:", event.room)
        case RoleChanged():
            verb = "op" if event.role is Role.OPERATOR else "deop"
            write(event.sender, verb, event.person.name)
        case ServerBanned():
            write(event.sender, "serverban", event.shown)
        case ServerUnbanned():
            write(event.sender, "serverunban", event.shown)
        case Killed():
            write(event.sender, "kill", event.person.name)
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


def _write(
    origin: "Session | None", who: Person, what: str, whom: str = "", room: str = ""
) -> None:
    _log.info(
        "{who}: {what}{space}{whom}{where}{origin}",
        who=who.name,
        what=what,
        space=" " if whom else "",
        whom=whom,
        where=f" in {room}" if room else "",
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

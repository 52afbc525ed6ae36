"""The log of what operators and moderators did; never what anybody said."""

from twisted.logger import Logger

from chatd.chat.account import Person, Role
from chatd.chat.events import (
    Announced,
    Emoted,
    Event,
    Handed,
    Killed,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoleChanged,
    RoomChanged,
    Said,
    ServerBanned,
    ServerUnbanned,
    Shared,
    Whispered,
)


def audit(event: Event) -> None:
    """Log an event, if somebody used a right in it; on the node where it happened."""
    match event:
        case Said() | Emoted() | Whispered() | Shared() | Handed():
            pass  # most of all
        case Moderated():
            note(event.sender, event.act.value, event.person.name, event.room)
        case RoomChanged():
            kind = "private" if event.private else "public"
            history = "on" if event.history else "off"
            note(event.sender, f"change to {kind}, history {history}:", event.room)
        case RoleChanged():
            verb = "op" if event.role is Role.OPERATOR else "deop"
            note(event.sender, verb, event.person.name)
        case ServerBanned():
            note(event.sender, "serverban", event.shown)
        case ServerUnbanned():
            note(event.sender, "serverunban", event.shown)
        case Killed():
            note(event.sender, "kill", event.person.name)
        case LockdownChanged():
            note(event.sender, f"lockdown {'on' if event.on else 'off'}")
        case MotdChanged():
            note(event.sender, "motd")
        case Announced():
            note(event.sender, "announce")
        case _:
            pass


def note(who: Person, what: str, whom: str = "", room: str = "") -> None:
    """
    Log one act.

    @param whom: A person, a room or an address.
    @param room: Where, if a right over this room was used.
    """
    _log.info(
        "{who}: {what}{space}{whom}{where}",
        who=who.name,
        what=what,
        space=" " if whom else "",
        whom=whom,
        where=f" in {room}" if room else "",
    )


_log = Logger(namespace="chatd.audit")

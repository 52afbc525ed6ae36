"""What an event changes, and to whom it is shown; the same on every node."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from chatd.chat.account import Person, Role
from chatd.chat.errors import Banned
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
from chatd.chat.room import Room
from chatd.chat.store import RoomRecord

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.reader import Reader
    from chatd.chat.session import Session

# What may be a name: all but spaces and the punctuation that names do not have. Not
# \w, which is no match for the vowels of Indian scripts.
_WORD = re.compile(
    r"[^\s!-,/:-@\[-^`{-~\u2000-\u206f\u3000-\u303f\uff01-\uff0f\uff1a-\uff20]+"
)
# The same for ASCII, in a third of the time: what is no part of a name is a space.
_PLAIN = "".join([c if _WORD.match(c) else " " for c in map(chr, range(128))])

_Moving: TypeAlias = Arrived | Departed | AwayChanged | Renamed | Joined | Left


class Delivery:
    """Applies events to the hub and its rooms, and puts them where they are read."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub

    def show_all(self, events: "Sequence[Event]", origin: "Session | None") -> None:
        """Do so for events that are alike: what somebody said in one room."""
        if len(events) > 1:
            self._show_spoken([e for e in events if isinstance(e, Said)], origin)
        else:
            self.show(events[0], origin)

    def show(self, event: Event, origin: "Session | None" = None) -> None:
        """Change what the event changes, and show it; on every node alike."""
        match event:
            case Said() | Emoted():
                self._show_spoken([event], origin)
            case Whispered() | Handed():
                self._show_private(event, origin)
            case Shared():
                self._show_shared(event)
            case Unshared():
                self._show_unshared(event, origin)
            case Arrived() | Departed() | AwayChanged() | Renamed() | Joined() | Left():
                self._show_presence(event)
            case RoomOpened():
                self._hub.rooms.open(RoomRecord(event.room)).apply(event)
            case TopicChanged() | RoomChanged() | Invited() | Moderated():
                self._show_room_change(event)
            case (
                Announced()
                | RoleChanged()
                | ServerBanned()
                | ServerUnbanned()
                | Killed()
                | LockdownChanged()
                | MotdChanged()
            ):
                self._show_server_change(event)

    def _show_spoken(
        self, events: "Sequence[Said | Emoted]", origin: "Session | None"
    ) -> None:
        room = self._hub.rooms.get(events[0].room)
        if room is None:
            return
        skip = self._skips(events[0].sender.id, origin)
        said = " ".join([event.text for event in events])
        if "\n" in said:  # seldom: of what is said, a room keeps in mind only pastes
            for event in events:
                room.apply(event)
        if not self._hub.presence.knows_any(_words(said)):
            self._hub.outbox.put_all(events, room, skip)
            return
        for event in events:
            named = self._named(event, room, skip)
            self._hub.outbox.put(event, room, skip, named)

    def _show_shared(self, event: Shared) -> None:
        room = self._hub.rooms.get(event.room)
        if room is None:
            return
        # Each is shown a link of their own. Nobody typed it: who shares it is shown it
        # like everybody else.
        named = [
            (person, self._hub.connections.of(person.id))
            for person in room.present.values()
        ]
        skip = self._skips(event.sender.id, None)
        self._hub.outbox.put(event, room, skip, named)

    def _show_unshared(self, event: Unshared, origin: "Session | None") -> None:
        if event.room is not None:
            room = self._hub.rooms.get(event.room)
            if room is not None:
                skip = self._skips(event.sender.id, origin)
                self._hub.outbox.put(event, room, skip)
            return
        for person in (event.owner, event.to):
            if person is not None:
                sessions = self._hub.connections.of(person.id)
                others = [session for session in sessions if session is not origin]
                self._hub.outbox.tell(event, others, person)

    def _skips(self, sender: int, origin: "Session | None") -> "set[Session]":
        skip = {origin} if origin is not None else set()
        for ignorer in self._hub.ignores.by(sender):
            skip.update(self._hub.connections.of(ignorer))
        return skip

    def _named(
        self, event: Said | Emoted, room: Room, skip: "set[Session]"
    ) -> "list[tuple[Person, list[Session]]]":
        """Those in the room whose names occur in the text, with their sessions."""
        named: list[tuple[Person, list[Session]]] = []
        for person in self._hub.presence.of_keys(_words(event.text)):
            if person.id in room.present and person.id != event.sender.id:
                found = self._hub.connections.of(person.id)
                named.append((person, [s for s in found if s not in skip]))
        return named

    def _show_private(
        self, event: Whispered | Handed, origin: "Session | None"
    ) -> None:
        if event.to.id not in self._hub.ignores.by(event.sender.id):
            sessions = self._hub.connections.of(event.to.id)
            self._hub.outbox.tell(event, sessions, event.to)
            for session in sessions:
                session.correspondent = event.sender
        sessions = self._hub.connections.of(event.sender.id)
        if isinstance(event, Handed):
            origin = None  # nobody typed it there
        others = [session for session in sessions if session is not origin]
        self._hub.outbox.tell(event, others, event.sender)
        for session in sessions:
            session.correspondent = event.to

    def _show_presence(self, event: _Moving) -> None:
        found = map(self._hub.rooms.get, self._hub.where(event))
        rooms = [room for room in found if room is not None and room.opened]
        if isinstance(event, Arrived | Departed):
            # Meanwhile one more may have been entered, or one not been stored.
            names = tuple([room.name for room in rooms])
            if names != event.rooms:
                event = replace(event, rooms=names)
        elif isinstance(event, Joined | Left) and not rooms:
            return
        if not self._change_presence(event, rooms):
            return
        if len(rooms) == 1:
            self._hub.outbox.put(event, rooms[0], patient=True)
        elif rooms:
            self._tell_rooms(event, rooms)
        else:
            self._hub.outbox.tell(event, self._hub.connections.of(event.person.id))
        if isinstance(event, Left | Departed):
            # Who departed may be coming in again: from the start, then.
            self._leave_rooms(event.person.id, rooms)

    def _change_presence(self, event: _Moving, rooms: list[Room]) -> bool:
        """
        Change who is here, and in which rooms.

        @return: Whether others see a change.
        """
        changed = self._hub.presence.apply(event)
        sessions = self._hub.connections.of(event.person.id)
        if isinstance(event, Renamed):
            # Also one that others do not see: a guest became a member.
            for session in sessions:
                session.person = event.now
        elif not changed:
            return False
        for room in rooms:
            room.apply(event)
            if isinstance(event, Arrived | Joined):
                for session in sessions:
                    self._hub.outbox.enter(room, session)
                    session.room = session.room or room
        return changed

    def _tell_rooms(self, event: _Moving, rooms: list[Room]) -> None:
        """Tell all who are in one of the rooms; only they learn of a private one."""
        public = [room for room in rooms if not room.private]
        insiders = dict.fromkeys(s for r in rooms if r.private for s in r.readers)
        told: dict[tuple[str, ...], list[Reader]] = {}
        for reader in insiders:
            names = tuple(r.name for r in rooms if not r.private or reader in r.readers)
            told.setdefault(names, []).append(reader)
        if public:
            # Most are in the largest, which is mostly the lobby: they share what they
            # read. To tell each by themselves made a rush of members quadratic.
            names = tuple(room.name for room in public)
            largest = max(public, key=lambda room: len(room.readers))
            skip = insiders.keys() & largest.readers.keys()
            self._hub.outbox.put(_in(event, names), largest, skip, patient=True)
            others = told.setdefault(names, [])
            for room in public:
                if room is not largest:
                    more = room.readers.keys() - largest.readers.keys()
                    others += more - insiders.keys()
        for names, readers in told.items():
            self._hub.outbox.tell(_in(event, names), dict.fromkeys(readers))

    def _leave_rooms(self, person: int, rooms: list[Room]) -> None:
        for session in self._hub.connections.of(person):
            for room in rooms:
                self._hub.outbox.leave(room, session)
                if session.room is room:
                    names = self._hub.presence.rooms_of(person)
                    session.room = self._hub.rooms.get(names[-1]) if names else None

    def _show_room_change(
        self, event: TopicChanged | RoomChanged | Invited | Moderated
    ) -> None:
        room = self._hub.rooms.get(event.room)
        if room is None:
            return
        absent = (
            isinstance(event, Moderated | Invited)
            and event.person.id not in room.present
        )
        room.apply(event)
        self._hub.outbox.put(event, room)
        match event:
            case Moderated() if absent:
                self._hub.outbox.tell(event, self._hub.connections.of(event.person.id))
            case Invited() if absent:
                if event.person.id not in self._hub.ignores.by(event.sender.id):
                    sessions = self._hub.connections.of(event.person.id)
                    self._hub.outbox.tell(event, sessions, event.person)
            case Moderated(act=Act.KICK | Act.BAN):
                self._hub.presence.apply(event)
                self._leave_rooms(event.person.id, [room])
            case _:
                pass

    def _show_server_change(
        self,
        event: Announced
        | RoleChanged
        | ServerBanned
        | ServerUnbanned
        | Killed
        | LockdownChanged
        | MotdChanged,
    ) -> None:
        operators = [
            session
            for session in self._hub.connections
            if session.role is Role.OPERATOR and session.person != event.sender
        ]
        match event:
            case Announced() | LockdownChanged() | MotdChanged():
                self._apply_server_change(event)
                entered = [s for s in self._hub.connections if s.person is not None]
                self._hub.outbox.tell(event, entered)
            case RoleChanged():
                self._hub.desk.put_out(event.person.id)
                for session in self._hub.connections.of(event.person.id):
                    if session.account is not None:
                        session.account = replace(session.account, role=event.role)
                concerned = self._hub.connections.of(event.person.id)
                self._hub.outbox.tell(event, dict.fromkeys([*operators, *concerned]))
            case ServerBanned():
                self._hub.bans.apply(event)
                self._hub.outbox.tell(event, operators)
                self._shut_out()
            case ServerUnbanned():
                self._hub.bans.apply(event)
                self._hub.outbox.tell(event, operators)
            case Killed():
                self._hub.outbox.tell(event, operators)
                for session in self._hub.connections.of(event.person.id):
                    reason = f": {event.reason}" if event.reason else "."
                    session.close(f"An operator ended this session{reason}")

    def _apply_server_change(
        self, event: Announced | LockdownChanged | MotdChanged
    ) -> None:
        match event:
            case LockdownChanged():
                self._hub.lockdown = event.on
            case MotdChanged():
                self._hub.kept_motd = event.text
            case _:
                pass

    def _shut_out(self) -> None:
        for session in self._hub.connections:
            account = session.account.key if session.account is not None else ""
            try:
                self._hub.bans.check(account=account, address=session.address)
            except Banned as banned:
                if session.role < Role.OPERATOR:
                    session.close(banned.text)


def _words(text: str) -> set[str]:
    """What may be the keys of names; not C{key_of}, which is too slow for each."""
    text = text.lower()
    found = text.translate(_PLAIN).split() if text.isascii() else _WORD.findall(text)
    words = set(found)
    if "." in text or "-" in text:
        words.update([word.rstrip(".-") for word in found])
    return words


def _in(event: _Moving, names: tuple[str, ...]) -> _Moving:
    """The event as somebody is told who may know of these rooms."""
    if isinstance(event, Arrived | Departed) and event.rooms != names:
        return replace(event, rooms=names)
    return event

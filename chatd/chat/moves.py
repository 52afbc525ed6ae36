"""How people enter and leave rooms, and open new ones."""

from typing import TYPE_CHECKING

from twisted.logger import Logger

from chatd.chat.account import Person
from chatd.chat.errors import ChatError, Full, NameTaken, NotInRoom
from chatd.chat.events import Entered, Joined, Left, Past, RoomOpened
from chatd.chat.names import room_name
from chatd.chat.room import Room
from chatd.chat.sentences import check_reason
from chatd.chat.store import RoomRecord, StoreDown

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session


class Moves:
    """Lets people into rooms, and out of them."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub

    async def join(self, session: "Session", name: str) -> None:
        """
        Enter a room, opening it if there is none of that name; it is the current one
        from then on.
        """
        person = session.somebody()
        room = self._hub.rooms.get(name) or self._open(session, name)
        room.check_entry(person, session.role)
        latest = Past("latest", ())
        session.hold()
        try:
            if person.id not in room.present:
                self._check_rooms_of(person.id)
                self._hub.pace.enter(session)
                self._hub.publish(Joined(room=room.name, person=person), session)
            await session.caused.happened()
            if not self.admitted(session, room):
                raise NotInRoom(f"You did not get into {room.name}: it changed.")
            session.room = room
            session.tell(Entered(await self._hub.archive.view(room, person)))
            if session.look.shows_latest:
                latest = await self._hub.archive.latest(session, room)
        finally:
            session.release(latest)
        await self.keep(session.person)

    def _open(self, session: "Session", text: str) -> Room:
        name = room_name(text)
        most = self._hub.rules.rooms
        if len(self._hub.rooms) >= most:
            raise Full(f"There are {most} rooms, which is the most.")
        if session.account is None and len(self._hub.rooms) >= most // 2:
            raise Full(
                f"There are {len(self._hub.rooms)} rooms. Only members can open more: "
                "/register NAME PASSWORD makes you one."
            )
        if self._hub.rooms.like(name):
            raise NameTaken(
                f"{name.shown} looks like the name of another room. Take another name."
            )
        self._check_rooms_of(session.somebody().id)
        self._hub.pace.open(session)
        room = self._hub.rooms.open(RoomRecord(name.shown))
        room.opened = False
        try:
            self._hub.publish(
                RoomOpened(room=room.name, sender=session.somebody()), session
            )
        except ChatError:
            self._hub.rooms.close(room.name)
            raise
        return room

    def _check_rooms_of(self, person: int) -> None:
        most = self._hub.rules.rooms_per_person
        if len(self._hub.presence.rooms_of(person)) >= most:
            raise Full(f"You are in {most} rooms, which is the most. /leave one first.")

    def admitted(self, session: "Session", room: Room) -> bool:
        """
        Whether somebody who entered a room may stay: while that was on its way, a ban
        may have come before it.
        """
        person = session.somebody()
        if person.id not in room.present:
            return False
        try:
            room.check_entry(person, session.role)
        except ChatError:
            self._hub.publish(Left(room=room.name, person=person))
            return False
        return True

    async def leave(self, session: "Session", room: Room, reason: str = "") -> None:
        """Leave a room."""
        check_reason(reason, self._hub.rules)
        person = session.somebody()
        if person.id not in room.present:
            raise NotInRoom(f"You are not in {room.name}.")
        self._hub.publish(Left(room=room.name, person=person, reason=reason), session)
        await session.caused.settled()
        await self.keep(session.person)

    async def keep(self, person: Person | None) -> None:
        """Keep where somebody is, for their next login."""
        if person is None or person.guest:
            return
        try:
            await self._hub.store.keep_rooms_of(
                person.id, self._hub.presence.rooms_of(person.id)
            )
        except StoreDown:
            _log.warn("where {name} is was not kept", name=person.name)


_log = Logger()

"""What is asked for, and by whom it is done."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from chatd.chat.account import Person
from chatd.chat.clean import clean
from chatd.chat.command import Call
from chatd.chat.errors import Closed
from chatd.chat.events import Marked, Past, Value
from chatd.chat.links import UP
from chatd.chat.names import key_of
from chatd.chat.request import (
    Doubtful,
    Enter,
    History,
    Invoke,
    LogOut,
    Ping,
    Refused,
    Request,
    Say,
    Search,
    Seen,
    Share,
    Typed,
    Whisper,
)

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.room import Room
    from chatd.chat.session import Session


class Requests:
    """Carries out what sessions ask for."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub

    def say(self, session: "Session", *requests: Say) -> int:
        """
        Say something in a room, or several things in the same.

        @return: How many were said: those before the first that is refused.
        @raise ChatError: if that is the first of all.
        """
        if self._hub.closing:
            raise Closed(self._hub.closing)
        room = self._hub.visible_room(session, requests[0].room)
        return room.say(session, requests, self._hub.rules)

    async def perform(
        self, session: "Session", request: Request | None
    ) -> Mapping[str, Value] | None:
        """
        Carry out one request; the session sees to it that it is one at a time.

        @return: What programs are told when it is done; C{None} if they were told.
        @raise ChatError: if it is refused.
        """
        if self._hub.closing and not isinstance(request, Ping):
            raise Closed(self._hub.closing)
        match request:
            case None | Ping() | Typed():
                return {}
            case Refused():
                raise request.error
            case Enter():
                await self._hub.entrance.enter(session, request)
                return None
            case Say() | Doubtful():
                await self._say(session, request)
                return None
            case Whisper():
                to = await self._hub.people.whisper(
                    session, request.to, request.text, request.key, request.to_id
                )
                return {"to_id": str(to.id)}
            case Invoke():
                return await self._invoke(session, request)
            case History() | Search():
                session.somebody()
                past = await self._past(session, request)
                session.tell(replace(past, ref=request.ref))
            case Seen():
                await self._seen(session, request)
            case Share():
                return await self._share(session, request)
            case LogOut():
                await self._hub.entrance.log_out(session)
        return {}

    async def _say(self, session: "Session", request: Say | Doubtful) -> None:
        if isinstance(request, Doubtful):
            if await self._is_somebody(request.name) is request.somebody:
                raise request.error
            request = Say(request.text, ref=request.ref)
        self.say(session, request)

    async def _is_somebody(self, name: str) -> bool:
        key = key_of(name)
        if not key or self._hub.presence.named(name) is not None:
            return bool(key)
        return await self._hub.store.account_named(key) is not None

    async def _invoke(self, session: "Session", request: Invoke) -> Mapping[str, Value]:
        command = self._hub.commands.find(request.name)
        room = session.room
        if request.room:
            room = self._hub.visible_room(session, request.room)
        # Others are shown most of it: no door may let a line break through.
        rest = clean(request.rest).strip()
        if request.marked and command.named(rest):
            rest = request.marked
        call = Call(session, self._hub, rest, request.ref, room, request.key)
        command.check(call)
        await command.run(call)
        return call.done

    async def _past(self, session: "Session", request: History | Search) -> Past:
        if isinstance(request, Search):
            return await self._hub.archive.search(
                session, request.words, before=request.before, limit=request.limit
            )
        if request.person:
            id = request.person_id or (await self._hub.find(request.person)).id
            return await self._hub.archive.whispers(
                session,
                id,
                before=request.before,
                after=request.after,
                around=request.around,
                limit=request.limit,
            )
        room = self._hub.visible_room(session, request.room)
        return await self._hub.archive.history(
            session,
            room,
            before=request.before,
            after=request.after,
            around=request.around,
            limit=request.limit,
        )

    async def _share(self, session: "Session", request: Share) -> Mapping[str, Value]:
        place: Room | Person
        if request.to:
            place = await self._hub.people.find(request.to, request.to_id)
        else:
            place = self._hub.visible_room(session, request.room)
        ticket = await self._hub.sharing.ticket(
            session, place, request.name, size=request.size, mime=request.type
        )
        return {
            "url": f"{UP}{ticket.token}",
            "name": ticket.name,
            "seconds": self._hub.rules.files_begin,
        }

    async def _seen(self, session: "Session", request: Seen) -> None:
        session.somebody()
        room = person = ""
        if request.person_id:
            person, conversation = request.person, f"@{request.person_id}"
        elif request.person:
            other = await self._hub.find(request.person)
            person, conversation = other.name, f"@{other.id}"
        else:
            room = conversation = self._hub.visible_room(session, request.room).name
        if session.account is None:
            return  # guests have no marks
        seen = self._hub.archive.saw(session.account.id, conversation, request.id)
        if seen:
            for one in self._hub.connections.of(session.account.id):
                if one is not session:
                    one.tell(Marked(seen, room, person))

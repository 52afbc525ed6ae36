"""How people who may come in are put into the chat, and shown what goes on."""

from typing import TYPE_CHECKING

from chatd.chat.account import Account, Person, Role
from chatd.chat.archive import RESUMED
from chatd.chat.errors import ChatError, NotEntered, TooFast
from chatd.chat.events import Arrived, CaughtUp, Event, Past, PrivateEvent, Welcome
from chatd.chat.login import changed_meanwhile
from chatd.chat.request import Enter
from chatd.chat.room import Room
from chatd.chat.turnstile import Turnstile

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session

# People who are let in at a time: each is told of all who are here. When 1,000 come
# back at once, more would let everybody else wait for 200 ms.
TOGETHER = 20


class Reception:
    """Lets those in whose names and places are taken."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._arriving, self._welcoming = (
            Turnstile(hub.clock, TOGETHER, lambda: hub.outbox.turn) for _ in range(2)
        )

    async def come_in(
        self,
        session: "Session",
        person: Person,
        account: Account | None,
        request: Enter,
    ) -> None:
        """
        Put somebody whose place is taken into the chat.

        What happens meanwhile is held back until what was missed was shown.

        @param account: Theirs, if they have one.
        @raise ChatError: if it cannot be; the place is free again then.
        """
        hub = self._hub
        try:
            rooms = await self._rooms(person, account)
            if account is not None:
                await hub.archive.load(account.id)
            await self._arriving.pass_through()
            if session.ended:
                raise NotEntered("The connection is gone.")
            if account is not None:
                # There may be a new ban by now.
                hub.bans.check_account(account, session.address)
        except BaseException:
            hub.places.release(person.id)
            hub.archive.forget(person.id)
            raise
        shown: list[Past] = []
        session.hold()
        try:
            hub.connections.attach(session, person, account)
            if account is not None:
                await self._check_still(session, account)
            token = ""
            if not request.show:
                token = await hub.tokens.give(session, request.token)
            names = tuple(room.name for room in rooms)
            hub.publish(Arrived(person=session.somebody(), rooms=names), session)
            await session.caused.settled()
            shown = await self._welcome(session, request, token)
        except BaseException:
            # Nobody is here whom the chat did not welcome.
            hub.connections.step_out(session, "could not come in")
            raise
        finally:
            session.release(*shown)
        await hub.moves.keep(session.person)

    async def _check_still(self, session: "Session", proved: Account) -> None:
        """
        Look again at an account, as it may have changed while somebody was on the way.

        What changes from now on, the session is told of.

        @raise TooFast: if its password was changed, or it is gone.
        """
        known = session.account
        account = await self._hub.store.account(proved.id)
        if session.ended:
            raise NotEntered("The connection is gone.")
        if account is None or account.secret != proved.secret:
            raise TooFast(changed_meanwhile(proved))
        if session.account is known:
            self._hub.connections.update_account(account)

    async def _welcome(
        self, session: "Session", request: Enter, token: str
    ) -> list[Past]:
        """
        Tell somebody who has just come in how things are.

        @param token: With which they can come in again; C{""} for none.
        @return: The messages of the past that they were shown.
        """
        hub = self._hub
        person = session.somebody()
        # Somebody here already may be in more rooms than were kept.
        rooms = [hub.rooms.find(name) for name in hub.presence.rooms_of(person.id)]
        rooms = [room for room in rooms if hub.moves.admitted(session, room)]
        lobby = hub.rooms.lobby
        session.room = lobby if lobby in rooms else rooms[0] if rooms else None
        hub.archive.arrived(session)
        waiting = await hub.archive.waiting(session, hub.rules.waiting_whispers)
        views = await hub.archive.views(person, rooms)
        upto = hub.last
        missed: list[Event] = []
        if request.resume:
            missed = await self._missed(person, rooms, int(request.resume), upto)
        # Once more: the store answers many at the same moment.
        await self._welcoming.pass_through()
        session.tell(
            Welcome(
                session.somebody(),
                session.role,
                # Not beyond what is yet to be sent: the line may break before.
                request.resume or str(upto),
                views,
                hub.presence.names(),
                len(waiting),
                token,
                hub.motd,
                request.ref,
            )
        )
        if request.show:
            return await self._show_latest(session, waiting)
        if not request.resume:
            return []
        past = Past("missed", tuple(missed[-RESUMED:]))
        session.tell(past)
        session.tell(CaughtUp(len(missed) > RESUMED, str(upto)))
        return [past]

    async def _missed(
        self, person: Person, rooms: list[Room], after: int, upto: int
    ) -> list[Event]:
        names = [room.name for room in rooms]
        return await self._hub.store.missed(
            person.id, names, after=after, upto=upto, limit=RESUMED + 1
        )

    async def _rooms(self, person: Person, account: Account | None) -> list[Room]:
        hub = self._hub
        names = await hub.store.rooms_of(account.id) if account else []
        rooms = [hub.rooms.lobby]
        for name in names:
            room = hub.rooms.get(name)
            if room is not None and room not in rooms:
                rooms.append(room)
        role = account.role if account else Role.GUEST
        allowed = []
        for room in rooms:
            try:
                room.check_entry(person, role)
            except ChatError:
                continue
            allowed.append(room)
        return allowed[: hub.rules.rooms_per_person]

    async def _show_latest(
        self, session: "Session", waiting: list[PrivateEvent]
    ) -> list[Past]:
        hub = self._hub
        shown = []
        if session.room is not None:
            shown.append(await hub.archive.latest(session, session.room))
        if waiting:
            session.correspondent = waiting[-1].sender
            most = hub.rules.history_max
            title = "Private messages that waited for you:"
            if len(waiting) > most:
                title = (
                    f"{len(waiting)} private messages waited for you; these are the "
                    f"last {most}, and /catchup shows more:"
                )
            past = Past("waiting", tuple(waiting[-most:]), title)
            session.tell(past)
            shown.append(past)
        return shown

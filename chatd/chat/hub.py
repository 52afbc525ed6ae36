"""The middle of the house: every session, every request and every event pass here."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat.account import Account, Person
from chatd.chat.admission import Admission, Visit
from chatd.chat.archive import Archive
from chatd.chat.audit import audit
from chatd.chat.bans import Bans
from chatd.chat.clean import clean
from chatd.chat.command import Call, Commands
from chatd.chat.delivery import Delivery
from chatd.chat.desk import Desk
from chatd.chat.entrance import Entrance
from chatd.chat.errors import (
    ChatError,
    Closed,
    Full,
    NameTaken,
    NotFound,
    NotInRoom,
    NotStored,
)
from chatd.chat.events import (
    KEPT,
    SPOKEN,
    Arrived,
    AwayChanged,
    Closing,
    Departed,
    Entered,
    Event,
    Greeting,
    Joined,
    Left,
    Past,
    Renamed,
    RoomChanged,
    RoomOpened,
    Value,
)
from chatd.chat.ignores import Ignores
from chatd.chat.journal import Entry, Journal
from chatd.chat.links import UP
from chatd.chat.login import Login
from chatd.chat.membership import Membership
from chatd.chat.names import key_of, room_name
from chatd.chat.operators import Operators
from chatd.chat.outbox import Outbox
from chatd.chat.outside import (
    Bus,
    Files,
    Instruments,
    Passwords,
    Secrets,
    Server,
)
from chatd.chat.pace import Pace
from chatd.chat.people import People
from chatd.chat.places import Places
from chatd.chat.presence import Here, Presence
from chatd.chat.refusals import Refusals
from chatd.chat.request import (
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
from chatd.chat.room import Room
from chatd.chat.rooms import Rooms
from chatd.chat.rules import Rules
from chatd.chat.seldom import Seldom
from chatd.chat.sentences import check_reason
from chatd.chat.session import Door, Session
from chatd.chat.sharing import Sharing
from chatd.chat.stamps import Stamps
from chatd.chat.store import Duplicate, RoomRecord, ServerRecord, Store, StoreDown
from chatd.chat.understand import understand


class Hub:
    """
    Lets things happen, and shows them to whom they concern.

    @ivar rules: What the operator decided; replaced as a whole at a reload.
    @ivar server: What operators may do to the process; handed in by the service.
    @ivar instruments: What the console shows of the process; likewise.
    @ivar last: The id of the last stored event that was delivered.
    @ivar backlog: Bytes that wait in all sessions together.
    @ivar admission: Which connections are let in.
    @ivar refusals: How often people meet limits.
    @ivar seldom: Tells the log of strangers.
    @ivar pace: How often people do what others see.
    @ivar kept_motd: The message of the day that operators set, if they did.
    @ivar closing: Why nobody is taken, while the server stops or is stopped.
    @ivar events: How many events were delivered since the start, by their types.
    """

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        passwords: Passwords,
        secrets: Secrets,
        commands: Commands,
        clock: IReactorTime,
        rules: Rules,
        files: Files | None = None,
        now: Callable[[], float] = time.time,
        node: str = "",
        node_number: int = 0,
    ) -> None:
        """
        @param clock: Monotonic: for all that waits.
        @param files: Keeps what people share; without it nobody can.
        @param now: POSIX seconds: for what people read.
        """
        self.store = store
        self.bus = bus
        self.secrets = secrets
        self.commands = commands
        self.clock = clock
        self.rules = rules
        self.now = now
        self.node = node
        self.server: Server | None = None
        self.instruments: Instruments | None = None
        self.stamps = Stamps(now, node_number)
        self.presence = Presence()
        self.places = Places()
        self.ignores = Ignores()
        self.outbox = Outbox(clock)
        self.journal = Journal(store, clock, self._deliver, self._drop)
        self.rooms = Rooms((), self.publish, now)
        self.archive = Archive(self, store)
        self.login = Login(store, passwords, secrets, clock, now, lambda: self.rules)
        self.entrance = Entrance(self, self.login)
        self.delivery = Delivery(self)
        self.people = People(self)
        self.membership = Membership(self)
        self.operators = Operators(self)
        self.desk = Desk(self)
        self.sharing = Sharing(self, files)
        self.bans = Bans((), now)
        self.refusals = Refusals(clock)
        self.seldom = Seldom(clock)
        self.pace = Pace(clock, lambda: self.rules)
        self.admission = Admission(lambda: self.rules, lambda: self.bans)
        self.lockdown = False
        self.closing = ""
        self.last = 0
        self.backlog = 0
        self.events: Counter[type[Event]] = Counter()
        self.started = now()
        self.kept_motd: str | None = None
        self._connections: dict[Session, None] = {}
        self._relieving = False
        self._doors: dict[Session, None] = {}  # whose connections are not yet gone
        self._all_gone: list[Deferred[None]] = []
        self._people: dict[int, dict[Session, None]] = {}  # sessions by person

    async def start(self) -> None:
        """Take up where the store left off."""
        self.last = await self.store.last_id()
        self.stamps = Stamps(self.now, self.stamps.node, self.last)
        self.rooms = Rooms(await self.store.rooms(), self.publish, self.now)
        record: ServerRecord = await self.store.server()
        self.kept_motd = record.motd
        self.lockdown = record.lockdown
        self.bans = Bans(record.bans, self.now)
        self.bus.connect(self.delivery.show)

    @property
    def motd(self) -> str:
        """The message of the day."""
        return self.rules.motd if self.kept_motd is None else self.kept_motd

    @property
    def delivered(self) -> int:
        """How many events were delivered since the start."""
        return self.events.total()

    # Sessions

    @property
    def connections(self) -> list[Session]:
        """All sessions of this node, also those that have not come in."""
        return list(self._connections)

    def connect(
        self,
        door: Door,
        *,
        kind: str,
        address: str,
        secure: bool,
        exempt: bool = False,
        visit: Visit | None = None,
    ) -> Session:
        """
        A new connection.

        @param visit: What L{Admission} made of it when it began.
        @raise ChatError: if it cannot be taken; the door tells and hangs up.
        """
        if self.closing:
            raise Closed(self.closing)
        self.bans.check(address=address)
        session = Session(
            self, door, kind=kind, address=address, secure=secure, exempt=exempt
        )
        self._connections[session] = None
        self._doors[session] = None
        waited = 0.0
        if visit is not None:
            session.visit = visit
            visit.cut = partial(self._make_room, session)
            waited = self.clock.seconds() - visit.since
        self._expect(session, self.rules.entering - waited)
        return session

    def _expect(self, session: Session, seconds: float) -> None:
        """Somebody has to come in by the session, within so many seconds."""
        session.deadline = self.clock.callLater(
            max(0.0, seconds), self.let_go, session, "nobody came in by it in time"
        )

    def greet(self, session: Session) -> None:
        """Tell a new connection where it is."""
        rules = self.rules
        session.tell(
            Greeting(
                rules.server,
                rules.version,
                self.presence.names(),
                session.secure,
                "" if session.secure else rules.encrypt,
                rules.guests and not self.lockdown,
                "closed" if self.lockdown else rules.registration,
                {
                    "message_chars": rules.message_chars,
                    "paste_lines": rules.paste_lines,
                    "paste_bytes": rules.paste_bytes,
                    "history_max": rules.history_max,
                    "file_bytes": rules.file_bytes if self.sharing.by_web else 0,
                    "file_guests": rules.files_guests,
                },
            )
        )

    def attach(self, session: Session, person: Person, account: Account | None) -> None:
        """The session is this person's from now on."""
        # Perhaps under another name by now.
        person = replace(person, name=self.places.name_of(person.id))
        session.person = person
        session.account = account
        sessions = self._people.setdefault(person.id, {})
        if sessions:
            other = next(iter(sessions))
            account = account or other.account
            session.share_pace(other)
        sessions[session] = None
        session.in_time()
        if session.visit is not None:
            session.visit.came_in()
        if account is not None:
            self.update_account(account)
        else:
            session.prefer(session.preferences)
        for name in self.rooms_of(person.id):
            self.outbox.enter(self.rooms.find(name), session)
        _log.info(
            "{name} came in by {door} from {address}",
            name=person.name,
            door=session.kind,
            address=session.address,
        )

    def step_out(self, session: Session, reason: str) -> None:
        """The session is nobody's any more, but stays connected."""
        person = session.person
        if person is None:
            return
        self.outbox.finish(session)
        sessions = self._people[person.id]
        del sessions[session]
        if not sessions:
            del self._people[person.id]
            self.ignores.put(person.id, ())
            here = self.presence.get(person.id)
            rooms = tuple(here.rooms) if here else ()
            self.publish(Departed(person=person, rooms=rooms, reason=reason))
        self.archive.departed(session)
        session.person = session.account = session.room = None
        self.places.release(person.id)
        if not session.ended:
            self._expect(session, self.rules.entering)
        _log.info("{name} left: {reason}", name=person.name, reason=reason or "gone")

    def detach(self, session: Session, reason: str) -> None:
        """The session is gone; called by L{Session.gone} only."""
        self._connections.pop(session, None)
        session.in_time()
        self.step_out(session, reason)

    def disconnected(self, session: Session) -> None:
        """The connection of a session is gone; called by L{Session.end} only."""
        self._doors.pop(session, None)
        if not self._doors:
            waiting, self._all_gone = self._all_gone, []
            for gone in waiting:
                gone.callback(None)

    def all_gone(self) -> "Deferred[None]":
        """Fires when there is no connection any more."""
        gone: Deferred[None] = Deferred()
        if self._doors:
            self._all_gone.append(gone)
        else:
            gone.callback(None)
        return gone

    def hang_up(self, session: Session, reason: str = "") -> None:
        """Send what waits, then end the connection."""
        if session.ended:
            return
        session.release()
        self.outbox.finish(session)
        session.pour()
        session.gone(reason)
        session.door.hang_up()

    def let_go(self, session: Session, why: str) -> None:
        """
        End a session that goes beyond a limit.

        @param why: As in "… because it does not read what it is sent".
        """
        if session.ended:
            return
        if session.person is None:
            self.seldom.ended("stranger", session.address, f"{why.capitalize()}.")
        else:
            _log.warn(
                "{name} from {address} was let go: {why}",
                name=session.person.name,
                address=session.address,
                why=why,
            )
        session.sent_away = True
        session.close(f"This connection ends, because {why}.")

    def _make_room(self, session: Session, why: str) -> None:
        self.refusals.crowded(session.address, why)
        session.close(f"This connection ends, because {why}.")

    def relieve(self) -> None:
        """At the end of the turn, let go who does not read what they are sent."""
        if not self._relieving:
            self._relieving = True
            self.clock.callLater(0, self._relieve)

    def _relieve(self) -> None:
        self._relieving = False
        rules = self.rules
        for session in self.connections:
            if session.unread > rules.outbox_bytes:
                session.forget_unread()
                self.let_go(session, "it does not read what it is sent")
        while self.backlog > rules.outbox_total:
            longest = max(self._connections, key=lambda session: session.unread)
            longest.forget_unread()
            self.let_go(longest, "the server is short of memory and it reads slowest")

    def sessions_of(self, person: int) -> list[Session]:
        """The sessions of somebody on this node."""
        return list(self._people.get(person, ()))

    def update_account(self, account: Account) -> None:
        """An account was changed: all its sessions here know."""
        for session in self._people.get(account.id, ()):
            session.account = account
            session.person = account.person
            session.prefer(account.preferences)
            self.ignores.put(account.id, account.ignored)

    # Requests

    def understand(self, session: Session, typed: Typed) -> Request | None:
        """What a typed line asks for."""
        understood = understand(session, typed, self.commands)
        if not isinstance(understood, Invoke):
            self.archive.saw_all(session)
        return understood

    def say(self, session: Session, request: Say) -> None:
        """Say something in a room."""
        if self.closing:
            raise Closed(self.closing)
        self.visible_room(session, request.room).say(session, request, self.rules)

    async def perform(
        self, session: Session, request: Request | None
    ) -> Mapping[str, Value] | None:
        """
        Carry out one request; the session sees to it that it is one at a time.

        @return: What programs are told when it is done; C{None} if they were told.
        @raise ChatError: if it is refused.
        """
        if self.closing and not isinstance(request, Ping):
            raise Closed(self.closing)
        match request:
            case None | Ping() | Typed():
                return {}
            case Refused():
                raise request.error
            case Enter():
                await self.entrance.enter(session, request)
                return None
            case Say():
                self.say(session, request)
                return None
            case Whisper():
                await self.people.whisper(
                    session, request.to, request.text, request.key
                )
            case Invoke():
                await self._invoke(session, request)
            case History() | Search():
                session.somebody()
                past = await self._past(session, request)
                session.tell(replace(past, ref=request.ref))
            case Seen():
                await self._seen(session, request)
            case Share():
                return await self._share(session, request)
            case LogOut():
                await self.entrance.log_out(session)
        return {}

    async def _invoke(self, session: Session, request: Invoke) -> None:
        command = self.commands.find(request.name)
        room = session.room
        if request.room:
            room = self.visible_room(session, request.room)
        # Others are shown most of it: no door may let a line break through.
        rest = clean(request.rest).strip()
        call = Call(session, self, rest, request.ref, room)
        command.check(call)
        await command.run(call)

    async def _past(self, session: Session, request: History | Search) -> Past:
        if isinstance(request, Search):
            return await self.archive.search(
                session, request.words, before=request.before, limit=request.limit
            )
        if request.person:
            other = await self.find(request.person)
            return await self.archive.whispers(
                session,
                other.id,
                before=request.before,
                after=request.after,
                around=request.around,
                limit=request.limit,
            )
        room = self.visible_room(session, request.room)
        return await self.archive.history(
            session,
            room,
            before=request.before,
            after=request.after,
            around=request.around,
            limit=request.limit,
        )

    async def _share(self, session: Session, request: Share) -> Mapping[str, Value]:
        place: Room | Person
        if request.to:
            place = await self.find(request.to)
        else:
            place = self.visible_room(session, request.room)
        ticket = await self.sharing.ticket(
            session, place, request.name, size=request.size, mime=request.type
        )
        return {
            "url": f"{UP}{ticket.token}",
            "name": ticket.name,
            "seconds": self.rules.files_begin,
        }

    async def _seen(self, session: Session, request: Seen) -> None:
        session.somebody()
        if request.person:
            conversation = f"@{(await self.find(request.person)).id}"
        else:
            conversation = self.visible_room(session, request.room).name
        if session.account is not None:  # guests have no marks
            self.archive.saw(session.account.id, conversation, request.id)

    def visible_room(self, session: Session, name: str) -> Room:
        """
        A room that the session's person may see; without a name the current one.

        @raise NotFound: if there is none.
        """
        person = session.somebody()
        if not name:
            if session.room is None:
                raise NotInRoom(
                    "You are in no room. /join one first; /rooms lists them."
                )
            return session.room
        room = self.rooms.get(name)
        if room is None or not room.may_see(person, session.role):
            raise NotFound(f"There is no room {name[:40]}. /rooms lists them.")
        return room

    # Verbs

    async def join(self, session: Session, name: str) -> None:
        """
        Enter a room, opening it if there is none of that name; it is the current one
        from then on.
        """
        person = session.somebody()
        room = self.rooms.get(name) or self._open(session, name)
        room.check_entry(person, session.role)
        latest = Past("latest", ())
        session.hold()
        try:
            if person.id not in room.present:
                self._check_rooms_of(person.id)
                self.pace.enter(session)
                self.publish(Joined(room=room.name, person=person), session)
            await session.happened()
            if not self.admitted(session, room):
                raise NotInRoom(f"You did not get into {room.name}: it changed.")
            session.room = room
            session.tell(Entered(await self.archive.view(room, person)))
            if session.look.shows_latest:
                latest = await self.archive.latest(session, room)
        finally:
            session.release(latest)
        await self.keep_rooms(session.person)

    def _open(self, session: Session, text: str) -> Room:
        name = room_name(text)
        most = self.rules.rooms
        if len(self.rooms) >= most:
            raise Full(f"There are {most} rooms, which is the most.")
        if session.account is None and len(self.rooms) >= most // 2:
            raise Full(
                f"There are {len(self.rooms)} rooms. Only members can open more: "
                "/register NAME PASSWORD makes you one."
            )
        if self.rooms.like(name):
            raise NameTaken(
                f"{name.shown} looks like the name of another room. Take another name."
            )
        self._check_rooms_of(session.somebody().id)
        self.pace.open(session)
        room = self.rooms.open(RoomRecord(name.shown))
        room.opened = False
        try:
            self.publish(RoomOpened(room=room.name, sender=session.somebody()), session)
        except ChatError:
            self.rooms.close(room.name)
            raise
        return room

    def _check_rooms_of(self, person: int) -> None:
        most = self.rules.rooms_per_person
        if len(self.rooms_of(person)) >= most:
            raise Full(f"You are in {most} rooms, which is the most. /leave one first.")

    def admitted(self, session: Session, room: Room) -> bool:
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
            self.publish(Left(room=room.name, person=person))
            return False
        return True

    async def leave(self, session: Session, room: Room, reason: str = "") -> None:
        """Leave a room."""
        check_reason(reason, self.rules)
        person = session.somebody()
        if person.id not in room.present:
            raise NotInRoom(f"You are not in {room.name}.")
        self.publish(Left(room=room.name, person=person, reason=reason), session)
        await session.settled()
        await self.keep_rooms(session.person)

    async def find(self, name: str) -> Person:
        """
        Somebody who is here or has an account.

        @raise NotFound: if there is nobody of that name.
        """
        name = name.removeprefix("@")
        here = self.presence.named(name)
        if here is not None:
            return here.person
        account = await self.store.account_named(key_of(name)) if key_of(name) else None
        if account is None or not account.secret:
            raise NotFound(
                f"There is nobody called {name[:40]}. /who shows who is here."
            )
        return account.person

    def here(self, name: str) -> Here:
        """
        Somebody who is here.

        @raise NotFound: if nobody of that name is.
        """
        here = self.presence.named(name.removeprefix("@"))
        if here is None:
            raise NotFound(f"{name[:40]} is not here. /who shows who is.")
        return here

    def rooms_of(self, person: int) -> list[str]:
        """Where somebody is."""
        here = self.presence.get(person)
        return list(here.rooms) if here else []

    def in_room(self, person: Person, name: str) -> bool:
        """Whether somebody is in a room."""
        room = self.rooms.get(name)
        return room is not None and person.id in room.present

    async def keep_rooms(self, person: Person | None) -> None:
        """Keep where somebody is, for their next login."""
        if person is None or person.guest:
            return
        try:
            await self.store.keep_rooms_of(person.id, self.rooms_of(person.id))
        except StoreDown:
            _log.warn("where {name} is was not kept", name=person.name)

    # Events

    def publish(
        self, event: Event, session: Session | None = None, request: Say | None = None
    ) -> None:
        """
        Let an event happen: stamp it, have it stored if it is to be kept, and then
        show it.

        @param session: Who caused it; told when it has happened, before anything else
            that it asks for.
        @param request: What is answered by the event itself.
        @raise NotStored: if it must be kept and cannot be.
        """
        id, moment = self.stamps.next()
        event.stamp(id, moment, self.node)
        kept = isinstance(event, KEPT)
        if kept and isinstance(event, SPOKEN):
            room = self.rooms.get(event.room)
            kept = room is None or room.keeps
        if session is not None:
            session.sent()
        try:
            self.journal.append(
                Entry(event, session, request, kept, self._behind(event))
            )
        except NotStored as error:
            if session is not None:
                session.dropped(error, None)
            raise

    def where(self, event: Event) -> tuple[str, ...]:
        """In which rooms it happens."""
        match event:
            case Arrived():
                return event.rooms
            case Departed() | AwayChanged() | Renamed():
                return tuple(self.rooms_of(event.person.id))
            case _:
                room = getattr(event, "room", None)
                return () if room is None else (room,)

    def _behind(self, event: Event) -> tuple[str | int, ...]:
        """What it waits behind: its rooms, and all else that the person does."""
        match event:
            case Arrived() | Departed() | AwayChanged() | Renamed() | Joined() | Left():
                return (*self.where(event), event.person.id)
            case _:
                return (*self.where(event), event.sender.id)

    def _deliver(self, entry: Entry) -> None:
        event = entry.event
        if entry.kept:
            self.last = event.id
            self.archive.kept(event)
        self.events[type(event)] += 1
        try:
            self.delivery.show(event, entry.origin)
            self.bus.publish(event)
            audit(event, entry.origin)
        except Exception:
            # A bug; whoever caused the event must not wait for ever.
            _log.failure("{kind} was not delivered", kind=type(event).__name__)
        if entry.origin is not None:
            entry.origin.delivered(event, entry.request)

    def _drop(self, entry: Entry, problem: Exception) -> None:
        event, origin = entry.event, entry.origin
        match event:
            case RoomOpened():
                self.rooms.close(event.room)
            case RoomChanged() if room := self.rooms.get(event.room):
                room.keeps = room.history
            case _:
                pass
        if origin is None:
            return
        if isinstance(problem, Duplicate):
            # Sent again after a cut: it was stored and shown the first time.
            origin.delivered(problem.event, entry.request)
        else:
            origin.dropped(
                NotStored(
                    "The server could not store this, so nobody was shown it. "
                    "Try again soon."
                ),
                entry.request,
            )

    # The end

    async def close(self, reason: str, seconds: float = 0.0) -> None:
        """
        Tell everybody that the server stops, accept nothing more, and see what is on
        its way stored and shown.
        """
        self.closing = reason or "The server is stopping."
        for session in self.connections:
            session.tell(Closing(self.closing, seconds, again=True))
        try:
            await self.journal.idle()
            await self.archive.keep_marks()
        finally:
            # Nobody reads along any more, so nobody is told who leaves.
            for session in self.connections:
                session.release()
                self.outbox.finish(session)
            for session in self.connections:
                self.hang_up(session, reason)
        await self.journal.idle()

    def reopen(self) -> None:
        """Take people again."""
        self.closing = ""


_log = Logger()

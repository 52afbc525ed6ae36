"""The middle of the house: every session, every request and every event pass here."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat.account import Person
from chatd.chat.admission import Admission
from chatd.chat.archive import Archive
from chatd.chat.audit import audit
from chatd.chat.bans import Bans
from chatd.chat.command import Commands
from chatd.chat.connections import Connections
from chatd.chat.delivery import Delivery
from chatd.chat.desk import Desk
from chatd.chat.entrance import Entrance
from chatd.chat.errors import (
    Broken,
    ChatError,
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
    Emoted,
    Event,
    Joined,
    Left,
    Renamed,
    RoomChanged,
    RoomOpened,
    Said,
)
from chatd.chat.ignores import Ignores
from chatd.chat.journal import Entry, Journal
from chatd.chat.login import Login
from chatd.chat.membership import Membership
from chatd.chat.moves import Moves
from chatd.chat.names import key_of
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
from chatd.chat.ownership import Ownership
from chatd.chat.pace import Pace
from chatd.chat.people import People
from chatd.chat.places import Places
from chatd.chat.presence import Here, Presence
from chatd.chat.reception import Reception
from chatd.chat.refusals import Refusals
from chatd.chat.registry import Registry
from chatd.chat.request import Say
from chatd.chat.requests import Requests
from chatd.chat.room import Room
from chatd.chat.rooms import Rooms
from chatd.chat.rules import Rules
from chatd.chat.seldom import Seldom
from chatd.chat.session import Session
from chatd.chat.sharing import Sharing
from chatd.chat.stamps import Stamps
from chatd.chat.store import Duplicate, ServerRecord, Store, Unsure
from chatd.chat.tokens import Tokens


class Hub:
    """
    Lets things happen, and shows them to whom they concern.

    @ivar rules: What the operator decided; replaced as a whole at a reload.
    @ivar server: What operators may do to the process; handed in by the service.
    @ivar instruments: What the console shows of the process; likewise.
    @ivar last: The id of the last stored event that was delivered.
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
        self.connections = Connections(self)
        self.requests = Requests(self)
        self.moves = Moves(self)
        self.journal = Journal(store, clock, self._deliver, self._drop)
        self.rooms = Rooms((), self.publish_all, now)
        self.archive = Archive(self, store)
        self.seldom = Seldom(clock)
        self.login = Login(
            store, passwords, secrets, clock, now, lambda: self.rules, self.seldom
        )
        self.tokens = Tokens(store, secrets, now, lambda: self.rules)
        names = Ownership(store, commands, self.login, lambda: self.rules)
        self.entrance = Entrance(self, self.login, names)
        self.registry = Registry(self, self.login, names)
        self.reception = Reception(self)
        self.delivery = Delivery(self)
        self.people = People(self)
        self.membership = Membership(self)
        self.operators = Operators(self)
        self.desk = Desk(self)
        self.sharing = Sharing(self, files)
        self.bans = Bans((), now)
        self.refusals = Refusals(clock)
        self.pace = Pace(clock, lambda: self.rules)
        self.admission = Admission(lambda: self.rules, lambda: self.bans)
        self.lockdown = False
        self.closing = ""
        self.last = 0
        self.events: Counter[type[Event]] = Counter()
        self.started = now()
        self.kept_motd: str | None = None

    async def start(self) -> None:
        """Take up where the store left off."""
        self.last = await self.store.last_id()
        self.stamps = Stamps(self.now, self.stamps.node, self.last)
        self.rooms = Rooms(await self.store.rooms(), self.publish_all, self.now)
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

    # Who and where

    @property
    def takes_guests(self) -> bool:
        """Whether anybody may come in; if not, strangers are not told who is here."""
        return self.rules.guests and not self.lockdown

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

    # Events

    def publish(self, event: Event, session: Session | None = None) -> None:
        """
        Let an event happen: stamp it, have it stored if it is to be kept, and then
        show it.

        @param session: Who caused it; told when it has happened, before anything else
            that it asks for.
        @raise NotStored: if it must be kept and cannot be.
        """
        self.publish_all((event,), session)

    def publish_all(
        self,
        events: Sequence[Event],
        session: Session | None,
        requests: Sequence[Say] = (),
    ) -> None:
        """
        Let events happen that are alike: several of what one person said in one room.

        @param requests: What is answered by each event itself.
        """
        event = events[0]
        first, moment = self.stamps.next(len(events))
        for id, each in enumerate(events, first):
            each.stamp(id, moment, self.node)
        kept = isinstance(event, KEPT)
        if kept and isinstance(event, SPOKEN):
            room = self.rooms.get(event.room)
            kept = room is None or room.keeps
        if session is not None:
            session.caused.sent(len(events))
        try:
            self.journal.append(
                Entry(events, session, requests, kept, self._behind(event))
            )
        except Exception as error:
            if session is not None:
                known = error if isinstance(error, ChatError) else Broken()
                session.dropped(known, None, len(events))
            raise

    def where(self, event: Event) -> tuple[str, ...]:
        """In which rooms it happens."""
        match event:
            case Arrived():
                return event.rooms
            case Departed() | AwayChanged() | Renamed():
                return tuple(self.presence.rooms_of(event.person.id))
            case _:
                room = getattr(event, "room", None)
                return () if room is None else (room,)

    def _behind(self, event: Event) -> tuple[str | int, ...]:
        """What it waits behind: its rooms, and all else that the person does."""
        match event:
            case Said() | Emoted():  # most of all
                return event.room, event.sender.id
            case Arrived() | Departed() | AwayChanged() | Renamed() | Joined() | Left():
                return (*self.where(event), event.person.id)
            case _:
                return (*self.where(event), event.sender.id)

    def _deliver(self, entry: Entry) -> None:
        events, origin = entry.events, entry.origin
        if entry.kept:
            self.last = events[-1].id
            self.archive.kept(events)
        self.events[type(events[0])] += len(events)
        try:
            self.delivery.show_all(events, origin)
            self.bus.publish(events)
            audit(events[0], origin)  # what rights are used in happens alone
        except Exception:
            # A bug; whoever caused the event must not wait for ever.
            _log.failure("{kind} was not delivered", kind=type(events[0]).__name__)
        if origin is not None:
            origin.delivered(events, entry.requests)

    def _drop(self, entry: Entry, problem: Exception) -> None:
        (event,), origin = entry.events, entry.origin
        request = entry.requests[0] if entry.requests else None
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
            origin.delivered((problem.event,), entry.requests)
        elif isinstance(problem, Unsure):
            origin.dropped(problem, request)
        else:
            origin.dropped(
                NotStored(
                    "The server could not store this, so nobody was shown it. "
                    "Try again soon."
                ),
                request,
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
                self.connections.hang_up(session, reason)
        await self.journal.idle()

    def reopen(self) -> None:
        """Take people again."""
        self.closing = ""


_log = Logger()

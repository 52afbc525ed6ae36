"""The sessions of this node: how each begins, whose it is, and how it ends."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from chatd.chat.account import Account, Person
from chatd.chat.admission import Visit
from chatd.chat.door import Door
from chatd.chat.errors import Closed
from chatd.chat.events import Departed, Greeting
from chatd.chat.often import Often
from chatd.chat.session import Session

if TYPE_CHECKING:
    from chatd.chat.hub import Hub


class Connections:
    """
    All sessions of this node, also those that have not come in.

    @ivar backlog: Bytes that wait in all of them together.
    """

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._log = Often(__name__, hub.now)
        self.backlog = 0
        self._connections: dict[Session, None] = {}
        self._relieving = False
        self._doors: dict[Session, None] = {}  # whose connections are not yet gone
        self._all_gone: list[Deferred[None]] = []
        # Sessions by person; in tuples, for everybody has one, and lists are larger.
        self._people: dict[int, tuple[Session, ...]] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._connections))

    def __len__(self) -> int:
        return len(self._connections)

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
        if self._hub.closing:
            raise Closed(self._hub.closing)
        self._hub.bans.check(address=address)
        session = Session(
            self._hub, door, kind=kind, address=address, secure=secure, exempt=exempt
        )
        self._connections[session] = None
        self._doors[session] = None
        waited = 0.0
        if visit is not None:
            session.visit = visit
            visit.cut = session.make_room
            waited = self._hub.clock.seconds() - visit.since
        self._expect(session, self._hub.rules.entering - waited)
        return session

    def _expect(self, session: Session, seconds: float) -> None:
        """Somebody has to come in by the session, within so many seconds."""
        session.deadline = self._hub.clock.callLater(
            max(0.0, seconds), self.let_go, session, "nobody came in by it in time"
        )

    def greet(self, session: Session) -> None:
        """Tell a new connection where it is."""
        rules = self._hub.rules
        session.tell(
            Greeting(
                rules.server,
                rules.version,
                self._hub.presence.names() if self._hub.takes_guests else (),
                session.secure,
                "" if session.secure else rules.encrypt,
                self._hub.takes_guests,
                "closed" if self._hub.lockdown else rules.registration,
                {
                    "message_chars": rules.message_chars,
                    "paste_lines": rules.paste_lines,
                    "paste_bytes": rules.paste_bytes,
                    "history_max": rules.history_max,
                    "file_bytes": rules.file_bytes if self._hub.sharing.by_web else 0,
                    "file_guests": rules.files_guests,
                },
                self._hub.login.takes_passwords(session),
            )
        )

    def attach(self, session: Session, person: Person, account: Account | None) -> None:
        """The session is this person's from now on."""
        name = self._hub.places.name_of(person.id)
        if person.name != name:  # meanwhile
            person = replace(person, name=name)
        session.person = person
        session.account = account
        sessions = self._people.get(person.id, ())
        if sessions:
            other = sessions[0]
            # What it knows is newer than what somebody proved a while ago.
            account = other.account or account
            session.queue.share_pace(other.queue)
        self._people[person.id] = (*sessions, session)
        session.in_time()
        if session.visit is not None:
            session.visit.came_in()
        if account is not None:
            self.update_account(account)
        for name in self._hub.presence.rooms_of(person.id):
            self._hub.outbox.enter(self._hub.rooms.find(name), session)
        self._log.info(
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
        self._hub.outbox.finish(session)
        others = tuple(one for one in self._people[person.id] if one is not session)
        if others:
            self._people[person.id] = others
        else:
            del self._people[person.id]
            self._hub.ignores.put(person.id, ())
            here = self._hub.presence.get(person.id)
            rooms = tuple(here.rooms) if here else ()
            self._hub.publish(Departed(person=person, rooms=rooms, reason=reason))
        self._hub.archive.departed(session)
        session.person = session.account = session.room = None
        self._hub.places.release(person.id)
        if not session.ended:
            self._expect(session, self._hub.rules.entering)
        told = f"was told: {session.goodbye}" if session.goodbye else "gone"
        self._log.info("{name} left: {reason}", name=person.name, reason=reason or told)

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
        self._hub.outbox.finish(session)
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
            self._hub.seldom.ended(why, session.address)
        else:
            self._log.warn(
                "{name} from {address} was let go: {why}",
                name=session.person.name,
                address=session.address,
                why=why,
            )
        session.sent_away = True
        session.close(f"This connection ends, because {why}.")

    def relieve(self) -> None:
        """At the end of the turn, let go who does not read what they are sent."""
        if not self._relieving:
            self._relieving = True
            self._hub.clock.callLater(0, self._relieve)

    def _relieve(self) -> None:
        self._relieving = False
        rules = self._hub.rules
        for session in self:
            if session.unread > rules.outbox_bytes:
                session.forget_unread()
                self.let_go(session, "it does not read what it is sent")
        while self.backlog > rules.outbox_total:
            longest = max(self._connections, key=lambda session: session.unread)
            longest.forget_unread()
            self.let_go(longest, "the server is short of memory and it reads slowest")

    def of(self, person: int) -> list[Session]:
        """The sessions of somebody on this node."""
        return list(self._people.get(person, ()))

    def update_account(self, account: Account) -> None:
        """An account was changed: all its sessions here know."""
        for session in self._people.get(account.id, ()):
            session.account = account
            session.person = account.person
            session.prefer(account.preferences)
            self._hub.ignores.put(account.id, account.ignored)

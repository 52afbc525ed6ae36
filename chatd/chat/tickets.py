"""Tickets: each lets one file be put, by whoever has it, in somebody's name."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.account import Person
from chatd.chat.errors import Closed, NotEntered, NotFound
from chatd.chat.file import File, file_name

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session
    from chatd.chat.sharing import Place
    from chatd.chat.upload import Upload

# Tickets of one person that wait to be used; the oldest one goes.
WAITING = 16

# Seconds in which it can still be asked what became of a file.
REMEMBERED = 600.0


class Tickets:
    """All tickets of this node, by what is known of them only where they were given."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._tickets: dict[str, Ticket] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    def issue(
        self, session: "Session", place: "Place", name: str, mime: str
    ) -> "Ticket":
        """Let somebody put one file; called by L{Sharing.ticket} only."""
        person = session.somebody()
        own = [one for one in self._tickets.values() if one.owner.id == person.id]
        waiting = [one for one in own if one.upload is None and not one.busy]
        for old in waiting[: max(0, len(waiting) - WAITING + 1)]:
            self._drop(old)
        token = self._hub.secrets.new_token()
        ticket = Ticket(self._hub, self, token, session, place, name, mime)
        self._tickets[token] = ticket
        ticket.expect(self._hub.rules.files_begin)
        return ticket

    def find(self, token: str) -> "Ticket":
        """
        @raise NotFound: if there is none, or its time is over.
        """
        ticket = self._tickets.get(token)
        if ticket is None:
            raise NotFound(
                "There is no such line to put a file, or its time is over: ask for "
                "another one."
            )
        return ticket

    def _drop(self, ticket: "Ticket") -> None:
        """Give a ticket up, with what came by it."""
        Deferred.fromCoroutine(ticket.give_up()).addErrback(_stumbled)

    def forget(self, ticket: "Ticket") -> None:
        """Called by L{Ticket.give_up} only."""
        self._tickets.pop(ticket.token, None)

    async def make_room(self, owner: Person) -> None:
        """
        See that one more upload can begin: of those that nobody goes on with, the
        oldest one is given up.
        """
        rules = self._hub.rules
        begun = [one for one in self._tickets.values() if one.upload is not None]
        own = [one for one in begun if one.owner.id == owner.id]
        for some, most in (
            (own, rules.files_transfers_person),
            (begun, rules.files_transfers),
        ):
            idle = [one for one in some if not one.busy]
            if len(some) >= most and idle:
                await min(idle, key=lambda one: one.since).give_up()
                return


class Ticket:
    """
    Lets one file be put; perhaps in several goes, one at a time.

    @ivar name: What it will be called; C{""} until that is known.
    @ivar upload: What came so far.
    @ivar shared: What became of it.
    @ivar since: When the last go ended, by the clock of the hub.
    """

    def __init__(
        self,
        hub: "Hub",
        tickets: Tickets,
        token: str,
        session: "Session",
        place: "Place",
        name: str,
        mime: str,
    ) -> None:
        self.token = token
        self.owner: Person = session.somebody()
        self.place = place
        self.name = name
        self.upload: Upload | None = None
        self.shared: File | None = None
        self.since = hub.clock.seconds()
        self._hub = hub
        self._tickets = tickets
        self._session = session
        self._mime = mime
        self._lock = DeferredLock()
        self._cut: Callable[[], None] | None = None
        self._end: IDelayedCall | None = None

    @property
    def offset(self) -> int:
        """How many bytes came so far."""
        if self.shared is not None:
            return self.shared.size
        return self.upload.size if self.upload is not None else 0

    @property
    def busy(self) -> bool:
        """Whether somebody is at it."""
        return bool(self._lock.locked)

    # One go

    async def take(self, cut: Callable[[], None]) -> None:
        """
        Be the one who is at it until L{release}; who was it is cut off.

        @param cut: Called when another one wants to be.
        """
        if self._cut is not None:
            self._cut()
        await self._lock.acquire()
        self._cut = cut
        self._stop_waiting()

    def release(self) -> None:
        """Somebody else may go on, for a while."""
        self._cut = None
        self._lock.release()
        self.since = self._hub.clock.seconds()
        if not self.busy:
            begun = self.upload is not None
            rules = self._hub.rules
            wait = rules.files_resume if begun else rules.files_begin
            self.expect(REMEMBERED if self.shared is not None else wait)

    async def begin(self, name: str, size: int) -> None:
        """
        Begin, or begin anew.

        @param name: If the ticket has none.
        @param size: How large it will be; 0 if that is not known.
        """
        self.check()
        name = file_name(self.name or name)
        upload, self.upload = self.upload, None
        if upload is not None:
            await upload.abort()
        await self._tickets.make_room(self.owner)
        self.upload = await self._hub.sharing.begin(
            self._present(), self.place, name, size=size, mime=self._mime
        )
        self.name = name

    def go_on(self, size: int) -> None:
        """
        Go on where it ended.

        @param size: How large it will be.
        """
        assert self.upload is not None
        self._hub.sharing.check_space(self.upload, size)

    async def write(self, data: bytes) -> None:
        """
        Add to the end.

        @raise ChatError: if it cannot be; then nothing is left of it.
        """
        assert self.upload is not None
        try:
            await self.upload.write(data)
        except BaseException:
            self.upload = None
            raise

    async def finish(self) -> File:
        """
        Share it.

        @raise ChatError: if it cannot be; then nothing is left of it.
        """
        assert self.upload is not None
        upload, self.upload = self.upload, None
        try:
            upload.session = self._present()
        except BaseException:
            await upload.abort()
            raise
        kept = await upload.finish()
        self.shared = await self._hub.store.file(kept.id)
        if self.shared is None:
            raise NotFound("It was shared, and is removed already.")
        return self.shared

    def check(self) -> None:
        """
        @raise ChatError: if nothing more can come by it.
        """
        if self.shared is not None:
            raise NotFound(f"{self.shared.name} was shared by this line already.")
        if self._hub.closing:
            raise Closed(self._hub.closing)

    def _present(self) -> "Session":
        """
        A session of the owner, who may have been cut off and come back meanwhile.

        @raise NotEntered: if there is none.
        """
        sessions = self._hub.connections.of(self.owner.id)
        if not sessions:
            raise NotEntered(
                f"{self.owner.name} is not here any more: who shares a file must be."
            )
        return self._session if self._session in sessions else sessions[0]

    # The end

    def expect(self, seconds: float) -> None:
        """Give it up, unless somebody goes on within so many seconds."""
        self._stop_waiting()
        self._end = self._hub.clock.callLater(seconds, self._tickets._drop, self)

    def _stop_waiting(self) -> None:
        if self._end is not None and self._end.active():
            self._end.cancel()
        self._end = None

    async def give_up(self) -> None:
        """Leave nothing behind but what was shared."""
        self._tickets.forget(self)
        self._stop_waiting()
        if self._cut is not None:
            self._cut()
        async with self._lock:
            self._stop_waiting()
            upload, self.upload = self.upload, None
            if upload is not None:
                await upload.abort()


def _stumbled(failure: Failure) -> None:
    _log.failure("a ticket was not cleared away", failure=failure)


_log = Logger()

"""One connection that somebody is at: who it is, what they ask, and how it ends."""

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.account import Account, Person, Role
from chatd.chat.admission import Visit
from chatd.chat.caused import Caused
from chatd.chat.door import GONE, Door
from chatd.chat.errors import ChatError, NotEntered
from chatd.chat.events import Closing, Done, Event, Failed
from chatd.chat.queue import Queue
from chatd.chat.reader import Reader
from chatd.chat.request import Request, Say, Typed
from chatd.chat.room import Room
from chatd.chat.store import PublicKey

if TYPE_CHECKING:
    from chatd.chat.hub import Hub


class Session(Reader):
    """
    One connection of somebody.

    @ivar account: What is kept of them; C{None} for guests.
    @ivar room: The current room: where plain lines go.
    @ivar queue: What it asks for, one after another.
    @ivar caused: What it let happen that is still on its way.
    @ivar address: Where it comes from, as people write it.
    @ivar secure: Whether the line is encrypted.
    @ivar exempt: Whether the limits per address do not apply to it.
    @ivar since: When it began, in POSIX seconds; C{active}: its last request.
    @ivar asking: The name whose password the next line is; C{""} for none.
    @ivar correspondent: Who whispered to it last, or whom it whispered to last.
    @ivar visit: The connection, as L{chatd.chat.admission} counts it.
    @ivar deadline: Ends it if nobody has come in by then.
    @ivar offered: The SSH key with which it came, if the account does not have it.
    @ivar token: The digest of the token it came in with or was given.
    @ivar goodbye: Why it was ended from this side, as it was told; else C{""}.
    @ivar sent_away: Whether it was ended for going beyond a limit.
    @ivar ended: Whether it is over.
    """

    _numbers = count(1)

    __slots__ = (
        "_finishing",
        "account",
        "active",
        "address",
        "asking",
        "caused",
        "correspondent",
        "deadline",
        "ended",
        "exempt",
        "failed_logins",
        "goodbye",
        "number",
        "offered",
        "queue",
        "secure",
        "sent_away",
        "since",
        "token",
        "visit",
    )

    room: Room | None

    def __init__(
        self,
        hub: "Hub",
        door: Door,
        *,
        kind: str,
        address: str,
        secure: bool,
        exempt: bool = False,
    ) -> None:
        super().__init__(hub, door, kind)
        self.number = next(self._numbers)
        self.address = address
        self.secure = secure
        self.exempt = exempt
        self.account: Account | None = None
        self.queue = Queue(hub, self)
        self.caused = Caused()
        self.since = self.active = hub.now()
        self.asking = ""
        self.visit: Visit | None = None
        self.deadline: IDelayedCall | None = None
        self.correspondent: Person | None = None
        self.offered: PublicKey | None = None
        self.token = ""
        self.failed_logins = 0
        self.goodbye = ""
        self.sent_away = False
        self.ended = False
        self._finishing = False

    # Who

    @property
    def role(self) -> Role:
        """What this one may do in the whole chat."""
        if self.person is None:
            return Role.NOBODY
        return self.account.role if self.account else Role.GUEST

    def role_in(self, room: Room | None) -> Role:
        """What this one may do in a room."""
        if (
            room is not None
            and self.person is not None
            and self.person.id in room.moderators
        ):
            return max(self.role, Role.MODERATOR)
        return self.role

    def somebody(self) -> Person:
        """
        Who it is.

        @raise NotEntered: if they have not come in yet.
        """
        if self.person is None:
            raise NotEntered("Type a name to come in first.")
        return self.person

    # What they ask, and what comes of it

    def receive(self, *lines: str) -> None:
        """Take lines as a person typed them; one that was pasted may be several."""
        self.submit(*map(Typed, lines))

    def submit(self, *requests: Request) -> None:
        """Take requests; they wait their turn behind the session's others."""
        if not (self.ended or self._finishing):
            self.queue.put(requests)

    def delivered(self, events: Sequence[Event], requests: Sequence[Say]) -> None:
        """
        Events of this session were shown to others.

        @param requests: What each of them answers; empty if a command caused them.
        """
        if not requests:
            self.caused.last = events[-1]
        elif self.look.told:
            for event, request in zip(events, requests, strict=False):
                self.tell(Done(request.ref, event))
        self.caused.arrived(len(events))

    def dropped(
        self, error: ChatError, request: Say | None = None, number: int = 1
    ) -> None:
        """So many events of this session could not be stored and were not shown."""
        if request is not None:
            self.tell(Failed(error.code, error.text, request.text, request.ref))
        else:
            self.caused.failure = error
        self.caused.arrived(number)

    # The end

    def in_time(self) -> None:
        """Somebody came in, or it is over: nothing to wait for."""
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
        self.deadline = None

    def finish(self) -> None:
        """The peer says nothing more: carry out what it asked, then hang up."""
        if self._finishing:
            return
        self._finishing = True
        if self.queue.idle and not self.caused.number and self._backlog is None:
            # Mostly; the other way takes a twentieth of a short visit longer. Not at
            # once: a door may be about to answer what made it finish.
            self._hub.clock.callLater(0, self._hub.connections.hang_up, self)
        else:
            Deferred.fromCoroutine(self._part()).addErrback(_stumbled)

    async def _part(self) -> None:
        await self.queue.done()
        await self.caused.settled()
        if await self.taken():
            self._hub.connections.hang_up(self)
        else:
            self.gone(self.lost or "")
            self._forget()

    def close(self, text: str, seconds: float = 0.0) -> None:
        """End it from this side, saying why."""
        if self.ended:
            return
        self.goodbye = text
        self.tell(Closing(text, seconds))
        self._hub.connections.hang_up(self)

    def make_room(self, why: str) -> None:
        """
        End it before anybody came in by it, for others.

        @param why: As in "… because too many wait to come in".
        """
        self._hub.refusals.crowded(self.address, why)
        self.close(f"This connection ends, because {why}.")

    def end(self, reason: str) -> None:
        """
        The connection is gone.

        @param reason: One sentence, for the log and for others; may be empty.
        """
        self._hub.connections.disconnected(self)
        if not self.ended and self.person is not None and self.queue.keep_last_words():
            self.lose(reason)
            self.finish()
        else:
            self.gone(reason)
            self._forget()

    def gone(self, reason: str) -> None:
        """Leave, whatever is left to do."""
        if self.ended:
            return
        self.ended = True
        self.queue.clear()
        self.lose(reason)
        self._hub.connections.detach(self, reason)

    def _forget(self) -> None:
        """
        Be in no circle of objects: all that belongs to a connection, several KiB, would
        stay until garbage is looked for.
        """
        if self.door is not GONE:
            self.door = GONE
            self.visit = None
            self.queue.forget()


def _stumbled(failure: Failure) -> None:
    _log.failure("a session did not part", failure=failure)


_log = Logger()

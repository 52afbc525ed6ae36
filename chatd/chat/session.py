"""One connection that somebody is at: its requests, one after another."""

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.account import Account, Person, Preferences, Role
from chatd.chat.admission import Visit
from chatd.chat.errors import Broken, ChatError, NotEntered
from chatd.chat.events import (
    Answer,
    Closing,
    Done,
    Event,
    Failed,
    Notice,
    Past,
    Stamped,
)
from chatd.chat.look import Look
from chatd.chat.outbox import Item
from chatd.chat.request import (
    Enter,
    History,
    Invoke,
    Ping,
    Refused,
    Request,
    Say,
    Search,
    Typed,
    Whisper,
)
from chatd.chat.room import Room
from chatd.chat.store import PublicKey
from chatd.chat.throttle import Throttle

if TYPE_CHECKING:
    from chatd.chat.hub import Hub

# Requests that wait before the door is asked to stop reading.
WAITING = 32

# Messages of somebody who is gone that are still said: more would keep them present for
# long, and a flood of such people would be many. A paste counts as what it costs.
LAST_WORDS = 100

# Requests that change nothing.
QUESTIONS = (History, Search, Ping, Refused)

# Messages of a session on their way to the store before the next one waits.
IN_FLIGHT = 64

# Seconds a request must wait before a person is told to slow down.
WORTH_SAYING = 1.0

# Events held back for a session before it is shown them, ready or not.
HELD = 10_000


# Shared by all who have not chosen anything.
_USUAL = Preferences()


class Door(Protocol):
    """What a session asks of the connection it belongs to."""

    def look(self, preferences: Preferences) -> Look:
        """How events should read here, for somebody with these preferences."""

    def send(self, data: bytes) -> None:
        """Write something that was rendered."""

    def hang_up(self) -> None:
        """End the connection, after what was sent; in the end without mercy."""

    def pause(self) -> None:
        """Read nothing more for now."""

    def resume(self) -> None:
        """Read again."""

    def secret(self, on: bool) -> None:
        """The next line is a password, and should not be seen; or no longer."""


class Session:
    """
    One connection of somebody.

    @ivar person: Who it is; C{None} before they have come in.
    @ivar account: What is kept of them; C{None} for guests.
    @ivar room: The current room: where plain lines go.
    @ivar door: The connection; C{kind} names it, as in C{text} or C{json}.
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
    @ivar sent_away: Whether it was ended for going beyond a limit.
    @ivar plain: Whether all that is put for it can be written at once.
    """

    _numbers = count(1)

    __slots__ = (
        "_backlog",
        "_backlog_size",
        "_caused",
        "_congested",
        "_deaf",
        "_door_paused",
        "_failure",
        "_farewell",
        "_finishing",
        "_held",
        "_hub",
        "_in_flight",
        "_pushing_since",
        "_queue",
        "_released",
        "_settled",
        "_shown",
        "_taken",
        "_throttle",
        "_warned",
        "_working",
        "account",
        "active",
        "address",
        "asking",
        "correspondent",
        "deadline",
        "door",
        "ended",
        "exempt",
        "failed_logins",
        "kind",
        "look",
        "number",
        "offered",
        "person",
        "plain",
        "preferences",
        "room",
        "secure",
        "sent_away",
        "since",
        "token",
        "visit",
    )

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
        self.number = next(self._numbers)
        self.door = door
        self.kind = kind
        self.address = address
        self.secure = secure
        self.exempt = exempt
        self.preferences = _USUAL
        self.look = door.look(self.preferences)
        self.person: Person | None = None
        self.account: Account | None = None
        self.room: Room | None = None
        self.since = self.active = hub.now()
        self.asking = ""
        self.visit: Visit | None = None
        self.deadline: IDelayedCall | None = None
        self.correspondent: Person | None = None
        self.offered: PublicKey | None = None
        self.token = ""
        self.failed_logins = 0
        self.sent_away = False
        self.plain = True
        self.ended = False
        self._hub = hub
        # Lists, for a deque takes 760 bytes also when it is empty, as these mostly are.
        self._queue: list[Request] = []
        self._working = False
        self._finishing = False
        self._deaf = False
        self._farewell = ""
        self._in_flight = 0
        self._settled: Deferred[None] | None = None
        self._caused: Event | None = None
        self._failure: ChatError | None = None
        self._held: list[Item] | None = None
        self._released: int | None = None  # up to where in the order
        self._shown: frozenset[int] = frozenset()  # not again
        self._congested = False
        self._taken: Deferred[None] | None = None
        self._backlog: list[bytes] = []
        self._backlog_size = 0
        self._door_paused = False
        self._throttle: Throttle | None = None
        self._pushing_since: float | None = None
        self._warned = False

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

    def prefer(self, preferences: Preferences) -> None:
        """Read as somebody with these preferences from now on."""
        self.preferences = preferences
        self.look = self.door.look(preferences)

    # Requests

    def receive(self, line: str) -> None:
        """Take a line as a person typed it; several, if they were pasted."""
        self.submit(Typed(line))

    def submit(self, request: Request) -> None:
        """Take a request; it waits its turn behind the session's others."""
        if self.ended or self._finishing:
            return
        if not self._working and self._say_at_once(request):
            return
        self._queue.append(request)
        if len(self._queue) >= WAITING:
            self._pause_door()
        self._start_work()

    def _start_work(self) -> None:
        if not self._working:
            self._working = True
            Deferred.fromCoroutine(self._work()).addErrback(_stumbled)

    def _say_at_once(self, request: Request) -> bool:
        """The short way for what most requests are: words, and nothing waits."""
        if self.person is None or self._in_flight >= IN_FLIGHT:
            return False
        paid = False
        try:
            understood = self._understand(request)
            if not isinstance(understood, Say) or self._wait(request):
                return False
            paid = True
            self._hub.requests.say(self, understood)
        except Exception:
            # The long way meets it again, and tells of it in its turn.
            if paid and self._throttle is not None:
                cost = min(self._cost(request), self._throttle.burst)
                self._throttle.give_back(self._hub.clock.seconds(), cost)
            return False
        self.active = self._hub.now()
        return True

    def _understand(self, request: Request) -> Request | None:
        if isinstance(request, Typed):
            return self._hub.requests.understand(self, request)
        return request

    async def _work(self) -> None:
        try:
            while self._queue and not self.ended:
                await self._slow_down()
                if self.ended:
                    break
                await self._perform(self._queue.pop(0))
                if len(self._queue) < WAITING // 2:
                    self._resume_door()
        finally:
            self._working = False
        if self._finishing:
            await self.settled()
            if await self.taken():
                self._hub.connections.hang_up(self)
            else:
                self.gone(self._farewell)

    async def _perform(self, request: Request) -> None:
        self.active = self._hub.now()
        understood: Request | None = None
        answer: Answer | None = None
        try:
            understood = self._understand(request)
            if isinstance(understood, Say):
                if self._in_flight >= IN_FLIGHT:
                    await self.settled()
                self._hub.requests.say(self, understood)
                return
            await self.settled()
            if self.ended:
                return
            self._caused = self._failure = None
            data = await self._hub.requests.perform(self, understood)
            await self.happened()
            if data is not None:
                answer = Done(request.ref, self._caused, data)
        except ChatError as error:
            answer = self._failed(error, request, understood)
        except Exception:
            _log.failure("{request} failed", request=type(understood).__name__)
            answer = self._failed(Broken(), request, understood)
        await self.settled()
        if answer is not None:
            self.tell(answer)
        if self.failed_logins >= self._hub.rules.failed_logins_session:
            self._hub.connections.let_go(self, "it tried too many wrong passwords")
        if isinstance(request, Typed):
            self._hub.archive.saw_all(self)

    def _failed(
        self, error: ChatError, request: Request, understood: Request | None
    ) -> Failed:
        self._hub.refusals.note(error)
        if isinstance(understood, Refused):
            line = understood.line
        elif isinstance(understood, Enter) or (
            isinstance(understood, Invoke)
            and self._hub.commands.may_hold_secret(understood.name)
        ):
            line = ""
        elif isinstance(request, Typed):
            line = request.line
        elif isinstance(request, Say):
            line = request.text
        else:
            line = ""
        return Failed(error.code, error.text, line, request.ref)

    # What it caused

    def sent(self) -> None:
        """An event of this session is on its way."""
        self._in_flight += 1

    def delivered(self, event: Event, request: Say | None) -> None:
        """
        An event of this session was shown to others.

        @param request: What it answers; C{None} if a command caused it.
        """
        if request is None:
            self._caused = event
        elif self.look.told:
            self.tell(Done(request.ref, event))
        self._arrive()

    def dropped(self, error: ChatError, request: Say | None) -> None:
        """An event of this session could not be stored and was not shown."""
        if request is not None:
            self.tell(Failed(error.code, error.text, request.text, request.ref))
        else:
            self._failure = error
        self._arrive()

    def settled(self) -> "Deferred[None]":
        """Fires when all that this session caused was shown or dropped."""
        done: Deferred[None] = Deferred()
        if not self._in_flight:
            done.callback(None)
        elif self._settled is None:
            self._settled = done
        else:
            self._settled.chainDeferred(done)
        return done

    async def happened(self) -> None:
        """
        Wait until all that this session caused was shown.

        @raise NotStored: if some of it was not.
        """
        await self.settled()
        if self._failure is not None:
            raise self._failure

    async def cause(self, act: Callable[[], None]) -> None:
        """
        Let something happen that was not asked for by a request, and wait until it was
        shown.

        @raise NotStored: if it was not.
        """
        failure, self._failure = self._failure, None
        try:
            act()
            await self.happened()
        finally:
            self._failure = failure

    def _arrive(self) -> None:
        self._in_flight -= 1
        if not self._in_flight and self._settled is not None:
            settled, self._settled = self._settled, None
            settled.callback(None)

    # What it is shown

    def tell(self, answer: Answer) -> None:
        """Answer this session, behind all that it is shown in this turn."""
        if not self.ended:
            self._hub.outbox.tell(answer, (self,), self.person)

    def hold(self) -> None:
        """Keep events back until L{release}; answers go through."""
        if self._held is None:
            self._held = []
            self._shown = frozenset()
            self.plain = False
        self._released = None

    def release(self, *shown: Past) -> None:
        """
        Show what was kept back, behind what this session was told so far.

        @param shown: In these it was shown already.
        """
        if self._held is not None:
            self._shown |= {event.id for past in shown for event in past.events}
            self._released = self._hub.outbox.stir(self)

    def show(self, items: list[Item]) -> None:
        """Write what was put for this session, in this order."""
        if self._held is not None:
            self._held += [i for i in items if isinstance(i.event, Stamped)]
            items = [i for i in items if not isinstance(i.event, Stamped)]
            if len(self._held) > HELD:
                self.release()
            if self._released is not None:
                held = [i for i in self._held if _id(i) not in self._shown]
                items = _behind(self._released, items, held)
                self._held = self._released = None
                self._shown = frozenset()
                self.plain = True
        self.write(b"".join(map(self.render, items)))

    def render(self, item: Item) -> bytes:
        """How something reads here."""
        event = item.event.event if isinstance(item.event, Done) else item.event
        room = getattr(event, "room", None)
        here = room is None or (self.room is not None and room == self.room.name)
        return item.render(self.look, here)

    def write(self, data: bytes) -> None:
        """Send, or keep while the reader does not read."""
        if not data or self.ended or self._deaf:
            return
        if not self._congested:
            self._send(data)
        else:
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        self._backlog.append(data)
        self._backlog_size += len(data)
        self._hub.connections.backlog += len(data)
        rules = self._hub.rules
        if self._backlog_size > rules.outbox_pause:
            self._pause_door()
        if (
            self._backlog_size > rules.outbox_bytes
            or self._hub.connections.backlog > rules.outbox_total
        ):
            self._hub.connections.relieve()

    def _send(self, data: bytes) -> None:
        try:
            self.door.send(data)
        except Exception:
            # Others wait for theirs.
            _log.failure("the {door} door cannot send", door=self.kind)

    def pour(self) -> None:
        """Send all that waits, although the reader does not read: it is the last."""
        self._congested = False
        data = b"".join(self._backlog)
        self.forget_unread()
        if data and not self._deaf:
            self._send(data)

    def forget_unread(self) -> None:
        """Never send what waits."""
        self._hub.connections.backlog -= self._backlog_size
        self._backlog.clear()
        self._backlog_size = 0

    async def taken(self) -> bool:
        """
        Wait a turn, and then until the transport takes more: for long answers, so
        that others have their turns and little piles up.

        @return: Whether somebody is still there to read.
        """
        turn: Deferred[None] = Deferred()
        self._hub.clock.callLater(0, turn.callback, None)
        await turn
        while self._congested and not (self.ended or self._deaf):
            self._taken = Deferred()
            await self._taken
        return not (self.ended or self._deaf)

    def _release_writer(self) -> None:
        taken, self._taken = self._taken, None
        if taken is not None:
            taken.callback(None)

    @property
    def unread(self) -> int:
        """Bytes that wait because the reader does not read."""
        return self._backlog_size

    def congested(self) -> None:
        """The transport is full: keep what comes."""
        self._congested = True

    def wait_for_reader(self) -> None:
        """
        Listen no more while the transport is full; for doors that echo what comes.
        """
        if self._congested:
            self._pause_door()

    def drained(self) -> None:
        """The transport takes more."""
        self._congested = False
        # Only until it is full again: what it holds is not counted.
        backlog, self._backlog = self._backlog, []
        for place, data in enumerate(backlog):
            if self._congested:
                self._backlog = backlog[place:]
                break
            self._backlog_size -= len(data)
            self._hub.connections.backlog -= len(data)
            self._send(data)
        self._release_writer()
        if len(self._queue) < WAITING // 2:
            self._resume_door()

    # The end

    def finish(self) -> None:
        """The peer says nothing more: carry out what it asked, then hang up."""
        if not self._finishing:
            self._finishing = True
            self._start_work()

    def close(self, text: str, seconds: float = 0.0) -> None:
        """End it from this side, saying why."""
        if self.ended:
            return
        self.tell(Closing(text, seconds))
        self._hub.connections.hang_up(self)

    def end(self, reason: str) -> None:
        """
        The connection is gone.

        @param reason: One sentence, for the log and for others; may be empty.
        """
        self._hub.connections.disconnected(self)
        if self.ended:
            return
        # What was typed before the line went is still said, if it is not too much;
        # answers nobody would read.
        last = self._last_words()
        if self._working and last and self.person is not None:
            self._queue[:] = last
            self._finishing = self._deaf = True
            self._farewell = reason
            self.forget_unread()
            self._release_writer()
            return
        self.gone(reason)

    def _last_words(self) -> list[Request]:
        last: list[Request] = []
        left = float(LAST_WORDS)
        for request in self._queue:
            if not self._asks(request):
                left -= self._cost(request)
                if left < 0:
                    break
                last.append(request)
        return last

    def _asks(self, request: Request) -> bool:
        """Whether a request does nothing but ask; nobody would read the answer."""
        if isinstance(request, Typed):
            return self._hub.commands.only_asks(request.line)
        return isinstance(request, QUESTIONS)

    def in_time(self) -> None:
        """Somebody came in, or it is over: nothing to wait for."""
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
        self.deadline = None

    def gone(self, reason: str) -> None:
        """Leave, whatever is left to do."""
        if self.ended:
            return
        self.ended = True
        self._queue.clear()
        self.forget_unread()
        self._hub.connections.detach(self, reason)
        self._release_writer()

    # How fast

    def _wait(self, request: Request) -> float:
        """Seconds until a request may be carried out; 0.0 takes its turn."""
        rules = self._hub.rules
        if not rules.throttle:
            return 0.0
        throttle = self._bucket()
        cost = min(self._cost(request), throttle.burst)
        return throttle.take(self._hub.clock.seconds(), cost)

    def _bucket(self) -> Throttle:
        if self._throttle is None:
            rules = self._hub.rules
            self._throttle = Throttle(rules.request_rate, rules.request_burst)
        return self._throttle

    def share_pace(self, other: "Session") -> None:
        """Both are the same person's, who may do no more by having several."""
        self._throttle = other._bucket()

    def _cost(self, request: Request) -> float:
        """Tokens for a request: a paste counts as the messages that it could be."""
        return max(1.0, _length(request) / self._hub.rules.message_chars)

    async def _slow_down(self) -> None:
        """Wait until the next request may be carried out."""
        rules = self._hub.rules
        while not self.ended and (seconds := self._wait(self._queue[0])):
            now = self._hub.clock.seconds()
            if self._pushing_since is None:
                self._pushing_since = now
            if self._door_paused and now - self._pushing_since > rules.push_seconds:
                self._hub.connections.let_go(self, "it sends faster than it may")
                return
            behind = seconds + (len(self._queue) - 1) / rules.request_rate
            if behind >= WORTH_SAYING and not self._warned:
                self._warned = True
                self._hub.refusals.slowed()
                self.tell(
                    Notice(f"Slow down, {behind:.0f} s: your lines wait, none is lost.")
                )
            pause: Deferred[None] = Deferred()
            # Never so short that rounding makes it nothing.
            self._hub.clock.callLater(max(seconds, 0.001), pause.callback, None)
            await pause
        if len(self._queue) <= 1:
            self._pushing_since = None
            self._warned = False

    def _pause_door(self) -> None:
        if not self._door_paused:
            self._door_paused = True
            self.door.pause()

    def _resume_door(self) -> None:
        if self._door_paused and self._backlog_size <= self._hub.rules.outbox_pause:
            self._door_paused = False
            self.door.resume()


def _length(request: Request) -> int:
    """Characters that somebody said."""
    match request:
        case Typed():
            return len(request.line)
        case Say() | Whisper():
            return len(request.text)
        case _:
            return 0


def _behind(order: int, answers: list[Item], held: list[Item]) -> list[Item]:
    """Of what was put up to some place in the order, the answers come first."""

    def place(item: Item) -> tuple[bool, bool, int]:
        late = item.order > order
        return late, not late and isinstance(item.event, Stamped), item.order

    return sorted(answers + held, key=place)


def _id(item: Item) -> int:
    return item.event.id if isinstance(item.event, Stamped) else 0


def _stumbled(failure: Failure) -> None:
    _log.failure("a session stumbled", failure=failure)


_log = Logger()

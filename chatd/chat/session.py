"""One connection that somebody is at: its requests, one after another."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.account import Account, Person, Preferences, Role
from chatd.chat.admission import Visit
from chatd.chat.backlog import Backlog
from chatd.chat.errors import Broken, ChatError, NotEntered, TooFast
from chatd.chat.events import (
    Answer,
    Closing,
    Done,
    Event,
    Failed,
    Notice,
    Past,
)
from chatd.chat.held import Held
from chatd.chat.look import Look
from chatd.chat.request import (
    Doubtful,
    Enter,
    History,
    Invoke,
    Ping,
    Refused,
    Request,
    Say,
    Search,
    Typed,
)
from chatd.chat.room import Room
from chatd.chat.speed import Speed, cost
from chatd.chat.store import PublicKey
from chatd.chat.told import Item
from chatd.chat.understand import understand

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


# Shared by all who have not chosen anything.
_USUAL = Preferences()


class Straight(Protocol):
    """What sends at once; a socket."""

    def send(self, data: bytes, /) -> int:
        """
        @return: How many bytes it took; the rest has to be written as usual.
        @raise OSError: if it took none.
        """


class Door(Protocol):
    """What a session asks of the connection it belongs to."""

    def look(self, preferences: Preferences) -> Look:
        """How events should read here, for somebody with these preferences."""

    def send(self, data: bytes) -> None:
        """Write something that was rendered."""

    def straight(self, session: "Session") -> Straight | None:
        """
        What may be used in place of C{send}, until C{session.hindered} is called;
        C{None} if nothing may.
        """

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
    @ivar goodbye: Why it was ended from this side, as it was told; else C{""}.
    @ivar sent_away: Whether it was ended for going beyond a limit.
    @ivar plain: Whether all that is put for it can be written at once.
    @ivar straight: What this can be given to at that, past the door.
    """

    _numbers = count(1)

    __slots__ = (
        "_backlog",
        "_caused",
        "_deaf",
        "_door_paused",
        "_failure",
        "_farewell",
        "_finishing",
        "_held",
        "_hub",
        "_in_flight",
        "_queue",
        "_settled",
        "_speed",
        "_taken",
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
        "goodbye",
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
        "straight",
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
        self.goodbye = ""
        self.sent_away = False
        self.plain = True
        self.straight: Straight | None = None
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
        self._held: Held | None = None
        self._taken: Deferred[None] | None = None
        self._backlog: Backlog | None = None  # while the transport is full
        self._door_paused = False
        self._speed: Speed | None = None

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

    def receive(self, *lines: str) -> None:
        """Take lines as a person typed them; one that was pasted may be several."""
        self.submit(*[Typed(line) for line in lines])

    def submit(self, *requests: Request) -> None:
        """Take requests; they wait their turn behind the session's others."""
        if self.ended or self._finishing:
            return
        said = 0 if self._working else self._say_at_once(requests)
        if said == len(requests):
            return
        self._queue += requests[said:]
        if len(self._queue) >= WAITING:
            self._pause_door()
        self._start_work()

    def _start_work(self) -> None:
        if not self._working:
            self._working = True
            Deferred.fromCoroutine(self._work()).addErrback(_stumbled)

    def _say_at_once(self, requests: Sequence[Request]) -> int:
        """
        The short way for what most requests are: words, and nothing waits.

        @return: How many of them, the first ones, were said.
        """
        if self.person is None:
            return 0
        words: list[Say] = []
        throttle = self._hub.rules.throttle
        said = 0
        try:
            for request in requests[: IN_FLIGHT - self._in_flight]:
                understood = self._understand(request)
                if (
                    not isinstance(understood, Say)
                    or (words and understood.room != words[0].room)
                    or (throttle and self._wait(request))
                ):
                    break
                words.append(understood)
            if words:
                said = self._hub.requests.say(self, *words)
                self.active = self._hub.now()
        except Exception:
            said = 0  # the long way meets it again, and tells of it in its turn
        if said < len(words) and self._speed is not None:
            for request in requests[said : len(words)]:
                self._speed.give_back(request)
        return said

    def _understand(self, request: Request) -> Request | None:
        if not isinstance(request, Typed):
            return request
        understood = understand(self, request, self._hub.commands)
        if self.account is not None and not isinstance(understood, Invoke):
            self._hub.archive.saw_all(self)
        return understood

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
            self._caused = None
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
        elif isinstance(understood, Enter | Doubtful) or (
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

    def sent(self, number: int) -> None:
        """So many events of this session are on their way."""
        self._in_flight += number

    def delivered(self, events: Sequence[Event], requests: Sequence[Say]) -> None:
        """
        Events of this session were shown to others.

        @param requests: What each of them answers; empty if a command caused them.
        """
        if not requests:
            self._caused = events[-1]
        elif self.look.told:
            for event, request in zip(events, requests, strict=False):
                self.tell(Done(request.ref, event))
        self._arrive(len(events))

    def dropped(
        self, error: ChatError, request: Say | None = None, number: int = 1
    ) -> None:
        """So many events of this session could not be stored and were not shown."""
        if request is not None:
            self.tell(Failed(error.code, error.text, request.text, request.ref))
        else:
            self._failure = error
        self._arrive(number)

    async def settled(self) -> None:
        """Wait until all that this session caused was shown or dropped."""
        if not self._in_flight:
            return
        done: Deferred[None] = Deferred()
        if self._settled is None:
            self._settled = done
        else:
            self._settled.chainDeferred(done)
        await done

    async def happened(self) -> None:
        """
        Wait until all that this session caused was shown.

        @raise NotStored: if some of it was not.
        @raise Unsure: if nobody knows.
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

    def _arrive(self, number: int) -> None:
        self._in_flight -= number
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
            self._held = Held()
            self.plain = False
            self.hindered()
        self._held.hold()

    def release(self, *shown: Past) -> None:
        """
        Show what was kept back, behind what this session was told so far.

        @param shown: In these it was shown already.
        """
        if self._held is not None:
            self._held.release(self._hub.outbox.stir(self), shown)

    def show(self, items: list[Item]) -> None:
        """Write what was put for this session, in this order."""
        if self._held is not None:
            items = self._held.sift(items)
            if self._held.full:
                self.release()
            released = self._held.pass_on(items)
            if released is not None:
                items = released
                self._held = None
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
        if self._backlog is None:
            try:
                self.door.send(data)
            except Exception:
                # Others wait for theirs.
                _log.failure("the {door} door cannot send", door=self.kind)
            if self.straight is None and self._backlog is None and self.plain:
                self.straight = self.door.straight(self)
            return
        self._backlog.keep(data)
        rules, connections = self._hub.rules, self._hub.connections
        if self.unread > rules.outbox_pause:
            self._pause_door()
        if self.unread > rules.outbox_bytes or connections.backlog > rules.outbox_total:
            connections.relieve()

    @property
    def unread(self) -> int:
        """Bytes that wait because the reader does not read."""
        return 0 if self._backlog is None else self._backlog.size

    def hindered(self) -> None:
        """All that is written has to take the way through the door."""
        self.straight = None

    def congested(self) -> None:
        """The transport is full: keep what comes."""
        self.hindered()
        if self._backlog is None:
            self._backlog = Backlog(self._hub.connections)

    def drained(self) -> None:
        """The transport takes more."""
        backlog, self._backlog = self._backlog, None
        # Only until it is full again: what it holds is not counted.
        for data in backlog.empty() if backlog is not None else ():
            self.write(data)
        self._release_writer()
        if len(self._queue) < WAITING // 2:
            self._resume_door()

    def pour(self) -> None:
        """Send all that waits, although the reader does not read: it is the last."""
        backlog, self._backlog = self._backlog, None
        if backlog is not None:
            self.write(b"".join(backlog.empty()))

    def forget_unread(self) -> None:
        """Never send what waits."""
        if self._backlog is not None:
            self._backlog.empty()

    def wait_for_reader(self) -> None:
        """
        Listen no more while the transport is full; for doors that echo what comes.
        """
        if self._backlog is not None:
            self._pause_door()

    async def taken(self) -> bool:
        """
        Wait a turn, and then until the transport takes more: for long answers, so
        that others have their turns and little piles up.

        @return: Whether somebody is still there to read.
        """
        turn: Deferred[None] = Deferred()
        self._hub.clock.callLater(0, turn.callback, None)
        await turn
        while self._backlog is not None and not (self.ended or self._deaf):
            self._taken = Deferred()
            await self._taken
        return not (self.ended or self._deaf)

    def _release_writer(self) -> None:
        taken, self._taken = self._taken, None
        if taken is not None:
            taken.callback(None)

    # The end

    def finish(self) -> None:
        """The peer says nothing more: carry out what it asked, then hang up."""
        if not self._finishing:
            self._finishing = True
            if self._queue or self._in_flight:
                self._start_work()
            elif not self._working:
                # Not at once: a door may be about to answer what made it finish.
                self._hub.clock.callLater(0, self._part)

    def _part(self) -> None:
        if self._backlog is not None:
            self._start_work()  # which waits until it is taken
        else:
            self._hub.connections.hang_up(self)

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
        if self.ended:
            return
        # What was typed before the line went is still said, if it is not too much;
        # answers nobody would read.
        last = self._last_words()
        if self._working and last and self.person is not None:
            self._queue[:] = last
            self._finishing = self._deaf = True
            self.hindered()
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
                left -= cost(request, self._hub.rules)
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
        self.hindered()
        self._queue.clear()
        self.forget_unread()
        self._hub.connections.detach(self, reason)
        self._release_writer()

    # How fast

    def _wait(self, request: Request) -> float:
        """Seconds until a request may be carried out; 0.0 takes its turn."""
        if not self._hub.rules.throttle:
            return 0.0
        return self._pace().wait(request)

    def _pace(self) -> Speed:
        if self._speed is None:
            self._speed = Speed(self._hub)
        return self._speed

    def share_pace(self, other: "Session") -> None:
        """Both are the same person's, who may do no more by having several."""
        self._pace().throttle = other._pace().throttle

    async def _slow_down(self) -> None:
        """Wait until the next request may be carried out."""
        rules = self._hub.rules
        while not self.ended and (seconds := self._wait(self._queue[0])):
            speed = self._pace()
            if speed.pushes() > rules.push_seconds and self._door_paused:
                self._refuse_rest()
                self._hub.connections.let_go(self, "it sends faster than it may")
                return
            behind = seconds + (len(self._queue) - 1) / rules.request_rate
            if behind >= WORTH_SAYING and not speed.warned:
                speed.warned = True
                self._hub.refusals.slowed()
                self.tell(
                    Notice(f"Slow down, {behind:.0f} s: your lines wait, none is lost.")
                )
            pause: Deferred[None] = Deferred()
            # Never so short that rounding makes it nothing.
            self._hub.clock.callLater(max(seconds, 0.001), pause.callback, None)
            await pause
        if len(self._queue) <= 1 and self._speed is not None:
            self._speed.calm()

    def _refuse_rest(self) -> None:
        """Tell which request is the first that is not carried out any more."""
        request = self._queue[0]
        try:
            understood = self._understand(request)
        except ChatError:
            understood = None
        error = TooFast(
            "You went on sending faster than you may: neither this nor what is behind "
            "it is carried out."
        )
        self.tell(self._failed(error, request, understood))

    def _pause_door(self) -> None:
        if not self._door_paused:
            self._door_paused = True
            self.door.pause()

    def _resume_door(self) -> None:
        if self._door_paused and self.unread <= self._hub.rules.outbox_pause:
            self._door_paused = False
            self.door.resume()


def _stumbled(failure: Failure) -> None:
    _log.failure("a session stumbled", failure=failure)


_log = Logger()

"""What somebody asks for, carried out one after another and no faster than allowed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.errors import Broken, ChatError, TooFast
from chatd.chat.events import Answer, Done, Failed, Notice
from chatd.chat.reader import BUSY
from chatd.chat.request import (
    History,
    Invoke,
    Ping,
    Refused,
    Request,
    Say,
    Search,
    Typed,
)
from chatd.chat.speed import Speed, cost
from chatd.chat.understand import handed_back, understand

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session

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


class Queue:
    """The requests of one session."""

    __slots__ = ("_done", "_hub", "_requests", "_session", "_speed", "_working")

    def __init__(self, hub: "Hub", session: "Session") -> None:
        self._hub = hub
        self._session = session
        # A list, for a deque takes 760 bytes also when it is empty, as it mostly is.
        self._requests: list[Request] = []
        self._working = False
        self._done: Deferred[None] | None = None
        self._speed: Speed | None = None

    def put(self, requests: Sequence[Request]) -> None:
        """Take requests; they wait their turn behind the others."""
        said = 0 if self._working else self._say_at_once(requests)
        if said == len(requests):
            return
        self._requests += requests[said:]
        if len(self._requests) >= WAITING:
            self._session.pause(BUSY)
        self._start()

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being carried out."""
        return not (self._requests or self._working)

    async def done(self) -> None:
        """Wait until all were carried out; for one who waits."""
        if self._requests:
            self._start()
        if self._working:
            self._done = Deferred()
            await self._done

    def clear(self) -> None:
        """Carry out nothing that waits."""
        self._requests.clear()

    def forget(self) -> None:
        """Know the session no more; nothing is put here again."""
        del self._session

    def keep_last_words(self) -> bool:
        """
        Carry out only what was typed before the line went that is not too much, and
        does more than ask.

        @return: Whether there is any.
        """
        last: list[Request] = []
        left = float(LAST_WORDS)
        for request in self._requests:
            if not self._asks(request):
                left -= cost(request, self._hub.rules)
                if left < 0:
                    break
                last.append(request)
        self._requests[:] = last
        return bool(last)

    def _asks(self, request: Request) -> bool:
        """Whether a request does nothing but ask; nobody would read the answer."""
        if isinstance(request, Typed):
            return self._hub.commands.only_asks(request.line)
        return isinstance(request, QUESTIONS)

    # How each is carried out

    def _say_at_once(self, requests: Sequence[Request]) -> int:
        """
        The short way for what most requests are: words, and nothing waits.

        @return: How many of them, the first ones, were said.
        """
        session = self._session
        if session.person is None:
            return 0
        words: list[Say] = []
        throttle = self._hub.rules.throttle
        said = 0
        try:
            for request in requests[: IN_FLIGHT - session.caused.number]:
                understood = self._understand(request)
                if (
                    not isinstance(understood, Say)
                    or (words and understood.room != words[0].room)
                    or (throttle and self._wait(request))
                ):
                    break
                words.append(understood)
            if words:
                session.active = self._hub.now()
                said = self._hub.requests.say(session, *words)
        except Exception:
            said = 0  # the long way meets it again, and tells of it in its turn
        if said < len(words) and self._speed is not None:
            for request in requests[said : len(words)]:
                self._speed.give_back(request)
        return said

    def _start(self) -> None:
        if not self._working:
            self._working = True
            work = Deferred.fromCoroutine(self._work())
            work.addErrback(_stumbled).addCallback(self._rest)

    def _rest(self, _: None) -> None:
        self._working = False
        done, self._done = self._done, None
        if done is not None:
            done.callback(None)

    async def _work(self) -> None:
        session = self._session
        while self._requests and not session.ended:
            await self._slow_down()
            if session.ended:
                break
            await self._perform(self._requests.pop(0))
            if len(self._requests) < WAITING // 2:
                session.resume(BUSY)

    async def _perform(self, request: Request) -> None:
        session, caused = self._session, self._session.caused
        session.active = self._hub.now()
        understood: Request | None = None
        answer: Answer | None = None
        try:
            understood = self._understand(request)
            if isinstance(understood, Say):
                if caused.number >= IN_FLIGHT:
                    await caused.settled()
                self._hub.requests.say(session, understood)
                return
            await caused.settled()
            if session.ended:
                return
            caused.forget()
            data = await self._hub.requests.perform(session, understood)
            await caused.happened()
            if data is not None:
                answer = Done(request.ref, caused.last, data)
            caused.forget()
        except ChatError as error:
            answer = self._failed(error, request, understood)
        except Exception:
            _log.failure("{request} failed", request=type(understood).__name__)
            answer = self._failed(Broken(), request, understood)
        await caused.settled()
        if answer is not None:
            session.tell(answer)
        if session.failed_logins >= self._hub.rules.failed_logins_session:
            self._hub.connections.let_go(session, "it tried too many wrong passwords")
        if isinstance(request, Typed):
            self._hub.archive.saw_all(session)

    def _understand(self, request: Request) -> Request | None:
        if not isinstance(request, Typed):
            return request
        session = self._session
        understood = understand(session, request, self._hub.commands)
        if session.account is not None and not isinstance(understood, Invoke):
            self._hub.archive.saw_all(session)
        return understood

    def _failed(
        self, error: ChatError, request: Request, understood: Request | None
    ) -> Failed:
        self._hub.refusals.note(error)
        line = handed_back(request, understood, self._hub.commands)
        return Failed(error.code, error.text, line, request.ref)

    # How fast

    def share_pace(self, other: "Queue") -> None:
        """Both are the same person's, who may do no more by having several."""
        self._pace().throttle = other._pace().throttle

    def _wait(self, request: Request) -> float:
        """Seconds until a request may be carried out; 0.0 takes its turn."""
        if not self._hub.rules.throttle:
            return 0.0
        return self._pace().wait(request)

    def _pace(self) -> Speed:
        if self._speed is None:
            self._speed = Speed(self._hub)
        return self._speed

    async def _slow_down(self) -> None:
        """Wait until the next request may be carried out."""
        session, rules = self._session, self._hub.rules
        while not session.ended and (seconds := self._wait(self._requests[0])):
            speed = self._pace()
            if speed.pushes() > rules.push_seconds and session.paused:
                self._refuse_rest()
                self._hub.connections.let_go(session, "it sends faster than it may")
                return
            behind = seconds + (len(self._requests) - 1) / rules.request_rate
            if behind >= WORTH_SAYING and not speed.warned:
                speed.warned = True
                self._hub.refusals.slowed()
                session.tell(
                    Notice(f"Slow down, {behind:.0f} s: your lines wait, none is lost.")
                )
            pause: Deferred[None] = Deferred()
            # Never so short that rounding makes it nothing.
            self._hub.clock.callLater(max(seconds, 0.001), pause.callback, None)
            await pause
        if len(self._requests) <= 1 and self._speed is not None:
            self._speed.calm()

    def _refuse_rest(self) -> None:
        """Tell which request is the first that is not carried out any more."""
        request = self._requests[0]
        try:
            understood = self._understand(request)
        except ChatError:
            understood = None
        error = TooFast(
            "You went on sending faster than you may: neither this nor what is behind "
            "it is carried out."
        )
        self._session.tell(self._failed(error, request, understood))


def _stumbled(failure: Failure) -> None:
    _log.failure("a session stumbled", failure=failure)


_log = Logger()

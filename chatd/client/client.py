"""Somebody's place in a chat, kept over any number of connections."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from random import uniform
from typing import Any, TypeAlias

from twisted.application.internet import ClientService
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import (
    ConnectionAborted,
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
    DNSLookupError,
    TimeoutError,
)
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat.events import (
    SPOKEN,
    Answer,
    Arrived,
    CaughtUp,
    Closing,
    Entered,
    Event,
    Failed,
    Past,
    Stamped,
    Welcome,
    Whispered,
)
from chatd.client.asking import Asked, Asking, Reply, RequestFailed, Unanswered
from chatd.client.inbox import Happening, Heard, Inbox, Lost
from chatd.client.link import Link
from chatd.client.reading import Fields, read_event, read_welcome
from chatd.client.state import State

# Messages asked for at once, to fill a gap: the most that servers give.
PAGE = 200

# Seconds: the first wait before connecting again, and the longest.
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0

# Seconds of silence after which the server is asked whether it is there, after which
# the connection is taken for dead, and between two looks.
SILENCE = 40.0
DEAD = 60.0
LOOK = 5.0

# Seconds for what was sent to be answered when one leaves.
LEAVING = 3.0

# Links to files that are remembered.
LINKS = 1_000

# Why one may not come in now, but perhaps later.
LATER = frozenset({"full", "too-fast", "closed", "store-down", "internal"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    As whom to come in.

    @ivar password: C{None} for a guest.
    @ivar token: What an earlier entry gave; it is tried first.
    """

    name: str = ""
    password: str | None = None
    token: str = ""

    def fields(self) -> dict[str, str]:
        """What C{enter} is asked with."""
        if self.token:
            return {"token": self.token}
        password = {} if self.password is None else {"password": self.password}
        return {"name": self.name} | password


Ask: TypeAlias = Callable[[RequestFailed], Awaitable[Credentials]]


class Ended(Exception):
    """The server ended this session, and not because it stops: it says why."""


class Client:
    """
    Somebody in a chat: requests go in, what happens comes out, one after another::

        async for event in client: ...

    A broken connection is made anew, and then nothing is missed and nothing told
    twice; a message that was not answered is sent again under its key, so that it is
    said once. When events are not taken, no more are read.

    @ivar state: Who and what is here.
    @ivar credentials: As whom it comes in the next time.
    @ivar cursor: From where it would go on if it began anew: behind all that was
        handled. What was taken is handled when the next is asked for.
    @ivar named: Whether the event that was taken last names this person.
    @ivar ready: Whether what is asked for is sent at once.
    @ivar greeting: What the server told of itself.
    @ivar links: Paths of shared files, by their ids; good for this person alone.
    """

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        credentials: Credentials,
        *,
        clock: IReactorTime,
        check: Callable[[object], None] | None = None,
        cursor: str = "",
        tries: int = 0,
        ask: Ask | None = None,
        changed: "Callable[[Client], None] | None" = None,
    ) -> None:
        """
        @param check: Raises if the peer of a transport is not the right server.
        @param cursor: Where it went away: what happened since is told first.
        @param tries: How often to try before one has come in once; 0: for ever.
        @param ask: Asked for other credentials when these are refused; what it raises
            ends the client.
        @param changed: Told when C{credentials} or C{cursor} are others.
        """
        self.state = State()
        self.credentials = credentials
        self.cursor = cursor
        self.named = False
        self.ready = False
        self.greeting: Fields = {}
        self.links: dict[str, str] = {}
        self._clock = clock
        self._check = check
        self._tries = tries
        self._ask_person = ask
        self._changed = changed
        self._service = ClientService(
            _Watched(endpoint, self._not_reached),
            _Links(self._build),
            retryPolicy=self._wait,
            clock=clock,
        )
        self._link: Link | None = None
        self._over = False
        self._entered = False  # ever
        self._failures = 0
        self._reason = ""
        self._excuse = ""  # the server's, for not letting us in
        self._retry: float | None = None  # what the server asked for when it closed
        self._ended: Ended | None = None
        self._asking = Asking(self._send)
        self._inbox = Inbox(self._pause)
        self._taken: Heard | None = None
        self._position = cursor  # behind all that came, to resume from
        self._latest: dict[str, int] = {}  # the last id of each room
        self._held: list[Heard] | None = None  # while one comes in
        self._missed: tuple[Event, ...] = ()
        self._caught: Deferred[CaughtUp | None] | None = None
        self._heard = 0.0
        self._look: IDelayedCall | None = None

    # Its life

    @property
    def name(self) -> str:
        """As whom it has come in."""
        return self.state.name

    @property
    def reason(self) -> str:
        """Why there is no connection, if there is none; C{""} if that is not known."""
        return self._reason

    def start(self) -> None:
        """Connect, and stay connected."""
        self._service.startService()

    async def leave(self) -> None:
        """Wait a moment until what was asked is answered, and go."""
        if self._link is not None:
            timeout = self._clock.callLater(LEAVING, self._asking.rest)
            await self._asking.idle()
            if timeout.active():
                timeout.cancel()
        await self.stop()

    async def stop(self, problem: Exception | None = None) -> None:
        """
        Go at once.

        @param problem: Why, if that is not as it should be: told to whoever waits.
        """
        if self._over:
            return
        self._over = True
        self.ready = False
        self._asking.close(problem or Unanswered("The connection was ended."))
        self._inbox.close(problem or StopAsyncIteration())
        # Not from within what the service calls.
        turn: Deferred[None] = Deferred()
        self._clock.callLater(0, turn.callback, None)
        await turn
        stopped = self._service.stopService()
        if stopped is not None:
            await stopped

    # What happens

    def __aiter__(self) -> "Client":
        return self

    async def __anext__(self) -> Happening:
        taken, self._taken = self._taken, None
        if taken is not None and taken.cursor:
            self.cursor = taken.cursor
            self._tell_change()
        self._taken = heard = await self._inbox.take()
        self.named = heard.named
        return heard.event

    @property
    def waiting(self) -> int:
        """How many events were not taken yet."""
        return len(self._inbox)

    def _pause(self) -> None:
        """Read on, or do not; but answers stand behind what was not read."""
        if self._link is not None:
            self._link.hold(self._inbox.full and not self._asking.unanswered)

    def _tell_change(self) -> None:
        if self._changed is not None:
            self._changed(self)

    # Requests

    def say(self, room: str, text: str, *, key: str = "") -> "Deferred[Reply]":
        """
        Say something in a room.

        @param key: What has the same key is said once, whatever happens; made at
            random if it is left out.
        """
        key = key or secrets.token_hex(16)
        return self.request("say", room=room, text=text, key=key)

    def whisper(self, to: str, text: str, *, key: str = "") -> "Deferred[Reply]":
        """Tell one person something; C{key} as for L{say}."""
        key = key or secrets.token_hex(16)
        return self.request("whisper", to=to, text=text, key=key)

    def command(self, line: str, *, room: str = "") -> "Deferred[Reply]":
        """
        Do what a line that begins with a slash does.

        It fails with L{Unanswered} if the connection breaks: it may have been done.
        """
        place = {"room": room} if room else {}
        return self.request("command", again=False, line=line, **place)

    async def history(
        self,
        room: str = "",
        *,
        person: str = "",
        before: int = 0,
        after: int = 0,
        limit: int = 50,
        now: bool = False,
    ) -> Past:
        """
        What was said in a room, or with a person, oldest first.

        @param before: Only ids below; C{after}: above.
        @param now: Whether it fails with L{Unanswered}, rather than wait for another
            connection.
        """
        fields = {"room": room, "person": person, "limit": limit}
        bounds = {"before": str(before), "after": str(after)}
        return _past(
            await self._asking.ask({"do": "history", **fields, **bounds}, now=now)
        )

    async def search(self, words: str, *, limit: int = 20) -> Past:
        """Find what was said; C{words} as for C{/search}."""
        return _past(await self.request("search", words=words, limit=limit))

    def seen(self, room: str, id: int) -> "Deferred[Reply]":
        """All in a room up to a message was read."""
        return self.request("seen", room=room, id=str(id))

    def request(
        self, do: str, *, again: bool = True, **fields: object
    ) -> "Deferred[Reply]":
        """
        Ask for anything; it is sent when there is a connection, in order.

        @param again: Whether it may be sent again if it was not answered.
        """
        answer = self._asking.ask({"do": do, **fields}, again=again)
        if self._over:
            self._asking.close(Unanswered("There is no connection any more."))
        return answer

    def _send(self, fields: Mapping[str, Any]) -> None:
        if self._link is not None:
            self._link.ask(fields)
            self._pause()

    def _first(self, do: str, **fields: object) -> "Deferred[Reply]":
        """Ask for something that is part of coming in."""
        return self._asking.ask({"do": do, **fields}, again=False, first=True)

    # The connection

    def _build(self) -> Link:
        return Link(self, self._check)

    def opened(self, link: Link) -> None:
        self._link = link
        self._heard = self._clock.seconds()
        self._look = self._clock.callLater(LOOK, self._check_life)
        self._retry = None
        self._excuse = ""
        self._held = []
        Deferred.fromCoroutine(self._come_in(link)).addErrback(self._not_in)

    def closed(self, link: Link, reason: Failure) -> None:
        self._reason = self._excuse or _words(reason)
        if link.refused is not None:
            self._fail(link.refused)
        if link is not self._link:
            return
        self._link = None
        self.ready = False
        if self._ended is not None:
            self._fail(self._ended)
        if self._look is not None and self._look.active():
            self._look.cancel()
        # It is told again when we are back.
        self._held, self._missed = None, ()
        self._asking.broken()
        caught, self._caught = self._caught, None
        if caught is not None:
            caught.callback(None)

    def _not_reached(self, failure: Failure) -> None:
        self._reason = _words(failure)
        self._failures += 1
        if not self._entered and self._tries and self._failures >= self._tries:
            self._fail(_problem(failure))

    def _fail(self, problem: Exception) -> None:
        Deferred.fromCoroutine(self.stop(problem)).addErrback(_stumbled)

    def _wait(self, _: int) -> float:
        """Seconds until the next try."""
        if self._retry is not None:
            # All who were there come back: not all at once.
            seconds, self._retry = uniform(0, self._retry), None  # noqa: S311
        else:
            longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures, 10))
            seconds = uniform(longest / 2, longest)  # noqa: S311
        if not self._over:
            self._inbox.put(Heard(Lost(self._reason, seconds)))
        return seconds

    def _check_life(self) -> None:
        link = self._link
        if link is None:
            return
        self._look = self._clock.callLater(LOOK, self._check_life)
        silent = self._clock.seconds() - self._heard
        if link.held and silent > SILENCE:
            # It is we who do not listen: let the server know that we are there.
            self._heard = self._clock.seconds()
            link.stay()
        elif silent > DEAD:
            link.cut()
        elif silent > SILENCE:
            link.ask({"do": "ping"})

    # Coming in

    async def _come_in(self, link: Link) -> None:
        rooms = dict(self.state.rooms)
        waiting = self._caught = Deferred() if self._position else None
        welcome = await self._enter()
        caught = None if waiting is None else await waiting
        if link is not self._link:
            raise Unanswered(self._reason)
        fill: list[Event] = []
        if caught is not None and caught.gap:
            for room in list(self.state.rooms.values()):
                fill += await self._fill(room.name)
        if not self.state.account:
            # Rooms of guests are not kept.
            for key, room in rooms.items():
                if key not in self.state.rooms:
                    fill += await self._return(room.name)
        self._release(fill, welcome, caught or CaughtUp(False, welcome.cursor))
        if self._retry is None and self._ended is None:
            self.ready = True
            self._asking.open()

    async def _enter(self) -> Welcome:
        while True:
            resume = {"resume": self._position} if self._position else {}
            try:
                reply = await self._first(
                    "enter", **self.credentials.fields(), **resume
                )
                return self._welcome(reply.fields)
            except RequestFailed as refused:
                await self._other_credentials(refused)

    async def _other_credentials(self, refused: RequestFailed) -> None:
        """
        Find out how else one may come in.

        @raise Exception: if there is no other way now.
        """
        now = self.credentials
        if now.token and refused.code == "wrong-password" and now.name:
            self.credentials = replace(now, token="")
        elif self._position and "cursor" in refused.text:
            # Another server, or an older copy of its data.
            self._position = ""
            caught, self._caught = self._caught, None
            if caught is not None:
                caught.callback(None)
        elif refused.code in LATER and (self._entered or not self._tries):
            self._failures += 1
            raise Unanswered(refused.text)
        elif self._ask_person is not None:
            self.credentials = await self._ask_person(refused)
        else:
            raise refused

    def _not_in(self, failure: Failure) -> None:
        if failure.check(Unanswered) is None:
            self._fail(_problem(failure))
        elif self._link is not None:
            self._excuse = str(failure.value)
            self._link.hang_up()

    def _welcome(self, found: Fields) -> Welcome:
        """Take in the state as it is now."""
        welcome = read_welcome(found)
        self.state.apply(welcome)
        self._entered = True
        self._failures = 0
        name = welcome.person.name
        self.credentials = replace(self.credentials, name=name, token=welcome.token)
        return welcome

    async def _fill(self, room: str) -> list[Event]:
        """What is missing of a room."""
        after = self._latest.get(room.casefold(), 0)
        found: list[Event] = []
        while after:
            try:
                past = _past(
                    await self._first(
                        "history", room=room, after=str(after), limit=PAGE
                    )
                )
            except RequestFailed:
                break
            found += past.events
            after = past.events[-1].id if past.more and past.events else 0
        return found

    async def _return(self, room: str) -> list[Event]:
        """Go back into a room."""
        try:
            await self._first("command", line=f"/join {room}")
        except RequestFailed as refused:
            self._put(Heard(Failed(refused.code, refused.text)))
            return []
        return await self._fill(room)

    def _release(self, fill: list[Event], welcome: Welcome, caught: CaughtUp) -> None:
        """Tell in order what was missed, and what happened meanwhile."""
        held, self._held = self._held or [], None
        missed, self._missed = self._missed, ()
        self._tell_change()
        self._inbox.put(Heard(welcome))
        before = {event.id: event for event in (*fill, *missed)}
        for id in sorted(before):
            self._tell_missed(before[id])
        self._put(Heard(caught, cursor=caught.cursor))
        for heard in held:
            self._put(heard)

    def _tell_missed(self, event: Event) -> None:
        if isinstance(event, (*SPOKEN, Whispered)) and self._asking.is_sent(event.key):
            # What we said ourselves; it will be answered when it is sent again.
            self._inbox.see(event.id)
        else:
            self._put(Heard(event, self._names_me(event)))

    def _names_me(self, event: Event) -> bool:
        text = event.text if isinstance(event, SPOKEN) else ""
        return self.name.casefold() in text.casefold().replace("@", " ").split()

    # What the server sends

    def received(self, link: Link, found: dict[str, Any]) -> None:
        if link is not self._link:
            return
        self._heard = self._clock.seconds()
        kind = found.get("event")
        self._note_link(found)
        asked = self._asking.find(found.get("ref"))
        if kind == "ping":
            link.stay()
        elif kind == "hello":
            self.greeting = found
        elif kind == "done":
            if asked is not None:
                id = found.get("id")
                if isinstance(id, str) and id.isdecimal():
                    self._inbox.see(int(id))
                self._asking.done(asked, found)
                self._pause()
            elif "rooms" in found:
                self._another(found)
        else:
            event = read_event(found)
            if isinstance(event, Failed) and asked is not None:
                self._asking.failed(asked, event)
                self._pause()
            elif event is not None:
                self._happen(event, found, asked)

    def _note_link(self, found: object) -> None:
        match found:
            case {"event": "shared", "file": str(file), "url": str(url)}:
                self.links[file] = url
                if len(self.links) > LINKS:
                    del self.links[next(iter(self.links))]
            case {"event": "history", "events": list(events)}:
                for one in events:
                    self._note_link(one)
            case _:
                pass

    def _happen(
        self, event: Event | Answer, found: Fields, asked: Asked | None
    ) -> None:
        match event:
            case Past(name="missed") if asked is None:
                self._missed = event.events
                return
            case CaughtUp():
                caught, self._caught = self._caught, None
                if caught is not None:
                    caught.callback(event)
                return
            case Closing():
                self.ready = False
                self._asking.shut()
                if event.again:
                    self._retry = float(found["retry"])
                else:
                    self._ended = Ended(event.text)
            case _:
                pass
        if asked is not None and not isinstance(event, Entered):
            asked.answers.append(event)
            return
        self.state.apply(event)
        cursor = found.get("cursor")
        heard = Heard(
            event,
            found.get("mention") is True,
            cursor if isinstance(cursor, str) else "",
        )
        if self._held is None:
            self._put(heard)
        else:
            self._held.append(heard)

    def _another(self, found: Fields) -> None:
        """A command made somebody else of us."""
        try:
            welcome = self._welcome(found)
        except (LookupError, TypeError, ValueError):
            return
        self._tell_change()
        self._put(Heard(welcome))

    def _put(self, heard: Heard) -> None:
        event = heard.event
        self._position = heard.cursor or self._position
        if isinstance(event, Stamped):
            places: tuple[str, ...] = (getattr(event, "room", None) or "",)
            if isinstance(event, Arrived) and self.state.is_me(event.person.name):
                places = event.rooms
            for place in places:
                key = place.casefold()
                self._latest[key] = max(event.id, self._latest.get(key, 0))
        self._inbox.put(heard)


class _Links(Factory):
    """Makes connections."""

    noisy = False

    def __init__(self, build: Callable[[], Link]) -> None:
        self._build = build

    def buildProtocol(self, addr: IAddress | None) -> Link:
        return self._build()


@implementer(IStreamClientEndpoint)
class _Watched:
    """An endpoint, of which it is told when it was not reached."""

    def __init__(
        self, endpoint: IStreamClientEndpoint, failed: Callable[[Failure], None]
    ) -> None:
        self._endpoint = endpoint
        self._failed = failed

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        connecting: Deferred[IProtocol] = self._endpoint.connect(protocolFactory)
        return connecting.addErrback(self._tell)

    def _tell(self, failure: Failure) -> Failure:
        if failure.check(CancelledError) is None:
            self._failed(failure)
        return failure


def _past(reply: Reply) -> Past:
    for answer in reply.answers:
        if isinstance(answer, Past):
            return answer
    return Past("history", ())


def _problem(failure: Failure) -> Exception:
    problem = failure.value
    return problem if isinstance(problem, Exception) else RuntimeError(repr(problem))


def _words(failure: Failure) -> str:
    """Why there is no connection, for people."""
    error = failure.value
    for kind, words in _REASONS.items():
        if isinstance(error, kind):
            return words
    return str(error) or type(error).__name__


_REASONS: Mapping[type[BaseException], str] = {
    ConnectionRefusedError: "Nobody listens there.",
    DNSLookupError: "There is no host of that name.",
    TimeoutError: "Nobody answers there.",
    ConnectionDone: "The server ended the connection.",
    ConnectionAborted: "The server did not answer any more.",
    ConnectionLost: "The connection broke.",
}


def _stumbled(failure: Failure) -> None:
    _log.failure("the client stumbled", failure=failure)


_log = Logger()

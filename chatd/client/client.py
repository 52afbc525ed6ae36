"""Somebody's place in a chat, kept over any number of connections."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.events import Closing, Past, Welcome
from chatd.client.asking import Asking, Reply, RequestFailed, Unanswered
from chatd.client.connector import Connector
from chatd.client.credentials import Credentials
from chatd.client.entering import Ask, Entering, past_of
from chatd.client.hearing import Hearing
from chatd.client.inbox import Happening, Heard, Inbox, Lost
from chatd.client.reading import Fields
from chatd.client.state import State

# Seconds for what was sent to be answered when one leaves.
LEAVING = 3.0


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
    @ivar cursor: From where it would go on if it began anew: behind all that was
        handled. What was taken is handled when the next is asked for.
    @ivar named: Whether the event that was taken last names this person.
    @ivar ready: Whether what is asked for is sent at once.
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
        self.cursor = cursor
        self.named = False
        self.ready = False
        self._clock = clock
        self._changed = changed
        self._connector = Connector(
            endpoint, self, clock=clock, check=check, tries=tries
        )
        self._asking = Asking(self._send)
        self._inbox = Inbox(self._pause)
        self._hearing = Hearing(
            self.state,
            self._asking,
            self._inbox,
            position=cursor,
            welcomed=self._welcomed,
            closing=self._closing,
        )
        self._entering = Entering(
            self.state,
            self._asking,
            self._hearing,
            credentials,
            patient=not tries,
        )
        self._ask = ask
        self._taken: Heard | None = None
        self._over = False
        self._shut = False  # the server ends this connection
        self._ended: Ended | None = None

    @property
    def name(self) -> str:
        """As whom it has come in."""
        return self.state.name

    @property
    def credentials(self) -> Credentials:
        """As whom it comes in the next time."""
        return self._entering.credentials

    @property
    def greeting(self) -> Fields:
        """What the server told of itself."""
        return self._hearing.greeting

    @property
    def links(self) -> Mapping[str, str]:
        """Paths of shared files, by their ids; good for this person alone."""
        return self._hearing.links

    @property
    def reason(self) -> str:
        """Why there is no connection, if there is none; C{""} if that is not known."""
        return self._connector.reason

    # Its life

    def start(self) -> None:
        """Connect, and stay connected."""
        self._connector.start()

    async def leave(self) -> None:
        """Wait a moment until what was asked is answered, and go."""
        if self._connector.connected:
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
        await self._connector.stop()

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
        self._connector.hold(self._inbox.full and not self._asking.unanswered)

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
        asked = self.request("command", again=False, line=line, **place)
        return asked.addCallback(self._keep_token)

    def _keep_token(self, reply: Reply) -> Reply:
        # That of before is worth nothing where the password was changed.
        if token := reply.fields.get("token"):
            self._entering.keep_token(str(token))
        return reply

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
        if now and not self._connector.connected:
            raise Unanswered("There is no connection now.")
        fields = {"room": room, "person": person, "limit": limit}
        bounds = {"before": str(before), "after": str(after)}
        return past_of(
            await self._asking.ask({"do": "history", **fields, **bounds}, now=now)
        )

    async def search(self, words: str, *, limit: int = 20) -> Past:
        """Find what was said; C{words} as for C{/search}."""
        return past_of(await self.request("search", words=words, limit=limit))

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
        self._connector.send(fields)
        self._pause()

    # What its parts tell

    def opened(self) -> None:
        self._shut = False
        Deferred.fromCoroutine(self._come_in()).addErrback(self._not_in)

    async def _come_in(self) -> None:
        await self._entering.come_in()
        self._connector.came_in()
        if not self._shut:
            self.ready = True
            self._asking.open()

    def _not_in(self, failure: Failure) -> None:
        problem = failure.value
        if isinstance(problem, Unanswered):
            self._connector.hang_up(str(problem))
        elif isinstance(problem, RequestFailed) and self._ask is not None:
            asked = Deferred.fromCoroutine(self._ask_somebody(self._ask, problem))
            asked.addErrback(self._not_in)
        elif isinstance(problem, Exception):
            self.failed(problem)
        else:
            _stumbled(failure)

    async def _ask_somebody(self, ask: Ask, refused: RequestFailed) -> None:
        # People take their time, and servers do not wait for them.
        await self._connector.stop()
        self._entering.credentials = await ask(refused)
        if not self._over:
            self._connector.start()

    def received(self, found: dict[str, Any]) -> None:
        if found.get("event") == "ping":
            self._connector.stay()
        else:
            self._hearing.received(found)
            self._pause()

    def _welcomed(self, welcome: Welcome) -> None:
        self._entering.welcomed(welcome)
        self._tell_change()

    def _closing(self, event: Closing, retry: float) -> None:
        self._shut = True
        self.ready = False
        self._asking.shut()
        if event.again:
            self._connector.retry = retry
        else:
            self._ended = Ended(event.text)

    def closed(self) -> None:
        self.ready = False
        if self._ended is not None:
            self.failed(self._ended)
        self._hearing.broken()
        self._asking.broken()

    def waits(self, reason: str, seconds: float) -> None:
        if not self._over:
            self._inbox.put(Heard(Lost(reason, seconds)))

    def failed(self, problem: Exception) -> None:
        Deferred.fromCoroutine(self.stop(problem)).addErrback(_stumbled)


def _stumbled(failure: Failure) -> None:
    _log.failure("the client stumbled", failure=failure)


_log = Logger()

"""The tools C{chatd say} and C{chatd tail}: the chat as a pipe."""

import getpass
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet import stdio
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.python.usage import UsageError

from chatd.chat.clean import clean_block
from chatd.chat.events import (
    SHOWN,
    Answer,
    Closing,
    Event,
    Handed,
    Past,
    Stamped,
    Whispered,
)
from chatd.chat.look import look
from chatd.client.client import Client
from chatd.client.credentials import Credentials
from chatd.client.inbox import Lost
from chatd.client.making import make_client
from chatd.client.reading import person_called
from chatd.client.running import ServerOptions, parse, react
from chatd.render import json, text

# From so many lines that come at once on, they are said as one.
PASTE = 5
MOST_LINES = 500
MOST_BYTES = 64 * 1024

# Messages on their way, beyond which no more is read.
UNDER_WAY = 64

# Seconds to try for, if the server is not there.
PATIENCE = 30.0

MOST = 200  # messages that a server gives at once


class NotThere(Exception):
    """The server was not reached in time."""


class _PipeOptions(ServerOptions):
    optParameters: Sequence[Sequence[str | None]] = (
        ("server", "s", "", "[NAME@]HOST[:PORT]; or CHATD_SERVER, or the file."),
    )

    def credentials(self) -> Credentials:
        found = super().credentials()
        if found.name or found.token:
            return found
        return Credentials(getpass.getuser(), found.password)


class SayOptions(_PipeOptions):
    """
    Say something in a room, or to somebody.

    The exit status is 0 if it was said, 1 if not, and 2 for a wrong command line.
    """

    synopsis = "Usage: chatd say [options] #ROOM|@NAME TEXT...|-"

    def parseArgs(self, target: str = "", *words: str) -> None:
        if not target or not words:
            raise UsageError("say where, and what; - takes lines from a pipe")
        self.target, self.text = target, " ".join(words)
        self.read(self["server"])


class TailOptions(_PipeOptions):
    """
    Show what was said last in a room, or with somebody.

    The exit status is 0 if it was shown, 1 if not, and 2 for a wrong command line.
    """

    synopsis = "Usage: chatd tail [options] #ROOM|@NAME"
    optParameters: Sequence[Sequence[Any]] = (
        ("lines", "n", 10, "How many messages.", int),
    )
    optFlags: Sequence[Sequence[str | None]] = (
        ("follow", "f", "Go on with what is said from now on."),
        ("json", None, "One JSON object a line, as in docs/protocol.rst."),
    )

    def parseArgs(self, target: str = "") -> None:
        if not target:
            raise UsageError("say of which room")
        if not 0 <= self["lines"] <= MOST:
            raise UsageError(f"--lines is 0 to {MOST}")
        self.target = target
        self.read(self["server"])


def say(words: Sequence[str]) -> None:
    """Run C{chatd say}."""
    options = SayOptions()
    parse(options, words)
    react(lambda reactor: _say(reactor, options))


def tail(words: Sequence[str]) -> None:
    """Run C{chatd tail}."""
    options = TailOptions()
    parse(options, words)
    react(lambda reactor: _tail(reactor, options))


def _client(reactor: Any, options: _PipeOptions) -> Client:
    return make_client(reactor, options.way(reactor), options.credentials())


# To say


async def _say(reactor: Any, options: SayOptions) -> int:
    client = _client(reactor, options)
    client.start()
    limit = _Limit(reactor, client)
    try:
        await _go_to(client, options.target)
        if options.text != "-":
            await _tell(client, options.target, options.text)
            return 0
        lines = _Lines(lambda words: _tell(client, options.target, words), limit)
        stdio.StandardIO(lines, reactor=reactor)
        return await lines.end
    finally:
        limit.end()
        await client.stop()


async def _go_to(client: Client, target: str) -> None:
    """
    Be in a room, if there is such a room.

    @raise RequestFailed: if there is none, or one may not be in it.
    """
    if target.startswith("@"):
        return
    room = target.removeprefix("#")
    await client.request("ping")
    if client.state.room(room) is None:
        await client.history(room, limit=1)  # for /join would open one
        await client.command(f"/join {room}")


def _tell(client: Client, target: str, words: str) -> "Deferred[Any]":
    words = clean_block(words).strip("\n")
    if target.startswith("@"):
        return client.whisper(target[1:], words)
    return client.say(target.removeprefix("#"), words)


class _Limit:
    """Gives up when the server is not there for long."""

    def __init__(self, reactor: Any, client: Client) -> None:
        self._client = client
        self._reactor = reactor
        self._call = reactor.callLater(PATIENCE, self._look)

    def _look(self) -> None:
        if self._client.ready:
            self._call = self._reactor.callLater(PATIENCE, self._look)
            return
        problem = NotThere(f"{self._client.reason or 'The server is not there.'}")
        Deferred.fromCoroutine(self._client.stop(problem))

    def end(self) -> None:
        if self._call.active():
            self._call.cancel()


class _Lines(Protocol):
    """
    Says what comes through a pipe.

    @ivar end: Fires with an exit status when all was said, or something was not.
    """

    def __init__(self, tell: "Callable[[str], Deferred[Any]]", limit: _Limit) -> None:
        self.end: Deferred[int] = Deferred()
        self._tell = tell
        self._rest = b""
        self._under_way = 0
        self._over = False

    def dataReceived(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MOST_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        self._say([line.decode("utf-8", "replace").rstrip("\r") for line in lines])

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._rest:
            self._say([self._rest.decode("utf-8", "replace")])
        self._over = True
        self._look()

    def _say(self, lines: list[str]) -> None:
        words = [line for line in lines if line.strip()]
        for piece in words if len(words) < PASTE else _pastes(lines):
            self._under_way += 1
            self._tell(piece).addCallbacks(self._said, self._failed)
        if self._under_way > UNDER_WAY and self.transport is not None:
            self.transport.pauseProducing()  # type: ignore[attr-defined]

    def _said(self, _: object) -> None:
        self._under_way -= 1
        if self._under_way == UNDER_WAY and self.transport is not None:
            self.transport.resumeProducing()  # type: ignore[attr-defined]
        self._look()

    def _failed(self, failure: Failure) -> None:
        if not self.end.called:
            self.end.errback(failure)

    def _look(self) -> None:
        if self._over and not self._under_way and not self.end.called:
            self.end.callback(0)


def _pastes(lines: list[str]) -> list[str]:
    """Several lines as few messages."""
    pieces: list[list[str]] = [[]]
    size = 0
    for line in lines:
        size += len(line.encode()) + 1
        if len(pieces[-1]) == MOST_LINES or size > MOST_BYTES:
            pieces.append([])
            size = len(line.encode()) + 1
        pieces[-1].append(line)
    return [piece for one in pieces if (piece := "\n".join(one).strip("\n"))]


# To look


async def _tail(reactor: Any, options: TailOptions) -> int:
    client = _client(reactor, options)
    client.start()
    limit = _Limit(reactor, client)
    show = _Show(client, options)
    try:
        await client.request("ping")
        limit.end()
        if options["follow"]:
            await _go_to(client, options.target)
        if options["lines"]:
            past = await show.ask(options["lines"])
            show.past(past.events)
        if options["follow"]:
            await show.follow()
        return 0
    except BrokenPipeError:
        # Whoever read it has enough, as head has.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    finally:
        limit.end()
        await client.stop()


class _Show:
    """Writes what was said in one place."""

    def __init__(self, client: Client, options: TailOptions) -> None:
        self._client = client
        target: str = options.target
        whisper = target.startswith("@")
        self._name = target.removeprefix("@").removeprefix("#").casefold()
        self._whisper = whisper
        self._last = 0
        self._json = bool(options["json"])
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._look = look(text.render, colour=colour)

    async def ask(self, limit: int) -> Past:
        """What was said before."""
        if self._whisper:
            return await self._client.history(person=self._name, limit=limit)
        return await self._client.history(self._name, limit=limit)

    def past(self, events: Sequence[Event]) -> None:
        """Show what was said before."""
        for event in events:
            self._show(event)

    async def follow(self) -> None:
        """Show what is said from now on."""
        async for event in self._client:
            if isinstance(event, Stamped) and event.id > self._last:
                if self._belongs(event):
                    self._show(event)
            elif isinstance(event, Closing):
                print(f"chatd: {event.text}", file=sys.stderr)
            elif isinstance(event, Lost):
                print(
                    f"chatd: {event.reason} Trying again in {event.seconds:.0f} s.",
                    file=sys.stderr,
                )

    def _belongs(self, event: Any) -> bool:
        if self._whisper:
            return isinstance(event, Whispered | Handed) and self._name in (
                event.sender.name.casefold(),
                event.to.name.casefold(),
            )
        room = getattr(event, "room", "")
        return isinstance(event, SHOWN) and room.casefold() == self._name

    def _show(self, event: Event | Answer) -> None:
        if isinstance(event, Stamped):
            self._last = max(self._last, event.id)
        if self._json:
            data = json.render(event, self._look, True, None)
        else:
            me = person_called(self._client.name) if self._whisper else None
            data = text.render(event, self._look, True, me).replace(b"\r\n", b"\n")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

"""The tool C{chatd say}: something is said from a script, or through a pipe."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.python.usage import UsageError

from chatd.chat.clean import clean_block
from chatd.client.client import Client
from chatd.client.options import parse
from chatd.client.pipe import Limit, PipeOptions, go_to, pipe_client
from chatd.client.running import react

# From so many lines that come at once on, they are said as one.
PASTE = 5
MOST_LINES = 500
MOST_BYTES = 64 * 1024

# Messages on their way, beyond which no more is read.
UNDER_WAY = 64


class SayOptions(PipeOptions):
    """
    Say something in a room, or to somebody: the words, or with - what comes by a pipe.

    Lines that come together are one message. The exit status is 0 if it was said, 1 if
    not, and 2 for a wrong command line.
    """

    synopsis = "Usage: chatd say [options] #ROOM|@NAME TEXT...|-"

    def parseArgs(self, target: str = "", *words: str) -> None:
        if not target or not words:
            raise UsageError("say where, and what; - takes lines from a pipe")
        self.target, self.text = target, " ".join(words)
        self.read(self["server"] or "")


def say(words: Sequence[str]) -> None:
    """Run C{chatd say}."""
    options = SayOptions()
    parse(options, words)
    react(lambda reactor: _say(reactor, options))


async def _say(reactor: Any, options: SayOptions) -> int:
    client = pipe_client(reactor, options)
    client.start()
    limit = Limit(reactor, client, options)
    try:
        await go_to(client, options.target)
        if options.text != "-":
            await _tell(client, options.target, options.text)
            return 0
        lines = Lines(lambda words: _tell(client, options.target, words))
        # Not before it is needed: on Windows it wants pywin32.
        from twisted.internet.stdio import StandardIO

        StandardIO(lines, reactor=reactor)
        return await lines.end
    finally:
        limit.end()
        await client.stop()


def _tell(client: Client, target: str, words: str) -> "Deferred[Any]":
    words = clean_block(words).strip("\n")
    if target.startswith("@"):
        return client.whisper(target[1:], words)
    return client.say(target.removeprefix("#"), words)


class Lines(Protocol):
    """
    Says what comes through a pipe.

    @ivar end: Fires with an exit status when all was said, or something was not.
    """

    def __init__(self, tell: "Callable[[str], Deferred[Any]]") -> None:
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

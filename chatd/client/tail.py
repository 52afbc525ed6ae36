"""The tool C{chatd tail}: what is said, to be read by people or programs."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from twisted.python.usage import UsageError

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
from chatd.client.inbox import Lost
from chatd.client.options import parse
from chatd.client.pipe import Limit, PipeOptions, go_to, pipe_client
from chatd.client.reading import person_called
from chatd.client.running import react
from chatd.render import json, text

MOST = 200  # messages that a server gives at once


class TailOptions(PipeOptions):
    """
    Show what was said last in a room, or with somebody.

    The exit status is 0 if it was shown, 1 if not, and 2 for a wrong command line.
    """

    synopsis = "Usage: chatd tail [options] #ROOM|@NAME"
    optParameters: Sequence[Sequence[Any]] = (
        ("lines", "n", "10", "How many messages."),
    )
    optFlags: Sequence[Sequence[str | None]] = (
        ("follow", "f", "Go on with what is said from now on."),
        ("json", None, "One JSON object a line, as in docs/protocol.rst."),
    )

    def parseArgs(self, target: str = "") -> None:
        if not target:
            raise UsageError("say of which room")
        lines = self["lines"]
        if not (lines.isascii() and lines.isdigit() and int(lines[:9]) <= MOST):
            raise UsageError(f"-n, --lines: a number from 0 to {MOST}, not {lines}")
        self["lines"] = int(lines)
        self.target = target
        self.read(self["server"] or "")


def tail(words: Sequence[str]) -> None:
    """Run C{chatd tail}."""
    options = TailOptions()
    parse(options, words)
    react(lambda reactor: _tail(reactor, options))


async def _tail(reactor: Any, options: TailOptions) -> int:
    client = pipe_client(reactor, options)
    client.start()
    limit = Limit(reactor, client, options)
    show = _Show(client, options)
    try:
        await client.request("ping")
        limit.end()
        if options["follow"]:
            await go_to(client, options.target)
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

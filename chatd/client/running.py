"""Programs that are clients: bots, and how all of them end."""

import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, NoReturn

from twisted.internet import task
from twisted.internet.defer import Deferred

from chatd.client.asking import RequestFailed
from chatd.client.client import Client
from chatd.client.credentials import Credentials
from chatd.client.making import make_client
from chatd.client.memory import Memory
from chatd.client.options import FAILED, ServerOptions, parse

# What the server says to who could type a password means nothing to a program.
NOBODY_TYPES = (
    "This name belongs to somebody: give its password in a file that --credentials "
    "names, or in CHATD_PASSWORD; or come in by another name."
)


def react(main: Callable[[Any], Coroutine[Deferred[Any], Any, int | None]]) -> NoReturn:
    """
    Run a program until it is done; what goes wrong is told in a sentence.

    @param main: Told the reactor; it may give an exit status.
    """
    outcome: list[int] = []

    async def whole(reactor: Any) -> None:
        try:
            outcome.append(await main(reactor) or 0)
        except RequestFailed as problem:
            outcome.append(FAILED)
            words = NOBODY_TYPES if problem.code == "password-needed" else problem.text
            print(f"chatd: {words}", file=sys.stderr)
        except Exception as problem:
            outcome.append(FAILED)
            print(f"chatd: {problem or type(problem).__name__}", file=sys.stderr)

    try:
        task.react(lambda reactor: Deferred.fromCoroutine(whole(reactor)))
    except SystemExit:
        sys.exit(outcome[0] if outcome else 130)
    raise AssertionError


class _BotOptions(ServerOptions):
    """A bot in a chat."""

    synopsis = f"Usage: python {sys.argv[0]} [options] [NAME@]HOST[:PORT]"
    optParameters: Sequence[Sequence[Any]] = (
        ("memory", None, None, "A file to remember where it went away."),
    )

    def parseArgs(self, server: str = "") -> None:
        self.read(server)


def run(
    bot: Callable[[Client], Coroutine[Deferred[Any], Any, None]],
    *,
    name: str = "",
    words: Sequence[str] | None = None,
) -> NoReturn:
    """
    Run a bot: C{python bot.py [NAME@]HOST[:PORT] [--credentials FILE] …}

    A server that is not known yet is trusted from now on, and said so.

    @param name: What it is called, unless the command line says otherwise.
    @param words: The command line.
    """
    options = _BotOptions()
    parse(options, sys.argv[1:] if words is None else words)
    credentials = options.credentials()
    if not credentials.name:
        credentials = Credentials(name, credentials.password, credentials.token)

    async def main(reactor: Any) -> None:
        client = make_client(
            reactor,
            options.way(reactor, _say_it),
            credentials,
            memory=Memory(Path(options["memory"])) if options["memory"] else None,
        )
        client.start()
        try:
            await bot(client)
        finally:
            await client.stop()

    react(main)


def _say_it(place: str, fingerprint: str) -> bool:
    print(f"chatd: {place} is trusted from now on: {fingerprint}", file=sys.stderr)
    return True

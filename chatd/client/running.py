"""Programs that are clients: their options, and how they end."""

import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from getopt import GetoptError, gnu_getopt
from pathlib import Path
from typing import Any, NoReturn

from twisted.internet import task
from twisted.internet.defer import Deferred
from twisted.python.usage import Options, UsageError

from chatd.client.client import Client
from chatd.client.credentials import BadCredentials, Credentials, Given, read_given
from chatd.client.making import Way, make_client
from chatd.client.memory import Memory
from chatd.client.place import BadAddress, Place, read_place
from chatd.client.trust import read_fingerprint

# Exit statuses.
FAILED = 1
WRONG = 2  # what was asked for cannot be understood


class ServerOptions(Options):
    """
    Which server, and as whom.

    @ivar place: The server.
    @ivar given: What the environment and the file said.
    """

    optParameters: Sequence[Sequence[str | None]] = (
        ("credentials", None, "", "A file with server, name, password, token, trust."),
        ("trust", None, "", "The SHA-256 of the only certificate that is right."),
    )
    optFlags: Sequence[Sequence[str | None]] = (("plain", None, "Do NOT encrypt."),)

    place: Place
    given: Given

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        # They may stand anywhere, also behind the words.
        try:
            found, words = gnu_getopt(list(options or ()), self.shortOpt, self.longOpt)
        except GetoptError as problem:
            raise UsageError(str(problem)) from None
        flat = [
            f"{name}={value}" if name.startswith("--") and value else name + value
            for name, value in found
        ]
        super().parseOptions([*flat, "--", *words])

    def read(self, server: str) -> None:
        """
        Find out what is meant.

        @param server: As it was typed; C{""} if it was not.
        @raise UsageError: if that cannot be found out.
        """
        try:
            self.given = read_given(os.environ, self["credentials"])
            server = server or self.given.server
            if not server:
                raise UsageError("name a server, as in ann@chat.example")
            self.place = read_place(server)
            trust = self["trust"] or self.given.trust
            self["trust"] = read_fingerprint(trust) if trust else ""
        except BadCredentials as problem:
            give_up(str(problem))
        except (BadAddress, ValueError) as problem:
            raise UsageError(str(problem)) from None

    def way(
        self, reactor: Any, first_use: Callable[[str, str], bool] | None = None
    ) -> Way:
        """The way to the server."""
        return Way(
            reactor,
            self.place,
            plain=bool(self["plain"]),
            trust=self["trust"],
            first_use=first_use,
        )

    def credentials(self) -> Credentials:
        """As whom to come in; without a name if nobody said."""
        given = self.given
        if self.place.name and self.place.name.casefold() != given.name.casefold():
            # The file is about somebody else.
            if given.name:
                return Credentials(self.place.name)
            return Credentials(self.place.name, given.password or None, given.token)
        return Credentials(given.name, given.password or None, given.token)


def parse(options: Options, words: Sequence[str]) -> None:
    """Read a command line; what is wrong with it ends the program with status 2."""
    try:
        options.parseOptions(words)
    except UsageError as problem:
        give_up(f"{problem}\n{options.getSynopsis()}", WRONG)


def give_up(reason: str, status: int = FAILED) -> NoReturn:
    """End the program."""
    print(f"chatd: {reason}", file=sys.stderr)
    sys.exit(status)


def react(main: Callable[[Any], Coroutine[Deferred[Any], Any, int | None]]) -> NoReturn:
    """
    Run a program until it is done; what goes wrong is told in a sentence.

    @param main: Told the reactor; it may give an exit status.
    """
    outcome: list[int] = []

    async def whole(reactor: Any) -> None:
        try:
            outcome.append(await main(reactor) or 0)
        except Exception as problem:
            outcome.append(FAILED)
            print(f"chatd: {problem or type(problem).__name__}", file=sys.stderr)

    try:
        task.react(lambda reactor: Deferred.fromCoroutine(whole(reactor)))
    except SystemExit:
        sys.exit(outcome[0] if outcome else 130)
    raise AssertionError


class _BotOptions(ServerOptions):
    optParameters: Sequence[Sequence[str | None]] = (
        ("memory", None, "", "A file to remember where it went away."),
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

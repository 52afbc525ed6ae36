"""The tool C{chatd connect}: the chat in a terminal."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    globalLogBeginner,
)
from zope.interface import provider

from chatd.client.asking import RequestFailed
from chatd.client.credentials import KNOWN, Credentials, folder
from chatd.client.making import make_client
from chatd.client.modes import Modes
from chatd.client.options import FAILED, ServerOptions, give_up, parse
from chatd.client.reasons import NotReached
from chatd.client.running import react
from chatd.client.screen import Screen
from chatd.client.talk import Talk
from chatd.client.trust import Known, Unknown
from chatd.client.wording import Wording

if TYPE_CHECKING:
    from chatd.client.transfer import Transfers

# Wrong passwords, or names, after which it is enough.
TRIES = 5


class ConnectOptions(ServerOptions):
    """
    Join a chat in this terminal. What is missing is asked for: the name, a password.

    In the chat, /help lists the commands, and Tab completes. The exit status is 0 if
    you left, 1 if the server could not be reached or did not let you in, and 2 for a
    wrong command line.
    """

    synopsis = "Usage: chatd connect [options] [NAME@]HOST[:PORT]"
    optFlags: Sequence[Sequence[str | None]] = (
        ("no-bell", None, "Do not ring when somebody names you."),
    )

    def parseArgs(self, server: str = "") -> None:
        self.read(server)


class NobodyThere(Exception):
    """Nobody answered what was asked."""


def connect(words: Sequence[str]) -> None:
    """Run C{chatd connect}."""
    options = ConnectOptions()
    parse(options, words)
    if os.isatty(0) and not Modes.known():
        give_up("this terminal cannot be read key by key; that of WSL can")
    react(lambda reactor: _connect(reactor, options))


async def _connect(reactor: Any, options: ConnectOptions) -> int:
    talks: list[Talk] = []
    screen = Screen(
        reactor,
        os.environ,
        lambda before: talks[-1].complete(before) if talks else [],
    )
    screen.start()
    _log_to(screen)
    problem = ""
    try:
        asking = _Asking(screen)
        credentials = options.credentials()
        if not (credentials.name or credentials.token):
            credentials = Credentials(await asking.name())
        while await _try(reactor, options, screen, talks, credentials):
            pass
    except NobodyThere:
        return FAILED
    except NotReached as error:
        problem = f"{options.place}: {error}"
        return FAILED
    except Exception as error:
        problem = str(error) or type(error).__name__
        return FAILED
    finally:
        await screen.stop()
        if problem:
            print(f"chatd: {problem}", file=sys.stderr)
    return 0


def _log_to(screen: Screen) -> None:
    """Show what went wrong in this program above the line that is being typed."""

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event["log_level"] >= LogLevel.error:
            screen.show(eventAsText(event, includeTimestamp=False, includeSystem=False))

    globalLogBeginner.beginLoggingTo([observe], redirectStandardIO=False)


async def _try(
    reactor: Any,
    options: ConnectOptions,
    screen: Screen,
    talks: list[Talk],
    credentials: Credentials,
) -> bool:
    """
    Be in the chat until it is over.

    @return: Whether to try once more, with a server that is trusted by now.
    """
    way = options.way(reactor)
    asking = _Asking(screen, credentials.name)
    client = make_client(reactor, way, credentials, tries=1, ask=asking.ask)

    def transfers() -> "Transfers":
        from chatd.client.transfer import Transfers  # most need none of it

        return Transfers(reactor, way.base, way.again)

    wording = Wording(colour=screen.colourful, bell=not options["no-bell"])
    talks.append(Talk(client, screen, wording, reactor, transfers))
    if screen.terminal:
        encrypted = "NOT encrypted" if options["plain"] else "encrypted"
        screen.show(wording.ours(f"Connecting to {options.place}, {encrypted} ..."))
    try:
        await talks[-1].run()
    except Unknown as unknown:
        if not screen.terminal:
            raise
        screen.show(wording.ours(_question(str(options.place), unknown.seen)))
        answer = await screen.ask("Trust it from now on? (yes/no) ")
        if (answer or "").strip().casefold() not in ("yes", "y"):
            raise NobodyThere from None
        Known(folder() / KNOWN).add(str(options.place), unknown.seen)
        return True
    return False


def _question(place: str, seen: str) -> str:
    return (
        f"{place} is not known yet, and no authority vouches for it.\n"
        f"Its fingerprint (SHA-256): {seen}\n"
        "The server prints its fingerprint at each start: they must be the same."
    )


class _Asking:
    """Asks whoever sits there for what the server wants to know."""

    def __init__(self, screen: Screen, name: str = "") -> None:
        self._screen = screen
        self._name = name
        self._tries = 0

    async def name(self) -> str:
        """
        Ask as whom to come in.

        @raise NobodyThere: if nobody says.
        """
        while not (name := await self._line("name: ")):
            pass
        return name

    async def ask(self, refused: RequestFailed) -> Credentials:
        """
        Ask for another name, or a password.

        @raise Exception: if asking does not help.
        """
        self._tries += 1
        if self._tries > TRIES:
            raise refused
        if refused.code in ("bad-name", "name-taken"):
            self._screen.show(f"! {refused.text}")
            self._name = await self.name()
            return Credentials(self._name)
        if refused.code not in ("password-needed", "wrong-password"):
            raise refused
        self._screen.show(f"* {refused.text}")
        password = await self._line("password: ", secret=True)
        if not password:
            self._name = await self.name()
            return Credentials(self._name)
        return Credentials(self._name, password)

    async def _line(self, prompt: str, *, secret: bool = False) -> str:
        answer = await self._screen.ask(prompt, secret=secret)
        if answer is None:
            raise NobodyThere
        return answer if secret else answer.strip()

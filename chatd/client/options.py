"""What may stand on the command lines of clients."""

import os
import sys
from collections.abc import Callable, Sequence
from getopt import GetoptError, gnu_getopt
from typing import Any, NoReturn

from twisted.python.usage import Options, UsageError

from chatd import __version__
from chatd.client.credentials import BadCredentials, Credentials, Given, read_given
from chatd.client.making import Way
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

    optParameters: Sequence[Sequence[Any]] = (
        (
            "credentials",
            None,
            None,
            "A file: server, name, password, token, trust.",
        ),
        ("trust", None, None, "The SHA-256 of the only certificate that is right."),
    )
    optFlags: Sequence[Sequence[str | None]] = (("plain", None, "Do NOT encrypt."),)

    place: Place
    given: Given

    @property
    def longdesc(self) -> str:
        """What the class says, as the help."""
        return " ".join((type(self).__doc__ or "").split())

    def opt_version(self) -> NoReturn:
        """Show the version."""
        print(f"chatd {__version__}")
        sys.exit(0)

    def opt_help(self) -> NoReturn:
        """Show this."""
        print(self)
        sys.exit(0)

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
            self.given = read_given(os.environ, self["credentials"] or "")
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

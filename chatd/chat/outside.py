"""What the chat needs from the world; C{service.py} hands the real ones in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chatd.chat.events import Event
from chatd.chat.store import PublicKey


class Passwords(Protocol):
    """Hashes passwords, off the reactor's thread. May raise C{TooFast} when busy."""

    async def hash(self, password: str) -> str:
        """@return: A PHC string."""

    async def verify(self, password: str, secret: str | None) -> bool:
        """
        @param secret: A PHC string, or C{None} if there is no such account: then the
            answer is no, after the same time.
        """

    def outdated(self, secret: str) -> bool:
        """Whether the hash should be made anew at the next login."""


class Secrets(Protocol):
    """Makes and recognises what must not be guessed."""

    def new_token(self) -> str:
        """For programs."""

    def new_code(self) -> str:
        """For people to read and type."""

    def read_code(self, text: str) -> str:
        """A code that somebody typed, in the form in which it was made."""

    def digest(self, token: str) -> str:
        """What is kept of a token or code."""

    def public_key(self, line: str) -> PublicKey:
        """
        @param line: An SSH public key as C{ssh-keygen} writes it.
        @raise BadRequest: if it is none, or a weak one.
        """


class Bus(Protocol):
    """How nodes tell each other what happened."""

    def publish(self, events: Sequence[Event]) -> None:
        """Tell the other nodes."""

    def connect(self, deliver: Callable[[Event], None]) -> None:
        """From now on hear what they tell."""


@dataclass(frozen=True, slots=True)
class Kept:
    """
    A file that is whole on the disk.

    @ivar sha256: Of its content, in hexadecimal digits.
    """

    id: str
    size: int
    sha256: str


class Incoming(Protocol):
    """A file that is being written, from its beginning to its end."""

    @property
    def id(self) -> str:
        """What it is stored under."""

    @property
    def size(self) -> int:
        """Bytes so far."""

    async def write(self, data: bytes) -> None:
        """
        Add to the end; whoever waits for it keeps little in memory.

        @raise ChatError: if it cannot be kept; then nothing is left of it.
        """

    async def finish(self) -> Kept:
        """
        See it whole on the disk.

        @raise ChatError: as for L{write}.
        """

    async def abort(self) -> None:
        """Leave nothing behind; nothing happens if it was finished."""


class Outgoing(Protocol):
    """A file that is being read."""

    @property
    def size(self) -> int:
        """Bytes."""

    async def read(self, offset: int, length: int) -> bytes:
        """
        Read at a place; perhaps less than asked for, and nothing at the end.

        @raise ChatError: if it cannot be read, or is not what was written.
        """

    async def close(self) -> None:
        """Read no more."""


class Files(Protocol):
    """Keeps the content of shared files. Everything may raise C{ChatError}."""

    async def create(self) -> Incoming:
        """Begin a file."""

    async def open(self, id: str) -> Outgoing:
        """Read a file that was finished."""

    async def remove(self, id: str) -> None:
        """Remove a file; nothing happens if it is gone."""

    async def sweep(self, known: Collection[str]) -> int:
        """Remove whatever is not known; how many files that were."""


class Server(Protocol):
    """What operators may do to the server process."""

    def stats(self) -> Mapping[str, str | int | float]:
        """Figures for C{/stats}."""

    def reload(self) -> str:
        """
        Read settings and certificate again.

        @return: One sentence: what changed and what needs a restart.
        """

    def shut_down(self, seconds: float, reason: str) -> None:
        """Stop gracefully, after so many seconds."""

    def go_on(self) -> None:
        """
        Do not stop after all.

        @raise ChatError: if that was not to be.
        """

    @property
    def running(self) -> bool:
        """Whether people can come in."""

    async def stop(self, reason: str) -> None:
        """
        Tell everybody why, end their connections, and listen no more; the process goes
        on.

        @raise ChatError: if that cannot be; so do the others.
        """

    def start(self) -> None:
        """Listen again."""

    async def move(self, port: int) -> str:
        """
        Listen on another port instead, and after the next start, too.

        @return: One sentence: what came of it.
        """


class Lines(Protocol):
    """The last lines of the log, each a mapping with a number that only grows."""

    def last(self, count: int) -> list[dict[str, Any]]:
        """The latest, oldest first."""

    def follow(
        self, tell: Callable[[list[dict[str, Any]]], None]
    ) -> Callable[[], None]:
        """
        Tell of lines from now on.

        @return: Call it to end that.
        """


class Instruments(Protocol):
    """What operators are shown of the server process."""

    @property
    def log(self) -> Lines:
        """The log, live."""

    def status(self) -> Mapping[str, Any]:
        """What there is to know at a glance."""

    def minutes(self) -> Sequence[tuple[float, int, int]]:
        """Time, people and messages of each minute of the last hour."""

    async def health(self) -> Mapping[str, Any]:
        """How the store is, and the disk."""

    async def public_address(self) -> str:
        """
        Ask somebody else.

        @raise ChatError: if that does not work.
        """

"""What tests of the chat, and authors of commands, need: a hub without a network."""

import hashlib
from collections.abc import Awaitable, Collection, Iterable, Sequence
from types import ModuleType
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatd.chat.account import Person, Preferences
from chatd.chat.command import Commands
from chatd.chat.door import Writer
from chatd.chat.errors import BadRequest, NotStored
from chatd.chat.events import Answer, Emoted, Event, Failed, Said, Whispered
from chatd.chat.hub import Hub
from chatd.chat.look import Look, look
from chatd.chat.outbox import MOMENT
from chatd.chat.outside import Files, Kept
from chatd.chat.request import Enter
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.chat.store import PublicKey, Store
from chatd.store.memory import MemoryStore

NOON = 1_795_262_400.0  # 2026-11-21 12:00 UTC, in POSIX seconds

Result = TypeVar("Result")


class FakeDoor:
    """
    A connection that remembers what it was sent.

    @ivar events: All events and answers, in order.
    @ivar writes: How many writes they came in.
    @ivar open: Whether it was not hung up.
    @ivar paused: Whether it was asked to stop reading.
    @ivar secrets: Whether each of the next lines was said to be a password.
    """

    def __init__(self) -> None:
        self.events: list[Event | Answer] = []
        self.writes = 0
        self.open = True
        self.paused = False
        self.secrets: list[bool] = []

    def look(self, preferences: Preferences) -> Look:
        """All fake doors share one look."""
        return look(
            _remember,
            colour=bool(preferences.colour),
            timestamps=preferences.timestamps,
            bell=preferences.bell,
        )

    def send(self, data: bytes) -> None:
        """Remember the events that this stands for."""
        self.writes += 1
        self.events += [_rendered[int(number)] for number in data.split()]

    def straight(self, writer: Writer) -> None:
        """There is no shorter way."""

    def hang_up(self) -> None:
        """Remember it."""
        self.open = False

    def pause(self) -> None:
        """Remember it."""
        self.paused = True

    def resume(self) -> None:
        """Remember it."""
        self.paused = False

    def secret(self, on: bool) -> None:
        """Remember it."""
        self.secrets.append(on)

    def take(self) -> list[Event | Answer]:
        """What came since the last time."""
        events, self.events = self.events, []
        return events

    def of(self, kind: type[Result]) -> list[Result]:
        """What came of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def kinds(self) -> list[str]:
        """What came, by name."""
        return [type(event).__name__ for event in self.events]

    def texts(self) -> list[str]:
        """What people said, did and whispered."""
        words = (Said, Emoted, Whispered)
        return [event.text for event in self.events if isinstance(event, words)]

    def codes(self) -> list[str]:
        """Why requests failed."""
        return [failed.code for failed in self.of(Failed)]


_rendered: list[Event | Answer] = []


def _remember(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    _rendered.append(event)
    return b"%d " % (len(_rendered) - 1)


class FakePasswords:
    """Hashes nothing, at once; C{hashed} counts what a real one would have done."""

    def __init__(self) -> None:
        self.hashed = 0

    async def hash(self, password: str) -> str:
        """@return: The password, marked."""
        self.hashed += 1
        return f"hash of {password}"

    async def verify(self, password: str, secret: str | None) -> bool:
        """Whether it is the one."""
        self.hashed += 1
        return secret == f"hash of {password}"

    def outdated(self, secret: str) -> bool:
        """Never."""
        return False


class FakeSecrets:
    """Codes and tokens that a test can foresee: C{code-1}, C{token-2} …"""

    def __init__(self) -> None:
        self._count = 0

    def new_token(self) -> str:
        """The next token."""
        self._count += 1
        return f"token-{self._count}"

    def new_code(self) -> str:
        """The next code."""
        self._count += 1
        return f"code-{self._count}"

    def read_code(self, text: str) -> str:
        """As it is."""
        return text

    def digest(self, token: str) -> str:
        """Marked as one."""
        return f"digest of {token}"

    def public_key(self, line: str) -> PublicKey:
        """Whatever begins with C{ssh-} is a key."""
        kind, _, rest = line.partition(" ")
        data, _, comment = rest.partition(" ")
        if not kind.startswith("ssh-") or not data:
            raise BadRequest("That is not an SSH public key.")
        return PublicKey(kind, data, comment, f"SHA256:{data}")


class FakeBus:
    """There are no other nodes."""

    def publish(self, events: Sequence[Event]) -> None:
        """Tell nobody."""

    def connect(self, deliver: object) -> None:
        """There is nobody else."""


class FakeFiles:
    """
    Keeps files in memory.

    @ivar kept: Their content by id, the one shared first first.
    @ivar open_files: How many are being written or read.
    @ivar full: Whether the disk is full.
    """

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.open_files = 0
        self.full = False
        self._count = 0

    async def create(self) -> "FakeIncoming":
        """Begin a file: C{f1}, C{f2} …"""
        self._count += 1
        return FakeIncoming(self, f"f{self._count}")

    async def open(self, id: str) -> "FakeOutgoing":
        """Read a file."""
        return FakeOutgoing(self, self.kept[id])

    async def remove(self, id: str) -> None:
        """Forget it."""
        self.kept.pop(id, None)

    async def sweep(self, known: Collection[str]) -> int:
        """Forget all others."""
        unknown = [id for id in self.kept if id not in known]
        for id in unknown:
            del self.kept[id]
        return len(unknown)


class FakeIncoming:
    """A file that is being written to memory."""

    def __init__(self, files: FakeFiles, id: str) -> None:
        self.id = id
        self.size = 0
        self._files = files
        self._content: list[bytes] | None = []
        files.open_files += 1

    async def write(self, data: bytes) -> None:
        """Add to the end."""
        if self._files.full:
            raise NotStored("The disk is full.")
        assert self._content is not None, "it is over"
        self.size += len(data)
        self._content.append(data)

    async def finish(self) -> Kept:
        """Keep it."""
        assert self._content is not None, "it is over"
        content, self._content = b"".join(self._content), None
        self._files.open_files -= 1
        self._files.kept[self.id] = content
        return Kept(self.id, self.size, hashlib.sha256(content).hexdigest())

    async def abort(self) -> None:
        """Forget it."""
        if self._content is not None:
            self._content = None
            self._files.open_files -= 1


class FakeOutgoing:
    """A file that is being read from memory."""

    def __init__(self, files: FakeFiles, content: bytes) -> None:
        self.size = len(content)
        self._files = files
        self._content = content
        files.open_files += 1

    async def read(self, offset: int, length: int) -> bytes:
        """A part of it."""
        return self._content[offset : offset + length]

    async def close(self) -> None:
        """Read no more."""
        self._files.open_files -= 1


class FakeServer:
    """
    Remembers what operators did to it.

    @ivar reloads: How often it was reloaded.
    @ivar stops: Seconds and reasons of the shutdowns.
    @ivar running: Whether it was not stopped.
    @ivar port: Where it was moved.
    """

    def __init__(self) -> None:
        self.running = True
        self.port = 5050
        self.reloads = 0
        self.stops: list[tuple[float, str]] = []

    def stats(self) -> dict[str, str | int | float]:
        """One figure."""
        return {"memory": 12_345_678}

    def reload(self) -> str:
        """Remember it."""
        self.reloads += 1
        return "Nothing has changed."

    def shut_down(self, seconds: float, reason: str) -> None:
        """Remember it."""
        self.stops.append((seconds, reason))

    def go_on(self) -> None:
        """Forget it."""
        self.stops.pop()

    async def stop(self, reason: str) -> None:
        """Be stopped."""
        self.running = False

    def start(self) -> None:
        """Be running."""
        self.running = True

    async def move(self, port: int) -> str:
        """Remember it."""
        self.port = port
        return f"The port is {port}."


def make_hub(
    *,
    store: Store | None = None,
    clock: Clock | None = None,
    rules: Rules | None = None,
    commands: Iterable[ModuleType] = (),
    files: Files | None = None,
) -> Hub:
    """
    A hub that keeps everything in memory, with the commands that come with chatd.

    @param commands: Further modules of commands.
    """
    import chatd.commands

    table = Commands()
    table.add_package(chatd.commands)
    for module in commands:
        table.add(module)
    time = clock or Clock()
    hub = Hub(
        store=store or MemoryStore(),
        bus=FakeBus(),
        passwords=FakePasswords(),
        secrets=FakeSecrets(),
        commands=table,
        clock=time,
        rules=rules or Rules(throttle=False),
        files=files or FakeFiles(),
        now=lambda: NOON + time.seconds(),
        node="test",
    )
    result(hub.start())
    return hub


def nobody_is_exempt(address: str) -> bool:
    """The limits hold for everybody."""
    return False


def turn(hub: Hub, turns: int = 4) -> None:
    """Let as many turns of the reactor pass as things need that hardly wait."""
    clock = hub.clock
    assert isinstance(clock, Clock)
    for _ in range(turns):
        clock.advance(0)
    soon = clock.seconds() + MOMENT
    if any(call.getTime() <= soon for call in clock.getDelayedCalls()):
        clock.advance(MOMENT)


def connect(
    hub: Hub, *, address: str = "192.0.2.1", secure: bool = True, exempt: bool = False
) -> tuple[Session, FakeDoor]:
    """A connection that has not come in."""
    door = FakeDoor()
    session = hub.connections.connect(
        door, kind="fake", address=address, secure=secure, exempt=exempt
    )
    return session, door


def join(
    hub: Hub, name: str, *rooms: str, password: str | None = None, show: bool = True
) -> tuple[Session, FakeDoor]:
    """
    Somebody who is here, in the lobby and in these rooms.

    @param password: For an account, which is made if need be.
    """
    session, door = connect(hub)
    if password is None:
        session.submit(Enter(name, show=show))
    else:
        taken = result(hub.store.account_named(name)) is not None
        if taken:
            session.submit(Enter(name, password, show=show))
        else:
            session.receive(f"/register {name} {password}")
    turn(hub)
    for room in rooms:
        session.receive(f"/join {room}")
        turn(hub)
    failures = door.of(Failed)
    assert not failures, failures
    return session, door


def type_in(hub: Hub, session: Session, *lines: str) -> None:
    """Somebody types lines, one after another, and what they cause happens."""
    for line in lines:
        session.receive(line)
        turn(hub)


def result(waiting: Awaitable[Result]) -> Result:
    """What a coroutine returns that waits for nothing."""
    got: list[Result] = []
    failed: list[object] = []

    async def run() -> None:
        got.append(await waiting)

    Deferred.fromCoroutine(run()).addErrback(failed.append)
    if failed:
        failed[0].raiseException()  # type: ignore[attr-defined]
    assert got, "it still waits"
    return got[0]

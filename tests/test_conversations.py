"""
Conversations as they are written down in C{tests/conversations/}, held for real.

A conversation is a text that one can read::

    # Two people talk.
    ann> ann
    ann< * You are ann, a guest.
    ann< * 1 person in lobby: ann
    ann< [..] ann has joined the chat.

C{ann>} is what one types, C{ann<} what one reads, all of it and in this order. C{..}
stands for anything, and alone for any number of lines. C{ann>|} is a line of a paste.
Who types first connects; the greeting is left out. Then there are::

    (ann connects)          to read the greeting
    (ann is cut off)
    (10 seconds pass)
    (the server stops: back at ten)
    (the code of the first operator is code-1)
    (only people)           not for programs, which are not told the same
    (nothing is shown on entering)

Each is held three times: through the door for people, the one for programs, and with
every second one at the other door.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory

from chatd.chat.rules import Rules
from chatd.doors.json import JSONFactory
from chatd.doors.text import TextFactory
from chatd.testing import make_hub, nobody_is_exempt, result, turn
from tests.doors.wire import DoorCase, Peer
from tests.programs import Program

FOLDER = Path(__file__).parent / "conversations"

ANYTHING = ".."

# What a terminal is shown of its own words, and given back; a program knows them.
_ECHO = re.compile(r"\[\.\.\] (you -> |\*\* )")
_BACK = re.compile(r"(! .*?)\.?( Your (\d+ )?lines? (was|were) not sent.*)?")

_LINE = re.compile(r"(?P<who>\w+)(?P<kind>>\||>|<) ?(?P<text>.*)")
_STEP = re.compile(r"\((?P<words>.*)\)")


@dataclass(frozen=True)
class Step:
    """
    One line of a conversation.

    @ivar kind: C{>} for typing, C{>|} for a part of a paste, C{<} for reading, C{()}
        for what happens.
    """

    number: int
    who: str
    kind: str
    text: str


def read(path: Path) -> tuple[str, list[Step]]:
    """
    @return: What a conversation is about, and its steps.
    """
    about, steps = "", []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("#"):
            about = about or line.removeprefix("#").strip()
        elif match := _LINE.fullmatch(line):
            steps.append(Step(number, match["who"], match["kind"], match["text"]))
        elif match := _STEP.fullmatch(line):
            steps.append(Step(number, "", "()", match["words"]))
        elif line:
            raise ValueError(f"{path.name}, line {number}: {line}")
    return about, steps


class Conversation:
    """
    Holds a conversation, and compares what is read with what is written.

    @ivar programs: Whether the next one to come is a program; then the one after.
    """

    def __init__(self, programs: Iterator[bool]) -> None:
        self._programs = programs
        self._peers: dict[str, Peer] = {}
        self._unread: dict[str, list[str]] = {}
        self.hub = make_hub(rules=Rules(throttle=False, server="chat.example"))
        self._text = TextFactory(self.hub, exempt=nobody_is_exempt)
        self._json = JSONFactory(self.hub, exempt=nobody_is_exempt)

    def hold(self, steps: list[Step]) -> None:
        """
        @raise AssertionError: where it goes otherwise than written.
        """
        last = steps[0]
        pasted: list[str] = []
        skipping: set[str] = set()
        for step in steps:
            if pasted and step.kind != ">|":
                self._type(last.who, pasted)
                pasted = []
            match step.kind:
                case ">|":
                    pasted.append(step.text)
                case ">":
                    self._type(step.who, [step.text])
                case "<" if step.text == ANYTHING:
                    skipping.add(step.who)
                case "<":
                    self._read(step, skip=step.who in skipping)
                    skipping.discard(step.who)
                case _:
                    self._happen(step)
            last = step
        for who in self._peers:
            self._hear(who)
            unread = [line for line in self._unread[who] if who not in skipping]
            assert not unread, f"{who} reads more than is written: {unread}"

    def _type(self, who: str, lines: list[str]) -> None:
        if who not in self._peers:
            self._connect(who)
            self._unread[who].clear()
        peer = self._peers[who]
        if isinstance(peer, Program):
            self._unread[who] += peer.type(*lines)
        else:
            data = "".join(f"{line}\n" for line in lines).encode()
            peer.protocol.dataReceived(data)
        turn(self.hub)
        self._hear(who)

    def _connect(self, who: str) -> None:
        factory: IProtocolFactory = self._text
        kind: Callable[..., Peer] = Peer
        if next(self._programs):
            factory, kind = self._json, Program
        self._peers[who] = kind(self.hub, factory, secure=True)
        self._unread[who] = []
        self._hear(who)

    def _hear(self, who: str) -> None:
        self._unread[who] += self._peers[who].lines()

    def _read(self, step: Step, *, skip: bool) -> None:
        who, expected = step.who, step.text
        self._hear(who)
        unread = self._unread[who]
        if isinstance(self._peers[who], Program):
            expected, *unread[:] = map(_not_back, (expected, *unread))
            if _ECHO.match(expected) and not _fits(expected, "".join(unread[:1])):
                return
        if skip:
            while unread and not _fits(expected, unread[0]):
                del unread[0]
        got = unread.pop(0) if unread else "nothing"
        assert _fits(expected, got), (
            f"line {step.number}: {who} reads\n    {got}\nand not\n    {expected}"
        )

    def _happen(self, step: Step) -> None:
        clock = self.hub.clock
        match step.text.split():
            case [who, "connects"]:
                self._connect(who)
            case [who, "is", "cut", "off"]:
                self._hear(who)
                self._peers[who].lose(clean=False)
            case [number, "seconds" | "second", "pass" | "passes"]:
                for _ in range(int(number)):
                    clock.advance(1)  # type: ignore[attr-defined]
                    for who in self._peers:
                        self._hear(who)
            case ["the", "server", "stops:", *words]:
                Deferred.fromCoroutine(self.hub.close(" ".join(words)))
            case ["the", "code", *_, code]:
                assert result(self.hub.login.open_claim()) == code
            case ["only", "people"]:
                assert not any(isinstance(p, Program) for p in self._peers.values())
            case ["nothing", "is", "shown", "on", "entering"]:
                self.hub.rules = Rules(
                    throttle=False, server="chat.example", history_shown=0
                )
            case _:
                raise ValueError(f"line {step.number}: nobody knows how {step.text}")


def _fits(expected: str, got: str) -> bool:
    # "[..]" is what both say of the time.
    parts = expected.replace("[..]", "\0").split(ANYTHING)
    pattern = ".*".join(re.escape(part.replace("\0", "[..]")) for part in parts)
    return re.fullmatch(pattern, got) is not None


def _not_back(line: str) -> str:
    match = _BACK.fullmatch(line)
    return match[1] if match else line


def _always(programs: bool) -> Iterator[bool]:
    while True:
        yield programs


def _in_turn() -> Iterator[bool]:
    while True:
        yield from (False, True)


class ConversationTests(DoorCase):
    """Everything goes as it is written."""


def _add(path: Path) -> None:
    about, steps = read(path)
    assert about, f"{path.name} does not say what it is about"
    doors = {"people": _always(False), "programs": _always(True), "both": _in_turn()}
    if any(step.text == "only people" for step in steps):
        doors = {"people": _always(False)}
    for name, programs in doors.items():

        def test(self: ConversationTests, programs: Iterator[bool] = programs) -> None:
            Conversation(programs).hold(steps)

        test.__doc__ = f"{about} ({name})"
        test.__name__ = f"test_{path.stem.replace('-', '_')}_{name}"
        setattr(ConversationTests, test.__name__, test)


for _path in sorted(FOLDER.glob("*.txt")):
    _add(_path)


class PlayerTests(DoorCase):
    """What is not as written is noticed."""

    def hold(self, *lines: str) -> None:
        """Hold a conversation."""
        path = Path(self.mktemp())
        path.write_text("\n".join(["# About something.", "ann> ann", *lines]))
        Conversation(_always(False)).hold(read(path)[1])

    def test_right(self) -> None:
        """All of it, in order, is right; so is what is skipped."""
        self.hold("ann< ..")
        self.hold("ann< * You are ..", "ann< ..", "ann< [..] ann has joined the chat.")

    def test_wrong(self) -> None:
        """Another line, one too many or one too few is wrong."""
        for lines in (
            ["ann< * You are bob, a guest.", "ann< .."],
            ["ann< * You are ann, a guest."],
            ["ann< ..", "ann< * Bye."],
            [],
        ):
            self.assertRaises(AssertionError, self.hold, *lines)

    def test_unreadable(self) -> None:
        """A line that nobody understands is not passed over."""
        for line in ("ann: hello", "(the sun shines)"):
            self.assertRaises(ValueError, self.hold, line)

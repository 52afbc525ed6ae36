"""Tests for C{docs/protocol.rst}: what it says is so."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from wsproto.frame_protocol import CloseReason

import chatd
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.doors.json import JSONFactory
from chatd.doors.program import ABUSE, DEAD, SILENCE, longest_line
from chatd.doors.web import websocket
from chatd.render import json as rendering
from chatd.testing import join, make_hub, nobody_is_exempt, turn, type_in
from chatd.wire import jsonline
from tests.chatting import PASSWORD
from tests.docs.reading import blocks, source
from tests.doors.wire import Peer

# Stands for what was left out.
LEFT_OUT = "…"

# What the server makes up: only that it is the same everywhere counts.
MADE_UP = ("id", "cursor", "resume", "seen", "token")


class Player:
    """Plays a session against a server in memory."""

    def __init__(self, test: SynchronousTestCase) -> None:
        self._test = test
        self._hub = make_hub(
            rules=Rules(
                server="chat.example",
                version="1.0",
                throttle=False,
                web="http://{}:5050",
            )
        )
        self._factory = JSONFactory(self._hub, exempt=nobody_is_exempt)
        self._people: dict[str, Session] = {}
        self._peer: Peer | None = None
        self._read: list[str] = []
        self._real: dict[str, str] = {}  # what is made up, by how the document has it

    def play(self, line: str) -> None:
        """Send, read, or let something happen."""
        mark, rest = line[0], line[2:]
        if mark == "<":
            self._test.assertTrue(self._read, f"nothing came, but should: {line}")
            self._compare(json.loads(rest), json.loads(self._read.pop(0)), "")
            return
        self._test.assertEqual(self._read, [])
        if mark == ">":
            assert self._peer is not None
            fields = {
                key: self._real.get(value, value) if key in MADE_UP else value
                for key, value in json.loads(rest).items()
            }
            self._peer.protocol.dataReceived(json.dumps(fields).encode() + b"\n")
        else:
            self._happen(rest)
        turn(self._hub)
        if self._peer is not None:
            self._read += self._peer.read().decode().splitlines()

    def _happen(self, what: str) -> None:
        match what.split(" ", 2):
            case [name, "has", "an account"]:
                join(self._hub, name, password=PASSWORD)[0].gone("")
            case [name, "comes", "in"]:
                self._people[name] = join(self._hub, name)[0]
            case [name, "says:", line]:
                type_in(self._hub, self._people[name], line)
            case ["connect"]:
                self._peer = Peer(self._hub, self._factory, secure=True)
            case ["the", "connection", "breaks"] if self._peer is not None:
                self._peer.lose(clean=False)
                self._peer = None
            case ["the", "server", "stops"]:
                Deferred.fromCoroutine(self._hub.close("The server is stopping."))
            case _:
                raise AssertionError(f"what is this? {what}")

    def _compare(self, shown: Any, real: Any, key: str) -> None:
        if shown in (LEFT_OUT, [LEFT_OUT]):
            return
        if key == "time":
            self._test.assertIsInstance(real, float)
        elif key in MADE_UP:
            self._test.assertEqual(self._real.setdefault(shown, real), real, shown)
        elif isinstance(shown, dict):
            self._test.assertEqual(list(shown), list(real))
            for name in shown:
                self._compare(shown[name], real[name], name)
        elif isinstance(shown, list) and len(shown) == len(real):
            for one, other in zip(shown, real, strict=True):
                self._compare(one, other, key)
        else:
            self._test.assertEqual(shown, real)


def unfold(block: str) -> list[str]:
    """Lines, of which some were folded to fit the page."""
    return re.sub(r"\n +", "", block).splitlines()


class ProtocolTests(SynchronousTestCase):
    """What the document of the protocol says is so."""

    def setUp(self) -> None:
        self.source = source("protocol.rst")

    def section(self, title: str) -> str:
        """The text below a title."""
        _, _, after = self.source.partition(f"\n{title}\n---")
        self.assertTrue(after, title)
        return re.split(r"\n.+\n---+\n", after)[0]

    def test_session(self) -> None:
        """The session goes as it is shown, and nothing comes that is not."""
        player = Player(self)
        lines = unfold(blocks("protocol.rst")["session"])
        self.assertGreater(len(lines), 40)
        for line in lines:
            player.play(line)
        player.play("# connect")

    def test_codes(self) -> None:
        """The table has all codes that a request may fail with, and no others."""
        rows = re.findall(r"^``([a-z-]+)``  ", self.section("Error codes"), re.M)
        self.assertEqual(sorted(rows), sorted({"code", *codes()}))

    def test_requests(self) -> None:
        """All requests are described, and no others."""
        terms = re.findall(r"^``([a-z-]+)``$", self.section("Requests"), re.M)
        self.assertEqual(sorted(terms), sorted(jsonline._REQUESTS))

    def test_events(self) -> None:
        """All events and answers are described, and no others."""
        text = self.section("Answers") + self.section("Events")
        described = re.findall(r"^``([a-z-]+)``(?:$| )", text, re.M)
        described.remove("event")  # the head of the table
        written = re.findall(
            r'(?:_stamp|_refer)\(\s*"([a-z-]+)"|"event"?\\?"?: ?\\?"([a-z-]+)\\?"'
            r'|name = "([a-z]+)" if .* else "([a-z]+)"',
            inspect.getsource(rendering),
        )
        names = {name for found in written for name in found if name}
        self.assertEqual(sorted(described), sorted(names))

    def test_close_codes(self) -> None:
        """The codes with which a WebSocket is closed are described, and no others."""
        codes = re.findall(r"^  (1\d{3})  ", self.section("WebSocket"), re.M)
        sent = {websocket.NORMAL, websocket.GOING_AWAY, websocket.POLICY}
        sent |= {CloseReason.MESSAGE_TOO_BIG, CloseReason.UNSUPPORTED_DATA}
        sent |= {CloseReason.INVALID_FRAME_PAYLOAD_DATA, CloseReason.PROTOCOL_ERROR}
        self.assertEqual(codes, [f"{code:d}" for code in sorted(sent)])

    def test_numbers(self) -> None:
        """The numbers are those of a server whose operator changed none."""
        rules = Rules()
        words = " ".join(self.source.split())
        for number in (
            f'"protocol":{rendering.PROTOCOL}`',
            f"at most {longest_line(rules, entered=False) // 1024} KiB before coming",
            f"{longest_line(rules, entered=True) // 1024} KiB after it",
            f"paste of {rules.paste_bytes // 1024} KiB",
            f"at most {jsonline.DEPTH} deep",
            f"After {ABUSE} such lines",
            f"at most {jsonline.REF_CHARS} characters, chosen",
            f"At most {rules.message_chars:,} characters",
            f"at most {rules.paste_lines} of them",
            f"{rules.history_max} at most",
            f"at most {jsonline.KEY_CHARS} characters that it never uses again",
            f"heard nothing for {SILENCE:.0f} seconds",
            f"After {DEAD:.0f} seconds without",
            f"{rules.request_burst} requests at once, then {rules.request_rate} a",
            f"{rules.outbox_pause // 1024} KiB wait",
            f"{rules.outbox_bytes // 1024 // 1024} MiB waits",
            f"good for {rules.token_seconds / 86_400:.0f} days",
        ):
            self.assertIn(number, words)


def codes() -> set[str]:
    """Of all errors there are in chatd."""
    found: set[str] = set()
    for path in Path(chatd.__file__).parent.rglob("*.py"):
        found.update(re.findall(r'^    code = "(.*)"$', path.read_text("utf-8"), re.M))
    return found

"""What one person sends, by whatever door, harms nobody's screen, program or log."""

import json
import re
from collections.abc import Iterator
from typing import Any

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from chatd.doors.json import JSONFactory
from chatd.doors.text import TextFactory
from chatd.operate.logline import json_line, parts, text_line
from chatd.testing import make_hub, nobody_is_exempt, result
from tests.chatting import PASSWORD
from tests.doors.wire import DoorCase, Peer

# A window's title, a cleared screen, C1, a bell, NUL, line ends of all kinds, text that
# runs backwards, tags, byte order marks, half a character.
EVIL = (
    "a\x1b]0;owned\x07b\x1b[2Jc\x9b31md\x00e\x7ff\r\ng\x85h\u2028i\u2029j\u202ek\u2066l"
    "\U000e0041m\ufeffn\ud800o\x0bp"
)

_HARM = re.compile(
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class HostileTests(DoorCase):
    """Mallory sends; ann and bob, in a terminal and a program, read on."""

    def setUp(self) -> None:
        super().setUp()
        self.people = TextFactory(self.hub, exempt=nobody_is_exempt)
        self.programs = JSONFactory(self.hub, exempt=nobody_is_exempt)
        self.ann = Peer(self.hub, self.people)
        self.ann.type(f"/register ann {PASSWORD}")
        code = result(self.hub.login.open_claim())
        self.ann.type(f"/claim {code}", "/join ops")
        self.bob = Peer(self.hub, self.programs)
        self.ask(self.bob, do="enter", name="bob")
        self.ask(self.bob, do="command", line="/join ops")
        self.mallory = Peer(self.hub, self.programs)
        self.ask(self.mallory, do="enter", name="mallory")
        self.ask(self.mallory, do="command", line="/join ops")

    def ask(self, peer: Peer, **request: Any) -> int:
        """Send a request; how many answers come back, all of them harmless."""
        return self.read(peer, peer.send(json.dumps(request).encode() + b"\n"))

    def read(self, peer: Peer, data: bytes) -> int:
        """Look at what a program was sent; how many events that were."""
        lines = data.splitlines()
        for line in lines:
            answer = {**json.loads(line), "ref": ""}  # the ref is the program's own
            for shown in _strings(answer):
                self.assertIsNone(_HARM.search(shown.replace("\n", "")), answer)
        return len(lines)

    def assert_harmless(self) -> None:
        """What everybody was sent harms nobody."""
        for program in (self.bob, self.mallory):
            self.read(program, program.read())
        shown = _COLOUR.sub("", self.ann.read().decode("utf-8", "strict"))
        self.assertIsNone(_HARM.search(shown.replace("\r\n", "\n")), shown)

    def test_every_field(self) -> None:
        """Each field of each request is cleaned, shown or refused."""
        requests: list[dict[str, Any]] = [
            {"do": "say", "text": EVIL, "key": EVIL},
            {"do": "say", "text": "x", "room": EVIL},
            {"do": "whisper", "to": "ann", "text": EVIL},
            {"do": "whisper", "to": EVIL, "text": "x"},
            {"do": "history", "room": EVIL},
            {"do": "history", "person": EVIL},
            {"do": "history", "before": EVIL},
            {"do": "search", "words": EVIL},
            {"do": "seen", "id": "1", "room": EVIL},
            {"do": "seen", "id": "1", "person": EVIL},
            {"do": "seen", "id": EVIL},
            {"do": "enter", "name": EVIL, "password": EVIL, "token": EVIL},
            {"do": EVIL},
            {"do": "ping", "ref": EVIL},
            {"do": EVIL, EVIL: EVIL, "ref": EVIL},
        ]
        for request in requests:
            self.assertGreater(self.ask(self.mallory, **request), 0, request)
            self.assert_harmless()

    def test_every_command(self) -> None:
        """Each command that takes words cleans them: names, topics, reasons, all."""
        commands = self.hub.commands
        for command in sorted(commands.words()):
            if command in ("quit", "exit", "bye", "logout", "shutdown"):
                continue
            for rest in (EVIL, f"bob {EVIL}", f"bob 1h {EVIL}"):
                self.ask(self.mallory, do="command", line=f"/{command} {rest}")
                self.assert_harmless()

    def test_typed(self) -> None:
        """So does the door for people, whose bytes may be no text at all."""
        peer = Peer(self.hub, self.people)
        peer.type("eve", "/join ops")
        evil = EVIL.encode("utf-8", "surrogatepass") + b"\xff\xfe\xc3"
        for line in (b"%s", b"/me %s", b"/topic %s", b"/away %s", b"/msg ann %s"):
            peer.send(line % evil + b"\n")
            shown = peer.read().decode("utf-8", "strict").replace("\r\n", "\n")
            self.assertIsNone(_HARM.search(shown), shown)
            self.assert_harmless()

    def test_operator(self) -> None:
        """Even an operator cannot send such things, by announcement, reason or motd."""
        self.ask(self.bob, do="command", line=f"/register {PASSWORD}")
        self.ann.type("/op bob")
        for line in (
            f"/announce {EVIL}",
            f"/motd {EVIL}",
            f"/mute mallory 1h {EVIL}",
            f"/kick mallory {EVIL}",
            f"/serverban 203.0.113.9 1h {EVIL}",
            "/serverbans",
            "/bans",
        ):
            self.ask(self.bob, do="command", line=line)
            self.assert_harmless()

    def test_log(self) -> None:
        """The log keeps its lines: what people send cannot look like one."""
        with capturedLogs() as events:
            for line in (f"/login {EVIL} {EVIL}", f"/register {EVIL} {EVIL}"):
                peer = Peer(self.hub, self.programs)
                self.ask(peer, do="command", line=line)
                self.ask(peer, do="enter", name="ann", password=EVIL)
                self.ask(peer, do="enter", name=EVIL[:20], password=EVIL)
        ours = [event for event in events if "chatd" in event["log_namespace"]]
        self.assertTrue(ours)
        for event in ours:
            for line in (text_line(parts(event)), json_line(event)):
                self.assertEqual(line.count("\n"), 1)
                self.assertIsNone(_HARM.search(line), line)
                self.assertNotIn("\r", line)


def _strings(value: Any) -> Iterator[str]:
    """All texts in what was read, names of fields too."""
    match value:
        case str():
            yield value
        case dict():
            yield from value
            for inside in value.values():
                yield from _strings(inside)
        case list():
            for inside in value:
                yield from _strings(inside)


class RefTests(SynchronousTestCase):
    """What a program calls its requests comes back as it is."""

    def test_half_a_character(self) -> None:
        """Even if it is no text that could be written down."""
        hub = make_hub()
        peer = Peer(hub, JSONFactory(hub, exempt=nobody_is_exempt))
        peer.read()
        line = b'{"do":"ping","ref":"\\ud800"}\n'
        (answer,) = peer.send(line).splitlines()
        self.assertEqual(json.loads(answer)["event"], "done")
        self.assertEqual(self.flushLoggedErrors(), [])

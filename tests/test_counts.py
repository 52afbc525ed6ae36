"""
What a busy room costs, counted and not timed: a lost cache or batch fails here.

Times depend on the machine; how often something is written, rendered, stored or called
does not.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.events import Event
from chatd.chat.hub import Hub
from chatd.chat.rules import Rules
from chatd.doors import person
from chatd.doors.port import OnePort
from chatd.doors.text import TextDoor, TextFactory
from chatd.operate.direct import Reader
from chatd.render import text
from chatd.store.memory import MemoryStore
from chatd.testing import make_hub, nobody_is_exempt, turn
from chatd.wire.sniff import Guess

PEOPLE, TALKERS, LINES = 50, 5, 4
SAID = TALKERS * LINES

# What stands in for the database, and does not count.
FAKE = "chatd.store.memory"


class CountingTransport(StringTransport):
    """Counts writes; sends at once, as C{DirectServer} does."""

    writes = 0

    def straight(self, reader: Reader) -> "CountingTransport":
        """Nothing ever waits."""
        return self

    def send(self, data: bytes) -> int:
        """Take all of it."""
        self.write(data)
        return len(data)

    def write(self, data: bytes) -> None:
        self.writes += 1
        super().write(data)


class CountingStore(MemoryStore):
    """Counts transactions."""

    commits = 0

    def append(self, events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
        self.commits += 1
        return super().append(events)


class BusyTests(SynchronousTestCase):
    """One turn, in which some of many people say several lines each."""

    def setUp(self) -> None:
        self.rendered: Counter[str] = Counter()
        render = text.render

        def counting(event: Any, *more: Any) -> bytes:
            self.rendered[type(event).__name__] += 1
            return render(event, *more)

        self.patch(person, "render", counting)
        self.clock = Clock()
        self.store = CountingStore()
        self.hub: Hub = make_hub(
            store=self.store,
            clock=self.clock,
            rules=Rules(throttle=False, history_shown=0),
        )
        factory = self.factory = TextFactory(self.hub, exempt=nobody_is_exempt)
        self.doors: list[TextDoor] = []
        self.transports: list[CountingTransport] = []
        for number in range(PEOPLE):
            door, transport = factory.buildProtocol(None), CountingTransport()
            door.makeConnection(transport)
            door.dataReceived(b"u%dx\n" % number)
            self.doors.append(door)
            self.transports.append(transport)
            self.turns()
        self.assertEqual(len(self.hub.presence), PEOPLE)
        for transport in self.transports:
            transport.clear()
            transport.writes = 0
        self.rendered.clear()
        self.store.commits = 0

    def turns(self) -> None:
        """Let happen what was begun."""
        turn(self.hub)

    def read(self) -> None:
        """What everybody said arrives in one turn."""
        for number, door in enumerate(self.doors[:TALKERS]):
            lines = (b"line %d of u%d\n" % (line, number) for line in range(LINES))
            door.dataReceived(b"".join(lines))

    def test_all_arrives(self) -> None:
        """Everybody is shown all that others said, in the same order."""
        self.read()
        self.turns()
        shown = self.transports[-1].value().splitlines()
        self.assertEqual(len(shown), SAID)
        for transport in self.transports[TALKERS:]:
            self.assertEqual(transport.value().splitlines(), shown)
        for number, transport in enumerate(self.transports[:TALKERS]):
            others = [line for line in shown if b" u%dx:" % number not in line]
            self.assertEqual(transport.value().splitlines(), others)

    def test_writes(self) -> None:
        """Each reader gets all of it in one write."""
        self.read()
        self.turns()
        self.assertEqual({transport.writes for transport in self.transports}, {1})

    def test_shared(self) -> None:
        """Those who are shown the same are sent the same bytes, not copies."""
        sent: list[bytes] = []
        for transport in self.transports[TALKERS:]:
            self.patch(transport, "write", sent.append)
        self.read()
        self.turns()
        self.assertEqual(len(sent), PEOPLE - TALKERS)
        self.assertEqual(len({id(data) for data in sent}), 1)

    def test_straight(self) -> None:
        """Who is shown what all are shown is sent it past session and door."""
        for door in self.doors[TALKERS:]:
            self.patch(door, "send", None)
        self.read()
        self.turns()
        for transport in self.transports[TALKERS:]:
            self.assertEqual(len(transport.value().splitlines()), SAID)

    def test_renders(self) -> None:
        """Each message is rendered once, however many read it."""
        self.read()
        self.turns()
        self.assertEqual(self.rendered, {"Said": SAID})

    def test_commits(self) -> None:
        """All of it is stored in one transaction."""
        self.read()
        self.turns()
        self.assertEqual(self.store.commits, 1)

    def test_rush(self) -> None:
        """However many come at once, each reader is told of them in a few writes."""
        for number in range(PEOPLE):
            door = self.factory.buildProtocol(None)
            door.makeConnection(StringTransport())
            door.dataReceived(b"newcomer%d\n" % number)
            for _ in range(4):
                self.clock.advance(0)
        for _ in range(2):
            self.clock.advance(1)
        for transport in self.transports:
            first, others = transport.value().splitlines()
            self.assertIn(b" newcomer0 has joined", first)
            self.assertIn(b" %d people have joined" % (PEOPLE - 1), others)
            self.assertEqual(transport.writes, 2)
        self.assertEqual(self.rendered["Arrived"], PEOPLE)

    def calls(self, act: Callable[[], object]) -> "Counter[str]":
        """How many functions of the server are called, by their modules."""
        calls: Counter[str] = Counter()

        def count(frame: Any, event: str, arg: object) -> None:
            name = frame.f_globals.get("__name__", "")
            ours = name.startswith("chatd.") and not name.startswith(FAKE)
            if event == "call" and ours:
                calls[name] += 1

        sys.setprofile(count)
        try:
            act()
            self.turns()
        finally:
            sys.setprofile(None)
        return calls

    # As measured, and a tenth more: raise them only with a reason.

    def test_calls(self) -> None:
        """A message takes so many calls of Python functions, and a delivery none."""
        calls = self.calls(self.read)
        self.assertLess(calls.total(), 41 * SAID, calls.most_common(12))

    def test_calls_of_a_visit(self) -> None:
        """To come in by the one port and leave takes so many, of all but sending."""
        port = OnePort(
            {Guess.TEXT: self.factory}, self.clock, lambda: 1, lambda: 10, browsers=None
        )

        def visit() -> None:
            door = port.buildProtocol(None)
            door.makeConnection(StringTransport())
            door.dataReceived(b"passer-by\n")
            self.turns()
            self.assertIsNotNone(self.hub.presence.named("passer-by"))
            door.connectionLost()

        visit()  # what is cached once is not counted
        self.turns()
        calls = self.calls(visit)
        self.assertIsNone(self.hub.presence.named("passer-by"))
        self.assertLess(calls.total(), 500, calls.most_common(12))

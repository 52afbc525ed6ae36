"""Connections are let in or refused before any door hears of them."""

from collections.abc import Iterable

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.interfaces import IAddress, ITCPTransport
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from chatd.chat.admission import EXPLAINING, Admission
from chatd.chat.bans import Bans
from chatd.chat.rules import Rules
from chatd.chat.seldom import SUMMED_UP
from chatd.chat.store import ServerBan
from chatd.doors.gate import Gate
from chatd.doors.port import OnePort, Undecided
from chatd.doors.refusal import PATIENCE
from chatd.doors.text import TextFactory
from chatd.doors.transport import abort, address_of, visit_of
from chatd.testing import nobody_is_exempt
from chatd.wire.sniff import Guess
from tests.doors.wire import DoorCase, Heard, Peer

GREET, GIVE_UP = 0.5, 10.0


@implementer(ITCPTransport)
class Transport(StringTransport):
    """One of TCP, whose peer may become known later, as behind a proxy."""

    def __init__(self, peer: IAddress) -> None:
        super().__init__(peerAddress=peer)

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        """It never delays."""

    def move(self, host: str) -> None:
        """The proxy tells where the peer really is."""
        self.peerAddr = IPv4Address("TCP", host, 1)


class GateTests(SynchronousTestCase):
    """The gate stands before every door."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.rules = Rules(connections_address=1)
        self.admission = Admission(lambda: self.rules)
        self.gate = Gate(
            self.admission, self.clock, lambda address: address.startswith("10.")
        )
        self.doors: list[Heard] = []
        self.port = self.make_port()

    def make_port(self, *, proxied: bool = False) -> OnePort:
        """A port whose doors all remember what they hear."""
        factory = Factory()
        factory.buildProtocol = self.build  # type: ignore[method-assign]
        return OnePort(
            dict.fromkeys(Guess, factory),
            self.clock,
            lambda: GREET,
            lambda: GIVE_UP,
            self.gate,
            proxied=proxied,
        )

    def build(self, address: object) -> Heard:
        """A door."""
        self.doors.append(Heard())
        return self.doors[-1]

    def connect(
        self, host: str = "192.0.2.1", port: OnePort | None = None
    ) -> tuple[Undecided, Transport]:
        """A connection from there."""
        protocol = (port or self.port).buildProtocol(None)
        transport = Transport(IPv4Address("TCP", host, 1))
        protocol.makeConnection(transport)
        return protocol, transport

    def test_let_in(self) -> None:
        """Who is let in reaches the door, and is forgotten when gone."""
        protocol, transport = self.connect()
        protocol.dataReceived(b"ann\n")
        self.assertEqual(self.doors[0].data, b"ann\n")
        visit = visit_of(transport)
        self.assertIsNotNone(visit)
        protocol.connectionLost(Failure(Exception()))
        self.assertTrue(self.doors[0].lost)
        self.assertIsNone(visit_of(transport))
        self.assertEqual(len(self.admission), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_refused_in_its_language(self) -> None:
        """Who is refused is told so in the language it begins to speak."""
        self.connect()
        for said, heard in (
            (b'{"do":"ping"}\n', b'{"event": "failed"'),
            (b"GET / HTTP/1.1\r\n", b"HTTP/1.1 503"),
            (b"NICK ann\r\n", b"ERROR :There are 1 connections"),
            (b"\x16\x03\x01", b"\x15\x03"),
        ):
            protocol, transport = self.connect()
            protocol.dataReceived(said)
            self.assertTrue(transport.value().startswith(heard), transport.value())
            self.assertTrue(transport.disconnecting)
            protocol.connectionLost()
        self.assertEqual(self.doors, [])

    def test_refused_in_silence(self) -> None:
        """Who is refused and says nothing is taken for a person."""
        self.connect()
        _, transport = self.connect()
        self.clock.advance(GREET)
        self.assertTrue(transport.value().startswith(b"! There are 1 connections"))
        self.assertTrue(transport.disconnecting)

    def test_refused_half_said(self) -> None:
        """Who is refused and never finishes a line is cut off soon."""
        self.connect()
        protocol, transport = self.connect()
        protocol.dataReceived(b"{")
        self.clock.advance(PATIENCE)
        self.assertTrue(transport.disconnected)

    def test_flood(self) -> None:
        """In a flood most are cut off without a word."""
        self.connect()
        transports = [self.connect()[1] for _ in range(EXPLAINING + 1)]
        self.assertEqual(
            [transport.disconnected for transport in transports],
            [False] * EXPLAINING + [True],
        )

    def test_exempt(self) -> None:
        """The exempt have no limit per address."""
        for _ in range(3):
            protocol, _ = self.connect("10.1.2.3")
            protocol.dataReceived(b"ann\n")
        self.assertEqual(len(self.doors), 3)

    def test_log(self) -> None:
        """The first refusal is logged in full, the others of a minute are summed up."""
        self.connect()
        with capturedLogs() as events:
            for _ in range(50):
                self.connect()
            self.clock.advance(SUMMED_UP)
            self.connect()
            self.clock.advance(SUMMED_UP)
        first, summary, again = _texts(events)
        self.assertEqual(
            first,
            "a connection from 192.0.2.1 was refused (full): There are 1 connections "
            "from your address already, which is the most. End one of them first.",
        )
        self.assertEqual(
            summary, "49 more within 60 s: a connection was refused (full)"
        )
        self.assertEqual(again, first)

    def test_proxy(self) -> None:
        """Behind a proxy it is the real address that counts."""
        port = self.make_port(proxied=True)
        for host, refused in (("192.0.2.7", 0), ("192.0.2.8", 0), ("192.0.2.7", 1)):
            protocol, transport = self.connect("203.0.113.1", port)
            transport.move(host)
            protocol.dataReceived(b"ann\n")
            self.assertEqual(self.admission.refused.total(), refused)
        self.assertEqual(len(self.doors), 2)

    def test_proxy_in_silence(self) -> None:
        """Behind a proxy a silent person's address is known at the greeting."""
        port = self.make_port(proxied=True)
        for _ in range(2):
            _, transport = self.connect("203.0.113.1", port)
            transport.move("192.0.2.7")
            self.clock.advance(GREET)
        self.assertEqual(len(self.doors), 1)
        self.assertIn(b"There are 1 connections", transport.value())

    def test_proxy_half_closed(self) -> None:
        """Behind a proxy one who says all at once and closes is counted as well."""
        port = self.make_port(proxied=True)
        for _ in range(2):
            protocol, transport = self.connect("203.0.113.1", port)
            transport.move("192.0.2.7")
            protocol.dataReceived(b"A")
            protocol.readConnectionLost()
        self.assertEqual(len(self.doors), 1)
        self.assertIn(b"There are 1 connections", transport.value())

    def test_too_many_wait(self) -> None:
        """When too many wait, the oldest connection is cut off."""
        self.rules = Rules(entering_all=2)
        with capturedLogs() as events:
            transports = [self.connect()[1] for _ in range(4)]
        (line,) = _texts(events)
        self.assertIn("(crowded): too many wait to come in", line)
        self.assertEqual(
            [transport.disconnected for transport in transports],
            [True, True, False, False],
        )

    def test_inside(self) -> None:
        """What is wrapped, as in TLS, is one visit and not counted again."""
        _, outer = self.connect()
        inner = Transport(IPv4Address("TCP", "192.0.2.1", 1))
        inner.transport = outer  # type: ignore[attr-defined]
        protocol = self.port.buildProtocol(None)
        protocol.makeConnection(inner)
        self.assertEqual(len(self.admission), 1)
        protocol.dataReceived(b"ann\n")
        self.assertEqual(self.doors[0].data, b"ann\n")
        protocol.connectionLost()
        self.assertEqual(len(self.admission), 1)

    def test_handshake_stalls(self) -> None:
        """One deadline holds for TLS and for what is inside it."""
        protocol, outer = self.connect()
        protocol.dataReceived(b"\x16\x03\x01")
        self.clock.advance(GIVE_UP - 0.1)
        self.assertFalse(outer.disconnected)
        with capturedLogs() as events:
            self.clock.advance(0.1)
        self.assertTrue(outer.disconnected)
        (line,) = _texts(events)
        self.assertIn("(silent): It said nothing that makes sense", line)

    def test_handshake_done(self) -> None:
        """Once it is decided inside TLS, the deadline is over."""
        protocol, outer = self.connect()
        protocol.dataReceived(b"\x16\x03\x01")
        inner = Transport(IPv4Address("TCP", "192.0.2.1", 1))
        inner.transport = outer  # type: ignore[attr-defined]
        inside = self.port.buildProtocol(None)
        inside.makeConnection(inner)
        inside.dataReceived(b"ann\n")
        self.clock.advance(GIVE_UP)
        self.assertFalse(outer.disconnected)


class ComingInTests(DoorCase):
    """From the first moment until somebody has come in, one deadline runs."""

    rules = Rules(throttle=False)

    def setUp(self) -> None:
        super().setUp()
        gate = Gate(self.hub.admission, self.clock, nobody_is_exempt)
        text = TextFactory(self.hub, exempt=nobody_is_exempt)
        doors = dict.fromkeys(Guess, text)
        self.port = OnePort(doors, self.clock, lambda: GREET, lambda: GIVE_UP, gate)

    def test_bytes_do_not_help(self) -> None:
        """Who sends something every second, but never comes in, is let go in time."""
        peer = Peer(self.hub, self.port)
        for _ in range(59):
            self.clock.advance(1)
            peer.send(b"x")
            self.assertFalse(peer.wire.disconnecting)
        self.clock.advance(0.9)
        self.assertFalse(peer.wire.disconnecting)
        self.clock.advance(0.1)
        self.assertIn("because nobody came in by it in time", peer.lines()[-1])
        self.assertTrue(peer.wire.disconnecting)

    def test_came_in(self) -> None:
        """Who has come in does not wait any more, and stays."""
        peer = Peer(self.hub, self.port)
        self.assertEqual(self.hub.admission.waiting, 1)
        peer.type("ann")
        self.assertEqual(self.hub.admission.waiting, 0)
        self.clock.advance(61)
        self.assertFalse(peer.wire.disconnecting)
        peer.lose()
        self.assertEqual(len(self.hub.admission), 0)

    def test_too_many_wait(self) -> None:
        """Who was greeted and must go, because too many wait, is told why."""
        self.hub.rules = Rules(entering_all=1)
        peer = Peer(self.hub, self.port)
        self.clock.advance(GREET)
        peer.read()
        Peer(self.hub, self.port, address="198.51.100.7")
        self.assertIn("because too many wait to come in", peer.lines()[-1])
        self.assertEqual(self.hub.refusals.counts, {"crowded": 1})

    def test_banned(self) -> None:
        """Who is banned is not even greeted, and knows why."""
        ban = ServerBan("network:192.0.2.0/24", "192.0.2.0/24", 0.0, "spam", "ann")
        self.hub.bans = Bans([ban], lambda: 0.0)
        peer = Peer(self.hub, self.port)
        self.clock.advance(GREET)
        self.assertEqual(peer.lines(), ["! You are banned from this server: spam"])
        self.assertTrue(peer.wire.disconnecting)
        self.assertFalse(self.hub.connections)


class TransportTests(SynchronousTestCase):
    """What is known of a transport."""

    def test_addresses(self) -> None:
        """IPv4 reads the same by whatever socket; a UNIX socket has no address."""
        for host, shown in (
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1"),
        ):
            self.assertEqual(address_of(IPv4Address("TCP", host, 1)), shown)
        self.assertEqual(address_of(UNIXAddress(None)), "local")

    def test_abort(self) -> None:
        """A transport that cannot be cut off is closed; none is none."""
        closed: list[bool] = []

        class Pipe:
            def loseConnection(self) -> None:
                closed.append(True)

        abort(Pipe())  # type: ignore[arg-type]
        abort(None)
        self.assertEqual(closed, [True])


def _texts(events: Iterable[LogEvent]) -> list[str]:
    return [
        formatEvent(event)
        for event in events
        if event["log_namespace"].startswith("chatd.chat.seldom")
    ]

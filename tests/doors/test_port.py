"""Tests for L{chatd.doors.port}."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IOpenSSLClientConnectionCreator,
)
from twisted.internet.protocol import Factory
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat.seldom import SUMMED_UP
from chatd.doors import browsers
from chatd.doors.browsers import Browsers
from chatd.doors.connection import PATIENCE
from chatd.doors.gate import Gate
from chatd.doors.json import JSONFactory
from chatd.doors.port import OnePort
from chatd.doors.text import TextFactory
from chatd.secrets.certificate import ReloadingContext, ensure_certificate
from chatd.testing import join, nobody_is_exempt, turn
from chatd.wire.sniff import Guess
from tests.doors.wire import DoorCase, Heard, Peer, Wire

GREET, GREET_BROWSERS, GIVE_UP = 0.5, 2.0, 10.0

SAID = {
    Guess.TLS: b"\x16\x03\x01\x02\x00\x01",
    Guess.SSH: b"SSH-2.0-OpenSSH_9.2p1\r\n",
    Guess.HTTP: b"GET /page HTTP/1.1\r\nHost: chat.example\r\n",
    Guess.JSON: b'{"do":"ping"}\n{"do":',
    Guess.IRC: b"CAP LS 302\r\nNICK ann\r\n",
    Guess.TELNET: b"\xff\xfb\x1f",
    Guess.TEXT: b"hello\nand more",
}


@implementer(IHalfCloseableProtocol)
class HalfHeard(Heard):
    """One that goes on when the peer says no more."""

    halves = ""

    def readConnectionLost(self) -> None:
        self.halves += "read "

    def writeConnectionLost(self) -> None:
        self.halves += "write "


class Doors(Factory):
    """Makes doors of one kind, and keeps them."""

    def __init__(self, kind: type[Heard] = Heard) -> None:
        self.kind = kind
        self.made: list[Any] = []
        self.running = 0

    def buildProtocol(self, addr: object) -> Heard:
        self.made.append(self.kind())
        door: Heard = self.made[-1]
        return door

    def doStart(self) -> None:
        self.running += 1

    def doStop(self) -> None:
        self.running -= 1


class PortCase(DoorCase):
    """A port with a door for everybody."""

    def setUp(self) -> None:
        super().setUp()
        self.doors = {guess: Doors() for guess in Guess}
        self.gate = Gate(self.hub.admission, self.clock, nobody_is_exempt)
        self.browsers = Browsers(self.clock, lambda: GREET_BROWSERS)

    def port(self, doors: Mapping[Guess, Any] | None = None) -> OnePort:
        """One port of these doors."""
        return OnePort(
            doors or self.doors,
            self.clock,
            lambda: GREET,
            lambda: GIVE_UP,
            self.gate,
            browsers=self.browsers,
        )

    def connect(self) -> Peer:
        """Somebody who has said nothing yet."""
        return Peer(self.hub, self.port())

    def heard(self) -> dict[Guess, bytes]:
        """What the doors that are open heard."""
        return {
            guess: door.data
            for guess, doors in self.doors.items()
            for door in doors.made
        }


class ChoiceTests(PortCase):
    """The first bytes decide."""

    def test_each(self) -> None:
        """Each language has its door, which is given every byte."""
        for guess, data in SAID.items():
            for cut in range(len(data) + 1):
                self.doors[guess].made.clear()
                peer = self.connect()
                peer.send(*filter(None, (data[:cut], data[cut:])))
                peer.send(b" more")
                self.assertEqual(self.heard(), {guess: data + b" more"}, cut)
                peer.lose()
                self.assertTrue(self.doors[guess].made[0].lost)
            self.doors[guess].made.clear()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_silence(self) -> None:
        """Silence for a moment means a person, who waits to be greeted."""
        peer = self.connect()
        self.clock.advance(GREET - 0.01)
        self.assertEqual(self.heard(), {})
        self.clock.advance(0.01)
        self.assertEqual(self.heard(), {Guess.TEXT: b""})
        peer.send(b"hello\n")
        self.assertEqual(self.heard(), {Guess.TEXT: b"hello\n"})
        self.clock.advance(GIVE_UP)
        self.assertFalse(peer.wire.disconnecting)

    def test_undecided(self) -> None:
        """Who begins and does not go on is cut off in the end."""
        peer = self.connect()
        for second in range(10):
            self.assertFalse(peer.wire.aborted)
            peer.send(b"GET /"[second : second + 1] or b"x")
            self.clock.advance(1)
        self.assertTrue(peer.wire.aborted)
        self.assertEqual(self.heard(), {})
        peer.lose()
        self.clock.advance(SUMMED_UP)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_endless(self) -> None:
        """An endless first line is a person's, whose door knows what to do."""
        peer = self.connect()
        data = b'{"' + b"x" * 5000
        peer.send(data)
        self.assertEqual(self.heard(), {Guess.TEXT: data})

    def test_lost(self) -> None:
        """Who goes again leaves nothing behind."""
        peer = self.connect()
        peer.send(b"GE")
        peer.lose(clean=False)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_factories(self) -> None:
        """Doors are started and stopped with the port, each once."""
        both = Doors()
        port = self.port({Guess.TEXT: both, Guess.TELNET: both})
        port.doStart()
        self.assertEqual(both.running, 1)
        port.doStop()
        self.assertEqual(both.running, 0)


class BrowserTests(PortCase):
    """Browsers open connections in advance, and say nothing there for a while."""

    def greeted_after(self) -> float:
        """Connect, say nothing, and wait: the seconds until a person is greeted."""
        self.doors[Guess.TEXT].made.clear()
        peer = self.connect()
        for eighths in range(80):
            if self.doors[Guess.TEXT].made:
                peer.lose()
                return eighths / 8
            self.clock.advance(1 / 8)
        raise AssertionError("nobody is greeted")

    def test_spare(self) -> None:
        """
        A spare connection is not greeted at once where HTTP was spoken; people behind
        the same address are greeted a little later.
        """
        self.assertEqual(self.greeted_after(), GREET)
        self.connect().send(SAID[Guess.HTTP])
        self.assertEqual(self.greeted_after(), GREET_BROWSERS)
        self.clock.advance(browsers.LATELY)
        self.assertEqual(self.greeted_after(), GREET)

    def test_late(self) -> None:
        """What a browser says on it, late, is HTTP."""
        self.connect().send(SAID[Guess.HTTP])
        spare = self.connect()
        self.clock.advance(GREET_BROWSERS - 0.1)
        self.doors[Guess.HTTP].made.clear()
        spare.send(SAID[Guess.HTTP])
        self.assertEqual(self.heard(), {Guess.HTTP: SAID[Guess.HTTP]})

    def test_first(self) -> None:
        """So it is with the two connections that a browser opens at first."""
        spare = self.connect()
        self.connect().send(SAID[Guess.HTTP])
        self.doors[Guess.HTTP].made.clear()
        self.clock.advance(GREET)
        self.clock.advance(GREET_BROWSERS - GREET - 0.1)
        spare.send(SAID[Guess.HTTP])
        self.assertEqual(self.heard(), {Guess.HTTP: SAID[Guess.HTTP]})

    def test_bounded(self) -> None:
        """Not more addresses are kept in mind than can be; the oldest goes."""
        self.patch(browsers, "MOST", 3)
        for number in range(4):
            self.browsers.spoke(f"192.0.2.{number}")
        self.browsers.spoke("192.0.2.1")
        self.browsers.spoke("192.0.2.4")
        waits = [self.browsers.silence(f"192.0.2.{n}", GREET) for n in range(6)]
        late = GREET_BROWSERS
        self.assertEqual(waits, [GREET, late, GREET, late, late, GREET])

    def test_shorter(self) -> None:
        """An operator who greets late greets no browser earlier."""
        self.browsers.spoke("192.0.2.1")
        self.assertEqual(self.browsers.silence("192.0.2.1", 5.0), 5.0)


class HalfClosedTests(PortCase):
    """Who says no more may still listen."""

    def test_unfinished(self) -> None:
        """One unfinished line is a person's."""
        peer = self.connect()
        peer.send(b"GET")
        peer.finish()
        self.assertEqual(self.heard(), {Guess.TEXT: b"GET"})

    def test_nothing(self) -> None:
        """Who says nothing at all is hung up."""
        peer = self.connect()
        peer.finish()
        self.assertTrue(peer.wire.disconnecting)

    def test_told(self) -> None:
        """A door that can go on is told; others' connections end."""
        self.doors[Guess.TEXT] = Doors(HalfHeard)
        peer = self.connect()
        peer.send(b"hello\n")
        peer.finish()
        peer.protocol.writeConnectionLost()
        self.assertFalse(peer.wire.disconnecting)
        self.assertEqual(self.doors[Guess.TEXT].made[0].halves, "read write ")
        peer = self.connect()
        peer.send(SAID[Guess.JSON])
        peer.protocol.writeConnectionLost()
        peer.finish()
        self.assertTrue(peer.wire.disconnecting)


@implementer(IOpenSSLClientConnectionCreator)
class Trusting:
    """A client that takes any certificate."""

    def clientConnectionForTLS(self, protocol: object) -> SSL.Connection:
        return SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)


class Encrypted:
    """
    Somebody with C{openssl s_client}.

    @ivar wire: The server's side of the connection.
    """

    def __init__(self, case: "EncryptedTests", port: OnePort) -> None:
        self.hub = case.hub
        self.wire = Wire()
        self.server: Any = port.buildProtocol(self.wire.getPeer())
        self.server.makeConnection(self.wire)
        self.near = Heard()
        self._far = StringTransport()
        factory = Factory()
        factory.buildProtocol = lambda addr: self.near  # type: ignore[method-assign]
        self.client: Any = TLSMemoryBIOFactory(
            Trusting(), True, factory, clock=self.hub.clock
        ).buildProtocol(None)
        self.client.makeConnection(self._far)

    def pump(self, rounds: int = 5) -> bytes:
        """Carry bytes to and fro; what came since the last time."""
        for _ in range(rounds):
            sent = self._far.value()
            self._far.clear()
            if sent:
                self.server.dataReceived(sent)
            turn(self.hub)
            got = self.wire.value()
            self.wire.clear()
            if got:
                self.client.dataReceived(got)
        data, self.near.data = self.near.data, b""
        return data

    def lose(self) -> None:
        """The connection is gone."""
        self.server.connectionLost(Failure(ConnectionDone()))
        turn(self.hub)

    def send(self, data: bytes) -> bytes:
        """Send bytes, and read what comes back."""
        self.client.write(data)
        return self.pump()


class EncryptedTests(PortCase):
    """Inside TLS the first bytes decide once more."""

    def setUp(self) -> None:
        super().setUp()
        folder = Path(self.mktemp())
        folder.mkdir()
        crt, key = folder / "tls.crt", folder / "tls.key"
        ensure_certificate(crt, key, ["chat.example"])
        self.text = TextFactory(self.hub, exempt=nobody_is_exempt)
        inside = self.doors | {
            Guess.TEXT: self.text,
            Guess.JSON: JSONFactory(self.hub, exempt=nobody_is_exempt),
        }
        tls = TLSMemoryBIOFactory(
            ReloadingContext(crt, key), False, self.port(inside), clock=self.clock
        )
        self.both = self.port(self.doors | {Guess.TLS: tls})

    def test_person(self) -> None:
        """A person is greeted after a moment, and told that the line is encrypted."""
        peer = Encrypted(self, self.both)
        self.assertEqual(peer.pump(), b"")
        self.clock.advance(GREET)
        self.assertIn(b"* This line is encrypted.", peer.pump())
        self.assertIn(b"* You are ann, a guest.", peer.send(b"ann\n"))
        _, door = join(self.hub, "bob")
        peer.send(b"hello\r\n")
        self.assertEqual(door.events[-1].text, "hello")

    def test_program(self) -> None:
        """A program that speaks at once is understood."""
        peer = Encrypted(self, self.both)
        lines = peer.send(b'{"do":"enter","name":"ann","ref":1}\n').splitlines()
        hello, done, _ = map(json.loads, lines)
        self.assertTrue(hello["secure"])
        self.assertEqual(done["ref"], 1)

    def test_each(self) -> None:
        """All other doors are there as well."""
        for guess in (Guess.SSH, Guess.HTTP, Guess.IRC):
            Encrypted(self, self.both).send(SAID[guess])
            self.assertEqual(self.heard(), {guess: SAID[guess]})
            self.doors[guess].made.clear()

    def test_far(self) -> None:
        """One who is far away, so that the handshake takes its time, is not greeted."""
        peer = Encrypted(self, self.both)
        peer.pump(1)
        self.clock.advance(2 * GREET)
        self.assertFalse(self.hub.connections)
        answer = peer.send(b'{"do":"ping","ref":1}\n')
        self.assertIn(b'"ref":1', answer)
        self.assertNotIn(b"* Welcome", answer)

    def test_never(self) -> None:
        """Who never ends the handshake is cut off like all who do not begin."""
        peer = Peer(self.hub, self.both)
        peer.send(SAID[Guess.TLS])
        self.clock.advance(GIVE_UP - 0.1)
        self.assertFalse(peer.wire.aborted)
        self.clock.advance(0.1)
        self.assertTrue(peer.wire.aborted)

    def test_garbage(self) -> None:
        """What only begins like TLS is ended without a traceback."""
        peer = Peer(self.hub, self.both)
        peer.send(b"\x16\x03\x01" + b"garbage" * 100)
        self.assertTrue(peer.wire.disconnecting)
        peer.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_close(self) -> None:
        """A client that ends TLS as it should has left."""
        _, door = join(self.hub, "bob")
        peer = Encrypted(self, self.both)
        peer.send(b"ann\n")
        peer.client.loseConnection()
        peer.pump()
        self.assertTrue(peer.wire.disconnecting)
        peer.lose()
        self.assertEqual(type(door.events[-1]).__name__, "Departed")

    def test_not_read(self) -> None:
        """One that reads nothing any more is cut off, two seconds after goodbye."""
        peer = Encrypted(self, self.both)
        peer.send(b"ann\n")
        (session,) = self.hub.connections
        peer.wire.producer.pauseProducing()
        session.close("Bye.")
        self.clock.advance(PATIENCE - 0.1)
        self.assertFalse(peer.wire.aborted)
        self.clock.advance(0.1)
        self.assertTrue(peer.wire.aborted)
        # Gone before that: nothing is left to cut off.
        peer = Encrypted(self, self.both)
        peer.send(b"bob\n")
        (session,) = self.hub.connections
        session.close("Bye.")
        peer.pump()
        peer.lose()
        self.clock.advance(PATIENCE)
        self.assertFalse(peer.wire.aborted)

"""Tests for L{chatd.operate.direct}."""

import socket

from twisted.internet import unix
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionDone
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.tcp import Port, Server
from twisted.internet.testing import MemoryReactor, MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, SynchronousTestCase
from zope.interface import implementedBy

from chatd.operate.direct import (
    AT_ONCE,
    DirectServer,
    send_directly,
    stay_in_touch,
    take_few,
)


class FewTests(SynchronousTestCase):
    """Newcomers, however many, do not hold up those who are here."""

    def test_few(self) -> None:
        """A port takes few at a time, also after there were many."""
        taken: list[int] = []

        def take(port: Port) -> None:
            taken.append(port.numberAccepts)
            port.numberAccepts += 20  # as Twisted does when there are more

        self.patch(Port, "doRead", take)
        port = Port(0, Factory(), reactor=MemoryReactor())
        take_few(port)
        for _ in range(3):
            port.doRead()
        self.assertEqual(taken, [AT_ONCE] * 3)

    def test_other(self) -> None:
        """What is no port of TCP stays as it is."""
        take_few(object())  # type: ignore[arg-type]


class Socket:
    """Takes so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.sent = b""
        self.closed = self.sends = 0
        self.name: tuple[object, ...] = ("127.0.0.1", 5050)

    def send(self, data: bytes) -> int:
        """Take what there is room for."""
        if not self.room:
            raise BlockingIOError
        self.sends += 1
        taken = data[: self.room]
        self.room -= len(taken)
        self.sent += taken
        return len(taken)

    def fileno(self) -> int:
        """Any number."""
        return 7

    def setblocking(self, on: bool) -> None:
        """It never blocks."""

    def getsockname(self) -> tuple[object, ...]:
        """By which address it came in."""
        return self.name

    def shutdown(self, how: int) -> None:
        """Both sides."""

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class Hindered:
    """Somebody who is sent something."""

    times = 0

    def hindered(self) -> None:
        """Count it."""
        self.times += 1


class StraightTests(SynchronousTestCase):
    """What is sent past a connection never overtakes what waits in it."""

    def setUp(self) -> None:
        self.socket, self.reader = Socket(room=5), Hindered()
        self.server = DirectServer(
            self.socket,
            Protocol(),
            ("127.0.0.1", 1),
            Port(0, Factory(), reactor=MemoryReactor()),
            1,
            MemoryReactorClock(),
        )
        self.server.connected = True

    def test_nothing_waits(self) -> None:
        """The socket itself may be used as long as it takes everything."""
        self.assertIs(self.server.straight(self.reader), self.socket)
        self.server.write(b"12345")
        self.assertEqual((self.socket.sent, self.reader.times), (b"12345", 0))

    def test_here(self) -> None:
        """By which address somebody came in is looked at once for all who did."""
        here = self.server.getHost()
        self.assertEqual(here, IPv4Address("TCP", "127.0.0.1", 5050))
        self.assertIs(self.server.getHost(), here)
        self.socket.name = ("::1", 5050, 0, 0)
        self.assertEqual(self.server.getHost(), IPv6Address("TCP", "::1", 5050, 0, 0))

    def test_waiting(self) -> None:
        """When something waits, whoever uses the socket is told, until it is sent."""
        self.server.straight(self.reader)
        self.server.write(b"123456789")
        self.assertEqual((self.socket.sent, self.reader.times), (b"12345", 1))
        self.assertIsNone(self.server.straight(self.reader))
        self.socket.room = 100
        self.server.doWrite()
        self.assertEqual(self.socket.sent, b"123456789")
        self.assertIs(self.server.straight(self.reader), self.socket)
        self.assertEqual(self.reader.times, 1)

    def test_ending(self) -> None:
        """So they are when it is to end."""
        self.server.straight(self.reader)
        self.server.loseConnection()
        self.assertEqual(self.reader.times, 1)
        self.assertIsNone(self.server.straight(self.reader))


class Ended(Protocol):
    """Knows how often it was ended, and why the last time."""

    times = 0
    why: type[BaseException] | None = None

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Count it."""
        self.times += 1
        self.why = reason.type


class EndTests(SynchronousTestCase):
    """A connection ends once, in a turn of its own, after what was written."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.socket, self.ended = Socket(room=5), Ended()
        self.server = DirectServer(
            self.socket,
            self.ended,
            ("127.0.0.1", 1),
            Port(0, Factory(), reactor=self.reactor),
            1,
            self.reactor,
        )
        self.server.connected = True
        self.server.startReading()

    def test_nothing_waits(self) -> None:
        """Where nothing waits, the poller is not asked when it can be sent."""
        self.server.loseConnection()
        self.server.loseConnection()
        self.assertEqual(self.ended.times, 0)
        self.assertEqual(self.reactor.getReaders(), [])
        self.assertEqual(self.reactor.getWriters(), [])
        self.reactor.advance(0)
        self.assertEqual((self.ended.times, self.ended.why), (1, ConnectionDone))
        self.assertEqual(self.socket.closed, 1)

    def test_waiting(self) -> None:
        """What waits is sent before."""
        self.server.write(b"123456789")
        self.server.loseConnection()
        self.reactor.advance(0)
        self.assertEqual(self.ended.times, 0)
        self.socket.room = 100
        self.assertIs(self.server.doWrite(), CONNECTION_DONE)
        self.assertEqual(self.socket.sent, b"123456789")

    def test_afterwards(self) -> None:
        """So is what is written in the same turn."""
        self.server.loseConnection()
        self.server.write(b"12345")
        self.reactor.advance(0)
        self.assertEqual(self.ended.times, 0)
        self.assertIs(self.server.doWrite(), CONNECTION_DONE)
        self.assertEqual(self.socket.sent, b"12345")

    def test_aborted(self) -> None:
        """Who is cut off meanwhile is gone, and not twice."""
        self.server.loseConnection()
        self.server.abortConnection()
        self.reactor.advance(0)
        self.assertEqual(self.ended.times, 1)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_pulled(self) -> None:
        """Who is asked for more as long as there is more ends it themselves."""
        self.server.producer, self.server.streamingProducer = object(), False
        self.server.loseConnection()
        self.assertEqual(self.reactor.getWriters(), [self.server])


class InterfaceTests(SynchronousTestCase):
    """Its connections are all that Twisted's are."""

    def test_all(self) -> None:
        """One interface has all of theirs, and there is but one to take over."""
        self.assertEqual(len(list(implementedBy(DirectServer))), 1)
        missing = [
            interface
            for interface in implementedBy(Server)
            if not interface.implementedBy(DirectServer)
        ]
        self.assertEqual(missing, [])


class DirectTests(SynchronousTestCase):
    """Ports of TCP send at once."""

    def test_kinds(self) -> None:
        """Those of UNIX sockets have connections of their own kind."""
        tcp = Port(0, Factory(), reactor=MemoryReactor())
        local = unix.Port("path", Factory(), reactor=MemoryReactor())
        for port in (tcp, local):
            send_directly(port)
        self.assertIs(tcp.transport, DirectServer)
        self.assertIs(local.transport, unix.Server)


class InTouchTests(SynchronousTestCase):
    """Connections send without delay, and do not wait for ever for who is gone."""

    def setUp(self) -> None:
        port = Port(0, Factory(), reactor=MemoryReactor())
        port.socket = listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        stay_in_touch(port)
        client = socket.create_connection(listening.getsockname())
        self.addCleanup(client.close)
        self.accepted, _ = listening.accept()
        self.addCleanup(self.accepted.close)

    def tcp(self, name: str) -> int:
        """An option of what was accepted."""
        return self.accepted.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))

    def test_quick(self) -> None:
        """What is said is on its way at once, and a dead peer is noticed."""
        self.assertTrue(self.tcp("TCP_NODELAY"))
        self.assertTrue(
            self.accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        )

    def test_probes(self) -> None:
        """The kernel asks a silent peer within two minutes whether it is there."""
        for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"):
            if not hasattr(socket, name):
                raise SkipTest(f"this system has no {name}")
        tries = self.tcp("TCP_KEEPINTVL") * self.tcp("TCP_KEEPCNT")
        self.assertLessEqual(self.tcp("TCP_KEEPIDLE") + tries, 120)
        self.assertEqual(self.tcp("TCP_USER_TIMEOUT"), 120_000)

    def test_other(self) -> None:
        """UNIX sockets have no such options."""
        stay_in_touch(unix.Port("path", Factory(), reactor=MemoryReactor()))

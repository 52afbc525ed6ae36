"""Tests for L{chatd.operate.encrypted}."""

import gc
import weakref
from pathlib import Path
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.tcp import Port
from twisted.internet.testing import (
    AccumulatingProtocol,
    MemoryReactorClock,
    StringTransport,
)
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import providedBy

from chatd.doors.transport import straight
from chatd.operate.direct import DirectServer
from chatd.operate.encrypted import Encrypted
from chatd.secrets.certificate import ReloadingContext, ensure_certificate
from tests.doors.test_port import Trusting
from tests.operate.test_direct import Ended, Hindered, Socket


class EncryptedTests(SynchronousTestCase):
    """What all are shown is encrypted for each and sent at once."""

    def setUp(self) -> None:
        self.reader: Any = Hindered()
        self.socket = Socket(room=1_000_000)
        self.server = self.connect(Encrypted)
        self.assertEqual(self.socket.sends, 1)  # of hands that are shaken
        self.server.write(b"* Welcome\n")
        self.assertEqual(self.socket.sends, 2)
        self.carry()
        self.near.data = b""

    def connect(
        self,
        kind: type[TLSMemoryBIOProtocol],
        inside: type[Protocol] = Protocol,
        first: bytes = b"",
    ) -> Any:
        """
        Shake hands.

        @param first: What the client says along with the end of it.
        """
        folder = Path(self.mktemp())
        folder.mkdir()
        crt, key = folder / "tls.crt", folder / "tls.key"
        ensure_certificate(crt, key, ["chat.example"])
        factory = Factory.forProtocol(inside)
        tls = TLSMemoryBIOFactory(ReloadingContext(crt, key), False, factory)
        tls.protocol = kind
        server = tls.buildProtocol(None)
        port: Any = Port(0, Factory(), reactor=MemoryReactorClock())
        sock: Any = self.socket
        self.direct = DirectServer(
            sock, server, ("127.0.0.1", 1), port, 1, MemoryReactorClock()
        )
        self.direct.connected = True
        server.makeConnection(self.direct)
        self.near, self.far = AccumulatingProtocol(), StringTransport()
        outside = Factory()
        outside.buildProtocol = lambda addr: self.near  # type: ignore[method-assign]
        clients = TLSMemoryBIOFactory(Trusting(), True, outside)
        clients.protocol = TLSMemoryBIOProtocol  # which does not wait for more
        self.client: Any = clients.buildProtocol(None)
        self.client.makeConnection(self.far)
        self.client.write(first)
        for _ in range(3):
            data = self.far.value()
            self.far.clear()
            if data:
                server.dataReceived(data)
            self.carry()
        return server

    def test_refused(self) -> None:
        """Who is sent away at the first word is told why, and that it is the end."""

        class Refusing(Protocol):
            """Has one answer."""

            def dataReceived(self, data: bytes) -> None:
                assert self.transport is not None
                self.transport.write(b"! Full.")
                self.transport.loseConnection()

        self.connect(Encrypted, Refusing, b"ann")
        self.assertEqual(self.near.data, b"! Full.")
        self.assertTrue(self.far.disconnecting)

    def test_interfaces(self) -> None:
        """What is encrypted can do what a plain connection can, and says so."""
        for interface in providedBy(self.direct).flattened():
            self.assertTrue(interface.providedBy(self.server), interface)

    def carry(self) -> None:
        """What was sent arrives."""
        data, self.socket.sent = self.socket.sent, b""
        if data:
            self.client.dataReceived(data)

    def test_record(self) -> None:
        """It is one record, in one go."""
        records = straight(self.server, self.reader)
        assert records is not None
        self.assertEqual(records.send(b"hello"), 5)
        self.assertEqual(self.socket.sent[0], 23)
        self.assertEqual(
            int.from_bytes(self.socket.sent[3:5], "big"), len(self.socket.sent) - 5
        )
        self.carry()
        self.assertEqual(self.near.data, b"hello")

    def test_waiting(self) -> None:
        """What the socket does not take waits, and nothing overtakes it."""
        records = straight(self.server, self.reader)
        assert records is not None
        self.socket.room = 9
        self.assertEqual(records.send(b"hello "), 6)
        self.assertEqual((len(self.socket.sent), self.reader.times), (9, 1))
        self.assertIsNone(straight(self.server, self.reader))
        self.server.write(b"world")
        self.socket.room = 1000
        self.direct.doWrite()
        self.carry()
        self.assertEqual(self.near.data, b"hello world")
        self.assertIsNotNone(straight(self.server, self.reader))

    def test_long(self) -> None:
        """What takes several records is left to be written as usual."""
        records = straight(self.server, self.reader)
        assert records is not None
        self.assertEqual(records.send(b"x" * 20_000), 0)
        self.assertEqual(self.socket.sent, b"")

    def test_ended(self) -> None:
        """When it ended nothing is sent any more."""
        records = straight(self.server, self.reader)
        assert records is not None
        self.server.loseConnection()
        self.socket.sent = b""
        self.assertEqual(records.send(b"hello"), 0)
        self.assertEqual(self.socket.sent, b"")

    def lose(self) -> Ended:
        """The peer is gone; what was told of it."""
        ended = Ended()
        self.server.wrappedProtocol = ended
        self.server.connectionLost(connectionDone)
        return ended

    def test_cut(self) -> None:
        """An end that was not announced is told from one that was."""
        ended = self.lose()
        self.assertEqual((ended.times, ended.why), (1, ConnectionLost))

    def test_announced(self) -> None:
        """Who says that it is the end was not cut off."""
        self.client.loseConnection()
        self.server.dataReceived(self.far.value())
        ended = self.lose()
        self.assertEqual((ended.times, ended.why), (1, ConnectionDone))

    def test_memory(self) -> None:
        """What OpenSSL knew of a connection is forgotten at once when that is cut."""
        known = weakref.ref(self.server.getHandle())
        self.assertIsNotNone(known())
        gc.disable()
        self.addCleanup(gc.enable)
        self.lose()
        self.assertIsNone(known())

    def test_clear_text(self) -> None:
        """Nobody gets at the socket past a wrapper that does not know of this."""
        server = self.connect(TLSMemoryBIOProtocol)
        self.assertIsNone(straight(server, self.reader))

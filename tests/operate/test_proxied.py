"""Tests for L{chatd.operate.proxied}."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.proxied import proxied

HEAD = b"PROXY TCP4 192.0.2.1 127.0.0.1 50000 5060\r\n"
V2 = b"\r\n\r\n\0\r\nQUIT\n"


class Behind(Protocol):
    """What a proxy leads to."""

    heard = b""

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        if data == b"bug":
            raise ValueError


class ProxiedTests(SynchronousTestCase):
    """Whoever is behind a proxy is known by their own address."""

    def setUp(self) -> None:
        self.protocol = proxied(Factory.forProtocol(Behind)).buildProtocol(None)
        assert self.protocol is not None
        self.wire = StringTransportWithDisconnection()
        self.wire.protocol = self.protocol
        self.protocol.makeConnection(self.wire)

    def test_address(self) -> None:
        """The address that the proxy tells counts, and what follows is passed on."""
        self.protocol.dataReceived(HEAD + b"hi")
        self.assertEqual(self.protocol.getPeer().host, "192.0.2.1")
        self.assertEqual(self.protocol.wrappedProtocol.heard, b"hi")

    def test_bug(self) -> None:
        """A bug behind it is not taken for a wrong beginning."""
        self.protocol.dataReceived(HEAD)
        self.assertRaises(ValueError, self.protocol.dataReceived, b"bug")
        self.assertTrue(self.wire.connected)

    def test_wrong(self) -> None:
        """What does not begin so is ended, and no error is logged."""
        for wrong in (
            b"hello",
            HEAD.replace(b"5060", b"x"),
            HEAD.replace(b"50000", b"\xff"),
            HEAD.replace(b"127.0.0.1", b"\xff"),
            V2 + b"\x21\xff\0\x0c" + b"\xff" * 12,
        ):
            self.setUp()
            self.protocol.dataReceived(wrong)
            self.assertFalse(self.wire.connected, wrong)

    @given(st.binary(), st.sampled_from([HEAD[:14], V2, V2 + b"\x21\x11\0\x0c", b""]))
    def test_any(self, data: bytes, begun: bytes) -> None:
        """Whatever comes, nothing is raised."""
        self.setUp()
        for piece in (begun + data, b"\r\n"):
            if self.wire.connected:
                self.protocol.dataReceived(piece)

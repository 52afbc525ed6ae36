"""What the tests of doors share: connections that lie in memory."""

import re
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IProtocolFactory,
    ISSLTransport,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides, implementer

from chatd.chat.account import Preferences
from chatd.chat.hub import Hub
from chatd.chat.rules import Rules
from chatd.testing import make_hub, turn

_TIME = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]")


@implementer(ITCPTransport)
class Wire(StringTransport):
    """
    A TCP connection, as far as the server sees it.

    @ivar aborted: Whether it was cut off.
    """

    def __init__(self, address: str = "192.0.2.1", *, secure: bool = False) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", address, 50_000))
        if secure:
            alsoProvides(self, ISSLTransport)

    @property
    def aborted(self) -> bool:
        return bool(self.disconnected)

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        """Twisted's HTTP does."""

    def setTcpKeepAlive(self, enabled: bool) -> None:  # noqa: N802
        """Nobody does."""

    def getTcpNoDelay(self) -> bool:
        return True

    def getTcpKeepAlive(self) -> bool:
        return True

    def loseWriteConnection(self) -> None:
        """Nobody does."""


class Peer:
    """
    Who is at the other end of a connection.

    @ivar protocol: The server's side.
    """

    def __init__(
        self,
        hub: Hub,
        factory: IProtocolFactory,
        *,
        address: str = "192.0.2.1",
        secure: bool = False,
    ) -> None:
        self.hub = hub
        self.wire = Wire(address, secure=secure)
        self.protocol: Any = factory.buildProtocol(self.wire.getPeer())
        self.protocol.makeConnection(self.wire)

    def send(self, *pieces: bytes) -> bytes:
        """Send bytes, in these pieces, and read what comes back."""
        for piece in pieces:
            self.protocol.dataReceived(piece)
        return self.read()

    def read(self) -> bytes:
        """What came since the last time."""
        turn(self.hub)
        data = self.wire.value()
        self.wire.clear()
        return data

    def type(self, *lines: str) -> list[str]:
        """Type lines, as in nc, and read what comes back: see L{lines}."""
        return text(self.send(*(f"{line}\n".encode() for line in lines)))

    def lines(self) -> list[str]:
        """The lines that came since the last time."""
        return text(self.read())

    def finish(self) -> None:
        """Say nothing more, but go on to read."""
        IHalfCloseableProtocol(self.protocol).readConnectionLost()

    def lose(self, *, clean: bool = True) -> None:
        """The connection is gone."""
        self.protocol.connectionLost(
            Failure(ConnectionDone() if clean else ConnectionLost())
        )
        turn(self.hub)


class Heard(Protocol):
    """A door that remembers what it heard."""

    def __init__(self) -> None:
        self.data = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: object = None) -> None:
        self.lost = True


class DoorCase(SynchronousTestCase):
    """A hub, for doors to lead to."""

    rules = Rules(throttle=False, server="chat.example")

    def setUp(self) -> None:
        self.hub = make_hub(rules=self.rules)
        self.clock: Any = self.hub.clock
        self.store: Any = self.hub.store

    def tearDown(self) -> None:
        self.assertEqual(self.flushLoggedErrors(), [])


def text(data: bytes) -> list[str]:
    """Lines, with C{[..]} in place of the time."""
    assert not data or data.endswith(b"\r\n"), data
    lines = data.decode().split("\r\n")[:-1]
    return [_TIME.sub("[..]", line) for line in lines]


def plain(data: bytes) -> str:
    """What a terminal would show, without colours and keys."""
    return re.sub("\x1b\\[[?0-9;]*[a-zA-Z]", "", data.decode("utf-8", "replace"))


def preferences_of(peer: Peer) -> Preferences:
    """What the person at a connection has chosen."""
    chosen: Preferences = peer.protocol.session.preferences
    return chosen

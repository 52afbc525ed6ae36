"""What all connections have in common that somebody comes in by."""

from typing import Protocol as Typing

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IConsumer,
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
    ISSLTransport,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat.account import Preferences
from chatd.chat.door import Straight, Writer
from chatd.chat.errors import ChatError
from chatd.chat.events import Failed
from chatd.chat.hub import Hub
from chatd.chat.look import Look
from chatd.chat.session import Session
from chatd.doors.transport import address_of, straight, visit_of

# Seconds that a peer has to read the last words; after that it is cut off, since
# loseConnection would wait for ever for one that does not read.
PATIENCE = 2.0


class Exempt(Typing):
    """Whether the limits per address do not apply to one."""

    def __call__(self, address: str) -> bool: ...


class IStream(ITCPTransport, IConsumer, IPushProducer):
    """What transports of streams can do, over TCP, TLS or UNIX sockets."""


@implementer(IHalfCloseableProtocol)
class Connection(Protocol):
    """
    One connection that somebody comes in by: all about it but what is read from it.

    What is written is left to the transport until that says that it is full; then the
    session keeps it.

    @cvar kind: The name of the door.
    @ivar session: C{None} only where the server takes nobody any more.
    @ivar full: Whether the peer does not read what is sent, for now.
    @ivar heard: When the peer last sent anything, by the clock of the hub.
    """

    kind = "bytes"
    transport: IStream | None = None

    def __init__(self, hub: Hub, *, exempt: Exempt) -> None:
        self.hub = hub
        self.session: Session | None = None
        self.heard = hub.clock.seconds()
        self.full = False
        self._exempt = exempt
        self._lost = False
        self._cut: IDelayedCall | None = None

    # What a door must say

    def look(self, preferences: Preferences) -> Look:
        """How events should read here."""
        raise NotImplementedError

    def pause(self) -> None:
        """Read nothing more for now."""
        raise NotImplementedError

    def resume(self) -> None:
        """Read again, beginning with what was received already."""
        raise NotImplementedError

    def last_words(self) -> None:
        """The connection is gone: take what was received whole and is still waiting."""

    # What Twisted tells

    def connectionMade(self) -> None:
        transport = self.transport
        assert transport is not None
        try:
            self.session = self.connect(transport)
        except ChatError as error:
            look = self.look(Preferences())
            failed = Failed(error.code, error.text)
            self.send(look.render(failed, look, True, None))
            self.hang_up()
            return
        transport.registerProducer(_Writing(self, self.session), True)

    def connect(self, transport: IStream) -> Session:
        """
        Begin a session.

        @raise ChatError: if it cannot be.
        """
        visit = visit_of(transport)
        known = visit.address if visit is not None else ""
        address = known or address_of(transport.getPeer())
        return self.hub.connections.connect(
            self,
            kind=self.kind,
            address=address,
            secure=self.secure,
            exempt=self._exempt(address),
            visit=visit,
        )

    def readConnectionLost(self) -> None:
        # Half a request is not carried out.
        if self.session is not None:
            self.session.finish()

    def writeConnectionLost(self) -> None:
        """It is never this side that closes one half only."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        if self._cut is not None and self._cut.active():
            self._cut.cancel()
        if self.session is None:
            return
        if not self.session.ended:
            self.last_words()
        clean = isinstance(reason.value, ConnectionDone)
        self.session.end("" if clean else "connection lost")

    def emptied(self) -> None:
        """The peer has read what was sent."""

    @property
    def secure(self) -> bool:
        """Whether the line is encrypted."""
        return bool(ISSLTransport.providedBy(self.transport))

    # What the session asks for

    def send(self, data: bytes) -> None:
        """Write something that was rendered."""
        if self.transport is not None:
            self.transport.write(data)

    def straight(self, writer: Writer) -> Straight | None:
        """What may be used in place of C{send}."""
        return straight(self.transport, writer)

    def secret(self, on: bool) -> None:
        """The next line is a password: nothing to do where nothing is echoed."""

    def hang_up(self) -> None:
        """End the connection, after what was sent; in the end without mercy."""
        if self._lost or self._cut is not None or self.transport is None:
            return
        if self.session is not None:
            # A transport with a producer waits for that before it closes.
            self.transport.unregisterProducer()
        self.transport.loseConnection()
        if not self._lost:
            self._cut = self.hub.clock.callLater(
                PATIENCE, self.transport.abortConnection
            )

    # How

    @property
    def lost(self) -> bool:
        """Whether it is over."""
        return self._lost


@implementer(IPushProducer)
class _Writing:
    """
    Told by the transport when it is full and when it is empty again.

    Not the connection itself, whose C{pause} and C{resume} are about reading.
    """

    def __init__(self, connection: Connection, session: Session) -> None:
        self._connection: Connection | None = connection
        self._session = session

    def pauseProducing(self) -> None:
        if self._connection is not None:
            self._connection.full = True
            self._session.congested()

    def resumeProducing(self) -> None:
        if self._connection is not None:
            self._connection.full = False
            self._session.drained()
            self._connection.emptied()

    def stopProducing(self) -> None:
        # It is lost, which it is told itself. TLS would go on to know it by this, and
        # all of it would stay until garbage is looked for.
        self._connection = None

"""One connection of SSH, as far as it is the same for all that happens in it."""

from typing import TYPE_CHECKING

from twisted.conch.ssh.transport import (
    DISCONNECT_BY_APPLICATION,
    DISCONNECT_PROTOCOL_ERROR,
    SSHServerTransport,
)
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat.account import Preferences
from chatd.chat.door import Writer
from chatd.chat.errors import ChatError
from chatd.chat.look import Look, look
from chatd.chat.session import Session
from chatd.doors.connection import PATIENCE, IStream
from chatd.doors.ssh import algorithms
from chatd.doors.ssh.connection import Connection
from chatd.doors.ssh.visitor import QUIET, Visitor
from chatd.doors.transport import abort, address_of, visit_of
from chatd.render.text import render

if TYPE_CHECKING:
    from chatd.doors.ssh.factory import SSHFactory

# Bytes of a packet that is not all here yet. RFC 4253, 6.1, asks for 35,000; our
# channels take less in one.
LONGEST = 65_536


class Transport(SSHServerTransport):
    """
    The packets of one connection.

    As long as no channel is open that somebody came in by, the connection itself is
    one that waits for somebody to come in: it counts as such, and has as long.

    @ivar over: Whether it ends: nothing is listened to any more.
    @ivar reason: Why it ended.
    """

    supportedKeyExchanges = algorithms.KEY_EXCHANGES
    supportedCiphers = algorithms.CIPHERS
    supportedMACs = algorithms.MACS
    supportedCompressions = algorithms.COMPRESSIONS
    ourVersionString = b"SSH-2.0-chatd"

    _log = QUIET
    transport: IStream
    factory: "SSHFactory"
    avatar: Visitor

    def __init__(self, factory: "SSHFactory") -> None:
        self.hub = factory.hub
        self.over = False
        self.reason: Failure = connectionDone
        self._address = ""
        self._problem = ""
        self._full = False
        self._rekeying = False
        self._waiting: Session | None = None
        self._cut: IDelayedCall | None = None

    # What Twisted tells

    def connectionMade(self) -> None:
        self._address = address_of(self.transport.getPeer())
        self.transport.registerProducer(_Flow(self), True)
        super().connectionMade()
        self.wait()

    def dataReceived(self, data: bytes) -> None:
        if self.over:
            return
        try:
            super().dataReceived(data)
        except Exception as problem:
            # Whatever a peer may send: a line in the log, and no traceback.
            self.refuse(repr(problem))
        if len(self.buf) > LONGEST:
            self.refuse("a packet is too long")

    def dispatchMessage(self, messageNum: int, payload: bytes) -> None:
        # Packets behind the one that ended it are already here.
        if not self.over:
            super().dispatchMessage(messageNum, payload)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # type: ignore[override]
        self.over = True
        self.reason = reason
        if self._cut is not None and self._cut.active():
            self._cut.cancel()
        super().connectionLost(reason)
        self._stop_waiting()

    # The end

    def sendDisconnect(self, reason: int, desc: bytes) -> None:
        if self.over:
            return
        self.over = True
        if reason != DISCONNECT_BY_APPLICATION:
            problem = self._problem or desc.decode("ascii", "replace")
            why = f"It does not speak SSH as it should: {problem}."
            self.hub.seldom.ended("ssh", self._address, why)
        # A transport with a producer waits for that before it closes.
        self.transport.unregisterProducer()
        super().sendDisconnect(reason, desc)
        self._cut = self.hub.clock.callLater(PATIENCE, abort, self.transport)

    def disconnect(self, text: str) -> None:
        """End the connection, saying why."""
        self.sendDisconnect(DISCONNECT_BY_APPLICATION, text.encode())

    def refuse(self, problem: str) -> None:
        """End the connection with a peer that does not speak as it should."""
        self._problem = self._problem or problem[:200]
        self.sendDisconnect(DISCONNECT_PROTOCOL_ERROR, b"not understood")

    def receiveError(self, reasonCode: int, description: bytes) -> None:
        """The peer ends the connection, which is no error."""

    # Who is there

    @property
    def address(self) -> str:
        """Where it comes from, as people write it."""
        return self._address

    @property
    def clean(self) -> bool:
        """Whether the peer took its leave."""
        return self.reason.check(ConnectionDone) is not None

    @property
    def waiting(self) -> Session | None:
        """As whom the connection waits for somebody to come in."""
        return self._waiting

    def wait(self) -> None:
        """Nobody is here by this connection; somebody has to come in time."""
        if self.over or self._waiting is not None:
            return
        try:
            self._waiting = self.connect(_Waiting(self))
        except ChatError as error:
            self.disconnect(error.text)

    def connect(self, door: "_Waiting | object") -> Session:
        """
        Begin a session that belongs to this connection.

        @raise ChatError: if it cannot be.
        """
        visit = visit_of(self.transport)
        return self.hub.connections.connect(
            door,  # type: ignore[arg-type]
            kind="ssh",
            address=self._address,
            secure=True,
            exempt=self.factory.exempt(self._address),
            # Later ones have all the time again.
            visit=visit if visit is not None and visit.waiting else None,
        )

    def opened(self) -> None:
        """A channel has a session of its own."""
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.end("")

    # How fast

    @property
    def writable(self) -> bool:
        """Whether what is sent now leaves soon."""
        return not (self._full or self._rekeying)

    def full(self, full: bool) -> None:
        """The line is full, or empty again."""
        self._full = full
        self._check()

    def sendKexInit(self) -> None:
        super().sendKexInit()
        # What is sent meanwhile is kept without a limit by Conch.
        self._rekeying = True
        self._check()

    def ssh_NEWKEYS(self, packet: bytes) -> None:
        super().ssh_NEWKEYS(packet)
        self._rekeying = False
        self._check()

    def _check(self) -> None:
        if isinstance(self.service, Connection):
            for channel in list(self.service.channels.values()):
                channel.check()

    # What Conch would get wrong

    def sendExtInfo(self, extensions: object) -> None:
        # Conch names what our own key can, so that others' RSA keys would be no good.
        super().sendExtInfo([(b"server-sig-algs", b",".join(algorithms.SIGNATURES))])


class _Waiting:
    """The C{Door} of a connection by which nobody is here."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._words = ""

    def look(self, preferences: Preferences) -> Look:
        """Only why it ends is ever shown."""
        return look(render)

    def send(self, data: bytes) -> None:
        """Keep it for the end."""
        self._words = data.decode("utf-8", "replace").strip("* \r\n")

    def straight(self, writer: Writer) -> None:
        """Not before the end."""

    def hang_up(self) -> None:
        """End the connection, saying why."""
        self._transport.disconnect(self._words)

    def pause(self) -> None:
        """Nobody asks for anything here."""

    resume = pause

    def secret(self, on: bool) -> None:
        """Nobody types here."""


@implementer(IPushProducer)
class _Flow:
    """Told by the line when it is full and when it is empty again."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def pauseProducing(self) -> None:
        self._transport.full(True)

    def resumeProducing(self) -> None:
        self._transport.full(False)

    def stopProducing(self) -> None:
        """The connection is lost, which the transport is told itself."""

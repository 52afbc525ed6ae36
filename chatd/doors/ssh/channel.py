"""One channel: a terminal, a command or a subsystem, and how fast it goes."""

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.connection import EXTENDED_DATA_STDERR
from twisted.conch.ssh.session import parseRequest_pty_req, parseRequest_window_change
from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.session import Session
from chatd.doors.ssh.visitor import QUIET, Visitor

if TYPE_CHECKING:
    from chatd.doors.ssh.connection import Connection
    from chatd.doors.ssh.transport import Transport

# Bytes that a client may send before they were taken.
WINDOW = 64 * 1024

# Bytes that are sent ahead to a client, however many it offers to take.
MOST_AHEAD = 2 * 1024 * 1024

# Environment variables that are taken note of.
VARIABLES = ("NO_COLOR",)

_INTERRUPTS = (b"INT", b"TERM", b"HUP", b"QUIT", b"KILL")


class Door(Protocol):
    """What a channel leads to: a protocol of Twisted."""

    def makeConnection(self, transport: Any) -> None: ...

    def dataReceived(self, data: bytes) -> None: ...

    def readConnectionLost(self) -> None: ...

    def connectionLost(self, reason: Failure) -> None: ...

    def resized(self, width: int) -> None:
        """The terminal has so many columns now."""

    def interrupted(self) -> None:
        """The client was told to end."""


class SessionChannel(SSHChannel):
    """
    The transport of one door.

    What is written waits here while the client does not read; the door's producer is
    told so. What comes is limited by the window, which stays as it is while the door
    does not listen.

    @ivar begun: Whether there is a door.
    @ivar terminal: What the client calls its terminal; C{None} if there is none.
    @ivar width: Columns of the terminal; 0 if unknown.
    @ivar environment: What the client sent of L{VARIABLES}.
    @ivar deaf: Whether the door does not listen at the moment.
    @ivar status: What a command ended with, as programs do.
    """

    name = b"session"
    _log = QUIET

    def __init__(
        self, *, remoteWindow: int, remoteMaxPacket: int, conn: "Connection"
    ) -> None:
        super().__init__(
            localWindow=WINDOW,
            remoteWindow=min(remoteWindow, MOST_AHEAD),
            # Of 0 bytes nothing could be sent, for ever.
            remoteMaxPacket=max(1024, min(remoteMaxPacket, 32_768)),
            conn=conn,
        )
        self.terminal: str | None = None
        self.width = 0
        self.environment: dict[str, str] = {}
        self.deaf = False
        self.status = 0
        self._door: Door | None = None
        self._producer: IPushProducer | None = None
        self._watcher: Callable[[bool], None] = _unwatched
        self._blocked = False
        self._finished = False  # nothing more comes
        self._gone = False

    @property
    def begun(self) -> bool:
        return self._door is not None

    @property
    def connection(self) -> "Transport":
        """What it is a channel of."""
        return cast("Connection", self.conn).transport

    @property
    def visitor(self) -> Visitor:
        """Who opened it."""
        return self.connection.avatar

    # What the client asks for

    def request_pty_req(self, data: bytes) -> bool:
        name, (_, columns, _, _), _ = parseRequest_pty_req(data)
        self.terminal = name.decode("ascii", "replace").lower()
        self.width = columns
        return not self.begun

    def request_window_change(self, data: bytes) -> bool:
        _, self.width, _, _ = parseRequest_window_change(data)
        if self._door is not None:
            self._door.resized(self.width)
        return True

    def request_env(self, data: bytes) -> bool:
        name, value = (part.decode("ascii", "replace") for part in getNS(data, 2)[:2])
        if name not in VARIABLES:
            return False
        self.environment[name] = value
        return True

    def request_shell(self, data: bytes) -> bool:
        return self._begin(lambda: self.connection.factory.shell(self))

    def request_exec(self, data: bytes) -> bool:
        command = getNS(data)[0].decode("utf-8", "replace")
        return self._begin(lambda: self.connection.factory.command(self, command))

    def request_subsystem(self, data: bytes) -> bool:
        name = getNS(data)[0].decode("ascii", "replace")
        return self._begin(lambda: self.connection.factory.subsystem(self, name))

    def request_signal(self, data: bytes) -> bool:
        if self._door is not None and getNS(data)[0] in _INTERRUPTS:
            self._door.interrupted()
        return True

    def _begin(self, make: "Callable[[], Door | None]") -> bool:
        if self.begun:
            return False
        try:
            self._door = make()
            if self._door is not None:
                self._door.makeConnection(self)
        except Exception:
            # Our mistake, not the peer's: it must not look like one of the protocol.
            _log.failure("a channel could not begin")
            return False
        return self.begun

    # What comes

    def dataReceived(self, data: bytes) -> None:
        if self._door is None or self._gone:
            return
        try:
            self._door.dataReceived(data)
        except Exception:
            _log.failure("a channel stumbled")
            self.abortConnection()

    def extReceived(self, dataType: int, data: bytes) -> None:
        """What clients send beside their input is of no use."""

    def eofReceived(self) -> None:
        self._finished = True
        self._finish()

    def _finish(self) -> None:
        if self._finished and not self.deaf and self._door is not None:
            self._finished = False
            self._door.readConnectionLost()

    # The transport of the door

    @property
    def transport(self) -> "Transport":
        """Where it is told which connection this is."""
        return self.connection

    def getPeer(self) -> IAddress:
        return self.connection.transport.getPeer()

    def getHost(self) -> IAddress:
        return self.connection.transport.getHost()

    def write(self, data: bytes) -> None:
        if not self.localClosed:
            super().write(data)
            self.check()

    @property
    def disconnecting(self) -> bool:
        """Whether nothing more need be taken from it."""
        return bool(self.closing)

    def write_error(self, data: bytes) -> None:
        """Write what is no output: to the client's standard error."""
        if not self.localClosed:
            self.writeExtended(EXTENDED_DATA_STDERR, data)
            self.check()

    def connect(self, door: Any) -> Session:
        """
        Begin a session for somebody who comes in by this channel.

        @raise ChatError: if it cannot be.
        """
        session = self.connection.connect(door)
        session.offered = self.visitor.key
        self.connection.opened()
        return session

    def watch(self, blocked: Callable[[bool], None]) -> None:
        """
        @param blocked: Told whether nothing more can be sent, whenever that changes.
        """
        self._watcher = blocked

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        self._producer = producer
        if self._blocked:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        self._producer = None

    def check(self) -> None:
        """Tell the producer when nothing more can be sent, and when it can again."""
        blocked = bool(self.buf or self.extBuf or not self.connection.writable)
        if blocked is self._blocked:
            return
        self._blocked = blocked
        if self._producer is not None:
            if blocked:
                self._producer.pauseProducing()
            else:
                self._producer.resumeProducing()
        self._watcher(blocked)

    def addWindowBytes(self, data: int) -> None:
        # Conch would have the producer write before what waits here is sent.
        self.remoteWindowLeft = min(self.remoteWindowLeft + data, MOST_AHEAD)
        buffer, self.buf = self.buf, b""
        if buffer:
            super().write(buffer)
        errors, self.extBuf = self.extBuf, []
        for kind, words in errors:
            self.writeExtended(kind, words)
        self.check()

    def pauseProducing(self) -> None:
        self.deaf = True

    def resumeProducing(self) -> None:
        if not self.deaf:
            return
        self.deaf = False
        connection = cast("Connection", self.conn)
        if not self._gone and self.localWindowLeft < self.localWindowSize // 2:
            connection.adjustWindow(self, self.localWindowSize - self.localWindowLeft)
        if self._finished:
            # Behind what the door still holds.
            self.connection.hub.clock.callLater(0, self._finish)

    # The end

    def loseConnection(self) -> None:
        self.closing = 1
        if self.buf or self.extBuf or self.localClosed:
            return
        connection = cast("Connection", self.conn)
        if self.begun:
            status = struct.pack(">L", self.status)
            connection.sendRequest(self, b"exit-status", status)
        connection.sendEOF(self)
        connection.sendClose(self)

    def abortConnection(self) -> None:
        """End it, whether the client reads or not."""
        self.buf, self.extBuf = b"", []
        self.loseConnection()
        cast("Connection", self.conn).channelClosed(self)

    def closeReceived(self) -> None:
        self.buf, self.extBuf = b"", []
        self.loseConnection()

    def closed(self) -> None:
        self._gone = True
        if self._door is None:
            return
        connection = self.connection
        lost = connection.over and not connection.clean
        self._door.connectionLost(connection.reason if lost else connectionDone)


def _unwatched(blocked: bool) -> None:
    """Nobody else wants to know."""


_log = Logger()

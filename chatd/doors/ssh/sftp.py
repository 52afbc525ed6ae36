"""
Files by sftp, through the SSH door; OpenSSH 9 and newer use it for scp as well.

Conch knows the packets; here they are taken one by one: the next request is looked at
when the one before was answered and the answer has left. However much a client asks
for, or sends, only one of its requests is in memory, and one window of further ones.
"""

import struct

from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.filetransfer import (
    FX_EOF,
    FX_FAILURE,
    FX_NO_SUCH_FILE,
    FX_OP_UNSUPPORTED,
    FX_PERMISSION_DENIED,
    FileTransferServer,
    SFTPError,
)
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.errors import (
    Banned,
    ChatError,
    Closed,
    Full,
    Muted,
    NotAllowed,
    NotFound,
    NotInRoom,
)
from chatd.chat.hub import Hub
from chatd.chat.session import Session
from chatd.doors.ssh.shared import Shared

# The longest packet; clients send 32 KiB of a file in one.
PACKET = 256 * 1024

# Bytes of answers in one turn of the reactor, so that others have theirs.
TURN = 128 * 1024

# Bytes that may come before the client is told that it may send more.
WINDOW = 128 * 1024

# Files and folders open at the same time.
OPEN = 64

# What an old scp, or scp -O, is told.
OLD_SCP = (
    "The old protocol of scp is not spoken here. Use scp of OpenSSH 9 or newer "
    "(without -O), scp -s, or sftp."
)

_DENIED = (NotAllowed, NotInRoom, Banned, Muted, Closed)


def is_old_scp(command: str) -> bool:
    """Whether a command is what an old scp asks to be run."""
    words = command.split()
    return bool(words) and words[0] == "scp" and {"-t", "-f"} & set(words) != set()


class Sftp(FileTransferServer):
    """
    One sftp connection, in a channel of an SSH connection.

    The channel gives it what comes (C{dataReceived}), tells it when it may not
    (L{stop}) and may (L{go}) write, that the client sends nothing more (L{finish}),
    and that it is closed (C{connectionLost}).
    """

    def __init__(self, hub: Hub, session: Session, channel: SSHChannel) -> None:
        super().__init__(avatar=Shared(self, hub, session))
        self._hub = hub
        self._channel = channel
        self._come = bytearray()
        self._busy = False
        self._looping = False
        self._sent = 0
        self._stopped: set[str] = set()
        self._told = ""
        self._finishing = False
        self.over = False
        channel.localWindowSize = 0  # or Conch would let the client send ever more
        self.makeConnection(channel)

    # How fast

    def stop(self, why: str) -> None:
        """Answer nothing more until L{go} with the same reason."""
        self._stopped.add(why)

    def go(self, why: str) -> None:
        """Go on, if there is no other reason to wait."""
        self._stopped.discard(why)
        self._next()

    def dataReceived(self, data: bytes) -> None:
        self._come += data
        self._next()

    def _next(self) -> None:
        """Take one request after another, as long as each is answered at once."""
        if self._looping:
            return
        self._looping = True
        try:
            while not (self._busy or self._stopped or self.over):
                if self._sent > TURN:
                    self._sent = 0
                    self.stop("turn")
                    self._hub.clock.callLater(0, self.go, "turn")
                elif not self._take():
                    break
        finally:
            self._looping = False
        if self._finishing and not (self._busy or self._stopped or self.over):
            self._leave()
        self._more()

    def _take(self) -> bool:
        """Take one request, if it is there as a whole."""
        if len(self._come) < 4:
            return False
        (length,) = struct.unpack_from("!L", self._come)
        if not 5 <= length <= PACKET:
            self._hang_up()
            return False
        if len(self._come) < 4 + length:
            return False
        kind = self._come[4]
        data = bytes(self._come[5 : 4 + length])
        del self._come[: 4 + length]
        self._busy = True
        handler = getattr(self, f"packet_{self.packetTypes.get(kind, '')}", None)
        try:
            if handler is None:
                self._sendStatus(data[:4], FX_OP_UNSUPPORTED, b"not understood")
            else:
                handler(data)
        except Exception:
            # Not what the protocol allows: there is no telling what follows.
            self._hang_up()
        return True

    def _more(self) -> None:
        """Let the client send more, when what it sent is taken."""
        channel = self._channel
        if self.over or len(self._come) > WINDOW // 2:
            return
        if channel.localWindowLeft <= WINDOW // 2 and channel.conn is not None:
            channel.conn.adjustWindow(channel, WINDOW - channel.localWindowLeft)

    # Answers

    def sendPacket(self, kind: int, data: bytes) -> None:
        if self.over:
            return
        self._sent += len(data)
        super().sendPacket(kind, data)
        self._busy = False
        self._next()

    def packet_CLOSE(self, data: bytes) -> None:
        request, (handle, _) = data[:4], getNS(data[4:])
        opened = self.openFiles.pop(handle, None)
        if opened is None:
            opened, _ = self.openDirs.pop(handle, (None, None))
        if opened is None:
            self._sendStatus(request, FX_FAILURE, b"not open")
            return
        closing = maybeDeferred(opened.close)
        closing.addCallback(self._cbStatus, request)
        closing.addErrback(self._ebStatus, request)

    def _ebStatus(
        self,
        reason: Failure,
        requestId: bytes,
        msg: bytes = b"",
    ) -> None:
        problem = reason.value
        match problem:
            case EOFError():
                code, text = FX_EOF, "that is all"
            case NotFound():
                code, text = FX_NO_SUCH_FILE, problem.text
            case ChatError():
                denied = isinstance(problem, _DENIED)
                code = FX_PERMISSION_DENIED if denied else FX_FAILURE
                text = problem.text
                self._tell(text)
            case SFTPError():
                code, text = problem.code, problem.message
                self._tell(text)
            case NotImplementedError():
                code, text = FX_OP_UNSUPPORTED, "not understood"
            case _:
                _log.failure("a request of sftp failed", failure=reason)
                code, text = FX_FAILURE, "the server made a mistake"
        self._sendStatus(requestId, code, text.encode())

    def _tell(self, text: str) -> None:
        """Say why on the client's standard error: OpenSSH shows only the code."""
        if text != self._told and not self.over:
            self._told = text
            self._channel.writeExtended(1, f"! {text}\r\n".encode())

    # The end

    def finish(self) -> None:
        """The client sends nothing more: answer what it sent, then end."""
        self._finishing = True
        self._next()

    def _leave(self) -> None:
        self.over = True
        channel = self._channel
        if channel.conn is not None:
            # Without it OpenSSH takes everything for failed.
            status = struct.pack("!L", 0)
            channel.conn.sendRequest(channel, b"exit-status", status)
        channel.loseConnection()

    def _hang_up(self) -> None:
        self.over = True
        self._come.clear()
        self._channel.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.over = True
        self.connected = False
        self._come.clear()
        opened = [*self.openFiles.values()]
        self.openFiles, self.openDirs = {}, {}
        for file in opened:
            Deferred.fromCoroutine(file.lost()).addErrback(_stumbled)

    def check_open(self) -> None:
        """
        @raise Full: if too much is open.
        """
        if len(self.openFiles) + len(self.openDirs) >= OPEN:
            raise Full(f"{OPEN} open files are the most.")


def _stumbled(failure: Failure) -> None:
    _log.failure("an upload that broke off was not cleared away", failure=failure)


_log = Logger()

"""
Files by sftp, through the SSH door; OpenSSH 9 and newer use it for scp as well.

Conch knows the packets; here they are taken one by one: the next request is looked at
when the one before was answered and the answer has left. However much a client asks
for, or sends, only one of its requests is in memory, and one window of further ones.
"""

import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

from twisted.conch.interfaces import ISFTPFile, ISFTPServer
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.filetransfer import (
    FX_EOF,
    FX_FAILURE,
    FX_NO_SUCH_FILE,
    FX_OP_UNSUPPORTED,
    FX_PERMISSION_DENIED,
    FXF_APPEND,
    FXF_READ,
    FXF_WRITE,
    FileTransferServer,
    SFTPError,
)
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

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
from chatd.chat.file import File
from chatd.chat.hub import Hub
from chatd.chat.outside import Outgoing
from chatd.chat.session import Session
from chatd.chat.upload import Upload
from chatd.doors.ssh.folders import Entry, Folders, Root, split

# The longest packet; clients send 32 KiB of a file in one.
PACKET = 256 * 1024

# Bytes of a file in one answer; clients that want more ask again.
CHUNK = 64 * 1024

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
        super().__init__(avatar=_Server(self, hub, session))
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


@implementer(ISFTPServer)
class _Server:
    """What sftp asks of folders and files; each answer may come later."""

    def __init__(self, sftp: Sftp, hub: Hub, session: Session) -> None:
        self.avatar = self  # Conch asks for it, and uses it nowhere
        self._sftp = sftp
        self._hub = hub
        self._session = session
        self._folders = Folders(hub, session)

    def gotVersion(self, otherVersion: int, extData: Any) -> dict[bytes, bytes]:
        return {}

    def openFile(self, filename: bytes, flags: int, attrs: Any) -> "Deferred[Any]":
        return Deferred.fromCoroutine(self._open(_text(filename), flags))

    async def _open(self, path: str, flags: int) -> "_Reading | _Writing":
        self._sftp.check_open()
        sharing = self._hub.sharing
        if flags & FXF_WRITE:
            if flags & (FXF_READ | FXF_APPEND):
                raise _unsupported("A file is written once, from its beginning.")
            place, name = await self._folders.target(path)
            opened: _Reading | _Writing = _Writing(
                await sharing.begin(self._session, place, name), self._hub.now
            )
        else:
            file = await self._folders.file(path)
            opened = _Reading(file, await sharing.open(self._session, file))
        if self._sftp.over:
            await opened.lost()
            raise EOFError
        return opened

    def removeFile(self, filename: bytes) -> "Deferred[None]":
        return Deferred.fromCoroutine(self._remove(_text(filename)))

    async def _remove(self, path: str) -> None:
        file = await self._folders.file(path)
        if file.owner.id != self._session.somebody().id:
            raise NotAllowed(f"{file.name} is {file.owner.name}'s.")
        await self._hub.sharing.remove(self._session, file)

    def getAttrs(self, path: bytes, followLinks: Any) -> "Deferred[Any]":
        return Deferred.fromCoroutine(self._attributes(_text(path)))

    async def _attributes(self, path: str) -> dict[str, int]:
        found = await self._folders.find(path)
        if not isinstance(found, Entry):
            return _folder(self._hub.now())
        if found.file is None:
            raise NotFound(f"There is no file {found.name[:80]} there.")
        return _file(found.file)

    def setAttrs(self, path: bytes, attrs: Any) -> None:
        """Nothing can be set, and nobody need be told: scp -p goes on."""

    def openDirectory(self, path: bytes) -> "Deferred[Any]":
        return Deferred.fromCoroutine(self._list(_text(path)))

    async def _list(self, path: str) -> "_Listing":
        self._sftp.check_open()
        found = await self._folders.find(path)
        if isinstance(found, Entry):
            raise NotFound(f"There is no folder {path[:80]}.")
        now = self._hub.now()
        rows = [(name, "chatd", _folder(now)) for name in (".", "..")]
        if isinstance(found, Root):
            names = await self._folders.names()
            rows += [(name, "chatd", _folder(now)) for name in names]
        else:
            files = await self._folders.files(found.place)
            rows += [(name, f.owner.name, _file(f)) for name, f in files.items()]
        return _Listing([_row(*row) for row in rows])

    def realPath(self, path: bytes) -> bytes:
        return f"/{'/'.join(split(_text(path)))}".encode()

    def makeDirectory(self, path: bytes, attrs: Any) -> None:
        raise NotAllowed("Folders are rooms and people: /join NAME opens a room.")

    def removeDirectory(self, path: bytes) -> None:
        raise NotAllowed("Folders are rooms and people, and cannot be removed.")

    def renameFile(self, oldpath: bytes, newpath: bytes) -> None:
        raise NotAllowed("What is shared keeps its name and place.")

    def readLink(self, path: bytes) -> None:
        raise _unsupported("There are no links here.")

    def makeLink(self, linkPath: bytes, targetPath: bytes) -> None:
        raise _unsupported("There are no links here.")

    def extendedRequest(self, extendedName: bytes, extendedData: bytes) -> None:
        raise NotImplementedError


@implementer(ISFTPFile)
class _Reading:
    """A file that is fetched."""

    def __init__(self, file: File, content: Outgoing) -> None:
        self._file = file
        self._content = content

    def readChunk(self, offset: int, length: int) -> "Deferred[bytes]":
        reading = self._content.read(offset, min(length, CHUNK))
        return Deferred.fromCoroutine(reading)

    def writeChunk(self, offset: int, data: bytes) -> None:
        raise NotAllowed("It was opened for reading.")

    def getAttrs(self) -> dict[str, int]:
        return _file(self._file)

    def setAttrs(self, attrs: Any) -> None:
        """Nothing can be set."""

    def close(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(self.lost())

    async def lost(self) -> None:
        """The client is done with it, or gone."""
        await self._content.close()


@implementer(ISFTPFile)
class _Writing:
    """A file that is shared when it is closed, and not if the connection breaks."""

    def __init__(self, upload: Upload, now: Callable[[], float]) -> None:
        self._upload = upload
        self._now = now
        self._refused: Exception | None = None

    def readChunk(self, offset: int, length: int) -> None:
        raise NotAllowed("It was opened for writing.")

    def writeChunk(self, offset: int, data: bytes) -> "Deferred[None]":
        return Deferred.fromCoroutine(self._write(offset, data))

    async def _write(self, offset: int, data: bytes) -> None:
        if self._refused is not None:
            raise self._refused
        try:
            if offset != self._upload.size:
                await self._upload.abort()
                raise _unsupported("A file is written once, from its beginning.")
            await self._upload.write(data)
        except Exception as problem:
            self._refused = problem
            raise

    def getAttrs(self) -> dict[str, int]:
        now = int(self._now())
        return {**_folder(now), "permissions": 0o100644, "size": self._upload.size}

    def setAttrs(self, attrs: Any) -> None:
        """Nothing can be set."""

    def close(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(self._finish())

    async def _finish(self) -> None:
        if self._refused is not None:
            raise self._refused
        await self._upload.finish()

    async def lost(self) -> None:
        """The connection broke: nothing is left of it."""
        await self._upload.abort()


class _Listing:
    """A folder that is listed."""

    def __init__(self, rows: list[tuple[bytes, bytes, dict[str, int]]]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[tuple[bytes, bytes, dict[str, int]]]:
        return iter(self._rows)

    def close(self) -> None:
        """Nothing is left to do."""


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")


def _folder(now: float) -> dict[str, int]:
    at = {"atime": int(now), "mtime": int(now)}
    return {"size": 0, "uid": 0, "gid": 0, "permissions": 0o040755, **at}


def _file(file: File) -> dict[str, int]:
    at = {"atime": int(file.created), "mtime": int(file.created)}
    return {"size": file.size, "uid": 0, "gid": 0, "permissions": 0o100644, **at}


def _row(
    name: str, owner: str, attributes: dict[str, int]
) -> tuple[bytes, bytes, dict[str, int]]:
    """Make a line as C{ls -l} prints it."""
    kind = "drwxr-xr-x" if attributes["permissions"] & 0o040000 else "-rw-r--r--"
    when = time.strftime("%b %d %H:%M", time.localtime(attributes["mtime"]))
    line = f"{kind}    1 {owner:<12} {attributes['size']:>12} {when} {name}"
    return name.encode(), line.encode(), attributes


def _unsupported(text: str) -> SFTPError:
    return SFTPError(FX_OP_UNSUPPORTED, text)


def _stumbled(failure: Failure) -> None:
    _log.failure("an upload that broke off was not cleared away", failure=failure)


_log = Logger()

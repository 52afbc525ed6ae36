"""What sftp asks of folders and files, which is what people share."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from twisted.conch.interfaces import ISFTPFile, ISFTPServer
from twisted.conch.ssh.filetransfer import (
    FX_OP_UNSUPPORTED,
    FXF_APPEND,
    FXF_READ,
    FXF_WRITE,
    SFTPError,
)
from twisted.internet.defer import Deferred
from zope.interface import implementer

from chatd.chat.errors import NotAllowed, NotFound
from chatd.chat.file import File
from chatd.chat.hub import Hub
from chatd.chat.outside import Outgoing
from chatd.chat.session import Session
from chatd.chat.upload import Upload
from chatd.doors.ssh.folders import Entry, Folders, Root, split

if TYPE_CHECKING:
    from chatd.doors.ssh.sftp import Sftp

# Bytes of a file in one answer; clients that want more ask again.
CHUNK = 64 * 1024


@implementer(ISFTPServer)
class Shared:
    """What sftp asks of folders and files; each answer may come later."""

    def __init__(self, sftp: "Sftp", hub: Hub, session: Session) -> None:
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

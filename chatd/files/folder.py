"""A folder of shared files: written whole or not at all, read at any place."""

import hashlib
import os
import secrets
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from twisted.internet.defer import DeferredLock
from twisted.logger import Logger

from chatd.chat.errors import NotStored, Unreadable
from chatd.chat.outside import Kept
from chatd.files.sealed import (
    HEAD,
    PIECE,
    Damaged,
    Seal,
    length,
    pieces,
    place,
    size_of,
)

# Bytes that are gathered before a thread is asked to write them, and to see them on the
# disk. Whoever else waits for the disk waits for what is not there yet, too: the
# database, at each message. With ten files coming in a line took up to 500 ms when that
# was left to the end, and up to 60 ms with twice as much.
GATHERED = 4 * PIECE

# Pieces read at once: what is read next is mostly what follows.
AHEAD = 4

# Whole files that a server which was killed may leave unknown.
FEW = 100

# The ending of what is not yet whole.
NEW = ".new"

T = TypeVar("T")

# Does work in a thread: C{deferToThread}. Tests do it at once.
Run = Callable[[Callable[[], T]], Awaitable[T]]


class Folder:
    """
    Fulfils C{chatd.chat.outside.Files}.

    Nothing is on the disk before the first file comes.
    """

    def __init__(self, path: Path, key: bytes, run: "Run[object]") -> None:
        """
        @param key: 32 bytes.
        @param run: Does work in a thread.
        """
        self.path = path
        self._key = key
        self._run = run

    async def create(self) -> "Writer":
        """Begin a file."""
        id = secrets.token_hex(16)
        writer = Writer(self, id, self._key)
        await self.work(writer.begin)
        return writer

    async def open(self, id: str) -> "Reader":
        """Read a file."""
        reader = Reader(self, id)
        await self.work(lambda: reader.begin(self._key))
        return reader

    async def remove(self, id: str) -> None:
        """Remove a file; whoever reads it reads on. Nothing happens if it is gone."""
        await self.work(lambda: self.place(id).unlink(missing_ok=True))

    async def sweep(self, known: Collection[str]) -> int:
        """
        Remove what broke off, and what nobody knows; how much that was.

        Whole files stay if there are many that nobody knows, or none that somebody
        does: then it is the database that is not the right one.
        """

        def sweep() -> int:
            names = os.listdir(self.path) if self.path.is_dir() else []
            gone = [name for name in names if is_id(name.removesuffix(NEW))]
            gone = [name for name in gone if name not in known]
            whole = [name for name in gone if not name.endswith(NEW)]
            if whole and (not known or len(whole) > FEW):
                _log.warn(
                    "{count} files in {path} are not in the database: they are left",
                    count=len(whole),
                    path=str(self.path),
                )
                gone = [name for name in gone if name.endswith(NEW)]
            for name in gone:
                (self.path / name).unlink(missing_ok=True)
            return len(gone)

        return await self.work(sweep)

    def place(self, id: str) -> Path:
        """Tell where a file lies; an id is nothing but digits."""
        if not is_id(id):
            raise ValueError("no id of a file")
        return self.path / id

    async def work(self, job: Callable[[], T]) -> T:
        """
        Do something with the disk.

        @raise ChatError: if the disk, or what lies there, is not as it should be.
        """
        try:
            done: T = await self._run(job)  # type: ignore[assignment]
            return done
        except FileNotFoundError:
            _log.error("a shared file is missing in {path}", path=str(self.path))
            raise Unreadable("This file is missing on the server's disk.") from None
        except OSError as problem:
            _log.error(
                "{path}: {problem}", path=str(self.path), problem=problem.strerror
            )
            raise NotStored(
                "The server's disk does not take the file; nothing was kept."
            ) from None
        except Damaged as problem:
            _log.error(
                "a shared file in {path} is damaged: {problem}",
                path=str(self.path),
                problem=str(problem),
            )
            raise Unreadable("This file is damaged on the server's disk.") from None


class Writer:
    """
    A file that is being written, from its beginning to its end.

    At most C{GATHERED} bytes and what is being written are in memory, if whoever writes
    waits for each L{write}.

    @ivar size: Bytes so far.
    """

    def __init__(self, folder: Folder, id: str, key: bytes) -> None:
        self.id = id
        self.size = 0
        self._folder = folder
        self._seal = Seal(key, id)
        self._path = folder.place(id)
        self._new = self._path.with_name(f"{id}{NEW}")
        self._hash = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self._gathered = bytearray()
        self._number = 0
        self._lock = DeferredLock()  # one thing at a time, in the order of asking
        self._over = False

    def begin(self) -> None:
        """Make the file; in a thread."""
        self._folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(self._new, flags, 0o600), "wb", buffering=0)
        self._write(self._seal.head)

    async def write(self, data: bytes) -> None:
        """
        Add to the end.

        @raise ChatError: if the disk does not take it; then the file is L{abort}ed.
        """
        async with self._lock:
            self._check()
            self.size += len(data)
            self._gathered += data
            if len(self._gathered) > GATHERED:
                await self._work(self._write_and_sync)

    async def finish(self) -> Kept:
        """
        See the file whole on the disk.

        @raise ChatError: as for L{write}.
        """
        async with self._lock:
            self._check()
            await self._work(self._finish)
            self._over = True
            return Kept(self.id, self.size, self._hash.hexdigest())

    async def abort(self) -> None:
        """Leave nothing behind, unless it was finished."""
        async with self._lock:
            if not self._over:
                self._over = True
                await self._folder.work(self._remove)

    def _check(self) -> None:
        if self._over:
            raise NotStored("This upload was given up.")

    async def _work(self, job: Callable[[], None]) -> None:
        try:
            await self._folder.work(job)
        except BaseException:
            self._over = True
            await self._folder.work(self._remove)
            raise

    # In a thread

    def _write_whole(self) -> None:
        """Write all pieces that are surely not the last."""
        data = self._gathered
        whole = (len(data) - 1) // PIECE * PIECE
        for start in range(0, whole, PIECE):
            self._write_piece(bytes(data[start : start + PIECE]), last=False)
        del data[:whole]

    def _write_and_sync(self) -> None:
        self._write_whole()
        assert self._file is not None
        _sync_data(self._file.fileno())

    def _finish(self) -> None:
        self._write_whole()
        self._write_piece(bytes(self._gathered), last=True)
        self._gathered.clear()
        assert self._file is not None
        os.fsync(self._file.fileno())
        self._file.close()
        self._new.replace(self._path)
        _sync(self._folder.path)

    def _write_piece(self, piece: bytes, *, last: bool) -> None:
        self._hash.update(piece)
        self._write(self._seal.seal(self._number, piece, last=last))
        self._number += 1

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def _remove(self) -> None:
        self._gathered.clear()
        if self._file is not None:
            self._file.close()
        self._new.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)


class Reader:
    """
    A file that is being read, anywhere.

    @ivar size: Bytes.
    """

    def __init__(self, folder: Folder, id: str) -> None:
        self.id = id
        self.size = 0
        self._folder = folder
        self._path = folder.place(id)
        self._file: IO[bytes] | None = None
        self._lock = DeferredLock()
        self._first = 0  # the piece with which what was read ahead begins
        self._ahead: list[bytes] = []

    def begin(self, key: bytes) -> None:
        """Open it, and see that its end is there; in a thread."""
        file = self._path.open("rb", buffering=0)
        try:
            self._seal = Seal(key, self.id, file.read(HEAD))
            self.size = size_of(os.fstat(file.fileno()).st_size)
            self._file = file
            self._first = pieces(self.size) - 1
            self._ahead = [self._read_piece(self._first)]
        except BaseException:
            self._file = None
            file.close()
            raise

    async def read(self, offset: int, length: int) -> bytes:
        """
        Read at a place; at most C{AHEAD} pieces, and nothing at the end.

        @raise ChatError: if it cannot be read, or is not what was written.
        """
        end = min(self.size, offset + min(length, AHEAD * PIECE))
        if not 0 <= offset < end:
            return b""
        async with self._lock:
            parts = []
            while offset < end:
                number, start = divmod(offset, PIECE)
                piece = self._known(number)
                if piece is None:
                    await self._folder.work(partial(self._fill, number))
                    piece = self._known(number)
                    assert piece is not None
                part = piece[start : start + end - offset]
                parts.append(part)
                offset += len(part)
            return b"".join(parts)

    async def close(self) -> None:
        """Read no more."""
        async with self._lock:
            self._ahead = []
            file, self._file = self._file, None
            if file is not None:
                file.close()

    def _known(self, number: int) -> bytes | None:
        at = number - self._first
        return self._ahead[at] if 0 <= at < len(self._ahead) else None

    # In a thread

    def _fill(self, number: int) -> None:
        last = min(number + AHEAD, pieces(self.size))
        self._ahead = [self._read_piece(each) for each in range(number, last)]
        self._first = number

    def _read_piece(self, number: int) -> bytes:
        if self._file is None:
            raise OSError(9, "it was closed")
        self._file.seek(place(number))
        sealed = self._file.read(length(number, self.size))
        last = number == pieces(self.size) - 1
        return self._seal.open(number, sealed, last=last)


def is_id(text: str) -> bool:
    """Whether it is what L{Folder.create} calls files."""
    return len(text) == 32 and not set(text) - set("0123456789abcdef")


# Not every system tells data from what is known of it.
_sync_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


def _sync(folder: Path) -> None:
    """Make new names outlive a power cut; Windows does so by itself."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_log = Logger()

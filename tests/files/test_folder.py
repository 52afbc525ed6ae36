"""Tests for shared files on the disk."""

import hashlib
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import NotStored, Unreadable
from chatd.chat.outside import Kept
from chatd.files import folder
from chatd.files.folder import AHEAD, GATHERED, Folder, Writer, is_id
from chatd.files.sealed import HEAD, PIECE, TAG

T = TypeVar("T")

KEY = bytes(range(32))
SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, GATHERED, GATHERED + 1, 700_000)


async def at_once(job: Callable[[], T]) -> T:
    """Do work here and now."""
    return job()


class FolderCase(SynchronousTestCase):
    """A folder, in which work is done at once."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.folder = Folder(self.path, KEY, at_once)

    def ask(self, question: Coroutine[Any, Any, T]) -> T:
        """What a coroutine returns."""
        return self.successResultOf(Deferred.fromCoroutine(question))

    def keep(self, content: bytes, step: int = 32_768) -> Kept:
        """Write a file."""
        writer = self.ask(self.folder.create())
        for start in range(0, len(content), step):
            self.ask(writer.write(content[start : start + step]))
        return self.ask(writer.finish())

    def read(self, id: str) -> bytes:
        """Read a file from the beginning to the end."""
        reader = self.ask(self.folder.open(id))
        content = b""
        while data := self.ask(reader.read(len(content), 32_768)):
            content += data
        self.ask(reader.close())
        self.assertEqual(len(content), reader.size)
        return content

    def refused(self, question: Coroutine[Any, Any, object]) -> str:
        """Why a file cannot be read."""
        failure = self.failureResultOf(Deferred.fromCoroutine(question), Unreadable)
        self.flushLoggedErrors()
        return failure.value.text

    def files(self) -> list[str]:
        """What lies in the folder."""
        return sorted(os.listdir(self.path)) if self.path.exists() else []


class WritingTests(FolderCase):
    """A file is there whole, or not at all."""

    def test_round_trip(self) -> None:
        """What is read is what was written, whatever its size."""
        for size in SIZES:
            content = os.urandom(size)
            kept = self.keep(content)
            self.assertEqual(self.read(kept.id), content)
            self.assertEqual(kept.size, size)
            self.assertEqual(kept.sha256, hashlib.sha256(content).hexdigest())

    def test_steps(self) -> None:
        """It does not matter in what steps it comes."""
        content = os.urandom(GATHERED + 5)
        for step in (7_001, PIECE, GATHERED, GATHERED + 5):
            self.assertEqual(self.read(self.keep(content, step).id), content)

    def test_sealed(self) -> None:
        """Nothing of the content can be read on the disk, and nobody else may try."""
        kept = self.keep(b"attack at dawn " * 100)
        path = self.path / kept.id
        self.assertNotIn(b"attack", path.read_bytes())
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o700)
        self.assertEqual(path.stat().st_size, HEAD + kept.size + TAG)

    def test_same_content(self) -> None:
        """That two files are the same cannot be seen."""
        first, second = self.keep(b"a" * 99), self.keep(b"a" * 99)
        read = [(self.path / kept.id).read_bytes() for kept in (first, second)]
        self.assertNotEqual(read[0][HEAD:], read[1][HEAD:])

    def test_abort(self) -> None:
        """An upload that is given up leaves nothing behind, and takes no more."""
        writer = self.ask(self.folder.create())
        self.ask(writer.write(b"x" * (GATHERED + 1)))
        self.assertEqual(len(self.files()), 1)
        self.ask(writer.abort())
        self.assertEqual(self.files(), [])
        for late in (writer.write(b"y"), writer.finish()):
            self.failureResultOf(Deferred.fromCoroutine(late), NotStored)
        self.ask(writer.abort())
        self.assertEqual(self.files(), [])

    def test_abort_finished(self) -> None:
        """What is finished cannot be given up."""
        writer = self.ask(self.folder.create())
        kept = self.ask(writer.finish())
        self.ask(writer.abort())
        self.assertEqual(self.files(), [kept.id])

    def test_not_yet(self) -> None:
        """What is not finished cannot be read."""
        writer = self.ask(self.folder.create())
        self.assertIn("missing", self.refused(self.folder.open(writer.id)))

    def test_disk_full(self) -> None:
        """When the disk is full the sender is told, and nothing is left."""
        writer = self.ask(self.folder.create())

        def full(data: bytes) -> None:
            raise OSError(28, "No space left on device")

        self.patch(writer, "_write", full)
        failed = Deferred.fromCoroutine(writer.write(b"x" * (GATHERED + 1)))
        self.assertIn("disk", self.failureResultOf(failed, NotStored).value.text)
        self.assertEqual(self.files(), [])

    def test_no_folder(self) -> None:
        """Where no folder can be made, nothing can be shared."""
        self.path.write_text("a file")
        failed = Deferred.fromCoroutine(self.folder.create())
        self.failureResultOf(failed, NotStored)

    def test_memory(self) -> None:
        """However large a file is, little of it is in memory."""
        writer = self.ask(self.folder.create())
        for _ in range(64):
            self.ask(writer.write(b"x" * 32_768))
            self.assertLessEqual(len(writer._gathered), GATHERED)
        self.ask(writer.abort())


class OrderTests(FolderCase):
    """Threads do one thing at a time."""

    def setUp(self) -> None:
        super().setUp()
        self.jobs: list[tuple[Callable[[], Any], Deferred[Any]]] = []
        self.slow = Folder(self.path, KEY, self.later)

    def later(self, job: Callable[[], Any]) -> "Deferred[Any]":
        """Do work only when L{work} says so."""
        done: Deferred[Any] = Deferred()
        self.jobs.append((job, done))
        return done

    def work(self) -> None:
        """Do what waits."""
        while self.jobs:
            job, done = self.jobs.pop(0)
            done.callback(job())

    def test_order(self) -> None:
        """Whoever does not wait still gets everything written in order."""
        creating = Deferred.fromCoroutine(self.slow.create())
        self.work()
        writer = self.successResultOf(creating)
        content = os.urandom(3 * GATHERED)
        for start in range(0, len(content), GATHERED // 2):
            piece = content[start : start + GATHERED // 2]
            Deferred.fromCoroutine(writer.write(piece))
        finishing = Deferred.fromCoroutine(writer.finish())
        self.assertEqual(len(self.jobs), 1)
        self.work()
        kept = self.successResultOf(finishing)
        self.assertEqual(self.read(kept.id), content)

    def test_abort_meanwhile(self) -> None:
        """An upload that breaks off while it is written leaves nothing behind."""
        creating = Deferred.fromCoroutine(self.slow.create())
        self.work()
        writer: Writer = self.successResultOf(creating)
        writing = Deferred.fromCoroutine(writer.write(b"x" * (GATHERED + 1)))
        aborting = Deferred.fromCoroutine(writer.abort())
        self.assertNoResult(aborting)
        self.work()
        self.successResultOf(writing)
        self.successResultOf(aborting)
        self.assertEqual(self.files(), [])


class ReadingTests(FolderCase):
    """A file can be read anywhere, and only as it was written."""

    @given(st.integers(0, 10 * PIECE), st.integers(0, 6 * PIECE))
    @settings(max_examples=60, deadline=None)
    def test_anywhere(self, offset: int, length: int) -> None:
        """From any place come the bytes of that place."""
        content = bytes(range(251)) * 2_000
        if not hasattr(self, "kept"):
            self.kept = self.keep(content)
            self.reader = self.ask(self.folder.open(self.kept.id))
        read = self.ask(self.reader.read(offset, length))
        self.assertEqual(read, content[offset : offset + min(length, AHEAD * PIECE)])

    def test_odd_places(self) -> None:
        """Before the beginning and beyond the end there is nothing."""
        reader = self.ask(self.folder.open(self.keep(b"abc").id))
        for offset, length, read in ((3, 1, b""), (-1, 2, b""), (2**63, 9, b"")):
            self.assertEqual(self.ask(reader.read(offset, length)), read)
        self.assertEqual(self.ask(reader.read(1, 0)), b"")
        self.assertEqual(self.ask(reader.read(1, 2**32)), b"bc")

    def test_changed(self) -> None:
        """A byte that changed on the disk is noticed, wherever it is."""
        kept = self.keep(os.urandom(3 * PIECE))
        path = self.path / kept.id
        good = path.read_bytes()
        for at in (0, HEAD - 1, HEAD, HEAD + PIECE, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            self.assertIn("damaged", self.refused(self.read_all(kept.id)))

    def test_cut(self) -> None:
        """An end that is missing is noticed, also between two pieces."""
        kept = self.keep(os.urandom(3 * PIECE))
        path = self.path / kept.id
        good = path.read_bytes()
        sealed = PIECE + TAG
        for end in (0, HEAD, HEAD + TAG, HEAD + sealed, HEAD + 2 * sealed, -1):
            path.write_bytes(good[:end])
            self.assertIn("damaged", self.refused(self.read_all(kept.id)))

    def test_swapped(self) -> None:
        """Pieces that changed places, and pieces of other files, are noticed."""
        one, two = self.keep(os.urandom(3 * PIECE)), self.keep(os.urandom(3 * PIECE))
        path = self.path / one.id
        good, other = path.read_bytes(), (self.path / two.id).read_bytes()
        sealed = PIECE + TAG
        first, second = good[HEAD : HEAD + sealed], good[HEAD + sealed :][:sealed]
        rest = good[HEAD + 2 * sealed :]
        for bad in (good[:HEAD] + second + first + rest, good[:HEAD] + other[HEAD:]):
            path.write_bytes(bad)
            self.assertIn("damaged", self.refused(self.read_all(one.id)))
        path.write_bytes(other)  # whole, but not this file
        self.assertIn("damaged", self.refused(self.read_all(one.id)))

    def test_other_key(self) -> None:
        """With another key nothing is read."""
        kept = self.keep(b"secret")
        self.folder = Folder(self.path, bytes(32), at_once)
        self.assertIn("damaged", self.refused(self.read_all(kept.id)))

    def test_shrinks(self) -> None:
        """A file that is cut while it is read is not read on."""
        kept = self.keep(os.urandom(9 * PIECE))
        reader = self.ask(self.folder.open(kept.id))
        os.truncate(self.path / kept.id, HEAD + 100)
        self.assertIn("damaged", self.refused(reader.read(0, 10)))

    def test_closed(self) -> None:
        """What is closed is not read on."""
        reader = self.ask(self.folder.open(self.keep(b"abc" * PIECE).id))
        self.ask(reader.close())
        self.failureResultOf(Deferred.fromCoroutine(reader.read(0, 1)), NotStored)

    async def read_all(self, id: str) -> None:
        """Read all pieces."""
        reader = await self.folder.open(id)
        try:
            for start in range(0, reader.size, PIECE):
                await reader.read(start, PIECE)
        finally:
            await reader.close()


class RemovingTests(FolderCase):
    """What is not wanted any more is gone."""

    def test_remove(self) -> None:
        """A removed file is gone; whoever reads it reads on."""
        kept = self.keep(os.urandom(9 * PIECE))
        reader = self.ask(self.folder.open(kept.id))
        self.ask(self.folder.remove(kept.id))
        self.assertEqual(self.files(), [])
        self.assertEqual(len(self.ask(reader.read(0, PIECE))), PIECE)
        self.ask(self.folder.remove(kept.id))

    def test_sweep(self) -> None:
        """At the start all that is unknown or broken off goes, and nothing else."""
        self.assertEqual(self.ask(self.folder.sweep(())), 0)
        known, unknown = self.keep(b"1"), self.keep(b"2")
        broken = self.ask(self.folder.create())
        self.assertEqual(len(self.files()), 3)
        (self.path / "key-check").write_text("stays")
        self.assertEqual(self.ask(self.folder.sweep({known.id, broken.id})), 2)
        self.assertEqual(self.files(), [known.id, "key-check"])
        self.assertNotIn(unknown.id, self.files())

    def test_wrong_database(self) -> None:
        """If the database knows none of the files, or few, only what broke off goes."""
        kept = [self.keep(b"x").id for _ in range(3)]
        self.ask(self.folder.create())
        self.assertEqual(self.ask(self.folder.sweep(())), 1)
        self.assertEqual(self.files(), sorted(kept))
        self.patch(folder, "FEW", 1)
        self.assertEqual(self.ask(self.folder.sweep({kept[0]})), 0)
        self.assertEqual(self.ask(self.folder.sweep(set(kept[:2]))), 1)

    def test_ids(self) -> None:
        """An id is no path."""
        self.assertTrue(is_id("0123456789abcdef" * 2))
        for id in ("", "..", "../" + "a" * 29, "A" * 32, "a" * 31, "a" * 33, "\n" * 32):
            self.assertFalse(is_id(id))
            failed = Deferred.fromCoroutine(self.folder.open(id))
            self.failureResultOf(failed, ValueError)

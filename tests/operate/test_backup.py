"""Tests for making backups and putting them back."""

import io
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.__main__ import TOOLS
from chatd.operate.backup import UNDER_WAY
from chatd.secrets.database_key import check_value, database_key
from chatd.store import snapshot
from chatd.store.sql import SqlStore
from tests.store.asking import said


class BackupCase(SynchronousTestCase):
    """Two places: a server's, and one where a backup is put back."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.data = self.folder / "here" / "data"
        self.keys = self.folder / "here" / "keys"
        self.other = self.folder / "there" / "data"
        self.file = self.folder / "backups" / "chatd.tar"
        self.file.parent.mkdir(parents=True)
        self.store = self.open(self.data, self.keys)
        self.keep(1, 301)

    def open(self, data: Path, keys: Path, *, encrypted: bool = True) -> SqlStore:
        """Start a store."""
        path = data / "chatd.db"
        key = database_key(keys / "database.key", path) if encrypted else None
        check = check_value(key) if key else ""
        store = SqlStore(path, key=key, check=check, call=None)
        store.open()
        self.addCleanup(store.close)
        return store

    def keep(self, first: int, end: int) -> None:
        """Say something."""
        events = [said(id, f"secret{id} " * 20) for id in range(first, end)]
        self.assertEqual(
            self.successResultOf(self.store.append(events)), [None] * len(events)
        )

    def die(self) -> None:
        """Release the lock, as the system does it for a process that died."""
        assert self.store._lock is not None
        self.store._lock.release()
        self.store._lock = None

    def ids(self, store: SqlStore) -> list[int]:
        """What was said."""
        history = store.history("ops", limit=1000)
        events = self.successResultOf(Deferred.fromCoroutine(history))
        return [event.id for event in events]

    def run_tool(self, name: str, *words: str, data: Path, keys: Path) -> str:
        """
        Run one of the tools.

        @return: What it printed, or in how many words it refused.
        """
        output = io.StringIO()
        self.patch(sys, "stdout", output)
        try:
            TOOLS[name]([*words, f"--data={data}", f"--keys={keys}"])
        except SystemExit as end:
            self.assertIsInstance(end.code, str)
            return str(end.code)
        return output.getvalue()

    def backup(self, *more: str) -> str:
        """Make a backup of the server's data."""
        words = (str(self.file), *more)
        return self.run_tool("backup", *words, data=self.data, keys=self.keys)

    def restore(self, *more: str, data: Path | None = None) -> str:
        """Put it back somewhere else."""
        words = (str(self.file), *more)
        place = data or self.other
        return self.run_tool("restore", *words, data=place, keys=self.keys)

    def refuse(self, said: str, pattern: str, *untouched: Path) -> None:
        """It was refused in one line, and left nothing behind."""
        self.assertRegex(said, rf"^chatd: .*{pattern}")
        self.assertEqual(len(said.splitlines()), 1)
        for path in untouched:
            self.assertEqual(list(path.rglob("*")), [])
        if self.other in untouched:
            self.assertFalse(self.other.exists())


class BackupTests(BackupCase):
    """C{chatd backup}, while a server uses the data."""

    def test_there_and_back(self) -> None:
        """What was said before the backup is there after it was put back."""
        self.assertIn("keys are NOT in it", self.backup())
        self.keep(301, 401)
        self.assertIn("start the server", self.restore())
        self.assertEqual(len(self.ids(self.store)), 400)
        restored = self.open(self.other, self.keys)
        self.assertEqual(self.ids(restored), list(range(1, 301)))

    def test_encrypted(self) -> None:
        """Nothing that was said can be read in it, and no key is in it."""
        self.backup()
        content = self.file.read_bytes()
        self.assertNotIn(b"secret7", content)
        key = (self.keys / "database.key").read_bytes().strip()
        for secret in (key, bytes.fromhex(key.decode())):
            self.assertNotIn(secret, content)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

    def test_plain(self) -> None:
        """A database that is not encrypted can be copied too, and nothing is warned."""
        data = self.folder / "plain"
        self.store = self.open(data, self.keys, encrypted=False)
        self.keep(1, 11)
        words = (str(self.file), "--store-encrypted=no")
        told = self.run_tool("backup", *words, data=data, keys=self.folder / "none")
        self.assertNotIn("keys", told)
        self.refuse(self.restore(), "is not encrypted: say so")
        self.restore("--store-encrypted=no")
        restored = self.open(self.other, self.keys, encrypted=False)
        self.assertEqual(len(self.ids(restored)), 10)

    def test_after_crash(self) -> None:
        """What a dead server left in the journal is in the backup."""
        self.assertTrue((self.data / "chatd.db-wal").stat().st_size)
        self.die()
        self.backup()
        self.restore()
        self.assertEqual(len(self.ids(self.open(self.other, self.keys))), 300)

    def test_files(self) -> None:
        """Shared files are in it; the log and what is not yet whole are not."""
        for name in ("files/ab/12", "files/key-check", "files/cd/34.new", "log/x.log"):
            file = self.data / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
        self.assertIn("the database and 1 shared file, ", self.backup())
        self.restore()
        found = {str(f.relative_to(self.other)) for f in self.other.rglob("*")}
        self.assertEqual(
            {name for name in found if not name.startswith("chatd.db")},
            {"files", "files/ab", "files/ab/12", "files/key-check"},
        )
        self.assertEqual((self.other / "files/ab/12").read_text(), "files/ab/12")

    def test_file_removed_meanwhile(self) -> None:
        """A shared file that is removed at that moment is left out."""
        folder = self.data / "files"
        folder.mkdir()
        (folder / "gone").symlink_to(folder / "nowhere")
        (folder / "there").write_text("x")
        self.patch(Path, "is_file", lambda self: not self.is_dir())
        add = tarfile.TarFile.add

        def missing(tar: Any, name: Any, *args: Any, **more: Any) -> None:
            if str(name).endswith("gone"):
                raise FileNotFoundError(name)
            add(tar, name, *args, **more)

        self.patch(tarfile.TarFile, "add", missing)
        self.assertIn("the database and 1 shared file, ", self.backup())

    def test_exists(self) -> None:
        """What exists is never overwritten, not even a link that leads nowhere."""
        self.file.write_text("precious")
        self.refuse(self.backup(), "exists already")
        self.assertEqual(self.file.read_text(), "precious")
        self.file.unlink()
        self.file.symlink_to("nowhere")
        self.refuse(self.backup(), "exists already")

    def test_nothing_there(self) -> None:
        """Without data there is nothing to copy."""
        told = self.run_tool("backup", str(self.file), data=self.other, keys=self.keys)
        self.refuse(told, "There is no database in", self.file.parent)
        self.assertFalse(self.other.exists())

    def test_no_folder(self) -> None:
        """The folder for the backup must be there."""
        self.file = self.folder / "nowhere" / "chatd.tar"
        self.refuse(self.backup(), "nowhere is no folder")

    def test_no_room(self) -> None:
        """A full disk, or a folder of somebody else, is named."""

        def full(*_: object, **more: object) -> None:
            raise OSError(28, "No space left on device")

        self.patch(tarfile.TarFile, "add", full)
        self.refuse(
            self.backup(),
            rf"{self.file} cannot be written: No space left on device",
            self.file.parent,
        )

        def forbidden(*_: object) -> None:
            name = f"{self.file.parent}/{UNDER_WAY}xyz"
            raise PermissionError(13, "Permission denied", name)

        self.patch(os, "mkdir", forbidden)
        self.refuse(self.backup(), rf"{self.file} cannot be written: Permission denied")

    def test_no_key(self) -> None:
        """Without the key nothing can be copied, and no key is made."""
        (self.keys / "database.key").unlink()
        self.refuse(self.backup(), "database.key is missing", self.file.parent)
        self.assertFalse((self.keys / "database.key").exists())

    def test_damaged(self) -> None:
        """A damaged database makes no backup."""
        self.successResultOf(self.store.close())
        path = self.data / "chatd.db"
        with path.open("r+b") as file:
            size = path.stat().st_size
            for place in range(size // 2, size, 4_096):  # one page may be empty
                file.seek(place)
                file.write(b"\x55" * 64)
        self.refuse(self.backup(), "cannot be copied", self.file.parent)

    def test_damaged_journal(self) -> None:
        """Nor does one whose journal is damaged: something would be missing."""
        for id in range(500, 510):
            self.keep(id, id + 1)
        self.die()
        with (self.data / "chatd.db-wal").open("r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\x55" * 64)
        self.refuse(self.backup(), "chatd.db-wal is damaged", self.file.parent)

    def test_words(self) -> None:
        """It takes one name, and options that the server knows, in either order."""
        words = ("--guests=no", f"--data={self.data}", f"--keys={self.keys}")
        self.patch(sys, "stdout", io.StringIO())
        TOOLS["backup"]([*words, str(self.file)])
        self.assertIn("the database", sys.stdout.getvalue())  # type: ignore[attr-defined]
        self.file.unlink()
        self.refuse(self.backup("another"), "name one file")
        self.refuse(self.backup("--prot=1"), "did you mean --port")


class RestoreTests(BackupCase):
    """C{chatd restore}, where there is nothing yet."""

    def setUp(self) -> None:
        super().setUp()
        self.backup()

    def test_existing(self) -> None:
        """Existing data is never overwritten, whatever there is of it."""
        self.refuse(self.restore(data=self.data), "There is a database in")
        self.assertEqual(len(self.ids(self.store)), 300)
        for name in ("chatd.db", "chatd.db.about", "chatd.db-wal"):
            place = self.folder / name
            place.mkdir()
            (place / name).write_text("precious")
            self.refuse(self.restore(data=place), "There is a database in")
            self.assertEqual([file.name for file in place.iterdir()], [name])

    def test_existing_files(self) -> None:
        """Nor are shared files."""
        (self.data / "files").mkdir()
        (self.data / "files" / "x").write_text("new")
        self.file = self.file.with_name("second.tar")
        self.backup()
        (self.other / "files").mkdir(parents=True)
        (self.other / "files" / "x").write_text("precious")
        self.refuse(self.restore(), "files/x: File exists")
        found = [file.name for file in self.other.rglob("*") if file.is_file()]
        self.assertEqual(found, ["x"])
        self.assertEqual((self.other / "files" / "x").read_text(), "precious")

    def test_running(self) -> None:
        """Not under a server that is just beginning."""
        self.other.mkdir(parents=True)
        lock = snapshot.Lock(self.other / "chatd.db.lock")
        self.addCleanup(lock.release)
        self.refuse(self.restore(), "A chatd runs on")

    def test_wrong_key(self) -> None:
        """With another key, or none, it is refused before anything is written."""
        (self.keys / "database.key").write_text("5f" * 32)
        self.refuse(self.restore(), "was made with another key", self.other)
        (self.keys / "database.key").unlink()
        self.refuse(self.restore(), "database.key is missing", self.other)
        self.assertFalse((self.keys / "database.key").exists())
        words = "--store-encrypted=no"
        self.refuse(self.restore(words), "is encrypted: say so", self.other)

    def change(self, name: str, content: bytes | None) -> None:
        """Put something else, or nothing, in the place of a part of the backup."""
        with tarfile.open(self.file) as tar:
            parts = {
                one.name: tar.extractfile(one).read()  # type: ignore[union-attr]
                for one in tar
            }
        parts[name] = content or b""
        if content is None:
            del parts[name]
        with tarfile.open(self.file, "w") as tar:
            for one, text in parts.items():
                member = tarfile.TarInfo(one)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text))

    def test_newer(self) -> None:
        """One of a newer version is refused."""
        check = check_value((self.keys / "database.key").read_text().strip())
        about = f'{{"schema":"9999","check":"{check}"}}'.encode()
        self.change("chatd.db.about", about)
        self.refuse(self.restore(), "made by a newer chatd", self.other)

    def test_damaged(self) -> None:
        """A damaged one is refused, wherever it is damaged, and leaves nothing."""
        whole = self.file.read_bytes()
        for at in (1600, 3000, len(whole) // 2):
            data = bytearray(whole)
            data[at : at + 64] = b"\x55" * 64
            self.file.write_bytes(data)
            self.refuse(self.restore(), "is damaged", self.other)
        for end in (0, 100, 2000, len(whole) // 2):
            self.file.write_bytes(whole[:end])
            self.refuse(self.restore(), "is no (whole )?backup", self.other)

    def test_damaged_with_files(self) -> None:
        """Nor does it leave folders of shared files, but those that were there."""
        folder = self.data / "files" / "ab"
        folder.mkdir(parents=True)
        (folder / "x").write_text("shared")
        self.file = self.file.with_name("second.tar")
        self.backup()
        self.change("chatd.db", b"bookmarks" * 1000)
        self.refuse(self.restore(), "is damaged", self.other)
        (self.other / "files").mkdir(parents=True)
        self.refuse(self.restore(), "is damaged")
        self.assertEqual(list(self.other.rglob("*")), [self.other / "files"])

    def test_something_else(self) -> None:
        """Other archives are refused, and what does not belong into one."""
        about = "chatd.db.about"
        with tarfile.open(self.file) as tar:
            known = tar.extractfile(about).read()  # type: ignore[union-attr]
        for name in ("../evil", "evil", "files/../../evil", "/evil/x"):
            self.change(name, b"evil")
            self.refuse(self.restore(), "does not belong|cannot|no whole")
            self.assertEqual(list(self.folder.rglob("evil")), [])
            self.change(name, None)
        for content in (b"[]", b"{}", b"\xff"):
            self.change(about, content)
            self.refuse(self.restore(), "is no backup of chatd", self.other)
        self.change(about, known)
        self.change("chatd.db", None)
        self.refuse(self.restore(), "there is no database in it", self.other)
        self.change(about, None)
        self.refuse(self.restore(), "is no whole backup", self.other)

    def test_other_database(self) -> None:
        """A database of something else is refused."""
        self.change("chatd.db", b"bookmarks" * 1000)
        self.refuse(self.restore(), "is damaged", self.other)

    def test_missing(self) -> None:
        """A backup that is not there is named."""
        self.file.unlink()
        self.refuse(self.restore(), "chatd.tar: No such file", self.other)

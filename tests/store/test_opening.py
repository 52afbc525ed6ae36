"""Tests for opening a database: making it, upgrading it, refusing it."""

import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from errno import ENOSPC
from pathlib import Path
from typing import Any
from unittest import skipIf

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatd.store import migrations, opening, schema, sqlite
from chatd.store.opening import About, StoreRefused, about_path, prepare
from chatd.store.sql import SqlStore
from tests.store.asking import said

KEY, CHECK = "5f" * 32, "check"
OTHER = "a0" * 32

NEXT_STEP = """
from alembic import op

revision = "9999"
down_revision = "{last}"


def upgrade():
    op.execute("ALTER TABLE rooms ADD COLUMN colour TEXT NOT NULL DEFAULT ''")
    op.execute("DROP TABLE nowhere" if {broken} else "SELECT 1")
"""


def contents(folder: Path) -> dict[str, str]:
    """What is in a folder: names and hashes."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.iterdir()
    }


def damage(path: Path, at: int, length: int = 64) -> None:
    """Overwrite a part of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\x55" * length)


class OpeningCase(SynchronousTestCase):
    """A folder for data."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.path = self.folder / "chatd.db"
        self.about = about_path(self.path)

    def open(self, **more: Any) -> SqlStore:
        """Start a store on the folder."""
        more.setdefault("key", KEY)
        store = SqlStore(self.path, check=CHECK, call=None, **more)
        store.open()
        self.addCleanup(store.close)
        return store

    def fill(self, store: SqlStore) -> None:
        """Keep enough that the database has some pages of each kind."""
        events = [said(id, f"secret{id} " * 20) for id in range(1, 401)]
        self.assertEqual(self.successResultOf(store.append(events)), [None] * 400)

    def make(self, **more: Any) -> None:
        """Leave a database behind, properly closed."""
        store = self.open(**more)
        self.fill(store)
        self.successResultOf(store.close())

    def crash(self, batches: int = 1) -> None:
        """Leave a database behind as C{kill -9} leaves it."""
        store = self.open()
        self.fill(store)
        for number in range(1, batches):
            self.successResultOf(store.append([said(1_000 + number)]))
        shutil.copytree(self.folder, "copy")
        self.successResultOf(store.close())
        shutil.rmtree(self.folder)
        shutil.move("copy", self.folder)

    def events(self, store: SqlStore) -> int:
        """How many events there are."""
        history = store.history("ops", limit=1000)
        return len(self.successResultOf(Deferred.fromCoroutine(history)))


class FirstStartTests(OpeningCase):
    """The first start makes what is missing."""

    def test_made(self) -> None:
        """A database appears, and a file that says what it is; nothing half made."""
        store = self.open()
        self.assertEqual(
            set(contents(self.folder)) - {"chatd.db-wal", "chatd.db-shm"},
            {"chatd.db", "chatd.db.about", "chatd.db.lock"},
        )
        self.assertEqual(self.events(store), 0)

    @skipIf(sys.platform == "win32", "no such rights")
    def test_private(self) -> None:
        """Others on the machine cannot read the database, nor see the folder."""
        self.open()
        for file in self.folder.iterdir():
            if file.name != "chatd.db.about":
                self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600, file)
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)

    def test_nothing_before_open(self) -> None:
        """A store that is not opened touches nothing."""
        SqlStore(self.path, key=KEY, check=CHECK, call=None)
        self.assertFalse(self.folder.exists())

    def test_again(self) -> None:
        """The second start finds what the first kept, without loading Alembic."""
        self.make()
        self.patch(sys, "modules", {**sys.modules, "alembic": None})
        self.assertEqual(self.events(self.open()), 400)

    def test_after_crash(self) -> None:
        """After a crash all that was kept is there."""
        self.crash()
        self.assertGreater((self.folder / "chatd.db-wal").stat().st_size, 0)
        self.assertEqual(self.events(self.open()), 400)

    def test_settled(self) -> None:
        """What a crash left in the journal is in the database after the next start."""
        self.crash()
        store = self.open()
        self.assertEqual((self.folder / "chatd.db-wal").stat().st_size, 0)
        self.assertEqual(self.events(store), 400)

    def test_interrupted(self) -> None:
        """A first start that was interrupted is simply made again."""
        self.folder.mkdir()
        (self.folder / "chatd.db.new").write_bytes(b"half")
        (self.folder / "chatd.db.new-wal").write_bytes(b"half")
        self.open()
        self.assertFalse((self.folder / "chatd.db.new").exists())
        self.assertFalse((self.folder / "chatd.db.new-wal").exists())

    def test_interrupted_at_the_end(self) -> None:
        """A first start that was interrupted before its last step is finished."""
        self.make()
        self.path.rename(self.folder / "chatd.db.new")
        self.assertEqual(self.events(self.open()), 400)
        self.assertFalse((self.folder / "chatd.db.new").exists())

    def test_no_place(self) -> None:
        """If the folder cannot be made, the sentence says so."""
        self.folder.write_text("not a folder")
        with self.assertRaisesRegex(StoreRefused, "cannot be opened .*look at"):
            self.open()

    def test_failing(self) -> None:
        """A first start that fails leaves nothing behind."""

        def fail(*args: object) -> None:
            raise OSError(ENOSPC, "No space left on device")

        self.patch(opening, "_migrate", fail)
        with self.assertRaisesRegex(StoreRefused, "No space left on device"):
            self.open()
        self.assertEqual(contents(self.folder), {})

    def test_locked(self) -> None:
        """Another program that has the database is named as what is in the way."""
        self.make()
        self.patch(sqlite, "BUSY", 0.01)
        with closing(sqlite.connect(self.path, KEY)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            with self.assertRaisesRegex(StoreRefused, "another program uses it"):
                self.open()
        self.open()

    def test_encrypted(self) -> None:
        """Nothing that was said can be read in the files, if there is a key."""
        self.crash()
        for file in self.folder.iterdir():
            self.assertNotIn(b"secret7", file.read_bytes(), file)
        shutil.rmtree(self.folder)
        self.make(key=None)
        self.assertIn(b"secret7", self.path.read_bytes())

    def test_bad_key(self) -> None:
        """What is no key is not taken for one."""
        with self.assertRaises(ValueError):
            self.open(key="5f")
        self.assertEqual(contents(self.folder), {})


class RefusalTests(OpeningCase):
    """What does not look right is refused in one sentence, and not touched."""

    def refuse(self, pattern: str, **more: Any) -> None:
        """Opening fails with a sentence, and changes nothing."""
        before = contents(self.folder)
        with self.assertRaises(StoreRefused) as caught:
            self.open(**more)
        sentence = str(caught.exception)
        self.assertRegex(sentence, pattern)
        self.assertIn(str(self.folder), sentence)
        self.assertNotIn("\n", sentence)
        self.assertEqual(contents(self.folder), before)

    def in_all_states(self, change: Callable[[], object], pattern: str) -> None:
        """Refused after a clean stop, after a crash, and when restored from a copy."""

        def restored() -> None:
            self.crash()
            (self.folder / "chatd.db-shm").unlink()
            (self.folder / "chatd.db.lock").unlink()

        for leave in (self.make, self.crash, restored):
            leave()
            change()
            self.refuse(pattern)
            shutil.rmtree(self.folder)

    def test_key_missing(self) -> None:
        """Without the key an encrypted database is refused."""
        self.make()
        self.refuse("is encrypted", key=None)

    def test_wrong_key(self) -> None:
        """With another key it is refused."""

        def other_key() -> None:
            opening.write_about(self.path, About("0001", "other"))

        self.in_all_states(other_key, "another key.*put that key back")

    def test_not_encrypted(self) -> None:
        """A plain database is refused when it should be encrypted."""
        self.make(key=None)
        self.refuse("is not encrypted")

    def test_database_missing(self) -> None:
        """When the database is gone, no empty one takes its place."""
        self.in_all_states(lambda: self.path.unlink(), "chatd.db is missing")

    def test_about_missing(self) -> None:
        """A database about which nothing is known is refused."""
        self.in_all_states(lambda: self.about.unlink(), "chatd.db.about is missing")

    def test_only_journal(self) -> None:
        """A journal without its database is not mixed into a new one."""
        self.crash()
        self.path.unlink()
        self.about.unlink()
        self.refuse("chatd.db-wal is there")

    def test_about_unreadable(self) -> None:
        """The small file beside the database must make sense."""
        self.make()
        for content in (b"", b"[]", b"1", b'{"schema":"0001"}', b"\xff\xfe"):
            self.about.write_bytes(content)
            self.refuse("chatd.db.about cannot be read")

    def test_empty(self) -> None:
        """An empty file where there was data is no database."""
        self.in_all_states(lambda: os.truncate(self.path, 0), "damaged .it is empty")

    def test_truncated(self) -> None:
        """Half a database is refused, wherever it was cut."""
        for keep in (1, 0.5, 0.9):

            def cut(keep: float = keep) -> None:
                size = self.path.stat().st_size
                os.truncate(self.path, 100 if keep == 1 else int(size * keep))

            self.make()
            cut()
            self.refuse("is damaged .*put it back from your backup")
            shutil.rmtree(self.folder)

    def test_unreadable(self) -> None:
        """A database that may not be read is not called damaged."""
        self.make()
        self.path.unlink()
        self.path.mkdir()  # root may read all files, but no folder as a file
        self.path.joinpath("x").touch()
        with self.assertRaisesRegex(StoreRefused, "cannot be opened .*the rights"):
            self.open()

    def test_damaged(self) -> None:
        """A database with a damaged page is refused."""
        self.make()
        whole = self.path.read_bytes()
        for at in (0, 20, 4096 * 2 + 100, len(whole) // 2, len(whole) - 100):
            self.path.write_bytes(whole)
            damage(self.path, at)
            self.refuse("is damaged")

    def test_damaged_after_crash(self) -> None:
        """The beginning of a database must be right, also when a journal follows."""
        self.in_all_states(lambda: damage(self.path, 0), "is damaged")

    def test_damaged_journal(self) -> None:
        """A damaged journal is refused: what comes after that place would be lost."""
        for at in (0, 40, 4096 * 3 + 100):
            self.crash(batches=20)
            damage(self.folder / "chatd.db-wal", at)
            self.refuse("chatd.db-wal is damaged")
            shutil.rmtree(self.folder)

    def test_damaged_plain(self) -> None:
        """A damaged database that is not encrypted is refused too."""
        self.make(key=None)
        damage(self.path, 4096 * 3 + 8, 2000)
        self.refuse("is damaged", key=None)

    def test_other_database(self) -> None:
        """A database of something else is refused."""
        self.make()
        self.path.unlink()
        other = sqlite.connect(self.path, KEY, how="mode=rwc")
        other.execute("CREATE TABLE bookmarks (id)")
        other.close()
        self.refuse("is damaged .no such table")
        other = sqlite.connect(self.path, KEY)
        other.execute("CREATE TABLE alembic_version (version_num)")
        other.close()
        self.refuse("is damaged")

    def test_newer(self) -> None:
        """A database of a newer chatd is refused before it is opened."""

        def newer() -> None:
            opening.write_about(self.path, About("9999", CHECK))

        self.in_all_states(newer, "newer chatd .its schema is 9999.")

    def test_newer_inside(self) -> None:
        """So is one that has been put back without the file beside it."""
        self.make()
        connection = sqlite.connect(self.path, KEY)
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        self.refuse("newer chatd .its schema is 9999.")

    def test_second_server(self) -> None:
        """A second server on the same data is refused, and the first goes on."""
        first = self.open()
        self.fill(first)
        self.refuse("another chatd runs on it")
        self.assertEqual(self.events(first), 400)
        self.successResultOf(first.close())
        self.open()

    def test_unwritable(self) -> None:
        """A database that can only be read is refused."""
        self.make()

        connect = sqlite.connect

        def read_only(path: Path, key: str, *, how: str = "mode=ro") -> Any:
            return connect(path, key, how=how)

        patch = self.patch(sqlite, "connect", read_only)
        with self.assertRaisesRegex(StoreRefused, "cannot be opened .*readonly"):
            self.open()
        patch.restore()
        self.open()

    def test_long_check(self) -> None:
        """A database that is too large to look through at start is used."""
        self.make()
        self.patch(opening, "CHECKING", -1.0)
        self.assertEqual(self.events(self.open()), 400)


class UpgradeTests(OpeningCase):
    """An older database is led to today's schema."""

    def setUp(self) -> None:
        super().setUp()
        self.make()

    def steps(self, *, broken: bool = False) -> str:
        """The steps of a later version."""
        folder = Path(self.mktemp())
        shutil.copytree(Path(str(migrations.__file__)).parent, folder)
        step = folder / "versions" / "r9999_colour.py"
        text = NEXT_STEP.replace("{last}", schema.REVISIONS[-1])
        step.write_text(text.replace("{broken}", str(broken)))
        return str(folder)

    def upgrade(self, steps: str) -> None:
        """Start the later version, and stop it."""
        prepare(
            self.path,
            key=KEY,
            check=CHECK,
            migrations=steps,
            revisions=(*schema.REVISIONS, "9999"),
        ).release()

    def test_upgrade(self) -> None:
        """The steps are taken, and a copy of what was before lies beside it."""
        old = self.path.read_bytes()
        self.upgrade(self.steps())
        self.assertEqual((self.folder / "chatd.db.before-9999").read_bytes(), old)
        connection = sqlite.connect(self.path, KEY)
        self.addCleanup(connection.close)
        (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
        self.assertEqual(count, 400)
        self.assertEqual(connection.execute("SELECT colour FROM rooms").fetchall(), [])
        with self.assertRaisesRegex(StoreRefused, "newer chatd"):
            self.open()

    def test_once(self) -> None:
        """The second start of the later version finds nothing to do."""
        self.upgrade(self.steps())
        before = contents(self.folder)
        self.upgrade("nowhere")
        self.assertEqual(contents(self.folder), before)

    def test_copy_after_crash(self) -> None:
        """What is still in the journal is in the copy too."""
        shutil.rmtree(self.folder)
        self.crash()
        self.upgrade(self.steps())
        copy = sqlite.connect(self.folder / "chatd.db.before-9999", KEY)
        self.addCleanup(copy.close)
        (count,) = copy.execute("SELECT count(*) FROM events").fetchone()
        self.assertEqual(count, 400)

    def test_going_back(self) -> None:
        """With the copy put back the older version runs again."""
        before = self.about.read_bytes()
        self.upgrade(self.steps())
        (self.folder / "chatd.db.before-9999").replace(self.path)
        self.about.write_bytes(before)
        self.assertEqual(self.events(self.open()), 400)

    def test_put_back_alone(self) -> None:
        """A copy that is put back without the file beside it is upgraded again."""
        old = self.path.read_bytes()
        self.upgrade(self.steps())
        self.path.write_bytes(old)
        self.upgrade(self.steps())
        self.upgrade("nowhere")

    def test_broken_step(self) -> None:
        """A step that fails changes nothing, and the older version runs again."""
        with self.assertRaisesRegex(StoreRefused, "no such table: nowhere"):
            self.upgrade(self.steps(broken=True))
        self.assertEqual(self.events(self.open()), 400)

    def test_no_room_for_copy(self) -> None:
        """Without a copy there is no upgrade."""

        def full(source: Path, target: Path) -> None:
            target.write_bytes(b"half")
            raise OSError(ENOSPC, "No space left on device")

        self.patch(shutil, "copy2", full)
        before = contents(self.folder)
        with self.assertRaisesRegex(StoreRefused, "no copy .* make room"):
            self.upgrade(self.steps())
        self.assertEqual(contents(self.folder), before)

    def test_in_use(self) -> None:
        """While another program reads the database it is not upgraded."""
        shutil.rmtree(self.folder)
        self.crash()
        other = sqlite.connect(self.path, KEY)
        self.addCleanup(other.close)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM events").fetchone()
        self.patch(sqlite, "BUSY", 0.0)
        with self.assertRaisesRegex(StoreRefused, "another program uses it"):
            self.upgrade(self.steps())
        other.execute("COMMIT")
        self.upgrade(self.steps())


class SchemaTests(OpeningCase):
    """The steps lead to the tables that the program knows."""

    def test_steps_known(self) -> None:
        """Every step that is shipped is known, in the order in which it is taken."""
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", opening.MIGRATIONS)
        steps = ScriptDirectory.from_config(config).walk_revisions()
        self.assertEqual(
            schema.REVISIONS, tuple(reversed([step.revision for step in steps]))
        )

    def test_same_tables(self) -> None:
        """The steps make what the schema says."""
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        self.make()

        def ours(item: object, name: str | None, kind: str, *rest: object) -> bool:
            return kind != "table" or not str(name).startswith("search")

        with sqlite.reading(self.path, KEY).connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"include_object": ours}
            )
            self.assertEqual(compare_metadata(context, schema.metadata), [])

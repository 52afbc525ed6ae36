"""Tests for looking a database's journal through."""

import random
import shutil
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd.store import sqlite
from chatd.store.wal import find_damage

KEY = "5f" * 32
FRAME = 24 + 4096  # bytes
BATCHES = 12


class JournalTests(SynchronousTestCase):
    """A journal as C{kill -9} leaves it: twelve transactions, one after another."""

    key: str | None = KEY

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        connection = sqlite.connect(folder / "db", self.key, how="mode=rwc")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE said (batch, text)")
        self.journal = folder / "db-wal"
        self.ends = [self.journal.stat().st_size]
        for batch in range(BATCHES):
            connection.execute("BEGIN")
            rows = [(batch, f"text {number} " * 50) for number in range(20)]
            connection.executemany("INSERT INTO said VALUES (?, ?)", rows)
            connection.execute("COMMIT")
            self.ends.append(self.journal.stat().st_size)
        self.copy = folder / "copy"
        for end in ("", "-wal"):
            shutil.copy(folder / f"db{end}", folder / f"copy{end}")
        connection.close()
        self.journal = folder / "copy-wal"
        self.whole = self.journal.read_bytes()

    def change(self, at: int) -> str:
        """Change one byte, and look."""
        data = bytearray(self.whole)
        data[at] ^= 0x55
        self.journal.write_bytes(data)
        return find_damage(self.journal)

    def batches(self) -> int:
        """How many transactions SQLite finds."""
        connection = sqlite.connect(self.copy, self.key)
        question = "SELECT count(DISTINCT batch), count(*) FROM said"
        batches, rows = connection.execute(question).fetchone()
        connection.close()
        self.assertEqual(rows, batches * 20)
        return int(batches)

    def test_whole(self) -> None:
        """A whole journal is fine, and what is in it is found."""
        self.assertEqual(find_damage(self.journal), "")
        self.assertEqual(self.batches(), BATCHES)

    def test_none(self) -> None:
        """No journal, or one that was only begun, is fine."""
        for data in (b"", self.whole[:31], self.whole[:32]):
            self.journal.write_bytes(data)
            self.assertEqual(find_damage(self.journal), "")
        self.journal.unlink()
        self.assertEqual(find_damage(self.journal), "")

    def test_any_byte(self) -> None:
        """Whichever byte is wrong in the middle, it is noticed."""
        numbers = random.Random(5)
        places = [numbers.randrange(self.ends[-3]) for _ in range(60)]
        for at in (*range(0, 64, 4), *places):
            self.assertIn("wrong", self.change(at), at)

    def test_without_looking(self) -> None:
        """SQLite by itself would pass over it, and over all that follows."""
        self.assertIn("frame", self.change(self.ends[5] + 100))
        self.assertEqual(self.batches(), 5)

    def test_cut_short(self) -> None:
        """Where a power failure cut the last transaction short, that is the end."""
        for end in range(self.ends[-2], self.ends[-1], 999):
            self.journal.write_bytes(self.whole[:end])
            self.assertEqual(find_damage(self.journal), "")
        self.assertEqual(self.batches(), BATCHES - 1)

    def test_half_written(self) -> None:
        """Also if its end reached the disk before its beginning."""
        for at in range(self.ends[-2] + 24, self.ends[-1], FRAME):
            self.assertEqual(self.change(at), "")
            data = bytearray(self.whole)
            data[at - 24 : at] = bytes(24)
            self.journal.write_bytes(data)
            self.assertEqual(find_damage(self.journal), "")

    def test_second_round(self) -> None:
        """What earlier rounds through the file left behind does not count."""
        connection = sqlite.connect(self.copy, self.key)
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        connection.execute("INSERT INTO said VALUES (99, 'again')")
        data = self.journal.read_bytes()
        connection.close()
        self.assertEqual(len(data), len(self.whole))
        self.journal.write_bytes(data)
        self.assertEqual(find_damage(self.journal), "")


class PlainJournalTests(JournalTests):
    """The journal of a database that is not encrypted."""

    key = None

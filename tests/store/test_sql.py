"""Tests for the store on this machine, encrypted and not."""

import shutil
from pathlib import Path
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from chatd.store.sql import SqlStore
from tests.store.questions import Questions

KEY = "5f" * 32


class SqlQuestions(Questions):
    """A database in a file, which is made once and copied for each test."""

    key: ClassVar[str | None]
    made: ClassVar[dict[str | None, Path]] = {}

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        if self.key not in self.made:
            self.made[self.key] = Path(self.mktemp())
            first = self.new_store(self.made[self.key])
            first.open()
            self.successResultOf(first.close())
        shutil.copytree(self.made[self.key], self.folder)
        self.store = self.sql = self.new_store(self.folder)
        self.sql.open()
        self.addCleanup(self.sql.close)

    def new_store(self, folder: Path) -> SqlStore:
        """A store that is not open yet."""
        check = "check" if self.key else ""
        return SqlStore(
            folder / "chatd.db", key=self.key, check=check, call=None, now=float
        )


class EncryptedTests(SqlQuestions, SynchronousTestCase):
    """The encrypted database answers all questions."""

    key = KEY


class PlainTests(SqlQuestions, SynchronousTestCase):
    """So does one that is not encrypted."""

    key = None

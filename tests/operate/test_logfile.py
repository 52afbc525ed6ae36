"""The file that the log is written to."""

import os
import shutil
import sys
from io import StringIO
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.logfile import RETRY_SECONDS, SturdyFile


class SturdyFileTests(SynchronousTestCase):
    """The log is kept within bounds, and its troubles are not the chat's."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.folder = Path(self.mktemp())
        self.path = self.folder / "chatd.log"
        self.errors = StringIO()
        self.patch(sys, "__stderr__", self.errors)
        self.file = self.open()

    def open(self, size: int = 10_000, files: int = 2) -> SturdyFile:
        """Open the log, with limits."""
        file = SturdyFile(
            self.path, size, files, self.clock.seconds, lambda n: f"{n} lost\n"
        )
        self.addCleanup(file.close)
        return file

    def text(self) -> str:
        """What is in the file."""
        return self.path.read_text("utf-8")

    def block(self) -> None:
        """Let nothing be written: a file stands where the folder was."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.write_text("in the way")

    def test_made(self) -> None:
        """The folder and the file are made, for the server's user alone."""
        self.file.write("one\n")
        self.assertEqual(self.text(), "one\n")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)

    def test_continued(self) -> None:
        """A new start goes on at the end, after a line that was cut short too."""
        self.folder.mkdir()
        self.path.write_text("old\n")
        self.file.write("one\n")
        self.file.close()
        with self.path.open("a") as file:
            file.write("torn")
        self.open().write("two\n")
        self.assertEqual(self.text(), "old\none\ntorn\ntwo\n")

    def test_strange_text(self) -> None:
        """Text that is no Unicode is written all the same."""
        self.file.write("\udcff\n")
        self.assertEqual(self.text(), "\\udcff\n")

    def test_rotation(self) -> None:
        """At its size a new file is begun; only so many old ones are kept."""
        file = self.open(size=5, files=2)
        for line in ("1234\n", "5678\n", "abcd\n", "efgh\n"):
            file.write(line)
        self.assertEqual(self.text(), "efgh\n")
        self.assertEqual(
            sorted(os.listdir(self.folder)), ["chatd.log", "chatd.log.1", "chatd.log.2"]
        )

    def test_limits_changed(self) -> None:
        """New limits hold from the next line on."""
        self.file.write("1234\n")
        self.file.size = 5
        self.file.write("5678\n")
        self.assertEqual(self.text(), "5678\n")

    def test_folder_removed(self) -> None:
        """When somebody removes the folder, the next line makes it again."""
        self.file.write("one\n")
        shutil.rmtree(self.folder)
        self.file.write("two\n")
        self.assertEqual(self.text(), "two\n")

    def test_file_moved(self) -> None:
        """When somebody moves the file away, a new one is begun."""
        self.file.write("one\n")
        self.path.rename(self.folder / "moved")
        (self.path).write_text("")
        self.file.write("two\n")
        self.assertEqual(self.text(), "two\n")

    def test_trouble(self) -> None:
        """What cannot be written is told once, counted, and tried again later."""
        self.file.write("one\n")
        self.block()
        self.file.write("two\n")
        self.file.write("three\n")
        self.clock.advance(RETRY_SECONDS)
        self.file.write("four\n")
        self.assertEqual(self.errors.getvalue().count("cannot be written"), 1)
        self.folder.unlink()
        self.clock.advance(RETRY_SECONDS - 0.1)
        self.file.write("five\n")
        self.assertFalse(self.folder.exists())
        self.clock.advance(0.1)
        self.file.write("six\n")
        self.file.write("seven\n")
        self.assertEqual(self.text(), "4 lost\nsix\nseven\n")

    def test_rotation_fails(self) -> None:
        """A rotation that fails half-way loses no more than lines."""
        file = self.open(size=5)
        file.write("1234\n")

        def rename(old: str, new: str) -> None:
            raise OSError("no more")

        patch = self.patch(os, "rename", rename)
        file.write("5678\n")
        patch.restore()
        self.clock.advance(RETRY_SECONDS)
        file.write("abcd\n")
        self.assertEqual(self.text(), "1 lost\nabcd\n")

    def test_nobody_to_tell(self) -> None:
        """Without anybody to complain to, it goes on as well."""
        self.block()
        self.patch(sys, "__stderr__", None)
        self.file.write("one\n")
        self.patch(sys, "__stderr__", self.errors)
        self.errors.close()
        self.clock.advance(RETRY_SECONDS)
        other = self.open()
        other.write("two\n")
        self.assertEqual(self.folder.read_text(), "in the way")

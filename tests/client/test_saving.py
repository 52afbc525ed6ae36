"""Tests for L{chatd.client.saving}: where files are saved."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd.client.saving import meant, part_of, publish, suggest


class SavingTests(SynchronousTestCase):
    """Nothing is overwritten by mistake."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.part = self.folder / ".new.part"
        self.part.write_text("new")

    def test_suggest(self) -> None:
        """Whatever a file is called, it goes into this folder, and is not hidden."""
        for name, path in (
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("..", "file"),
            ("", "file"),
        ):
            self.assertEqual(suggest(name), Path(path), name)

    def test_meant(self) -> None:
        """A folder means: into it, under its own name."""
        inside = self.folder / "a.txt"
        self.assertEqual(meant(str(self.folder), "a.txt"), inside)
        self.assertEqual(meant(f"new{os.sep}", "a.txt"), Path("new/a.txt"))
        self.assertEqual(meant("b.txt", "a.txt"), Path("b.txt"))

    def test_part(self) -> None:
        """It grows beside where it will be, hidden, one for each file."""
        one, two = (part_of(self.folder / "a.txt", file) for file in ("1", "2"))
        self.assertEqual(one.parent, self.folder)
        self.assertTrue(one.name.startswith("."))
        self.assertNotEqual(one, two)

    def test_publish(self) -> None:
        """It gets its name, unless another has it."""
        path = self.folder / "a.txt"
        publish(self.part, path, replace=False)
        self.assertEqual(path.read_text(), "new")
        self.assertFalse(self.part.exists())

    def test_taken(self) -> None:
        """What is there already is only replaced if one wants that."""
        path = self.folder / "a.txt"
        path.write_text("old")
        with self.assertRaises(FileExistsError):
            publish(self.part, path, replace=False)
        self.assertEqual((path.read_text(), self.part.read_text()), ("old", "new"))
        publish(self.part, path, replace=True)
        self.assertEqual(path.read_text(), "new")

    def test_no_links(self) -> None:
        """A file system without hard links keeps what is there, too."""

        def link(source: object, target: object) -> None:
            raise OSError("not here")

        self.patch(os, "link", link)
        path = self.folder / "a.txt"
        path.write_text("old")
        with self.assertRaises(FileExistsError):
            publish(self.part, path, replace=False)
        path.unlink()
        publish(self.part, path, replace=False)
        self.assertEqual(path.read_text(), "new")

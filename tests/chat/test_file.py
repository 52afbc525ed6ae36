"""Tests for what files may be called, and how large they are in words."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import BadName
from chatd.chat.file import NAME_BYTES, file_name, size_in_words


class NameTests(SynchronousTestCase):
    """The name of a file is a name and nothing else."""

    def test_plain(self) -> None:
        """Ordinary names stay as they are, in any script."""
        for name in ("report.txt", "Übersicht 2.pdf", "你好.png", ".profile", "a..b"):
            self.assertEqual(file_name(name), name)

    def test_path(self) -> None:
        """Whatever a path leads to, only its last part counts."""
        for text in ("../../etc/passwd", "C:\\temp\\passwd", "/passwd", "a\\../passwd"):
            self.assertEqual(file_name(text), "passwd")

    def test_harmful(self) -> None:
        """Line breaks, escapes, NULs and turned text are taken out."""
        self.assertEqual(file_name("a\r\nb.txt"), "a b.txt")
        self.assertEqual(file_name("a\x1b[31m\0.txt"), "a[31m.txt")
        self.assertEqual(file_name("a\u202etxt.exe"), "atxt.exe")
        self.assertEqual(file_name("e\u0301 "), "\u00e9")

    def test_nothing_left(self) -> None:
        """What is no name is refused."""
        for text in ("", " ", ".", "..", "a/", "a/..", "...", "\0", "x\\"):
            with self.assertRaises(BadName):
                file_name(text)

    def test_length(self) -> None:
        """A name has at most 255 bytes, as on the disks of those who get it."""
        self.assertEqual(file_name("ä" * 127 + "b"), "ä" * 127 + "b")
        with self.assertRaisesRegex(BadName, str(NAME_BYTES)):
            file_name("ä" * 128)


class SizeTests(SynchronousTestCase):
    """Sizes are read, not counted."""

    def test_words(self) -> None:
        """There are two or three digits and a unit."""
        for size, words in (
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (84_000, "84 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (20_000_000, "20 MB"),
            (1_500_000_000, "1.5 GB"),
            (20_000_000_000_000, "20000 GB"),
        ):
            self.assertEqual(size_in_words(size), words)

"""Tests for the key of shared files."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd.secrets.files import SecretsError
from chatd.secrets.files_key import MARK, files_key


class FilesKeyTests(SynchronousTestCase):
    """The key is made once, and never over files."""

    def setUp(self) -> None:
        here = Path(self.mktemp())
        here.mkdir()
        self.path, self.folder = here / "keys" / "files.key", here / "files"

    def test_made_once(self) -> None:
        """The first start makes a key; the next ones read it."""
        key = files_key(self.path, self.folder)
        self.assertEqual(len(key), 32)
        self.assertEqual(files_key(self.path, self.folder), key)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(key.hex(), (self.folder / MARK).read_text())

    def test_missing(self) -> None:
        """Without its key, a folder in which something lies is left alone."""
        files_key(self.path, self.folder)
        self.path.unlink()
        with self.assertRaisesRegex(SecretsError, "missing"):
            files_key(self.path, self.folder)
        (self.folder / MARK).rename(self.folder / ("a" * 32))
        with self.assertRaisesRegex(SecretsError, "missing"):
            files_key(self.path, self.folder)
        self.assertFalse(self.path.exists())

    def test_other(self) -> None:
        """Another key is noticed."""
        files_key(self.path, self.folder)
        self.path.write_text("00" * 32)
        with self.assertRaisesRegex(SecretsError, "not the key"):
            files_key(self.path, self.folder)

    def test_no_folder(self) -> None:
        """A file where the folder should be is told as such."""
        self.folder.write_text("")
        with self.assertRaises(SecretsError):
            files_key(self.path, self.folder)

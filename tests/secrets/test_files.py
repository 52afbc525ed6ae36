"""Secret files."""

import os
from pathlib import Path
from unittest import skipUnless
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from chatd.secrets.files import SecretsError, exists, read_secret, write_secret

posix = skipUnless(os.name == "posix", "needs POSIX permissions")


class FilesTests(SynchronousTestCase):
    """Writing and reading."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "keys" / "secret"

    def names(self) -> list[str]:
        """List the files that are there."""
        return sorted(file.name for file in self.path.parent.iterdir())

    def test_round_trip(self) -> None:
        """What is written is read, and nothing else is left in the folder."""
        self.assertIsNone(read_secret(self.path))
        self.assertFalse(exists(self.path))
        write_secret(self.path, b"one\x00two")
        self.assertEqual(read_secret(self.path), b"one\x00two")
        self.assertTrue(exists(self.path))
        self.assertEqual(self.names(), ["secret"])

    @posix
    def test_modes(self) -> None:
        """Only the server's own user may read it or look into its folder."""
        write_secret(self.path, b"x")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.path.parent.stat().st_mode & 0o777, 0o700)

    def test_never_overwrites(self) -> None:
        """A secret that exists stays, unless it is replaced on purpose."""
        write_secret(self.path, b"one")
        error = self.assertRaises(SecretsError, write_secret, self.path, b"two")
        self.assertIn("exists already", str(error))
        self.assertEqual(read_secret(self.path), b"one")
        write_secret(self.path, b"two", replace=True)
        self.assertEqual(read_secret(self.path), b"two")
        self.assertEqual(self.names(), ["secret"])

    def test_without_links(self) -> None:
        """Where files cannot have two names, it is still never overwritten."""
        with patch("os.link", side_effect=OSError("no links here")):
            write_secret(self.path, b"one")
            self.assertRaises(SecretsError, write_secret, self.path, b"two")
        self.assertEqual(read_secret(self.path), b"one")
        self.assertEqual(self.names(), ["secret"])

    def test_disk_full(self) -> None:
        """When it cannot be written, the reason is one sentence and nothing is left."""
        with patch("os.fsync", side_effect=OSError(28, "No space left on device")):
            error = self.assertRaises(SecretsError, write_secret, self.path, b"x")
        self.assertEqual(
            str(error), f"{self.path} cannot be written: No space left on device."
        )
        self.assertEqual(self.names(), [])

    def test_other_system(self) -> None:
        """Where folders cannot be flushed, they are not."""
        with patch("chatd.secrets.files._POSIX", False):
            write_secret(self.path, b"x")
        self.assertEqual(read_secret(self.path), b"x")

    def test_unreadable(self) -> None:
        """What cannot be read is said, not taken for missing."""
        self.path.mkdir(parents=True)
        error = self.assertRaises(SecretsError, read_secret, self.path)
        self.assertIn("cannot be read", str(error))

    def test_unknown(self) -> None:
        """What cannot be looked at is said, not taken for missing."""
        with patch.object(
            Path, "lstat", side_effect=PermissionError(13, "Permission denied")
        ):
            error = self.assertRaises(SecretsError, exists, self.path)
        self.assertIn("Permission denied", str(error))

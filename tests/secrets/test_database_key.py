"""The key of the database."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd.secrets.database_key import check_value, database_key
from chatd.secrets.files import SecretsError, write_secret


class DatabaseKeyTests(SynchronousTestCase):
    """Made once."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.path = self.folder / "keys" / "database.key"
        self.data = self.folder / "chatd.db"
        self.marker = self.folder / "marker"

    def test_first_start(self) -> None:
        """The first start makes a key, later ones read it."""
        key = database_key(self.path, self.data, self.marker)
        self.assertEqual(len(bytes.fromhex(key)), 32)
        self.data.touch()
        self.assertEqual(database_key(self.path, self.data, self.marker), key)

    def test_different(self) -> None:
        """Each key is new."""
        other = database_key(self.folder / "other", self.data)
        self.assertNotEqual(database_key(self.path, self.data), other)

    def test_missing(self) -> None:
        """With data and no key the server says what to do and touches nothing."""
        for data in (self.data, self.marker):
            write_secret(data, b"data")
            error = self.assertRaises(
                SecretsError, database_key, self.path, self.data, self.marker
            )
            self.assertIn("put the key back", str(error))
            self.assertNotIn("\n", str(error))
            self.assertFalse(self.path.exists())
            self.assertEqual(data.read_bytes(), b"data")
            data.unlink()

    def test_malformed(self) -> None:
        """A file that holds no key is refused and left as it is."""
        for content in (b"", b"abc", b"x" * 64, b"00" * 31, b"00" * 33, b"\xff" * 64):
            write_secret(self.path, content, replace=True)
            error = self.assertRaises(SecretsError, database_key, self.path, self.data)
            self.assertIn("64 hexadecimal digits", str(error))
            self.assertEqual(self.path.read_bytes(), content)

    def test_upper_case(self) -> None:
        """A key that was written by hand is the same key."""
        write_secret(self.path, b"AB" * 32 + b"\r\n")
        self.assertEqual(database_key(self.path), "ab" * 32)

    def test_check_value(self) -> None:
        """The check value tells keys apart and stays the same for ever."""
        self.assertEqual(check_value("00" * 32), "84a8ce470f959a92")
        self.assertNotEqual(check_value("00" * 32), check_value("01" * 32))

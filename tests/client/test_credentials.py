"""Tests for L{chatd.client.credentials}: as whom to come in, said beforehand."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd.client.credentials import BadCredentials, Credentials, Given, read_given


class GivenTests(SynchronousTestCase):
    """The file, and the environment."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def write(self, text: str, mode: int = 0o600) -> None:
        """Make the file."""
        self.path.write_text(text)
        self.path.chmod(mode)

    def assert_bad(self, *words: str) -> None:
        """It is not used, and it is said why."""
        with self.assertRaises(BadCredentials) as caught:
            read_given({}, str(self.path))
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_file(self) -> None:
        """A file for its owner alone is read."""
        self.write('server = "chat.example"\nname = "bot"\npassword = "secret"\n')
        self.assertEqual(
            read_given({}, str(self.path)), Given("chat.example", "bot", "secret")
        )

    def test_environment(self) -> None:
        """The environment goes first."""
        self.write('name = "bot"\npassword = "secret"\n')
        found = read_given({"CHATD_USER": "other"}, str(self.path))
        self.assertEqual((found.name, found.password), ("other", "secret"))

    def test_readable(self) -> None:
        """What others can read is not used, and how to mend it is said."""
        for mode in (0o604, 0o640, 0o660):
            self.write('password = "secret"\n', mode)
            self.assert_bad("can be read by others", f"chmod 600 {self.path}")

    def test_wrong(self) -> None:
        """A file that is missing, no TOML, or has other entries is named."""
        self.assert_bad("no such file")
        self.write("what?")
        self.assert_bad("no TOML", str(self.path))
        self.write('pasword = "secret"\n')
        self.assert_bad("pasword", "password")
        self.write("password = 7\n")
        self.assert_bad("password")

    def test_none(self) -> None:
        """The usual file need not be there."""
        self.patch(
            __import__("chatd.client.credentials").client.credentials,
            "folder",
            lambda: self.path,
        )
        self.assertEqual(read_given({}), Given())

    def test_fields(self) -> None:
        """A token goes before a password, and a guest has neither."""
        self.assertEqual(Credentials("ann").fields(), {"name": "ann"})
        self.assertEqual(
            Credentials("ann", "pw").fields(), {"name": "ann", "password": "pw"}
        )
        self.assertEqual(Credentials("ann", "pw", "t").fields(), {"token": "t"})

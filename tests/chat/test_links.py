"""Tests for links to shared files."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person
from chatd.chat.links import (
    MAC,
    NAME_CHARS,
    Links,
    grant,
    quoted,
    read_grant,
    safe_name,
)

KEY = b"a key of the server"
ANN = Person(911949063782400005, "ann", guest=False)
BOB = Person(911949063782400006, "bob")
EVENT = 911949063782400099


class GrantTests(SynchronousTestCase):
    """Whoever has a link is who it was made for; nobody else makes one."""

    def test_known(self) -> None:
        """A grant tells for whom it was made."""
        for person in (ANN, BOB):
            made = grant(KEY, EVENT, person.id)
            self.assertEqual(read_grant(KEY, EVENT, made), person.id)

    def test_forged(self) -> None:
        """Not for another person, another file, under another key, or changed."""
        made = grant(KEY, EVENT, ANN.id)
        who, _, mac = made.partition(".")
        other = grant(KEY, EVENT, BOB.id)
        self.assertEqual(len(mac), 2 * MAC)
        self.assertIsNone(read_grant(KEY, EVENT + 1, made))
        self.assertIsNone(read_grant(KEY + b"!", EVENT, made))
        for forged in (
            f"{other.partition('.')[0]}.{mac}",
            f"{who}.{other.partition('.')[2]}",
            f"{who}.{mac[:-1]}",
            f"{who}.{mac}0",
            f"{who}.{'0' * len(mac)}",
            f"0{made}",
            made.upper(),
            *(who, f"{who}.", f".{mac}", "", ".", "é.é", "-1.x", "9" * 500),
        ):
            self.assertIsNone(read_grant(KEY, EVENT, forged), forged)

    def test_key(self) -> None:
        """The key is not shown where links are, as in a log."""
        self.assertNotIn("a key", repr(Links(KEY)))


class NameTests(SynchronousTestCase):
    """A name in a link is nothing to a shell, an URL or a disk."""

    def test_safe(self) -> None:
        """Only letters, digits, dashes, dots and underlines are left."""
        for name, safe in (
            ("report.txt", "report.txt"),
            ("my plan (1).txt", "my_plan_1_.txt"),
            ("$(reboot)", "_reboot_"),
            ("-rf", "rf"),
            (".bashrc", "bashrc"),
            ("..", "file"),
            ("отчёт.txt", "_.txt"),
            ("a\u202etxt.exe", "a_txt.exe"),
            ("a.", "a"),
        ):
            self.assertEqual(safe_name(name), safe)

    def test_long(self) -> None:
        """Of a long name the beginning and the end are left."""
        self.assertEqual(len(safe_name("x" * 300)), NAME_CHARS)
        self.assertEqual(safe_name("x" * 300 + ".tar.gz")[-7:], ".tar.gz")


class QuotedTests(SynchronousTestCase):
    """A path that somebody typed is that path to their shell."""

    def test_quoted(self) -> None:
        """Spaces and signs are quoted, a dash is no option, a home stays one."""
        for path, shown in (
            ("report.txt", "report.txt"),
            ("~/report.txt", "~/report.txt"),
            ("my plan", "'my plan'"),
            ("~/my plan", "~/'my plan'"),
            ("a'b", "'a'\"'\"'b'"),
            ("$HOME", "'$HOME'"),
            ("-x", "./-x"),
        ):
            self.assertEqual(quoted(path), shown)

"""Tests for L{chatd.client.options}: the command lines of clients."""

import io
import os
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd import __version__
from chatd.client.connect import ConnectOptions
from chatd.client.credentials import Credentials
from chatd.client.options import ServerOptions, parse
from chatd.client.say import SayOptions
from chatd.client.tail import TailOptions

DIGITS = "ab" * 32


class OptionsTests(SynchronousTestCase):
    """What may stand there."""

    def setUp(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)
        here = str(Path(self.mktemp()))
        self.patch(os, "environ", {"XDG_CONFIG_HOME": here, "HOME": here})

    def ends(self, options: ServerOptions, *words: str) -> int:
        """The program ends with this status."""
        with self.assertRaises(SystemExit) as caught:
            parse(options, words)
        status = caught.exception.code
        assert isinstance(status, int)
        return status

    def test_connect(self) -> None:
        """A server, and as whom; options may stand behind it."""
        options = ConnectOptions()
        parse(options, ["ann@chat.example:6000", "--plain"])
        self.assertEqual(str(options.place), "chat.example:6000")
        self.assertEqual(options.credentials(), Credentials("ann"))
        self.assertTrue(options["plain"])

    def test_trust(self) -> None:
        """A fingerprint, however it is written."""
        options = ConnectOptions()
        parse(options, ["--trust", f"SHA256:{DIGITS}", "chat.example"])
        self.assertEqual(options["trust"], ":".join(["AB"] * 32))
        self.assertEqual(self.ends(ConnectOptions(), "--trust=AB", "chat.example"), 2)
        self.assertIn("no SHA-256 fingerprint", self.err.getvalue())

    def test_say(self) -> None:
        """Where, and what; words that begin with a dash stand behind two."""
        options = SayOptions()
        parse(options, ["-s", "chat.example", "#ops", "--", "-v", "is", "it"])
        self.assertEqual((options.target, options.text), ("#ops", "-v is it"))

    def test_tail(self) -> None:
        """As many messages as a server gives at once."""
        options = TailOptions()
        parse(options, ["-s", "chat.example", "-f", "-n", "200", "@ann"])
        self.assertEqual((options["lines"], options["follow"]), (200, True))
        for number in ("201", "-1", "x"):
            words = ("-s", "chat.example", f"--lines={number}", "@ann")
            self.assertEqual(self.ends(TailOptions(), *words), 2, number)

    def test_wrong(self) -> None:
        """What cannot be understood shows how it is typed, with status 2."""
        for options, words, why in (
            (ConnectOptions(), (), "name a server"),
            (ConnectOptions(), ("chat.example:99999",), "no port"),
            (ConnectOptions(), ("a b",), "no server"),
            (ConnectOptions(), ("--no-such", "chat.example"), "no-such"),
            (SayOptions(), ("#ops",), "say where, and what"),
            (TailOptions(), (), "say of which room"),
            (TailOptions(), ("-n", "x", "#ops"), "a number from 0 to 200, not x"),
        ):
            self.assertEqual(self.ends(options, *words), 2)
            self.assertIn(why, self.err.getvalue())
            self.assertIn("Usage: chatd ", self.err.getvalue())

    def test_help(self) -> None:
        """Help says what it is for, and how it ends."""
        for options in (ConnectOptions(), SayOptions(), TailOptions()):
            self.assertEqual(self.ends(options, "--help"), 0)
            for word in ("Usage: chatd", "exit status is 0", "--credentials"):
                self.assertIn(word, " ".join(self.out.getvalue().split()))

    def test_version(self) -> None:
        """The version is that of chatd."""
        self.assertEqual(self.ends(ConnectOptions(), "--version"), 0)
        self.assertEqual(self.out.getvalue(), f"chatd {__version__}\n")

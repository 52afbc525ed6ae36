"""The settings on the command line."""

import os
import sys
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd import __version__
from chatd.operate.options import SettingsOptions
from chatd.operate.setting import DECLARED
from chatd.operate.settings import Settings


class SettingsOptionsTests(SynchronousTestCase):
    """Every setting can be given as an option."""

    def setUp(self) -> None:
        for name in os.environ:
            if name.startswith("CHATD_"):
                self.patch(os, "environ", {"PATH": os.environ["PATH"]})
        self.out = StringIO()
        self.patch(sys, "stdout", self.out)

    def parse(self, *words: str) -> Settings:
        """The settings that these words give."""
        options = SettingsOptions()
        options.parseOptions(words)
        return options.settings

    def refused(self, *words: str) -> object:
        """What the program says as it ends."""
        return self.assertRaises(SystemExit, self.parse, *words).code

    def test_nothing(self) -> None:
        """Without options the defaults hold."""
        self.assertEqual(self.parse(), Settings())

    def test_values(self) -> None:
        """Options give values; those for lists may be repeated."""
        settings = self.parse(
            "-p", "1", "--limits-throttle=no", "--listen", "tcp:1", "--listen", "tcp:2"
        )
        self.assertEqual(settings.port, 1)
        self.assertIs(settings.limits.throttle, False)
        self.assertEqual(settings.listen, ("tcp:1", "tcp:2"))

    def test_separate(self) -> None:
        """Two parsers do not share what was repeated."""
        self.parse("--commands", "one")
        self.assertEqual(self.parse("--commands", "two").commands, ("two",))

    def test_wrong(self) -> None:
        """What is wrong ends the program with one line."""
        self.assertIn("chatd: port (--port):", str(self.refused("--port=x")))
        self.assertEqual(
            self.refused("--prot=1"),
            "chatd: option --prot not recognized; did you mean --port?",
        )
        self.assertEqual(
            self.refused("--zzzzzz"), "chatd: option --zzzzzz not recognized"
        )
        self.assertEqual(
            self.refused("word"), "chatd: word is no option: options begin with --"
        )

    def test_config(self) -> None:
        """The file is found again by a reload, wherever the server went."""
        path = Path(self.mktemp())
        path.write_text("port = 6000")
        options = SettingsOptions()
        options.parseOptions(["--config", os.path.relpath(path)])
        self.assertEqual(options.settings.port, 6000)
        self.assertEqual(options["config"], str(path.absolute()))

    def test_write_config(self) -> None:
        """--write-config prints a file with the other options in it, and ends."""
        self.assertEqual(self.refused("--write-config", "--port", "6000"), 0)
        self.assertIn("\nport = 6000\n", self.out.getvalue())

    def test_help(self) -> None:
        """--help names every setting."""
        self.assertEqual(self.refused("--help"), 0)
        for setting in DECLARED.values():
            self.assertIn(f"--{setting.option}=", self.out.getvalue())

    def test_version(self) -> None:
        """--version is chatd's own."""
        self.assertEqual(self.refused("--version"), 0)
        self.assertEqual(self.out.getvalue(), f"chatd {__version__}\n")

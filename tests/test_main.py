"""The program chatd, as far as it is not the server."""

import os
import sys
from io import StringIO

from twisted.trial.unittest import SynchronousTestCase

from chatd.__main__ import TOOLS, main


class MainTests(SynchronousTestCase):
    """What the first word on the command line does."""

    def run_main(self, *words: str) -> tuple[str, object]:
        """What the program prints, and how it ends."""
        output = StringIO()
        self.patch(sys, "stdout", output)
        try:
            main(words)
        except SystemExit as end:
            return output.getvalue(), end.code
        return output.getvalue(), 0

    def test_help(self) -> None:
        """The help names the tools and the settings, and the program by its name."""
        for word in ("--help", "-h", "help"):
            said, code = self.run_main(word)
            self.assertEqual(code, 0)
            for tool in TOOLS.keys() - {"help"}:
                self.assertIn(f"  chatd {tool} ", said)
            self.assertIn("--max-people=", said)
            self.assertNotIn("twistd", said)

    def test_unknown_tool(self) -> None:
        """A mistyped tool is not taken for an option of the server."""
        told = self.run_main("bakcup", "x.tar")[1]
        self.assertEqual(told, "chatd: there is no tool bakcup; did you mean backup?")
        told = self.run_main("frobnicate")[1]
        self.assertIn("chatd --help lists them", str(told))

    def test_help_of_tools(self) -> None:
        """The help of a tool is about the tool."""
        said, code = self.run_main("backup", "--help")
        self.assertEqual(code, 0)
        self.assertIn("Usage: chatd backup FILE", said)
        self.assertIn("--data=", said)
        self.assertNotIn("--max-people", said)

    def test_nobody_reads(self) -> None:
        """Who reads no more, as head does, gets no traceback."""
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "w") as output:
            self.patch(sys, "stdout", output)
            with self.assertRaises(SystemExit) as caught:
                main(["--help"])
        self.assertEqual(caught.exception.code, 1)

"""A server that cannot start says why."""

import sys
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.refusal import refuse_to_start


class RefuseToStartTests(SynchronousTestCase):
    """Whoever started the server reads one line, and programs see status 1."""

    def setUp(self) -> None:
        self.errors = StringIO()
        self.patch(sys, "__stderr__", self.errors)

    def test_foreground(self) -> None:
        """In the foreground the line goes to standard error, past the log."""
        pid = Path(self.mktemp())
        pid.write_text("1")
        error = self.assertRaises(
            SystemExit, refuse_to_start, "Why.", {"nodaemon": 1, "pidfile": str(pid)}
        )
        self.assertEqual(error.code, 1)
        self.assertEqual(self.errors.getvalue(), "chatd: Why.\n")
        self.assertFalse(pid.exists())

    def test_daemon(self) -> None:
        """A daemon lets its parent say it."""
        error = self.assertRaises(
            RuntimeError, refuse_to_start, "Why.", {"nodaemon": 0, "pidfile": "x"}
        )
        self.assertEqual(str(error), "Why.")

    def test_daemon_path(self) -> None:
        """Its parent is told 100 bytes, so paths are those from where it started."""
        reason = f"{Path.cwd() / 'data/chatd.db'} is missing."
        error = self.assertRaises(
            RuntimeError, refuse_to_start, reason, {"nodaemon": 0}
        )
        self.assertEqual(str(error), "data/chatd.db is missing.")

    def test_without_twistd(self) -> None:
        """It works under other runners, and without anybody to read it."""
        self.assertRaises(SystemExit, refuse_to_start, "Why.", None)
        self.patch(sys, "__stderr__", None)
        self.assertRaises(SystemExit, refuse_to_start, "Why.", {})
        self.assertEqual(self.errors.getvalue(), "chatd: Why.\n")

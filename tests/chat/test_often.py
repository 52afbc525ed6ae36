"""Tests for L{chatd.chat.often}."""

from twisted.logger import LogEvent, Logger, LogLevel
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.often import Often


class OftenTests(SynchronousTestCase):
    """What happens often is told like all else."""

    def test_same(self) -> None:
        """An event has all that Twisted puts into one."""
        told: list[LogEvent] = []
        for log in (Logger("some.place"), Often("some.place", lambda: 5.0)):
            log.observer = told.append
            log.info("{a} came in", a="ann")
        twisted, ours = told
        self.assertEqual(ours.keys(), twisted.keys())
        self.assertEqual((ours["log_time"], ours["log_level"]), (5.0, LogLevel.info))
        for name in ("a", "log_format", "log_level", "log_namespace", "log_source"):
            self.assertEqual(ours[name], twisted[name])

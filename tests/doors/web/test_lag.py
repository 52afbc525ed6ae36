"""Tests for L{chatd.doors.web.lag}."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.spread import STEPS
from chatd.doors.web.lag import Lag


class LagTests(SynchronousTestCase):
    """How late the server is."""

    def test_late(self) -> None:
        """Each second is counted, and by how much it was too long."""
        clock = Clock()
        lag = Lag(clock)
        lag.start()
        clock.advance(1.0)
        clock.advance(1.3)
        self.assertEqual(sum(lag.spread.counts), 2)
        self.assertEqual(lag.spread.counts[0], 1)
        self.assertEqual(lag.spread.counts[STEPS.index(0.5)], 1)
        lag.stop()
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_stopped(self) -> None:
        """What never began can be stopped."""
        Lag(Clock()).stop()

"""Tests for L{chatd.operate.minutes}."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.minutes import KEPT, Minutes
from chatd.testing import result


class MinutesTests(SynchronousTestCase):
    """How busy the chat was."""

    def setUp(self) -> None:
        self.now, self.people, self.messages = 0.0, 0, 0
        self.minutes = Minutes(
            lambda: self.now, lambda: self.people, lambda: self.messages
        )

    def test_figures(self) -> None:
        """Each minute has its own messages; the present one counts up."""
        self.assertEqual(self.minutes.all(), [(0, 0, 0)])
        self.people, self.messages, self.now = 3, 12, 60
        result(self.minutes.note())
        self.people, self.messages, self.now = 2, 17, 90
        self.assertEqual(self.minutes.all(), [(60, 3, 12), (90, 2, 5)])

    def test_bounded(self) -> None:
        """It is an hour, and no more."""
        for minute in range(KEPT + 3):
            self.now = 60.0 * minute
            result(self.minutes.note())
        figures = self.minutes.all()
        self.assertEqual((len(figures), figures[0][0]), (KEPT + 1, 180))

"""Tests for L{chatd.chat.spread}."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.spread import STEPS, Spread


class SpreadTests(SynchronousTestCase):
    """Rare long waits are seen."""

    def test_steps(self) -> None:
        """Each is counted with the step that it does not go beyond."""
        spread = Spread()
        for seconds in (0.0, 0.001, 0.0011, 5.0, 5.1):
            spread.note(seconds)
        self.assertEqual(spread.counts, [2, 1, *[0] * (len(STEPS) - 3), 1, 1])
        self.assertAlmostEqual(spread.total, 10.1021)

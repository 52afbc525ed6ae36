"""Tests for throttles."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.throttle import Throttle, Throttles


class ThrottleTests(SynchronousTestCase):
    """A bucket of three tokens, one of which comes back every ten seconds."""

    def setUp(self) -> None:
        self.throttle = Throttle(0.1, 3)

    def test_burst(self) -> None:
        """Three go at once, and then one every ten seconds."""
        self.assertEqual([self.throttle.take(100.0) for _ in range(3)], [0.0] * 3)
        self.assertAlmostEqual(self.throttle.take(100.0), 10.0)
        self.assertAlmostEqual(self.throttle.take(109.0), 1.0)
        self.assertEqual(self.throttle.take(110.5), 0.0)
        self.assertGreater(self.throttle.take(110.5), 9.0)

    def test_never(self) -> None:
        """What never fits is refused."""
        with self.assertRaises(ValueError):
            self.throttle.take(0.0, 4)


class ThrottlesTests(SynchronousTestCase):
    """A bucket for each of many."""

    def setUp(self) -> None:
        self.throttles = Throttles(3, 30.0, limit=100)

    def test_apart(self) -> None:
        """What one spends is not missing to another."""
        for _ in range(3):
            self.assertEqual(self.throttles.take("ann", 5.0), 0.0)
        self.assertGreater(self.throttles.take("ann", 5.0), 0.0)
        self.assertGreater(self.throttles.wait("ann", 5.0), 0.0)
        self.assertEqual(self.throttles.wait("bob", 5.0), 0.0)
        self.assertEqual(self.throttles.take("bob", 5.0), 0.0)

    def test_bounded(self) -> None:
        """However many come, only the last hundred are remembered."""
        for number in range(500):
            self.throttles.take(number, 5.0)
        self.assertEqual(len(self.throttles), 100)
        self.assertEqual(self.throttles.wait(0, 5.0), 0.0)
        self.assertGreater(self.throttles.spent(499, 5.0), 0.0)

    def test_forgotten(self) -> None:
        """Whoever has spent nothing for so long that it makes no difference is gone."""
        for number in range(50):
            self.throttles.take(number, number * 1.0)
        self.assertLess(len(self.throttles), 20)
        self.throttles.take("ann", 1_000.0)
        self.assertEqual(len(self.throttles), 1)

    def test_resized(self) -> None:
        """With another limit all begin anew."""
        for _ in range(3):
            self.throttles.take("ann", 5.0)
        self.throttles.resize(3)
        self.assertGreater(self.throttles.wait("ann", 5.0), 0.0)
        self.throttles.resize(4)
        self.assertEqual(self.throttles.wait("ann", 5.0), 0.0)

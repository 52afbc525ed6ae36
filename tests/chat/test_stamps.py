"""Tests for ids and times."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.stamps import EPOCH, Stamps

NOON = 1_795_255_747.3905  # POSIX seconds


class StampsTests(SynchronousTestCase):
    """Ids grow, whatever the clock does."""

    def setUp(self) -> None:
        self.now = NOON
        self.stamps = Stamps(lambda: self.now)

    def test_time(self) -> None:
        """The time has milliseconds: as it is shown, so it is kept."""
        for self.now in (NOON, NOON + 0.0004, NOON + 0.0009):
            _, time = self.stamps.next()
            self.assertEqual(time, round(time * 1000) / 1000)
            self.assertEqual(f"{time:.3f}", f"{round(time * 1000) / 1000:.3f}")
            self.assertLess(abs(time - self.now), 0.001)

    def test_sorted(self) -> None:
        """Ids sort by time, and many of one moment differ."""
        ids = [self.stamps.next()[0] for _ in range(5_000)]
        self.now += 0.001
        ids.append(self.stamps.next()[0])
        self.assertEqual(ids, sorted(set(ids)))

    def test_several(self) -> None:
        """Several ids are as good as one after another, and never run out."""
        ids: list[int] = []
        for number in (1, 64, 3, 2_000, 2_000, 64, 1, 4_096, 1):
            first, _ = self.stamps.next(number)
            ids += range(first, first + number)
            self.assertEqual(self.stamps.last, ids[-1])
        self.assertEqual(ids, sorted(set(ids)))
        self.now += 1
        self.assertGreater(self.stamps.next()[0], ids[-1])

    def test_clock_set(self) -> None:
        """When the clock is set back or forward, ids still grow."""
        ids = []
        for step in (0, 86_400, -2 * 86_400, 86_400):
            self.now += step
            ids += [self.stamps.next()[0] for _ in range(100)]
        self.assertEqual(ids, sorted(set(ids)))

    def test_continued(self) -> None:
        """After a restart ids go on behind the largest, also on an earlier clock."""
        last, _ = self.stamps.next()
        self.now -= 86_400
        id, time = Stamps(lambda: self.now, 0, last).next()
        self.assertGreater(id, last)
        self.assertLess(time, NOON)

    def test_clock_never_set(self) -> None:
        """On a machine that believes it is 1970, ids begin above 0, which is no id."""
        self.now = 0.0
        ids = [self.stamps.next()[0] for _ in range(10)]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertGreater(ids[0], 0)

    def test_nodes(self) -> None:
        """Two nodes never make the same id."""
        ids = [Stamps(lambda: self.now, node).next()[0] for node in (0, 1, 1023)]
        self.assertEqual(len(set(ids)), 3)
        for node in (-1, 1024):
            with self.assertRaises(ValueError):
                Stamps(lambda: self.now, node)

    def test_sixty_four_bits(self) -> None:
        """Ids fit into a signed number of 64 bits until 2089."""
        self.now = EPOCH / 1000 + (1 << 41) / 1000 - 1
        self.assertLess(Stamps(lambda: self.now, 1023).next()[0], 1 << 63)

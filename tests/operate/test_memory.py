"""Tests for L{chatd.operate.memory}."""

import ctypes
import gc
import sys
from types import SimpleNamespace

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.memory import (
    MANY,
    Tidying,
    collect_rarely,
    give_back_large_blocks,
    give_back_what_is_free,
)
from chatd.testing import result


class MemoryTests(SynchronousTestCase):
    """What the C library is told, where it listens."""

    def test_told(self) -> None:
        """It is told where large blocks begin, for good."""
        told: list[tuple[int, int]] = []

        def mallopt(what: int, value: int) -> int:
            told.append((what, value))
            return 1

        library = SimpleNamespace(mallopt=mallopt)
        self.patch(ctypes, "CDLL", lambda name: library)
        self.assertTrue(give_back_large_blocks())
        self.assertEqual(told, [(-3, 131072)])

    def test_other_library(self) -> None:
        """Other C libraries do as they like."""
        self.patch(ctypes, "CDLL", lambda name: SimpleNamespace())
        self.assertFalse(give_back_large_blocks())
        self.assertFalse(give_back_what_is_free())

    def test_real(self) -> None:
        """The library that is here takes it, or has no such thing; nothing breaks."""
        expected = (True, False) if sys.platform == "linux" else (False,)
        self.assertIn(give_back_large_blocks(), expected)
        self.assertIn(give_back_what_is_free(), expected)

    def test_collector(self) -> None:
        """What there is at the start is passed over, and rounds are rare."""
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        collect_rarely()
        self.assertGreater(gc.get_freeze_count(), 10_000)
        self.assertGreater(gc.get_threshold()[0], 5_000)
        self.assertTrue(gc.isenabled())

    def test_tidying(self) -> None:
        """After many connections have ended, what is left of them is looked for."""
        rounds: list[int] = []
        self.patch(gc, "collect", lambda: rounds.append(ended[0]))
        ended = [0]
        tidying = Tidying(lambda: ended[0])
        for count in (0, MANY - 1, MANY, 2 * MANY - 1, 2 * MANY):
            ended[0] = count
            result(tidying.tidy())
        self.assertEqual(rounds, [MANY, 2 * MANY])

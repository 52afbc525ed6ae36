"""Tests for L{chatd.operate.memory}."""

import ctypes
import gc
import sys
from types import SimpleNamespace

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.memory import (
    collect_rarely,
    give_back_large_blocks,
    give_back_what_is_free,
)


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

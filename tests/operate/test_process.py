"""Tests for L{chatd.operate.process}."""

import os
from pathlib import Path
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate import process


class FiguresTests(SynchronousTestCase):
    """What the process takes."""

    def test_linux(self) -> None:
        """Where the system tells, all of it."""
        if not Path("/proc/self/statm").exists():
            self.skipTest("this system has no /proc")
        found = process.figures()
        self.assertGreater(found["process_resident_memory_bytes"], 10**6)
        before = found["process_open_fds"]
        reading, writing = os.pipe()
        self.assertEqual(process.figures()["process_open_fds"], before + 2)
        os.close(reading)
        os.close(writing)
        self.assertGreater(found["process_max_fds"], before)

    def test_elsewhere(self) -> None:
        """Elsewhere, what there is."""
        with (
            patch.object(process, "_STATUS", Path("/no/such")),
            patch.object(process, "resource", None),
        ):
            self.assertEqual(list(process.figures()), ["process_cpu_seconds_total"])

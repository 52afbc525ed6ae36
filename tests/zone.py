"""Where in the world a test takes place."""

import os
import time

from twisted.trial.unittest import SynchronousTestCase


def be_in(test: SynchronousTestCase, zone: str) -> None:
    """Let the machine be in a time zone, until the test is over."""
    before = os.environ.get("TZ")

    def move(zone: str | None) -> None:
        if zone is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = zone
        time.tzset()

    move(zone)
    test.addCleanup(move, before)

"""Tests of what the server does every so often."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.store import StoreDown
from chatd.operate.chores import Chores


class ChoresTests(SynchronousTestCase):
    """Work that nobody asks for."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.chores = Chores(self.clock)
        self.done = 0

    async def work(self) -> None:
        """Take no time."""
        self.done += 1

    def test_every(self) -> None:
        """It is done after its time, and again."""
        self.chores.every(5, self.work)
        self.clock.advance(4)
        self.assertEqual(self.done, 0)
        self.clock.pump([1, 5, 5])
        self.assertEqual(self.done, 3)

    def test_fails(self) -> None:
        """What failed is in the log, and is tried again."""

        async def fail() -> None:
            self.done += 1
            raise OSError("no room")

        self.chores.every(5, fail)
        self.clock.pump([5, 5])
        self.assertEqual(self.done, 2)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_fails_again_and_again(self) -> None:
        """The first failure has its traceback; those that follow are summed up."""
        broken = True

        async def fail() -> None:
            if broken:
                raise OSError("no room")

        self.chores.every(5, fail)
        with capturedLogs() as log:
            self.clock.pump([5] * 120)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        lines = [str(formatEvent(event)) for event in log]
        self.assertEqual(len(lines), 3)
        self.assertIn("failed 10 times in a row: OSError('no room')", lines[1])
        self.assertIn("failed 100 times", lines[2])
        broken = False
        with capturedLogs() as log:
            self.clock.pump([5, 5])
        (line,) = [str(formatEvent(event)) for event in log]
        self.assertIn("failed 120 times works again", line)
        broken = True
        self.clock.advance(5)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_store_down(self) -> None:
        """A store that does not answer says so itself: nothing is added to the log."""

        async def fail() -> None:
            self.done += 1
            raise StoreDown

        self.chores.every(5, fail)
        with capturedLogs() as log:
            self.clock.pump([5, 5])
        self.assertEqual((self.done, list(log)), (2, []))

    def test_slow(self) -> None:
        """What still goes on is not begun a second time."""
        over: Deferred[None] = Deferred()

        async def wait() -> None:
            self.done += 1
            await over

        self.chores.every(5, wait)
        self.clock.pump([5, 5, 5])
        self.assertEqual(self.done, 1)
        over.callback(None)
        self.clock.advance(5)
        self.assertEqual(self.done, 2)

    def test_stop(self) -> None:
        """After the end nothing is begun, and no timer is left."""
        over: Deferred[None] = Deferred()

        async def wait() -> None:
            await over

        self.chores.every(5, self.work)
        self.chores.every(5, wait)
        self.clock.advance(5)
        self.chores.stop()
        over.callback(None)
        self.clock.advance(50)
        self.assertEqual(self.done, 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

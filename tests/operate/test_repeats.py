"""A flood of equal events does not flood the log."""

from twisted.internet.task import Clock
from twisted.logger import LogEvent, LogLevel, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.repeats import AUDIT, WINDOW, RepeatFilter


class RepeatFilterTests(SynchronousTestCase):
    """So many events of a kind are shown in ten seconds, and the rest is counted."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.shown: list[LogEvent] = []
        self.filter = RepeatFilter(
            self.shown.append, self.clock.seconds, self.clock.callLater, limit=3
        )

    def say(self, times: int, format: str = "no {n}", namespace: str = "x") -> None:
        """Log the same so many times."""
        for n in range(times):
            self.filter(
                {
                    "log_format": format,
                    "log_level": LogLevel.warn,
                    "log_namespace": namespace,
                    "n": n,
                }
            )

    def texts(self) -> list[str]:
        """What was shown."""
        return [formatEvent(event) for event in self.shown]

    def test_below(self) -> None:
        """As many as the limit are all shown, and no more is said of them."""
        self.say(3)
        self.clock.advance(2 * WINDOW)
        self.assertEqual(self.texts(), ["no 0", "no 1", "no 2"])

    def test_above(self) -> None:
        """One more is counted, and told after ten seconds with the last as example."""
        self.say(5)
        self.assertEqual(len(self.shown), 3)
        self.clock.advance(WINDOW)
        self.assertEqual(self.texts()[3:], ["2 more like this: no 4"])
        self.assertEqual(self.shown[3]["log_level"], LogLevel.warn)

    def test_other_kinds(self) -> None:
        """Different events do not count together."""
        self.say(3)
        self.say(3, "yes {n}")
        self.say(3, namespace="y")
        self.assertEqual(len(self.shown), 9)

    def test_next_window(self) -> None:
        """In the next ten seconds events are shown again."""
        self.say(4)
        self.clock.rightNow += WINDOW  # the timer is late
        self.say(1)
        self.assertEqual(self.texts()[3:], ["1 more like this: no 3", "no 0"])
        self.clock.advance(WINDOW)
        self.assertEqual(len(self.shown), 5)

    def test_audit(self) -> None:
        """What operators did is always shown."""
        self.say(9, namespace=AUDIT)
        self.clock.advance(WINDOW)
        self.assertEqual(len(self.shown), 9)

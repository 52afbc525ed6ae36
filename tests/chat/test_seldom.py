"""What strangers do does not fill the log."""

from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.seldom import SUMMED_UP, Seldom
from chatd.testing import FakeDoor, join, make_hub


def lines(events: list[LogEvent]) -> list[str]:
    """What the log says of strangers."""
    told = [e for e in events if e["log_namespace"] == "chatd.chat.seldom"]
    return [formatEvent(event) for event in told]


class SeldomTests(SynchronousTestCase):
    """The first of a kind is told in full, the others as a number."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.seldom = Seldom(self.clock)

    def test_kinds(self) -> None:
        """Each kind is counted by itself, and anew after a minute."""
        with capturedLogs() as events:
            for _ in range(3):
                self.seldom.ended("ssh", "192.0.2.1", "It stammers.")
            for _ in range(2):
                self.seldom.refused("full", "192.0.2.2", "There is no room.")
            self.clock.advance(SUMMED_UP)
            self.seldom.ended("ssh", "192.0.2.3", "It stammers.")
        self.assertEqual(
            lines(list(events)),
            [
                "a connection from 192.0.2.1 was ended (ssh): It stammers.",
                "a connection from 192.0.2.2 was refused (full): There is no room.",
                "2 more within 60 s: a connection was ended (ssh)",
                "1 more within 60 s: a connection was refused (full)",
                "a connection from 192.0.2.3 was ended (ssh): It stammers.",
            ],
        )

    def test_wrong(self) -> None:
        """Guesses are counted for each secret and address."""
        with capturedLogs() as events:
            for _ in range(3):
                self.seldom.wrong("password for ann", "192.0.2.1")
            self.seldom.wrong("password for ann", "192.0.2.2")
            self.clock.advance(SUMMED_UP)
            self.seldom.wrong("password for ann", "192.0.2.1")
        self.assertEqual(
            lines(list(events)),
            [
                "wrong password for ann from 192.0.2.1",
                "wrong password for ann from 192.0.2.2",
                "2 more within 60 s: wrong password for ann from 192.0.2.1",
                "wrong password for ann from 192.0.2.1",
            ],
        )

    def test_only_one(self) -> None:
        """Of one there is no sum."""
        with capturedLogs() as events:
            self.seldom.ended("ssh", "192.0.2.1", "It stammers.")
            self.clock.advance(SUMMED_UP)
        self.assertEqual(len(lines(list(events))), 1)

    def test_let_go(self) -> None:
        """Strangers who are let go are summed up; who has a name is told of."""
        hub, why = make_hub(clock=self.clock), "it sends a line without an end"
        with capturedLogs() as events:
            for _ in range(5):
                stranger = hub.connections.connect(
                    FakeDoor(), kind="ssh", address="192.0.2.9", secure=True
                )
                hub.connections.let_go(stranger, why)
            ann, _ = join(hub, "ann", "lobby")
            hub.connections.let_go(ann, "it sends faster than it may")
            self.clock.advance(SUMMED_UP)
        self.assertEqual(
            lines(list(events)),
            [
                f"a connection from 192.0.2.9 was ended ({why})",
                f"4 more within 60 s: a connection was ended ({why})",
            ],
        )
        told = [formatEvent(event) for event in events]
        self.assertTrue(any("ann from" in one and "let go" in one for one in told))

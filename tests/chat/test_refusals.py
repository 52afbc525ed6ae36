"""The operator can see how often people meet limits."""

from twisted.logger import LogEvent, capturedLogs, formatEvent

from chatd.chat.refusals import SUMMED_UP
from chatd.chat.rules import Rules
from chatd.testing import connect, type_in
from tests.chatting import PASSWORD, Chatting


class RefusalsTests(Chatting):
    """Limits that were met are counted, and summed up in the log."""

    rules = Rules(message_chars=5, renames=1, request_burst=30, request_rate=1)

    def lines(self, events: list[LogEvent]) -> list[str]:
        """What the log says about them."""
        return [
            formatEvent(event)
            for event in events
            if event["log_namespace"] == "chatd.chat.refusals"
        ]

    def test_summed_up(self) -> None:
        """One line a minute says how many there were of each kind; quiet ones none."""
        ann, _ = self.guest("ann")
        with capturedLogs() as events:
            type_in(
                self.hub, ann, "too long", "too long, too", "/nick anna", "/nick anne"
            )
            self.clock.advance(SUMMED_UP - 1)
            self.assertEqual(self.lines(events), [])
            self.clock.advance(1)
            self.clock.advance(SUMMED_UP)
            type_in(self.hub, ann, "far too long")
            self.clock.advance(SUMMED_UP)
        begun = "limits that were met within 60 s"
        self.assertEqual(
            self.lines(events),
            [f"{begun}: too-fast 1, too-long 2", f"{begun}: too-long 1"],
        )
        self.assertEqual(self.hub.refusals.counts, {"too-long": 3, "too-fast": 1})

    def test_closed(self) -> None:
        """Who is refused because of a lock-down is counted, too."""
        self.hub.lockdown = True
        session, _ = connect(self.hub)
        type_in(self.hub, session, "ann", f"/register ann {PASSWORD}")
        self.assertEqual(self.hub.refusals.counts, {"closed": 2})

    def test_crowded(self) -> None:
        """Of those who made room the first of a minute is named."""
        with capturedLogs() as events:
            for number in range(3):
                self.hub.refusals.crowded(f"192.0.2.{number}", "too many wait")
            self.clock.advance(SUMMED_UP)
        self.assertEqual(
            self.lines(events),
            [
                "192.0.2.0 was let go: too many wait",
                "limits that were met within 60 s: crowded 3",
            ],
        )

    def test_mistakes(self) -> None:
        """What is only a mistake is not counted."""
        ann, _ = self.guest("ann")
        type_in(self.hub, ann, "/jion ops", "/join", "/msg nobody hello", "/op ann")
        self.assertEqual(self.hub.refusals.counts.total(), 0)

    def test_slowed(self) -> None:
        """Being told to slow down is counted, once for all that waits."""
        ann, _ = self.guest("ann")
        for number in range(40):
            ann.receive(str(number))
        self.assertEqual(self.hub.refusals.counts, {"slowed": 1})

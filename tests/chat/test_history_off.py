"""Where the history is off, nothing is kept and nothing waits."""

from chatd.chat.events import Done, Entered, Said
from chatd.chat.request import Say
from chatd.testing import turn, type_in
from tests.chat.talking import TalkCase


class HistoryOffTests(TalkCase):
    """A room whose moderator switches its history."""

    def test_history_off(self) -> None:
        """Where the history is off, what is said is not stored, and shown at once."""
        type_in(self.hub, self.ann, "/join ops", "/history off")
        type_in(self.hub, self.bob, "/join ops")
        self.assertFalse(self.bob_door.of(Entered)[0].room.history)
        self.clear()
        before = self.stored()
        self.store.hold()
        type_in(self.hub, self.ann, "hello", "/me waves")
        self.assertEqual(self.bob_door.texts(), ["hello", "waves"])
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.stored(), before)
        type_in(self.hub, self.ann, "/history on", "again")
        self.assertEqual(self.said()[-1:], ["again"])

    def test_history_switched(self) -> None:
        """What is said behind the switch is stored, or not, as the switch says."""
        type_in(self.hub, self.ann, "/join ops")
        type_in(self.hub, self.bob, "/join ops")
        self.clear()
        self.store.hold()
        for line in ("/history off", "/history on"):
            self.ann.receive(line)
            self.bob.receive(f"behind {line}")
            turn(self.hub)
            self.store.release()
            turn(self.hub)
            self.store.hold()
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(self.ann_door.of(Said)), 2)
        stored = self.said()
        self.assertEqual(stored, ["behind /history on"])

    def test_history_not_switched(self) -> None:
        """A switch that was not stored switches nothing."""
        type_in(self.hub, self.ann, "/join ops")
        self.store.failing = True
        type_in(self.hub, self.ann, "/history off")
        self.store.failing = False
        self.clock.advance(10)
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(self.ann_door.codes(), ["not-stored"])
        self.assertEqual(self.said(), ["hello"])

    def test_history_off_answers(self) -> None:
        """Answers keep the order of the requests, also where one was shown first."""
        type_in(self.hub, self.ann, "/join ops", "/history off")
        self.clear()
        self.store.hold()
        self.ann.submit(Say("stored", "lobby", ref=1))
        self.ann.submit(Say("not stored", "ops", ref=2))
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual([done.ref for done in self.ann_door.of(Done)], [1, 2])

"""What is kept back from somebody until they are shown what came before."""

from chatd.chat import held
from chatd.chat.events import Arrived, Entered, Notice, Past, Said
from chatd.testing import connect, join, turn, type_in
from tests.chatting import Chatting


class HoldingTests(Chatting):
    """While somebody comes in, what happens waits, and is shown once, in order."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.ann_door = join(self.hub, "ann", "ops")
        type_in(self.hub, self.ann, "first")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.bob_door.take()
        self.hub.archive.removed()  # nothing is at hand: the history is fetched

    def test_joining(self) -> None:
        """What is said while the history is fetched comes behind it, and only once."""
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.ann.receive("second")
        turn(self.hub)
        # The message is stored and shown before the history is read, and is in it.
        waiting, self.store._held = self.store._held or [], None
        self.assertEqual(len(waiting), 2)
        for answer in reversed(waiting):
            answer()
        turn(self.hub)
        self.ann.receive("third")
        turn(self.hub)
        shown = self.bob_door.kinds()
        self.assertEqual(shown[:2], ["Entered", "Past"])
        past = self.bob_door.of(Past)[0]
        every = [e.text for e in past.events if isinstance(e, Said)]
        every += self.bob_door.texts()
        self.assertEqual(every, ["first", "second", "third"])

    def test_joining_fails(self) -> None:
        """When the history cannot be fetched, nothing that was held back is lost."""
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.ann.receive("second")
        turn(self.hub)
        self.store.failing = True
        self.store.release()
        turn(self.hub)
        self.store.failing = False
        self.clock.advance(10)
        turn(self.hub)
        type_in(self.hub, self.ann, "third")
        self.assertIn("third", self.bob_door.texts())
        self.assertTrue(self.bob.plain)

    def test_own_joining(self) -> None:
        """Who joins is told so before anything that happens there."""
        type_in(self.hub, self.bob, "/join ops")
        self.assertEqual(self.bob_door.kinds(), ["Entered", "Past", "Joined", "Done"])

    def test_too_much(self) -> None:
        """What waits is bounded: then it is shown, although the rest is not ready."""
        self.patch(held, "MOST", 3)
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.store._held_questions = False
        waiting, self.store._held = self.store._held, None
        for text in ("1", "2", "3", "4", "5"):
            type_in(self.hub, self.ann, text)
        self.assertEqual(self.bob_door.texts()[:3], ["1", "2", "3"])
        self.assertEqual(self.bob_door.texts()[-1], "5")
        for answer in waiting or ():
            answer()
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(Entered)), 1)

    def test_other_rooms_meanwhile(self) -> None:
        """What happens in other rooms meanwhile is not lost either."""
        cho, _ = join(self.hub, "cho")
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        cho.receive("lobby")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["lobby"])

    def test_coming_in(self) -> None:
        """What is said while somebody comes in is shown once, behind the welcome."""
        self.store.hold(questions=True)
        dan, dan_door = connect(self.hub)
        dan.receive("dan")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        kinds = dan_door.kinds()
        self.assertEqual(kinds[0], "Welcome")
        self.assertIn("Arrived", kinds)
        self.assertTrue(dan.plain)
        self.assertEqual(len(self.ann_door.of(Arrived)), 3)

    def test_notices_pass(self) -> None:
        """The server's own words do not wait."""
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.hub.outbox.tell(Notice("soon"), [self.bob])
        turn(self.hub)
        self.assertEqual(self.bob_door.of(Notice), [Notice("soon")])
        self.store.release()

"""What waits for a reader who does not read."""

from chatd.chat.events import Departed, Said
from chatd.chat.rules import Rules
from chatd.testing import join, turn, type_in
from tests.chatting import Chatting


class CongestionTests(Chatting):
    """Who does not read is not waited for, and holds up nobody."""

    rules = Rules(throttle=False, outbox_pause=20, outbox_bytes=60, outbox_total=120)

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.ann_door = join(self.hub, "ann")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.bob_door.take()

    def say(self, text: str = "hi") -> int:
        """Ann says something; how many bytes it was for a reader."""
        before = self.hub.connections.backlog
        type_in(self.hub, self.ann, text)
        return self.hub.connections.backlog - before

    def test_kept(self) -> None:
        """What is not read waits, and is sent in order when the reader reads again."""
        self.bob.congested()
        self.say("one")
        self.say("two")
        self.assertEqual(self.bob_door.texts(), [])
        self.assertEqual(self.hub.connections.backlog, self.bob.unread)
        self.assertGreater(self.bob.unread, 0)
        self.bob.drained()
        self.assertEqual(self.bob_door.texts(), ["one", "two"])
        self.assertEqual((self.hub.connections.backlog, self.bob.unread), (0, 0))
        self.say("three")
        self.assertEqual(self.bob_door.texts(), ["one", "two", "three"])

    def test_pause(self) -> None:
        """Beyond the first limit nothing more is read from it, until it reads."""
        self.bob.congested()
        while self.bob.unread + 8 <= self.rules.outbox_pause:
            self.say()
        self.assertFalse(self.bob_door.paused)
        while self.bob.unread <= self.rules.outbox_pause:
            self.say()
        self.assertTrue(self.bob_door.paused)
        self.assertFalse(self.bob.ended)
        self.bob.drained()
        self.assertFalse(self.bob_door.paused)

    def test_let_go(self) -> None:
        """Beyond the last limit the session is told why, and let go; others stay."""
        self.bob.congested()
        size = self.say()
        while self.bob.unread + size <= self.rules.outbox_bytes:
            self.say()
        self.assertTrue(self.bob_door.open)
        self.say()
        self.assertFalse(self.bob_door.open)
        self.assertTrue(self.bob.ended)
        last = self.bob_door.events[-1]
        self.assertIn("does not read", getattr(last, "text", ""))
        self.assertEqual(len(self.bob_door.events), 1)
        self.assertEqual(self.hub.connections.backlog, 0)
        self.assertEqual(len(self.ann_door.of(Departed)), 1)
        self.assertFalse(self.ann.ended)

    def test_total(self) -> None:
        """When all together hold too much, who holds most is let go."""
        others = [join(self.hub, name) for name in ("cho", "dan", "eve")]
        self.bob.congested()
        self.say()
        for session, _ in others:
            session.congested()
        while self.hub.connections.backlog <= self.rules.outbox_total - 40:
            self.say()
        self.assertFalse(self.bob.ended)
        while not self.bob.ended:
            self.say()
        self.assertEqual([s.ended for s, _ in others], [False, False, False])
        self.assertLessEqual(self.hub.connections.backlog, self.rules.outbox_total)

    def test_order_when_many_are_let_go(self) -> None:
        """That some are let go in the middle of a turn disturbs nobody's order."""
        cho, _ = join(self.hub, "cho")
        _, dan_door = join(self.hub, "dan")
        dan_door.take()
        for session in (self.bob, cho):
            session.congested()
        self.ann.receive("x")
        for _ in range(20):
            self.ann.receive("one")
        turn(self.hub)
        self.assertTrue(self.bob.ended and cho.ended)
        kinds = [type(event) for event in dan_door.events]
        self.assertEqual(kinds, [Said] * 21 + [Departed, Departed])

    def test_gone(self) -> None:
        """Who goes leaves nothing behind that counts."""
        self.bob.congested()
        self.say()
        self.bob.end("")
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_hung_up_on(self) -> None:
        """What waits for somebody is sent before they are hung up on."""
        self.bob.congested()
        self.say("one")
        self.bob.close("Bye.")
        self.assertEqual(self.bob_door.texts(), ["one"])
        self.assertEqual(getattr(self.bob_door.events[-1], "text", ""), "Bye.")
        self.assertEqual(self.hub.connections.backlog, 0)

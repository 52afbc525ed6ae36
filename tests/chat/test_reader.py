"""Who is shown what happens is sent as much as they read."""

from chatd.chat.events import Notice
from chatd.chat.reader import BUSY, UNREAD
from chatd.chat.rules import Rules
from chatd.testing import turn, type_in
from tests.chat.watched import Watched, counted


class SlowReaderTests(Watched):
    """Somebody does not read what they are sent, for a while."""

    def test_long_answers(self) -> None:
        """A long answer stops while the reader does not read, and goes on after."""
        self.ann.congested()
        type_in(self.hub, self.ann, "/count")
        self.assertEqual(len(counted), 0)
        self.ann.drained()
        turn(self.hub, 12)
        self.assertEqual(len(self.ann_door.of(Notice)), 10)

    def test_long_answers_to_nobody(self) -> None:
        """A long answer ends when nobody is there to read it."""
        self.ann.congested()
        type_in(self.hub, self.ann, "/count")
        self.ann.end("")
        turn(self.hub)
        self.assertEqual(counted, [0])

    def test_full_again(self) -> None:
        """A reader who reads a little is sent a little."""
        self.ann.congested()
        type_in(self.hub, self.bob, "one")
        type_in(self.hub, self.bob, "two")
        send = self.ann_door.send

        def fill(data: bytes) -> None:
            send(data)
            self.ann.congested()

        self.ann_door.send = fill  # type: ignore[method-assign]
        self.ann.drained()
        self.assertEqual(self.ann_door.texts(), ["one"])
        self.assertGreater(self.ann.unread, 0)
        type_in(self.hub, self.bob, "three")
        self.ann.drained()
        self.assertEqual(self.ann_door.texts(), ["one", "two"])
        self.ann.drained()
        self.assertEqual(self.ann_door.texts(), ["one", "two", "three"])
        self.assertEqual((self.ann.unread, self.hub.connections.backlog), (0, 0))

    def test_lost_by_a_slow_reader(self) -> None:
        """What a lost line had not read counts no more."""
        self.hub.rules = Rules(request_burst=20, request_rate=5)
        self.ann.congested()
        type_in(self.hub, self.bob, "hello")
        for number in range(25):
            self.ann.receive(f"{number}")
        self.ann.end("")
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_paused_for_two_reasons(self) -> None:
        """A door reads again when nothing hinders it any more."""
        self.ann.pause(BUSY)
        self.ann.pause(UNREAD)
        self.ann.resume(BUSY)
        self.assertTrue(self.ann_door.paused)
        self.ann.resume(UNREAD)
        self.assertFalse(self.ann_door.paused)

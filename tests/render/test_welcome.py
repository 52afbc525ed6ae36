"""Whoever connects or comes in is told where they are."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.events import Entered, Greeting, RoomView
from chatd.render.welcome import NAMED
from tests.render.samples import lines


class CrowdTests(SynchronousTestCase):
    """Many are here."""

    def test_crowd(self) -> None:
        """Of more than thirty people only the count is told."""
        many = tuple(f"p{number}" for number in range(NAMED + 1))
        for names, expected in (
            (many[:NAMED], f"* 30 people in lobby: {', '.join(many[:NAMED])}"),
            (many, "* 31 people in lobby"),
        ):
            self.assertEqual(lines(Entered(RoomView("lobby", "", names))), [expected])
        for names, expected in (
            (many[:NAMED], f"30 people are here: {', '.join(many[:NAMED])}."),
            (many, "31 people are here."),
            ((), "Nobody is here yet."),
        ):
            greeting = Greeting("here", "1", names, True, "", True, "open", {})
            self.assertIn(expected, lines(greeting)[0])

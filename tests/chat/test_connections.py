"""How connections begin, and how they end."""

from dataclasses import replace

from twisted.internet.defer import Deferred

from chatd.chat.events import Closing, Greeting
from chatd.testing import connect, turn
from tests.chat.talking import TalkCase


class ConnectionsTests(TalkCase):
    """Somebody connects."""

    def test_greeting(self) -> None:
        """Who connects is told where, who is here, and whether others can read."""
        self.hub.rules = replace(self.hub.rules, server="chat.example", encrypt="ssl")
        plain, plain_door = connect(self.hub, secure=False)
        secure, secure_door = connect(self.hub)
        self.hub.connections.greet(plain)
        self.hub.lockdown = True
        self.hub.connections.greet(secure)
        turn(self.hub)
        (one,), (two,) = plain_door.of(Greeting), secure_door.of(Greeting)
        self.assertEqual((one.server, one.people), ("chat.example", ("ann", "bob")))
        self.assertEqual((one.secure, one.encrypt), (False, "ssl"))
        self.assertEqual((two.secure, two.encrypt), (True, ""))
        self.assertEqual((one.guests, one.registration), (True, "open"))
        self.assertEqual((two.guests, two.registration), (False, "closed"))

    def test_in_time(self) -> None:
        """Who has not come in within the time is let go; who has, stays."""
        _, slow = connect(self.hub)
        self.clock.advance(self.hub.rules.entering - 1)
        self.assertTrue(slow.open)
        self.clock.advance(1)
        self.assertFalse(slow.open)
        self.assertIn("in time", slow.of(Closing)[0].text)
        self.assertFalse(self.ann.ended)

    def close(self) -> "Deferred[None]":
        """Stop it."""
        return Deferred.fromCoroutine(self.hub.close("Good night.", 10.0))

    def test_all_gone(self) -> None:
        """One can wait until every connection is gone."""
        gone = self.hub.connections.all_gone()
        self.successResultOf(self.close())
        self.assertNoResult(gone)
        self.ann.end("")
        self.assertNoResult(gone)
        self.bob.end("")
        self.successResultOf(gone)
        self.successResultOf(self.hub.connections.all_gone())

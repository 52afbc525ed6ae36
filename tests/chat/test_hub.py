"""A server takes up where it left off, knows people by name, and ends."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatd.chat.errors import Banned, ChatError, Closed
from chatd.chat.events import AwayChanged, Closing, Departed, Done
from chatd.chat.request import Invoke, Ping, Say
from chatd.testing import connect, join, make_hub, result, turn, type_in
from tests.chat.talking import TalkCase
from tests.chatting import PASSWORD


class StartTests(TalkCase):
    """A server takes up where it left off."""

    def test_again(self) -> None:
        """Rooms, lock-down, message of the day and ids are as they were."""
        type_in(self.hub, self.ann, "/join ops", "/private")
        boss, _ = self.operator("boss")
        type_in(self.hub, boss, "/motd Be kind.", "/lockdown on")
        type_in(self.hub, boss, "/serverban 203.0.113.0/24")
        again = make_hub(store=self.store, clock=Clock())
        self.assertTrue(again.rooms.find("ops").private)
        self.assertTrue(again.lockdown)
        self.assertEqual(again.motd, "Be kind.")
        self.assertRaises(Banned, connect, again, address="203.0.113.9")
        self.assertGreaterEqual(again.last, self.hub.last)
        self.assertGreater(again.stamps.next()[0], self.hub.stamps.last)
        self.assertEqual(len(again.presence), 0)


class FindTests(TalkCase):
    """Who is who."""

    def test_find(self) -> None:
        """People are found by name, however it is spelt, here or not."""
        self.absent("Cho")
        self.assertEqual(result(self.hub.find("@ANN")).name, "ann")
        self.assertEqual(result(self.hub.find("cho")).name, "Cho")
        self.assertEqual(self.hub.here("BOB").person.name, "bob")
        for name in ("nobody1", "not a name"):
            with self.assertRaises(ChatError):
                result(self.hub.find(name))
        self.assertRaises(ChatError, self.hub.here, "cho")


class EndTests(TalkCase):
    """The server stops."""

    def close(self) -> "Deferred[None]":
        """Stop it."""
        return Deferred.fromCoroutine(self.hub.close("Good night.", 10.0))

    def test_everybody_is_told(self) -> None:
        """Everybody is told why, once, and hung up on."""
        waiting, waiting_door = connect(self.hub)
        closed = self.close()
        turn(self.hub)
        self.successResultOf(closed)
        for door in (self.ann_door, self.bob_door, waiting_door):
            self.assertEqual(door.events, [Closing("Good night.", 10.0, again=True)])
            self.assertFalse(door.open)
        self.assertTrue(waiting.ended)
        self.assertEqual(len(self.hub.presence), 0)
        self.assertEqual(len(self.hub.places), 0)

    def test_in_flight(self) -> None:
        """What is on its way is stored and shown; nothing more is accepted."""
        self.store.hold()
        self.ann.submit(Say("last words", ref=1))
        turn(self.hub)
        closed = self.close()
        self.ann.submit(Say("too late", ref=2))
        self.bob.submit(Invoke("join", "ops", ref=3))
        self.bob.submit(Ping(4))
        self.assertRaises(Closed, connect, self.hub)
        turn(self.hub)
        self.assertNoResult(closed)
        self.assertTrue(self.ann_door.open)
        self.store.release()
        turn(self.hub)
        self.successResultOf(closed)
        self.assertEqual(self.bob_door.texts(), ["last words"])
        self.assertEqual(self.ann_door.kinds(), ["Closing", "Done", "Failed"])
        self.assertEqual(self.ann_door.codes(), ["closed"])
        self.assertEqual(self.bob_door.codes(), ["closed"])
        self.assertIn(Done(4, None, {}), self.bob_door.events)
        self.assertEqual(self.said(), ["last words"])

    def test_without_a_reason(self) -> None:
        """A server that stops without a word is stopping all the same."""
        closed = Deferred.fromCoroutine(self.hub.close(""))
        turn(self.hub)
        self.successResultOf(closed)
        self.assertRaises(Closed, connect, self.hub)

    def test_nobody_is_told_who_leaves(self) -> None:
        """Departures are not shown to those who are leaving as well."""
        self.successResultOf(self.close())
        turn(self.hub)
        self.assertEqual(self.bob_door.of(Departed), [])

    def test_unread(self) -> None:
        """Who reads slowly is sent what waited, and the reason."""
        self.bob.congested()
        type_in(self.hub, self.ann, "hello")
        self.successResultOf(self.close())
        self.assertEqual(self.bob_door.kinds(), ["Said", "Closing"])
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_joining_meanwhile(self) -> None:
        """Who was just entering a room is sent what was held back."""
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        type_in(self.hub, self.ann, "/away")
        self.assertEqual(self.bob_door.of(AwayChanged), [])
        closed = self.close()
        closed.addErrback(lambda _: None)
        closed.cancel()
        self.assertEqual(len(self.bob_door.of(AwayChanged)), 1)
        self.assertFalse(self.bob_door.open)
        self.store.release()

    def test_store_away(self) -> None:
        """Who stops waiting for the store hangs up on everybody all the same."""
        self.store.failing = self.store.unsure = True
        type_in(self.hub, self.ann, "lost")
        closed = self.close()
        turn(self.hub)
        self.assertNoResult(closed)
        closed.addErrback(lambda _: None)
        closed.cancel()
        self.assertFalse(self.ann_door.open)
        self.assertFalse(self.bob_door.open)

    def test_marks(self) -> None:
        """Read marks are kept."""
        cho, _ = join(self.hub, "cho", password=PASSWORD)
        type_in(self.hub, self.ann, "hello")
        type_in(self.hub, cho, "/who")
        self.successResultOf(self.close())
        account = result(self.store.account_named("cho"))
        assert account is not None
        marks = result(self.store.marks(account.id))
        self.assertGreater(marks[""], 0)

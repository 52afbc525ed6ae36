"""A session is somebody's, and ends."""

from chatd.chat.account import Role
from chatd.chat.errors import NotEntered
from chatd.chat.events import Closing, Departed, Done, TopicChanged
from chatd.chat.request import Invoke, Say
from chatd.testing import connect, join, turn, type_in
from tests.chat.watched import Watched, waiting


class EndTests(Watched):
    """A session ends."""

    def test_finished(self) -> None:
        """Who says nothing more is answered, and then hung up on."""
        self.ann.submit(Invoke("wait", ref=1))
        self.ann.submit(Say("last", ref=2))
        self.ann.finish()
        self.ann.submit(Say("too late", ref=3))
        turn(self.hub)
        self.assertTrue(self.ann_door.open)
        waiting.pop().callback(None)
        turn(self.hub, 6)
        self.assertFalse(self.ann_door.open)
        refs = [getattr(e, "ref", None) for e in self.ann_door.of(Done)]
        self.assertEqual(refs, [1, 2])
        self.assertEqual(self.bob_door.texts(), ["last"])
        self.assertEqual(len(self.bob_door.of(Departed)), 1)

    def test_finished_idle(self) -> None:
        """Who had nothing more to say is hung up on, once, in the next turn."""
        self.ann.finish()
        self.ann.finish()
        self.assertTrue(self.ann_door.open)
        turn(self.hub, 6)
        self.assertFalse(self.ann_door.open)
        self.assertTrue(self.ann.ended)

    def test_finished_and_slow(self) -> None:
        """Who has not read all of it yet is waited for."""
        self.ann.congested()
        self.ann.finish()
        turn(self.hub, 6)
        self.assertTrue(self.ann_door.open)
        self.ann.drained()
        turn(self.hub, 6)
        self.assertFalse(self.ann_door.open)

    def test_finished_in_flight(self) -> None:
        """What was said last is stored first, and answered."""
        self.store.hold()
        self.ann.submit(Say("last", ref=1))
        self.ann.finish()
        turn(self.hub)
        self.assertTrue(self.ann_door.open)
        self.store.release()
        turn(self.hub, 6)
        self.assertFalse(self.ann_door.open)
        self.assertEqual([d.ref for d in self.ann_door.of(Done)], [1])

    def test_finished_and_lost(self) -> None:
        """Whose line breaks while that goes on is simply gone."""
        self.store.hold()
        self.ann.submit(Say("last", ref=1))
        self.ann.finish()
        turn(self.hub)
        self.ann.end("lost")
        self.store.release()
        turn(self.hub, 6)
        self.assertEqual(self.bob_door.texts(), ["last"])
        self.assertEqual(len(self.bob_door.of(Departed)), 1)
        self.assertTrue(self.ann_door.open)  # nobody hung up on a dead line

    def test_lost_in_the_middle(self) -> None:
        """A command that was begun ends by itself."""
        self.ann.submit(Invoke("wait"))
        self.ann.end("")
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(Departed)), 1)
        waiting.pop().callback(None)
        turn(self.hub)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_lost_twice(self) -> None:
        """A line breaks once."""
        self.ann.end("")
        self.ann.end("")
        self.ann.close("Bye.")
        self.ann.gone("")
        self.hub.connections.hang_up(self.ann)
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(Departed)), 1)
        self.assertTrue(self.ann_door.open)

    def test_closed(self) -> None:
        """Who is hung up on is told why, and what was typed later is not said."""
        self.ann.submit(Invoke("wait"))
        self.ann.receive("not said")
        self.ann.close("Bye.")
        self.assertEqual(self.ann_door.events, [Closing("Bye.")])
        self.assertFalse(self.ann_door.open)
        waiting.pop().callback(None)
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), [])
        self.hub.connections.let_go(self.ann, "it is gone already")
        self.assertEqual(len(self.ann_door.events), 1)

    def test_nobody(self) -> None:
        """A connection by which nobody came in leaves no trace."""
        session, _ = connect(self.hub)
        with self.assertRaises(NotEntered):
            session.somebody()
        self.assertEqual(session.role, Role.NOBODY)
        self.assertEqual(session.role_in(self.hub.rooms.lobby), Role.NOBODY)
        session.end("")
        turn(self.hub)
        self.assertEqual(self.bob_door.events, [])
        self.assertEqual(len(self.hub.connections), 2)


class SeveralSessionsTests(Watched):
    """An account is here several times."""

    def test_roles(self) -> None:
        """A role holds in all sessions."""
        secret = "three-green-lamps"
        join(self.hub, "cho", password=secret)
        one, _ = join(self.hub, "cho", "ops", password=secret)
        two, door = join(self.hub, "cho", password=secret)
        room = self.hub.rooms.find("ops")
        self.assertEqual(two.role, Role.MEMBER)
        self.assertEqual(two.role_in(room), Role.MODERATOR)
        self.assertEqual(two.role_in(None), Role.MEMBER)
        self.assertEqual(self.ann.role_in(room), Role.GUEST)
        type_in(self.hub, one, "/topic Lunch")
        self.assertEqual([e.text for e in door.of(TopicChanged)], ["Lunch"])

    def test_preferences(self) -> None:
        """What somebody chooses in one holds in all, and looks so at once."""
        secret = "three-green-lamps"
        join(self.hub, "cho", password=secret)
        one, _ = join(self.hub, "cho", password=secret)
        two, _ = join(self.hub, "cho", password=secret)
        type_in(self.hub, one, "/set colour on")
        self.assertTrue(two.look.colour)
        three, _ = join(self.hub, "cho", password=secret)
        self.assertIs(three.look, two.look)

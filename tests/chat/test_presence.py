"""Who is here is what the events say, on every node alike."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person
from chatd.chat.events import (
    Act,
    Arrived,
    AwayChanged,
    Departed,
    Event,
    Joined,
    Left,
    Moderated,
    Renamed,
    Said,
)
from chatd.chat.presence import Presence

ANN, BOB = Person(1, "ann"), Person(2, "Bob")


class PresenceTests(SynchronousTestCase):
    """People come and go, through one node or several."""

    def setUp(self) -> None:
        self.presence = Presence()
        self.arrive()

    def arrive(
        self, person: Person = ANN, node: str = "a", rooms: tuple[str, ...] = ("lobby",)
    ) -> bool:
        """Somebody comes in."""
        return self.presence.apply(
            Arrived(person=person, rooms=rooms, node=node, time=5.0)
        )

    def depart(self, person: Person = ANN, node: str = "a") -> bool:
        """Somebody leaves a node."""
        return self.presence.apply(Departed(person=person, rooms=(), node=node))

    def test_arrived(self) -> None:
        """Who arrives is here, and found however the name is spelt."""
        self.assertTrue(self.arrive(BOB))
        here = self.presence.named("BOB")
        assert here is not None
        self.assertEqual((here.person, here.since, here.away), (BOB, 5.0, None))
        self.assertEqual(list(here.rooms), ["lobby"])
        self.assertIs(self.presence.get(2), here)
        self.assertEqual(self.presence.names(), ("ann", "Bob"))
        self.assertEqual(len(self.presence), 2)
        self.assertIsNone(self.presence.named("cho"))
        self.assertIsNone(self.presence.named("no name"))

    def test_several_nodes(self) -> None:
        """Who is here through two nodes is one person, and leaves with the last."""
        self.assertFalse(self.arrive(node="b"))
        self.assertEqual([h.person for h in self.presence.on("b")], [ANN])
        self.assertFalse(self.depart(node="a"))
        self.assertEqual(self.presence.on("a"), [])
        self.assertTrue(self.depart(node="b"))
        self.assertEqual(len(self.presence), 0)
        self.assertIsNone(self.presence.named("ann"))

    def test_nobody(self) -> None:
        """What is said of somebody who is not here changes nothing."""
        changes: list[Event] = [
            Departed(person=BOB, rooms=()),
            Joined(room="ops", person=BOB),
            Left(room="ops", person=BOB),
            AwayChanged(person=BOB, text="lunch"),
            Renamed(person=BOB, now=Person(2, "rob")),
        ]
        for event in changes:
            self.assertFalse(self.presence.apply(event))
        self.presence.apply(
            Moderated(room="lobby", sender=ANN, act=Act.KICK, person=BOB)
        )
        self.assertEqual(self.presence.names(), ("ann",))

    def test_rooms(self) -> None:
        """Rooms are entered and left once."""
        here = self.presence.get(1)
        assert here is not None
        self.assertTrue(self.presence.apply(Joined(room="ops", person=ANN)))
        self.assertFalse(self.presence.apply(Joined(room="ops", person=ANN)))
        self.assertEqual(list(here.rooms), ["lobby", "ops"])
        self.assertTrue(self.presence.apply(Left(room="lobby", person=ANN)))
        self.assertFalse(self.presence.apply(Left(room="lobby", person=ANN)))
        for act, left in ((Act.MUTE, ["ops"]), (Act.BAN, [])):
            event = Moderated(room="ops", sender=BOB, act=act, person=ANN)
            self.assertTrue(self.presence.apply(event))
            self.assertEqual(list(here.rooms), left)

    def test_away(self) -> None:
        """Who says twice that they are away says it once."""
        self.assertTrue(self.presence.apply(AwayChanged(person=ANN, text="lunch")))
        self.assertFalse(self.presence.apply(AwayChanged(person=ANN, text="lunch")))
        self.assertTrue(self.presence.apply(AwayChanged(person=ANN, text=None)))

    def test_renamed(self) -> None:
        """Who has another name is found by it, and by the old one no more."""
        rose = Person(1, "rose")
        self.assertTrue(self.presence.apply(Renamed(person=ANN, now=rose)))
        self.assertIsNone(self.presence.named("ann"))
        here = self.presence.named("rose")
        assert here is not None
        self.assertEqual(here.person, rose)

    def test_registered(self) -> None:
        """Who became a member under the same name is not seen to change."""
        member = Person(1, "ann", guest=False)
        self.assertFalse(self.presence.apply(Renamed(person=ANN, now=member)))
        here = self.presence.named("ann")
        assert here is not None
        self.assertEqual(here.person, member)

    def test_name_of_somebody_else(self) -> None:
        """A name that somebody new has already is not lost with its old owner."""
        other = Person(3, "ann")
        self.arrive(other)
        self.depart()
        here = self.presence.named("ann")
        assert here is not None
        self.assertEqual(here.person, other)
        self.assertEqual(self.presence.names(), ("ann",))

    def test_words(self) -> None:
        """What is said changes nothing."""
        self.presence.apply(Said(room="lobby", sender=ANN, text="hi"))
        self.assertEqual([here.person for here in self.presence], [ANN])

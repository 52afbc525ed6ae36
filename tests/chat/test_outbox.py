"""What happens in a turn is sent at its end, in order, in one write to each reader."""

from dataclasses import replace

from chatd.chat.events import Left, Past, Said
from chatd.testing import connect, join, turn, type_in
from tests.chatting import Chatting


class OneWriteTests(Chatting):
    """However much happens in a turn, each reader is written to once."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.ann_door = join(self.hub, "ann")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.cho, self.cho_door = join(self.hub, "cho")
        self.doors = [self.ann_door, self.bob_door, self.cho_door]
        turn(self.hub)
        for door in self.doors:
            door.take()
            door.writes = 0

    def test_one_write(self) -> None:
        """What several people say in one turn comes in one write."""
        self.ann.receive("one")
        self.bob.receive("two")
        self.ann.receive("three")
        turn(self.hub)
        self.assertEqual(self.cho_door.texts(), ["one", "two", "three"])
        self.assertEqual([door.writes for door in self.doors], [1, 1, 1])

    def test_own_lines(self) -> None:
        """Who spoke gets all the lines but the own ones, and the answers in place."""
        for name, session in (("a", self.ann), ("b", self.bob), ("a", self.ann)):
            session.receive(name)
        turn(self.hub)
        self.assertEqual(self.ann_door.texts(), ["b"])
        self.assertEqual(self.bob_door.texts(), ["a", "a"])
        self.assertEqual(self.ann_door.kinds(), ["Done", "Said", "Done"])

    def test_named(self) -> None:
        """Who is named is shown the line as concerning them, in its place."""
        self.ann.receive("hello")
        self.ann.receive("bob, lunch?")
        self.ann.receive("bob and cho: now")
        turn(self.hub)
        self.assertEqual(
            self.bob_door.texts(), ["hello", "bob, lunch?", "bob and cho: now"]
        )
        self.assertEqual(self.cho_door.texts(), self.bob_door.texts())
        self.assertEqual(self.bob_door.writes, 1)

    def test_ignored(self) -> None:
        """Who ignores somebody is not shown what they say, and all else in order."""
        type_in(self.hub, self.cho, "/ignore ann")
        self.cho_door.take()
        self.ann.receive("one")
        self.bob.receive("two")
        self.ann.receive("cho!")
        self.ann.receive("/me waves")
        turn(self.hub)
        self.assertEqual(self.cho_door.texts(), ["two"])
        self.assertEqual(self.bob_door.texts(), ["one", "cho!", "waves"])

    def test_several_rooms(self) -> None:
        """Who is in several rooms gets what happens there in one write, in order."""
        for session in (self.ann, self.bob):
            type_in(self.hub, session, "/join ops")
        dan, dan_door = join(self.hub, "dan")
        for door in (*self.doors, dan_door):
            door.take()
            door.writes = 0
        self.cho.receive("in the lobby")
        self.ann.receive("in ops")
        dan.receive("lobby again")
        self.bob.receive("ops again")
        turn(self.hub)
        self.assertEqual(
            self.ann_door.texts(), ["in the lobby", "lobby again", "ops again"]
        )
        self.assertEqual(
            self.bob_door.texts(), ["in the lobby", "in ops", "lobby again"]
        )
        self.assertEqual(self.cho_door.texts(), ["lobby again"])
        self.assertEqual(self.ann_door.writes, 1)
        self.assertEqual(self.bob_door.writes, 1)

    def test_joining_in_the_middle(self) -> None:
        """Who comes in the middle of a turn is shown what comes after."""
        self.hub.rules = replace(self.hub.rules, history_shown=0)
        self.ann.receive("before")
        dan, dan_door = connect(self.hub)
        dan.receive("dan")
        self.ann.receive("after")
        turn(self.hub)
        self.assertEqual(dan_door.texts(), ["after"])
        self.assertEqual(self.bob_door.texts(), ["before", "after"])
        self.assertEqual(self.bob_door.kinds(), ["Said", "Arrived", "Said"])

    def test_shown_once(self) -> None:
        """What is in the history that a newcomer is shown is not shown again."""
        self.ann.receive("before")
        dan, dan_door = connect(self.hub)
        dan.receive("dan")
        self.ann.receive("after")
        turn(self.hub)
        shown = [e.text for e in dan_door.of(Past)[0].events if isinstance(e, Said)]
        self.assertEqual(shown + dan_door.texts(), ["before", "after"])

    def test_leaving_in_the_middle(self) -> None:
        """Who leaves a room in the middle of a turn is shown what came before."""
        type_in(self.hub, self.ann, "/join ops")
        type_in(self.hub, self.bob, "/join ops")
        self.ann_door.take()
        self.bob.receive("before")
        self.ann.receive("/leave ops")
        self.bob.receive("after")
        turn(self.hub)
        self.assertEqual(self.ann_door.texts(), ["before"])
        kinds = [type(e) for e in self.ann_door.events]
        self.assertLess(kinds.index(Said), kinds.index(Left))

    def test_last_words(self) -> None:
        """Who is hung up on is sent what was said so far first."""
        self.ann.receive("one")
        self.clock.advance(0)
        self.bob.close("Bye.")
        self.assertEqual(self.bob_door.texts(), ["one"])
        self.assertFalse(self.bob_door.open)
        self.ann.receive("two")
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["one"])

    def test_answers_behind(self) -> None:
        """An answer comes behind what was shown so far in the same turn."""
        self.bob.receive("/away")
        self.ann.receive("/who")
        self.cho.receive("/away")
        turn(self.hub)
        self.assertEqual(
            self.ann_door.kinds(), ["AwayChanged", "Listing", "Done", "AwayChanged"]
        )

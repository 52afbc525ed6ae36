"""What is shown when: the rows of the table "Order" of the design, one by one."""

from chatd.chat.events import (
    Announced,
    Arrived,
    AwayChanged,
    Departed,
    Done,
    Emoted,
    Event,
    Joined,
    Left,
    Moderated,
    Renamed,
    RoomChanged,
    Said,
    TopicChanged,
)
from chatd.chat.request import Invoke, Ping, Say, Whisper
from chatd.testing import connect, join, result, turn, type_in
from tests.chat.talking import TalkCase
from tests.chatting import PASSWORD, Chatting


class OrderTests(TalkCase):
    """The order of events: what is stored, what waits, who sees it."""

    def test_said(self) -> None:
        """What is said is shown when it is stored, to all but who said it."""
        self.store.hold()
        self.ann.submit(Say("hello", ref=1))
        turn(self.hub)
        self.assertEqual((self.ann_door.events, self.bob_door.events), ([], []))
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["hello"])
        (said,) = self.bob_door.of(Said)
        self.assertEqual(self.ann_door.events, [Done(1, said)])
        self.assertEqual(self.stored()[-1], said)
        self.assertGreater(said.id, 0)
        self.assertEqual(said.node, "test")

    def test_other_sessions(self) -> None:
        """The sender's other sessions see what was said."""
        self.absent("cho")
        one, first = join(self.hub, "cho", password=PASSWORD)
        _, second = join(self.hub, "cho", password=PASSWORD)
        first.take()
        type_in(self.hub, one, "hello", "/me waves")
        self.assertEqual(first.texts(), [])
        self.assertEqual(second.texts(), ["hello", "waves"])

    def test_whispered(self) -> None:
        """A private message is stored, and seen by all sessions of both people."""
        join(self.hub, "cho", password=PASSWORD)
        one, first = join(self.hub, "cho", password=PASSWORD)
        _, second = join(self.hub, "cho", password=PASSWORD)
        _, dan_door = join(self.hub, "dan")
        self.clear()
        first.take()
        self.store.hold()
        one.submit(Whisper("bob", "psst", ref=1))
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), [])
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), ["psst"])
        self.assertEqual(second.texts(), ["psst"])
        self.assertEqual(first.kinds(), ["Done"])
        self.assertEqual(dan_door.texts() + self.ann_door.texts(), [])
        type_in(self.hub, self.bob, "/msg cho yes?")
        self.assertEqual(first.texts(), ["yes?"])
        self.assertEqual(second.texts(), ["psst", "yes?"])

    def test_topic(self) -> None:
        """Changes of a room are stored and shown to all there, who did them as well."""
        carol, carol_door = self.member("carol")
        self.clear()
        self.store.hold()
        carol.receive("/topic Lunch")
        turn(self.hub)
        self.assertEqual(self.hub.rooms.lobby.topic, "")
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.hub.rooms.lobby.topic, "Lunch")
        self.assertEqual(self.bob_door.kinds(), ["TopicChanged"])
        self.assertEqual(carol_door.kinds(), ["TopicChanged", "Done"])
        self.assertIsInstance(self.stored()[-1], TopicChanged)

    def test_presence_waits(self) -> None:
        """Comings and goings keep their place behind what the room waits for."""
        self.store.hold()
        self.bob.receive("one")
        self.ann.receive("two")
        cho, _ = connect(self.hub)
        cho.receive("cho")
        turn(self.hub)
        self.ann.end("")
        turn(self.hub)
        self.assertEqual(self.bob_door.events, [])
        self.store.release()
        turn(self.hub)
        events = [k for k in self.bob_door.kinds() if k != "Done"]
        self.assertEqual(events, ["Said", "Arrived", "Departed"])

    def test_another_room(self) -> None:
        """What waits in one room holds up no other."""
        type_in(self.hub, self.bob, "/join ops")
        cho, _ = join(self.hub, "cho")
        self.clear()
        self.store.hold()
        cho.receive("lobby")
        turn(self.hub)
        join(self.hub, "dan")
        self.assertEqual(self.bob_door.of(Arrived), [])
        self.ann.receive("/join ops")
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(Joined)), 1)
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(Arrived)), 1)

    def test_same_for_everybody(self) -> None:
        """What happens in a room is shown in one and the same order to everybody."""
        doors = [self.ann_door, self.bob_door]
        doors += [join(self.hub, name)[1] for name in ("cho", "dan")]
        self.clear()
        for door in doors:
            door.take()
        for number in range(20):
            if number % 7 == 3:
                self.store.hold()
            if number % 7 == 6:
                self.store.release()
            session = (self.ann, self.bob)[number % 2]
            session.receive(f"{number}" if number % 3 else "/away")
            session.receive("/back")
            if number % 2:
                turn(self.hub, 1)
        self.store.release()
        turn(self.hub)
        orders = []
        for door in doors[2:]:
            events = [e for e in door.events if isinstance(e, (Said, AwayChanged))]
            orders.append([event.id for event in events])
        self.assertEqual(orders[0], orders[1])
        self.assertGreater(len(orders[0]), 20)
        for door in doors[:2]:
            mine = [e.id for e in door.events if isinstance(e, (Said, AwayChanged))]
            self.assertEqual(mine, [id for id in orders[0] if id in mine])


class WaitingTests(TalkCase):
    """What waits until it is stored, in a room that ann has opened."""

    def setUp(self) -> None:
        Chatting.setUp(self)
        self.ann, self.ann_door = self.member("ann", "ops")
        self.bob, self.bob_door = self.member("bob", "ops")
        self.clear()
        self.store.hold()

    def waits(self, line: str, kind: type[Event]) -> None:
        """What the line causes is shown after the commit, and not before."""
        self.bob_door.take()
        type_in(self.hub, self.ann, line)
        self.assertEqual(self.bob_door.of(kind), [])
        self.assertEqual(self.ann_door.of(Done), [])
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(kind)), 1)
        self.assertEqual(len(self.ann_door.of(Done)), 1)

    def test_emoted(self) -> None:
        """What is done waits as what is said."""
        self.waits("/me waves", Emoted)

    def test_settings(self) -> None:
        """A change of the room waits for the store before it holds."""
        room = self.hub.rooms.find("ops")
        type_in(self.hub, self.ann, "/private")
        self.assertFalse(room.private)
        self.store.release()
        turn(self.hub)
        self.assertTrue(room.private)
        self.assertEqual(len(self.bob_door.of(RoomChanged)), 1)

    def test_moderation(self) -> None:
        """Nobody is put out before it is stored."""
        type_in(self.hub, self.ann, "/kick bob")
        self.assertIn("ops", self.hub.presence.rooms_of(self.bob.somebody().id))
        self.store.release()
        turn(self.hub)
        self.assertNotIn("ops", self.hub.presence.rooms_of(self.bob.somebody().id))
        self.assertEqual(len(self.bob_door.of(Moderated)), 1)

    def test_announced(self) -> None:
        """What operators tell everybody waits, too."""
        self.store.release()
        code = result(self.hub.login.open_claim())
        type_in(self.hub, self.ann, f"/claim {code}")
        self.ann_door.take()
        self.store.hold()
        self.waits("/announce tea is ready", Announced)

    def test_presence(self) -> None:
        """Who comes, goes, is away or renamed is seen at once, and not stored."""
        before = self.stored()
        cho, door = join(self.hub, "cho")
        type_in(self.hub, cho, "/join ops", "/away tea", "/nick dan", "/leave ops")
        cho.end("")
        turn(self.hub)
        for kind in (Joined, AwayChanged, Renamed, Left, Departed):
            self.assertEqual(len(self.bob_door.of(kind)), 1, kind)
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.stored(), before)
        self.assertEqual(door.codes(), [])

    def test_presence_behind(self) -> None:
        """Who leaves a room is seen to leave behind what was said before."""
        type_in(self.hub, self.ann, "last words", "/leave ops")
        self.assertEqual(self.bob_door.of(Left), [])
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.bob_door.kinds(), ["Said", "Left"])

    def test_answers_behind_lines(self) -> None:
        """An answer does not overtake lines of the same turn."""
        self.store.release()
        type_in(self.hub, self.ann, "/history off")  # so that nothing waits
        self.ann_door.take()
        self.bob.receive("look here")
        self.ann.receive("/who")
        turn(self.hub)
        self.assertEqual(self.ann_door.kinds()[:2], ["Said", "Listing"])


class OwnWritesTests(TalkCase):
    """Somebody finds what they did just before, and need not wait to go on."""

    def test_reads_own_writes(self) -> None:
        """In one paste, what is said after /join is said there."""
        type_in(self.hub, self.bob, "/join ops")
        self.clear()
        self.store.hold()
        for line in ("one", "/join ops", "two", "/leave ops", "three"):
            self.ann.receive(line)
        for _ in range(6):
            turn(self.hub)
            self.store.release()
            turn(self.hub)
        rooms = [(e.text, e.room) for e in self.bob_door.of(Said)]
        self.assertEqual(rooms, [("one", "lobby"), ("two", "ops"), ("three", "lobby")])

    def test_answers_wait(self) -> None:
        """An answer comes after the session's own earlier events were shown."""
        self.store.hold()
        self.ann.submit(Say("hello", ref=1))
        self.ann.submit(Invoke("who", ref=2))
        self.ann.submit(Ping(3))
        turn(self.hub)
        self.assertEqual(self.ann_door.events, [])
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.ann_door.kinds(), ["Done", "Listing", "Done", "Done"])
        self.assertEqual([done.ref for done in self.ann_door.of(Done)], [1, 2, 3])

    def test_refusals_keep_their_turn(self) -> None:
        """A message that is refused is answered behind those before it."""
        self.store.hold()
        self.ann.submit(Say("hello", ref=1))
        self.ann.submit(Say("", ref=2))
        self.ann.submit(Say("more", ref=3))
        turn(self.hub)
        self.assertEqual(self.ann_door.events, [])
        self.store.release()
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        refs = [getattr(event, "ref", None) for event in self.ann_door.events]
        self.assertEqual(refs, [1, 2, 3])
        self.assertEqual(self.ann_door.kinds(), ["Done", "Failed", "Done"])

    def test_does_not_block(self) -> None:
        """Who speaks does not wait for the store: what is read at once is one write."""
        writes = self.bob_door.writes
        self.store.hold()
        for number in range(10):
            self.ann.submit(Say(f"{number}", ref=number))
        turn(self.hub)
        self.assertEqual(len(self.hub.journal), 10)
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.bob_door.texts(), [f"{number}" for number in range(10)])
        self.assertEqual(self.bob_door.writes, writes + 1)

    def test_keys_do_not_block(self) -> None:
        """Nor does a program that gives its messages keys."""
        self.store.hold()
        for number in range(10):
            self.ann.submit(Say(f"{number}", key=f"{number}", ref=number))
        turn(self.hub)
        self.assertEqual(len(self.hub.journal), 10)
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(self.ann_door.of(Done)), 10)

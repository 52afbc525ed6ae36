"""What is shown when: the rows of the table "Order" of the design, one by one."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.events import (
    Announced,
    Answer,
    AwayChanged,
    Departed,
    Done,
    Emoted,
    Entered,
    Event,
    Failed,
    Joined,
    Left,
    Listing,
    Moderated,
    Renamed,
    RoomChanged,
    Said,
    TopicChanged,
    Whispered,
)
from chatd.chat.session import Session
from chatd.store.memory import MemoryStore
from chatd.testing import FakeDoor, connect, join, make_hub, result, turn, type_in


def kinds(events: list[Event | Answer]) -> list[str]:
    """The names of the classes, to compare."""
    return [type(event).__name__ for event in events]


class OrderTests(SynchronousTestCase):
    """A store that does not answer shows what waits for it and what does not."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.hub = make_hub(store=self.store)
        self.ann, self.ann_door = self.come("ann")
        self.bob, self.bob_door = self.come("bob")
        self.ann_door.take()
        self.store.hold()

    def come(self, name: str) -> tuple[Session, FakeDoor]:
        """A member who is in the lobby and has opened or entered ops."""
        session, door = join(self.hub, name, "ops", password="correct-horse-9")
        door.take()
        return session, door

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

    def test_said(self) -> None:
        """What is said waits for the store; then others see it, not who said it."""
        self.waits("hello", Said)
        self.assertEqual(self.ann_door.of(Said), [])
        (kept,) = result(self.store.history("ops", limit=5))[-1:]
        self.assertEqual(self.bob_door.of(Said), [kept])

    def test_emoted(self) -> None:
        """What is done waits as what is said."""
        self.waits("/me waves", Emoted)

    def test_topic(self) -> None:
        """A topic waits for the store, and is seen by all, its author too."""
        self.waits("/topic all about us", TopicChanged)
        self.assertEqual(len(self.ann_door.of(TopicChanged)), 1)

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

    def test_whispered(self) -> None:
        """A private message waits; then all sessions of both see it but one."""
        self.store.release()
        _, other = join(self.hub, "ann", password="correct-horse-9")
        self.store.hold()
        self.waits("/pm bob psst", Whispered)
        self.assertEqual(len(other.of(Whispered)), 1)
        self.assertEqual(self.ann_door.of(Whispered), [])

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
        cho, door = join(self.hub, "cho")
        type_in(self.hub, cho, "/join ops", "/away tea", "/nick dan", "/leave ops")
        cho.end("")
        turn(self.hub)
        seen = kinds(self.bob_door.take())
        for kind in (Joined, AwayChanged, Renamed, Left, Departed):
            self.assertIn(kind.__name__, seen)
        self.assertEqual(result(self.store.history("ops", limit=5)), [])
        self.assertEqual(door.of(Failed), [])

    def test_presence_behind(self) -> None:
        """Who leaves a room is seen to leave behind what was said before."""
        type_in(self.hub, self.ann, "last words", "/leave ops")
        self.assertEqual(self.bob_door.of(Left), [])
        self.store.release()
        turn(self.hub)
        self.assertEqual(kinds(self.bob_door.take()), ["Said", "Left"])

    def test_other_rooms(self) -> None:
        """What waits in one room holds nothing up in another."""
        type_in(self.hub, self.ann, "something")
        join(self.hub, "cho")
        self.assertIn("Arrived", kinds(self.bob_door.take()))

    def test_history_off(self) -> None:
        """Where history is off nothing waits, and nothing is stored."""
        self.store.release()
        type_in(self.hub, self.ann, "/history off")
        self.bob_door.take()
        self.store.hold()
        type_in(self.hub, self.ann, "off the record")
        self.assertEqual(
            [said.text for said in self.bob_door.of(Said)], ["off the record"]
        )
        self.store.release()
        past = result(self.store.history("ops", limit=5))
        self.assertEqual([e for e in past if isinstance(e, Said)], [])

    def test_answers(self) -> None:
        """An answer comes behind what the session itself caused before."""
        self.ann.receive("one")
        self.ann.receive("/who")
        turn(self.hub)
        self.assertEqual(self.ann_door.take(), [])
        self.store.release()
        turn(self.hub)
        self.assertEqual(kinds(self.ann_door.take()), ["Done", "Listing", "Done"])

    def test_answers_behind_lines(self) -> None:
        """An answer does not overtake lines of the same turn."""
        self.store.release()
        type_in(self.hub, self.ann, "/history off")  # so that nothing waits
        self.ann_door.take()
        self.bob.receive("look here")
        self.ann.receive("/who")
        turn(self.hub)
        got = self.ann_door.take()
        self.assertEqual(kinds(got)[:2], ["Said", "Listing"])
        self.assertIsInstance(got[1], Listing)


class OwnWritesTests(SynchronousTestCase):
    """Somebody finds what they did just before."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.hub = make_hub(store=self.store)

    def test_paste(self) -> None:
        """/join ops, then hello, in one paste, says hello in ops."""
        ann, door = join(self.hub, "ann")
        _, bob = join(self.hub, "bob", "ops")
        bob.take()
        self.store.hold()
        ann.receive("/join ops")
        ann.receive("hello")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual([(e.room, e.text) for e in bob.of(Said)], [("ops", "hello")])
        self.assertEqual(len(door.of(Entered)), 1)

    def test_not_blocked(self) -> None:
        """Words do not wait for words: all lines of a read go in one transaction."""
        ann, _ = join(self.hub, "ann")
        _, bob = join(self.hub, "bob")
        bob.take()
        self.store.hold()
        for number in range(10):
            ann.receive(str(number))
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual([e.text for e in bob.of(Said)], [str(n) for n in range(10)])
        self.assertEqual(bob.writes, 2)  # one of them came in

    def test_same_order(self) -> None:
        """Everybody in a room reads the same lines in the same order."""
        people = [join(self.hub, name) for name in ("ann", "bob", "cho", "dan")]
        for _, door in people:
            door.take()
        for number in range(12):
            people[number % 3][0].receive(f"line {number}")
            if number % 5 == 0:
                turn(self.hub)
        turn(self.hub)
        whole = [said.text for said in people[3][1].of(Said)]
        self.assertEqual(len(whole), 12)
        for number, (_, door) in enumerate(people[:3]):
            others = [text for text in whole if int(text.split()[1]) % 3 != number]
            self.assertEqual([said.text for said in door.of(Said)], others)


class FailingStoreTests(SynchronousTestCase):
    """A store that fails loses nothing that was shown, and comes back."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.hub = make_hub(store=self.store)
        self.ann, self.ann_door = join(self.hub, "ann")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.ann_door.take()
        self.bob_door.take()

    def test_not_sent(self) -> None:
        """The sender is told and gets the line back; nobody else sees it, ever."""
        self.store.failing = True
        type_in(self.hub, self.ann, "lost")
        self.hub.clock.advance(0)  # type: ignore[attr-defined]
        self.store.failing = False
        self.hub.clock.advance(10)  # type: ignore[attr-defined]
        turn(self.hub)
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual((failed.code, failed.line), ("not-stored", "lost"))
        self.assertEqual(self.bob_door.of(Said), [])
        self.flushLoggedErrors()

    def test_well_again(self) -> None:
        """It goes on by itself when the store is well."""
        self.test_not_sent()
        type_in(self.hub, self.ann, "found")
        self.assertEqual([said.text for said in self.bob_door.of(Said)], ["found"])

    def test_unknown_outcome(self) -> None:
        """A commit whose answer was lost is looked up, and then shown."""
        self.store.unsure = True
        type_in(self.hub, self.ann, "perhaps")
        self.store.unsure = False
        self.hub.clock.advance(10)  # type: ignore[attr-defined]
        turn(self.hub)
        self.assertEqual([said.text for said in self.bob_door.of(Said)], ["perhaps"])
        self.assertEqual(self.ann_door.of(Failed), [])
        self.flushLoggedErrors()


class AtOnceTests(SynchronousTestCase):
    """Names and places are taken before anything waits."""

    def test_same_name(self) -> None:
        """Of two who take a name in one turn, one gets it."""
        store = MemoryStore()
        hub = make_hub(store=store)
        (first, one), (second, two) = connect(hub), connect(hub)
        store.hold(questions=True)
        first.receive("ann")
        second.receive("ANN")
        turn(hub)
        store.release()
        turn(hub)
        self.assertEqual(one.of(Failed), [])
        self.assertEqual([failed.code for failed in two.of(Failed)], ["name-taken"])
        self.assertIsNone(second.person)

    def test_same_room(self) -> None:
        """Of two who open a room in one turn, one becomes its moderator."""
        store = MemoryStore()
        hub = make_hub(store=store)
        (ann, one), (bob, two) = join(hub, "ann"), join(hub, "bob")
        store.hold()
        ann.receive("/join ops")
        bob.receive("/join OPS")
        turn(hub)
        store.release()
        turn(hub)
        room = hub.rooms.find("ops")
        self.assertEqual(room.moderators, {ann.somebody().id})
        self.assertEqual(room.names(), ("ann", "bob"))
        self.assertEqual(one.of(Failed) + two.of(Failed), [])

"""Every session, every request and every event pass the hub, in order."""

from collections.abc import Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import Banned, ChatError, Closed
from chatd.chat.events import (
    Announced,
    Arrived,
    AwayChanged,
    Closing,
    Departed,
    Done,
    Emoted,
    Entered,
    Event,
    Failed,
    Greeting,
    Joined,
    Left,
    Listing,
    Moderated,
    Notice,
    Past,
    Renamed,
    RoomChanged,
    RoomOpened,
    Said,
    TopicChanged,
    Welcome,
    Whispered,
)
from chatd.chat.journal import PATIENCE
from chatd.chat.request import (
    Enter,
    History,
    Invoke,
    Ping,
    Refused,
    Say,
    Search,
    Seen,
    Typed,
    Whisper,
)
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.chat.store import StoreDown
from chatd.store.memory import MemoryStore
from chatd.testing import FakeDoor, connect, join, make_hub, result, turn, type_in

SECRET = "three-green-lamps"


def kinds(door: FakeDoor) -> list[str]:
    """What came, by name."""
    return [type(event).__name__ for event in door.events]


def texts(door: FakeDoor) -> list[str]:
    """What was said to a door."""
    return [e.text for e in door.events if isinstance(e, (Said, Emoted, Whispered))]


def codes(door: FakeDoor) -> list[str]:
    """Why requests failed."""
    return [failed.code for failed in door.of(Failed)]


class HubCase(SynchronousTestCase):
    """Ann and bob in a hub whose store can be held."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore()
        rules = Rules(throttle=False)
        self.hub = make_hub(store=self.store, clock=self.clock, rules=rules)
        self.ann, self.ann_door = join(self.hub, "ann")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.clear()

    def clear(self) -> None:
        """Forget what was shown so far."""
        self.ann_door.take()
        self.bob_door.take()

    def stored(self) -> list[Event]:
        """What is kept, in order."""
        return [event for _, event in sorted(self.store._events.items())]


class OrderTests(HubCase):
    """DESIGN.md, "Order": what is stored, what waits, who sees it."""

    def test_said(self) -> None:
        """What is said is shown when it is stored, to all but who said it."""
        self.store.hold()
        self.ann.submit(Say("hello", ref=1))
        turn(self.hub)
        self.assertEqual((self.ann_door.events, self.bob_door.events), ([], []))
        self.store.release()
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["hello"])
        (said,) = self.bob_door.of(Said)
        self.assertEqual(self.ann_door.events, [Done(1, said)])
        self.assertEqual(self.stored()[-1], said)
        self.assertGreater(said.id, 0)
        self.assertEqual(said.node, "test")

    def test_other_sessions(self) -> None:
        """The sender's other sessions see what was said."""
        join(self.hub, "cho", password=SECRET)[0].end("")
        one, first = join(self.hub, "cho", password=SECRET)
        _, second = join(self.hub, "cho", password=SECRET)
        first.take()
        type_in(self.hub, one, "hello", "/me waves")
        self.assertEqual(texts(first), [])
        self.assertEqual(texts(second), ["hello", "waves"])

    def test_whispered(self) -> None:
        """A private message is stored, and seen by all sessions of both people."""
        join(self.hub, "cho", password=SECRET)
        one, first = join(self.hub, "cho", password=SECRET)
        _, second = join(self.hub, "cho", password=SECRET)
        _, dan_door = join(self.hub, "dan")
        self.clear()
        first.take()
        self.store.hold()
        one.submit(Whisper("bob", "psst", ref=1))
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), [])
        self.store.release()
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["psst"])
        self.assertEqual(texts(second), ["psst"])
        self.assertEqual(kinds(first), ["Done"])
        self.assertEqual(texts(dan_door) + texts(self.ann_door), [])
        type_in(self.hub, self.bob, "/msg cho yes?")
        self.assertEqual(texts(first), ["yes?"])
        self.assertEqual(texts(second), ["psst", "yes?"])

    def test_topic(self) -> None:
        """Changes of a room are stored and shown to all there, who did them as well."""
        carol, carol_door = join(self.hub, "carol", password=SECRET)
        self.clear()
        carol_door.take()
        self.store.hold()
        carol.receive("/topic Lunch")
        turn(self.hub)
        self.assertEqual(self.hub.rooms.lobby.topic, "")
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.hub.rooms.lobby.topic, "Lunch")
        self.assertEqual(kinds(self.bob_door), ["TopicChanged"])
        self.assertEqual(kinds(carol_door), ["TopicChanged", "Done"])
        self.assertIsInstance(self.stored()[-1], TopicChanged)

    def test_presence_at_once(self) -> None:
        """Comings and goings are not stored, and shown at once if nothing waits."""
        before = self.stored()
        self.store.hold()
        type_in(self.hub, self.ann, "/away lunch")
        self.assertEqual(kinds(self.bob_door), ["AwayChanged"])
        self.ann.end("")
        turn(self.hub)
        self.assertEqual(kinds(self.bob_door), ["AwayChanged", "Departed"])
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.stored(), before)

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
        events = [k for k in kinds(self.bob_door) if k != "Done"]
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

    def test_history_off(self) -> None:
        """Where the history is off, what is said is not stored, and shown at once."""
        type_in(self.hub, self.ann, "/join ops", "/history off")
        type_in(self.hub, self.bob, "/join ops")
        self.assertFalse(self.bob_door.of(Entered)[0].room.history)
        self.clear()
        before = self.stored()
        self.store.hold()
        type_in(self.hub, self.ann, "hello", "/me waves")
        self.assertEqual(texts(self.bob_door), ["hello", "waves"])
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.stored(), before)
        type_in(self.hub, self.ann, "/history on", "again")
        self.assertEqual(
            [e.text for e in self.stored() if isinstance(e, Said)][-1:], ["again"]
        )

    def test_history_switched(self) -> None:
        """What is said behind the switch is stored, or not, as the switch says."""
        type_in(self.hub, self.ann, "/join ops")
        type_in(self.hub, self.bob, "/join ops")
        self.clear()
        self.store.hold()
        for line in ("/history off", "/history on"):
            self.ann.receive(line)
            self.bob.receive(f"behind {line}")
            turn(self.hub)
            self.store.release()
            turn(self.hub)
            self.store.hold()
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(self.ann_door.of(Said)), 2)
        stored = [e.text for e in self.stored() if isinstance(e, Said)]
        self.assertEqual(stored, ["behind /history on"])

    def test_history_not_switched(self) -> None:
        """A switch that was not stored switches nothing."""
        type_in(self.hub, self.ann, "/join ops")
        self.store.failing = True
        type_in(self.hub, self.ann, "/history off")
        self.store.failing = False
        self.clock.advance(10)
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(codes(self.ann_door), ["not-stored"])
        self.assertEqual(
            [e.text for e in self.stored() if isinstance(e, Said)], ["hello"]
        )

    def test_history_off_answers(self) -> None:
        """Answers keep the order of the requests, also where one was shown first."""
        type_in(self.hub, self.ann, "/join ops", "/history off")
        self.clear()
        self.store.hold()
        self.ann.submit(Say("stored", "lobby", ref=1))
        self.ann.submit(Say("not stored", "ops", ref=2))
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual([done.ref for done in self.ann_door.of(Done)], [1, 2])

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
        self.assertEqual(kinds(self.ann_door), ["Done", "Listing", "Done", "Done"])
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
        self.assertEqual(kinds(self.ann_door), ["Done", "Failed", "Done"])

    def test_does_not_block(self) -> None:
        """Who speaks does not wait for the store to speak again."""
        self.store.hold()
        for number in range(10):
            self.ann.submit(Say(f"{number}", ref=number))
        turn(self.hub)
        self.assertEqual(len(self.hub.journal), 10)
        self.store.release()
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), [f"{number}" for number in range(10)])

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


class FailingStoreTests(HubCase):
    """The store fails, and comes back."""

    def recover(self) -> None:
        """The store is well again, and the journal has noticed."""
        self.store.failing = self.store.unsure = False
        self.clock.advance(10)
        turn(self.hub)

    def test_not_sent(self) -> None:
        """Who spoke is told that it was not sent, and nobody was shown it."""
        self.store.failing = True
        self.ann.submit(Say("lost", ref=1))
        turn(self.hub)
        self.assertEqual(self.bob_door.events, [])
        self.recover()
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual(
            (failed.code, failed.line, failed.ref), ("not-stored", "lost", 1)
        )
        self.assertEqual(self.bob_door.events, [])
        type_in(self.hub, self.ann, "found")
        self.assertEqual(texts(self.bob_door), ["found"])
        self.assertEqual(
            [e.text for e in self.stored() if isinstance(e, Said)], ["found"]
        )

    def test_refused_meanwhile(self) -> None:
        """While the store is away, everybody is told at once that it is."""
        self.store.failing = True
        type_in(self.hub, self.ann, "lost")
        self.bob.submit(Say("also lost", ref=5))
        turn(self.hub)
        (failed,) = self.bob_door.of(Failed)
        self.assertEqual((failed.code, failed.ref), ("not-stored", 5))
        type_in(self.hub, self.bob, "/topic no")
        self.recover()
        self.assertEqual(texts(self.bob_door), [])

    def test_kept_after_all(self) -> None:
        """What was stored although the answer was lost is shown, not called lost."""
        self.store.unsure = True
        self.ann.submit(Say("kept", ref=1))
        turn(self.hub)
        self.recover()
        self.assertEqual(texts(self.bob_door), ["kept"])
        self.assertEqual(kinds(self.ann_door), ["Done"])

    def test_looked_up_when_it_is_back(self) -> None:
        """Nobody is told anything before it is known what was stored."""
        self.store.unsure = True
        self.ann.submit(Say("kept", ref=1))
        self.clock.advance(0)
        self.store.failing = True
        self.assertEqual(kinds(self.ann_door), ["Done"])

    def test_unknown_until_looked_up(self) -> None:
        """As long as the store cannot be asked, it is neither lost nor sent."""
        self.store.failing = self.store.unsure = True
        self.ann.submit(Say("unknown", ref=1))
        for _ in range(5):
            self.clock.advance(1)
            self.assertEqual((self.ann_door.events, self.bob_door.events), ([], []))
        self.recover()
        self.assertEqual(codes(self.ann_door), ["not-stored"])

    def test_nobody_waits_for_ever(self) -> None:
        """A store that stays away: senders are told, and people come and go."""
        keeping = self.patch(self.store, "stored", self.away)
        self.store.unsure = True
        self.ann.submit(Say("perhaps", ref=1))
        turn(self.hub)
        session, cho = connect(self.hub)
        session.submit(Enter("cho"))
        self.clock.pump([1] * int(PATIENCE - 1))
        self.assertEqual((self.ann_door.events, codes(cho)), ([], []))
        self.clock.pump([1] * 2)
        turn(self.hub)
        self.assertEqual(codes(self.ann_door), ["unsure"])
        self.assertEqual(len(cho.of(Welcome)), 1)
        self.bob.submit(Say("and now?", ref=2))
        turn(self.hub)
        self.assertEqual(codes(self.bob_door), ["not-stored"])
        type_in(self.hub, self.bob, "/who")
        self.assertEqual(len(self.bob_door.of(Listing)), 1)
        keeping.restore()
        self.recover()
        for door in (self.ann_door, self.bob_door, cho):
            self.assertEqual(texts(door), ["perhaps"])
        type_in(self.hub, self.bob, "back again")
        self.assertEqual(texts(self.ann_door), ["perhaps", "back again"])

    async def away(self, ids: object) -> set[int]:
        """The store cannot be asked."""
        raise StoreDown

    def test_unkept_keep_their_place(self) -> None:
        """Comings and goings that waited behind a lost message are shown."""
        self.store.failing = self.store.unsure = True
        self.ann.receive("lost")
        self.bob.receive("/away")
        turn(self.hub)
        cho, _ = connect(self.hub)
        self.assertEqual(self.bob_door.events, [])
        self.recover()
        self.assertEqual(kinds(self.bob_door), ["AwayChanged", "Done"])
        self.assertFalse(cho.ended)

    def test_command(self) -> None:
        """A command whose event was not stored has failed."""
        carol, door = join(self.hub, "carol", password=SECRET)
        door.take()
        self.store.failing = True
        carol.submit(Invoke("topic", "Lunch", ref=1))
        turn(self.hub)
        self.recover()
        self.assertEqual(kinds(door), ["Failed"])
        self.assertEqual(door.of(Failed)[0].code, "not-stored")
        self.assertEqual(self.hub.rooms.lobby.topic, "")
        carol.submit(Invoke("topic", "Lunch", ref=2))
        turn(self.hub)
        self.assertEqual(kinds(door)[1:], ["TopicChanged", "Done"])

    def test_command_refused(self) -> None:
        """So has one that is not even begun, because the store is away."""
        carol, door = join(self.hub, "carol", password=SECRET)
        door.take()
        self.store.failing = True
        type_in(self.hub, self.ann, "lost")
        carol.submit(Invoke("topic", "Lunch", ref=1))
        turn(self.hub)
        self.assertEqual(
            [(f.code, f.ref) for f in door.of(Failed)], [("not-stored", 1)]
        )
        self.recover()

    def test_opening(self) -> None:
        """A room that could not be stored is not there, for nobody."""
        self.store.failing = True
        self.ann.receive("/join ops")
        self.bob.receive("/join ops")
        turn(self.hub)
        self.recover()
        self.assertEqual(codes(self.ann_door), ["not-stored"])
        self.assertEqual(codes(self.bob_door), ["not-in-room"])
        self.assertIsNone(self.hub.rooms.get("ops"))
        for session in (self.ann, self.bob):
            self.assertEqual(
                self.hub.presence.rooms_of(session.somebody().id), ["lobby"]
            )
            self.assertIs(session.room, self.hub.rooms.lobby)
        type_in(self.hub, self.bob, "/join ops")
        self.assertEqual(self.hub.rooms.find("ops").names(), ("bob",))
        self.assertEqual(
            self.hub.rooms.find("ops").moderators, {self.bob.somebody().id}
        )

    def test_opening_refused(self) -> None:
        """Nor is one that was asked for while the store is away."""
        self.store.failing = True
        type_in(self.hub, self.ann, "lost")
        type_in(self.hub, self.bob, "/join ops")
        self.assertEqual(codes(self.bob_door), ["not-stored"])
        self.assertIsNone(self.hub.rooms.get("ops"))
        self.recover()

    def test_opened_again(self) -> None:
        """Who waits for a room that is not stored is not put into one opened later."""
        self.store.hold()
        self.ann.receive("/join ops")
        self.bob.receive("/join ops")
        turn(self.hub)
        self.store.failing = True
        self.store.release()
        self.recover()
        self.ann.receive("/join ops")
        turn(self.hub)
        self.assertEqual(self.hub.rooms.find("ops").names(), ("ann",))
        self.assertEqual(self.hub.presence.rooms_of(self.bob.somebody().id), ["lobby"])

    def test_bad_row(self) -> None:
        """A message that cannot be stored fails alone."""
        self.ann.submit(Say("one", ref=1))
        self.ann.submit(Say("\ud800", ref=2))
        self.ann.submit(Say("three", ref=3))
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["one", "three"])
        self.assertEqual(kinds(self.ann_door), ["Done", "Failed", "Done"])

    def test_store_that_raises(self) -> None:
        """A store with a bug loses what it was given, and no more."""
        append = self.store.append

        def broken(events: Sequence[Event]) -> "Deferred[list[Exception | None]]":
            self.store.append = append  # type: ignore[method-assign]
            return fail(RuntimeError("a bug"))

        self.store.append = broken  # type: ignore[method-assign]
        type_in(self.hub, self.ann, "one", "two")
        self.assertEqual(texts(self.bob_door), ["two"])
        self.assertEqual(codes(self.ann_door), ["not-stored"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)


class DuplicateTests(HubCase):
    """Sending twice under one key is safe."""

    def test_again(self) -> None:
        """The second one shows nothing, and is answered like the first."""
        self.ann.submit(Say("hello", key="k", ref=1))
        turn(self.hub)
        self.ann.submit(Say("hello", key="k", ref=2))
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["hello"])
        one, two = self.ann_door.of(Done)
        self.assertEqual((one.event, one.ref, two.ref), (two.event, 1, 2))

    def test_at_once(self) -> None:
        """Also in one turn."""
        self.ann.submit(Say("hello", key="k", ref=1))
        self.ann.submit(Say("hello", key="k", ref=2))
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["hello"])
        self.assertEqual([done.ref for done in self.ann_door.of(Done)], [1, 2])

    def test_private(self) -> None:
        """Also in private."""
        self.ann.submit(Whisper("bob", "psst", key="k", ref=1))
        self.ann.submit(Whisper("bob", "psst", key="k", ref=2))
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["psst"])
        one, two = self.ann_door.of(Done)
        self.assertEqual(one.event, two.event)

    def test_others(self) -> None:
        """A key is its sender's only."""
        self.ann.submit(Say("one", key="k"))
        self.bob.submit(Say("two", key="k"))
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["one"])
        self.assertEqual(texts(self.ann_door), ["two"])

    def test_after_a_failure(self) -> None:
        """What was not stored can be sent again under its key."""
        self.store.failing = True
        self.ann.submit(Say("hello", key="k", ref=1))
        turn(self.hub)
        self.store.failing = False
        self.clock.advance(10)
        self.ann.submit(Say("hello", key="k", ref=2))
        turn(self.hub)
        self.assertEqual(kinds(self.ann_door), ["Failed", "Done"])
        self.assertEqual(texts(self.bob_door), ["hello"])


class RoomsTests(HubCase):
    """Entering and leaving."""

    def test_two_open_at_once(self) -> None:
        """Of two who open one room in one turn, the first is its moderator."""
        self.store.hold()
        self.ann.receive("/join ops")
        self.bob.receive("/join Ops")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        room = self.hub.rooms.find("ops")
        self.assertEqual(room.names(), ("ann", "bob"))
        self.assertEqual(room.moderators, {self.ann.somebody().id})
        opened = [e for e in self.stored() if isinstance(e, RoomOpened)]
        self.assertEqual(len(opened), 1)

    def test_rooms_per_person(self) -> None:
        """Somebody can be in so many rooms, and in no more."""
        self.hub.rules = replace(self.hub.rules, rooms_per_person=3)
        type_in(self.hub, self.ann, "/join ops", "/join dev", "/join one-more")
        self.assertEqual(codes(self.ann_door), ["full"])
        self.assertIsNone(self.hub.rooms.get("one-more"))
        type_in(self.hub, self.bob, "/join one-more")
        type_in(self.hub, self.ann, "/join one-more")
        self.assertEqual(codes(self.ann_door), ["full", "full"])
        type_in(self.hub, self.ann, "/leave dev", "/join one-more")
        self.assertEqual(codes(self.ann_door), ["full", "full"])
        self.assertEqual(
            self.hub.presence.rooms_of(self.ann.somebody().id),
            ["lobby", "ops", "one-more"],
        )

    def test_banned_meanwhile(self) -> None:
        """Who is banned while entering does not stay."""
        type_in(self.hub, self.ann, "/join ops")
        self.store.hold()
        self.ann.receive("/ban bob")
        turn(self.hub)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual(codes(self.bob_door), ["not-in-room"])
        self.assertEqual(self.hub.rooms.find("ops").names(), ("ann",))
        self.assertNotIn(self.bob, self.hub.rooms.find("ops").readers)

    def test_gone_while_entering(self) -> None:
        """Whose line breaks while entering is nowhere afterwards."""
        type_in(self.hub, self.ann, "/join ops")
        self.clear()
        self.store.hold()
        self.ann.receive("wait")
        turn(self.hub)
        self.bob.receive("/join ops")
        self.bob.end("")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.hub.rooms.find("ops").names(), ("ann",))
        self.assertEqual(kinds(self.ann_door), ["Done", "Joined", "Departed"])
        self.assertEqual(self.ann_door.of(Departed)[0].rooms, ("lobby", "ops"))

    def test_back_again(self) -> None:
        """/join brings back to a room without a second announcement."""
        type_in(self.hub, self.ann, "/join ops", "/join lobby")
        self.assertIs(self.ann.room, self.hub.rooms.lobby)
        self.assertEqual(len(self.ann_door.of(Joined)), 1)
        self.assertEqual(
            [e.room.name for e in self.ann_door.of(Entered)], ["ops", "lobby"]
        )

    def test_second_session_elsewhere(self) -> None:
        """A session in no room is in the one that the person enters by another."""
        one, _ = join(self.hub, "cho", password=SECRET)
        two, door = join(self.hub, "cho", password=SECRET)
        type_in(self.hub, one, "/leave lobby")
        self.assertIsNone(two.room)
        type_in(self.hub, one, "/join ops")
        self.assertIs(two.room, self.hub.rooms.find("ops"))
        type_in(self.hub, one, "hello")
        self.assertEqual(texts(door), ["hello"])

    def test_leaving_the_current(self) -> None:
        """Who leaves the current room is in the one entered before it, or in none."""
        type_in(self.hub, self.ann, "/join ops", "/join dev", "/leave dev")
        self.assertIs(self.ann.room, self.hub.rooms.find("ops"))
        type_in(self.hub, self.ann, "/leave lobby", "/leave ops")
        self.assertIsNone(self.ann.room)
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(codes(self.ann_door), ["not-in-room"])

    def test_not_there(self) -> None:
        """One cannot leave a room in which one is not, nor speak there."""
        type_in(self.hub, self.bob, "/join ops")
        type_in(self.hub, self.ann, "/leave ops")
        self.ann.submit(Say("hello", "ops"))
        turn(self.hub)
        self.assertEqual(codes(self.ann_door), ["not-in-room", "not-in-room"])

    def test_invisible(self) -> None:
        """A private room is unknown to those who may not see it."""
        type_in(self.hub, self.bob, "/join ops", "/private")
        for request in (
            Say("hello", "ops"),
            Invoke("topic", room="ops"),
            History("ops"),
            Seen(1, room="ops"),
            Say("hello", "nowhere"),
        ):
            self.ann.submit(request)
        turn(self.hub)
        self.assertEqual(codes(self.ann_door), ["not-found"] * 5)
        words = {f.text.replace("nowhere", "ops") for f in self.ann_door.of(Failed)}
        self.assertEqual(len(words), 1)
        type_in(self.hub, self.ann, "/join ops")
        self.assertEqual(codes(self.ann_door)[-1], "not-allowed")

    def test_rooms_not_kept(self) -> None:
        """That the store did not keep where somebody is harms nothing now."""
        cho, door = join(self.hub, "cho", password=SECRET)
        type_in(self.hub, self.bob, "/join ops")
        self.store.failing = True
        type_in(self.hub, cho, "/join ops", "/leave lobby")
        self.assertEqual(codes(door), [])
        self.assertEqual(self.hub.presence.rooms_of(cho.somebody().id), ["ops"])


class RequestTests(HubCase):
    """What can be asked for."""

    def test_nothing(self) -> None:
        """An empty line is answered, and does nothing."""
        self.ann.submit(Typed("", 1))
        turn(self.hub)
        self.assertEqual(self.ann_door.events, [Done(1, None, {})])

    def test_refused(self) -> None:
        """What a door could not understand is answered in its turn."""
        from chatd.chat.errors import TooLong

        self.ann.submit(Refused(TooLong("Too long."), "a line", 1))
        turn(self.hub)
        self.assertEqual(
            self.ann_door.events, [Failed("too-long", "Too long.", "a line", 1)]
        )

    def test_history(self) -> None:
        """A room's history, and what two people told each other, by pages."""
        type_in(self.hub, self.ann, "one", "two", "three")
        type_in(self.hub, self.ann, "/msg bob psst")
        self.clear()
        self.ann.submit(History(limit=2, ref=1))
        turn(self.hub)
        (past,) = self.ann_door.of(Past)
        self.assertEqual(
            [e.text for e in past.events if isinstance(e, Said)], ["two", "three"]
        )
        self.assertEqual((past.more, past.ref, past.room), (True, 1, "lobby"))
        self.clear()
        self.ann.submit(History(before=past.events[0].id, ref=2))
        self.ann.submit(History(person="bob", ref=3))
        turn(self.hub)
        one, two = self.ann_door.of(Past)
        self.assertEqual([e.text for e in one.events if isinstance(e, Said)], ["one"])
        self.assertFalse(one.more)
        self.assertEqual([type(e) for e in two.events], [Whispered])

    def test_search(self) -> None:
        """What was said is found."""
        type_in(self.hub, self.ann, "the disk is full")
        self.clear()
        self.ann.submit(Search("disk", ref=1))
        turn(self.hub)
        (past,) = self.ann_door.of(Past)
        self.assertEqual((past.name, len(past.events), past.ref), ("search", 1, 1))
        self.assertEqual(kinds(self.ann_door), ["Past", "Done"])

    def test_not_entered(self) -> None:
        """Who has not come in can ask for nothing that is others'."""
        session, door = connect(self.hub)
        for request in (
            Say("hello"),
            Whisper("ann", "hello"),
            History(),
            History(person="ann"),
            Search("hello"),
            Seen(1),
            Seen(1, person="ann"),
            Invoke("join", "ops"),
        ):
            session.submit(request)
        turn(self.hub)
        self.assertEqual(codes(door), ["not-entered"] * 8)

    def test_seen(self) -> None:
        """A member moves the read marks; a guest has none, and is not refused."""
        cho, door = join(self.hub, "cho", password=SECRET)
        join(self.hub, "dan", password=SECRET)[0].end("")
        type_in(self.hub, self.ann, "hello")
        last = self.hub.last
        door.take()
        for session in (cho, self.ann):
            session.submit(Seen(last, ref=1))
            session.submit(Seen(last, person="dan", ref=2))
            session.submit(Seen(last, person="nobody1", ref=3))
        turn(self.hub)
        self.assertEqual(kinds(door), ["Done", "Done", "Failed"])
        self.assertEqual(codes(self.ann_door), ["not-found"])
        marks = self.hub.archive._marks[cho.somebody().id]
        self.assertEqual(marks["lobby"], last)

    def test_bug(self) -> None:
        """A bug in a command is logged, told in one sentence, and harms nobody."""

        async def bug(*args: object, **how: object) -> None:
            raise ZeroDivisionError("a bug")

        self.hub.archive.search = bug  # type: ignore[method-assign, assignment]
        self.ann.submit(Search("x", ref=1))
        self.ann.submit(Say("hello", ref=2))
        turn(self.hub)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        (failed,) = self.ann_door.of(Failed)
        self.assertEqual((failed.code, failed.ref), ("internal", 1))
        self.assertEqual(texts(self.bob_door), ["hello"])

    def test_bug_in_delivery(self) -> None:
        """An event that cannot be delivered is logged, and its sender answered."""
        show = self.hub.delivery.show

        def bug(event: Event, origin: Session | None = None) -> None:
            if getattr(event, "text", "") == "bug":
                raise ZeroDivisionError("a bug")
            show(event, origin)

        self.hub.delivery.show = bug  # type: ignore[method-assign]
        self.ann.submit(Say("bug", ref=1))
        self.ann.submit(Say("hello", ref=2))
        turn(self.hub)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual([done.ref for done in self.ann_door.of(Done)], [1, 2])
        self.assertEqual(texts(self.bob_door), ["hello"])


class PeopleTests(HubCase):
    """Who is who."""

    def test_find(self) -> None:
        """People are found by name, however it is spelt, here or not."""
        join(self.hub, "Cho", password=SECRET)[0].end("")
        turn(self.hub)
        self.assertEqual(result(self.hub.find("@ANN")).name, "ann")
        self.assertEqual(result(self.hub.find("cho")).name, "Cho")
        self.assertEqual(self.hub.here("BOB").person.name, "bob")
        for name in ("nobody1", "not a name"):
            with self.assertRaises(ChatError):
                result(self.hub.find(name))
        self.assertRaises(ChatError, self.hub.here, "cho")

    def test_in_room(self) -> None:
        """It is known who is where."""
        type_in(self.hub, self.ann, "/join ops")
        self.assertIn("ops", self.hub.presence.rooms_of(self.ann.somebody().id))
        self.assertNotIn("ops", self.hub.presence.rooms_of(self.bob.somebody().id))

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

    def test_banned(self) -> None:
        """Who comes from a banned address is not even connected."""

        def check(**what: str) -> None:
            raise Banned("You are banned from this server.")

        self.hub.bans.check = check  # type: ignore[method-assign]
        self.assertRaises(Banned, connect, self.hub)

    def test_in_time(self) -> None:
        """Who has not come in within the time is let go; who has, stays."""
        _, slow = connect(self.hub)
        self.clock.advance(self.hub.rules.entering - 1)
        self.assertTrue(slow.open)
        self.clock.advance(1)
        self.assertFalse(slow.open)
        self.assertIn("in time", slow.of(Closing)[0].text)
        self.assertFalse(self.ann.ended)


class StartTests(HubCase):
    """A server takes up where it left off."""

    def test_again(self) -> None:
        """Rooms, lock-down, message of the day and ids are as they were."""
        type_in(self.hub, self.ann, "/join ops", "/private")
        boss, _ = join(self.hub, "boss", password=SECRET)
        type_in(self.hub, boss, f"/claim {result(self.hub.login.open_claim())}")
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


class EndTests(HubCase):
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
        self.assertEqual(texts(self.bob_door), ["last words"])
        self.assertEqual(kinds(self.ann_door), ["Closing", "Done", "Failed"])
        self.assertEqual(codes(self.ann_door), ["closed"])
        self.assertEqual(codes(self.bob_door), ["closed"])
        self.assertIn(Done(4, None, {}), self.bob_door.events)
        self.assertEqual(
            [e.text for e in self.stored() if isinstance(e, Said)], ["last words"]
        )

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
        self.assertEqual(kinds(self.bob_door), ["Said", "Closing"])
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
        cho, _ = join(self.hub, "cho", password=SECRET)
        type_in(self.hub, self.ann, "hello")
        type_in(self.hub, cho, "/who")
        self.successResultOf(self.close())
        account = result(self.store.account_named("cho"))
        assert account is not None
        marks = result(self.store.marks(account.id))
        self.assertGreater(marks[""], 0)

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


class KillTests(HubCase):
    """Operators end sessions."""

    def test_killed(self) -> None:
        """All sessions of somebody are ended with the reason; others see them leave."""
        boss, boss_door = join(self.hub, "boss", password=SECRET)
        type_in(self.hub, boss, f"/claim {result(self.hub.login.open_claim())}")
        join(self.hub, "cho", password=SECRET)
        _, one = join(self.hub, "cho", password=SECRET)
        self.clear()
        type_in(self.hub, boss, "/kill cho too loud")
        self.assertIn("too loud", one.of(Closing)[0].text)
        self.assertFalse(one.open)
        self.assertEqual(kinds(self.ann_door), ["Departed"])
        self.assertNotIn("Failed", kinds(boss_door))

    def test_announced(self) -> None:
        """An announcement reaches everybody who is here, wherever."""
        boss, boss_door = join(self.hub, "boss", password=SECRET)
        type_in(self.hub, boss, f"/claim {result(self.hub.login.open_claim())}")
        type_in(self.hub, self.ann, "/leave lobby")
        _, outside = connect(self.hub)
        self.clear()
        type_in(self.hub, boss, "/announce Fire drill.")
        for door in (self.ann_door, self.bob_door, boss_door):
            self.assertEqual(len(door.of(Announced)), 1)
        self.assertEqual(outside.events, [])


class ShownTests(HubCase):
    """What others see of what somebody does."""

    def test_enter_is_answered_once(self) -> None:
        """Coming in is answered by the welcome, and by nothing else."""
        session, door = connect(self.hub)
        session.submit(Enter("cho", ref=9))
        turn(self.hub)
        refs = [getattr(e, "ref", None) for e in door.events]
        self.assertEqual(refs.count(9), 1)

    def test_renamed_in_rooms(self) -> None:
        """A new name is shown in all rooms of its owner, once to each reader."""
        for session in (self.ann, self.bob):
            type_in(self.hub, session, "/join ops")
        self.clear()
        type_in(self.hub, self.ann, "/nick rose")
        self.assertEqual(len(self.bob_door.of(Renamed)), 1)
        for room in ("lobby", "ops"):
            self.assertEqual(self.hub.rooms.find(room).names(), ("bob", "rose"))

    def test_kicked(self) -> None:
        """Who is kicked sees it, is out, and may come back."""
        type_in(self.hub, self.ann, "/join ops")
        type_in(self.hub, self.bob, "/join ops")
        self.clear()
        type_in(self.hub, self.ann, "/kick bob too loud", "hello")
        (kick,) = self.bob_door.of(Moderated)
        self.assertEqual(kick.reason, "too loud")
        self.assertEqual(texts(self.bob_door), [])
        self.assertIs(self.bob.room, self.hub.rooms.lobby)
        type_in(self.hub, self.bob, "/join ops")
        self.assertEqual(codes(self.bob_door), [])

    def test_left(self) -> None:
        """Others see who leaves, and so does who leaves."""
        for session in (self.ann, self.bob):
            type_in(self.hub, session, "/join ops")
        self.clear()
        type_in(self.hub, self.ann, "/leave ops")
        self.assertEqual(
            [len(d.of(Left)) for d in (self.ann_door, self.bob_door)], [1, 1]
        )

    def test_private_rooms_are_not_named(self) -> None:
        """Who comes and goes is not seen to be in private rooms of others."""
        cho, _ = join(self.hub, "cho", password=SECRET)
        type_in(self.hub, cho, "/join ops", "/private", "/join dev")
        type_in(self.hub, self.bob, "/join dev")
        cho.end("")
        turn(self.hub)
        self.clear()
        join(self.hub, "cho", password=SECRET)[0].end("")
        turn(self.hub)
        arrived = [e.rooms for e in self.bob_door.events if isinstance(e, Arrived)]
        self.assertEqual(arrived, [("lobby", "dev")])
        departed = [e.rooms for e in self.bob_door.of(Departed)]
        self.assertEqual(departed, [("lobby", "dev")])

    def test_settings_of_a_room(self) -> None:
        """A room's privacy is stored with those who were in it."""
        type_in(self.hub, self.ann, "/join ops")
        type_in(self.hub, self.bob, "/join ops")
        type_in(self.hub, self.ann, "/private")
        (changed,) = [e for e in self.stored() if isinstance(e, RoomChanged)]
        self.assertEqual(
            set(changed.members),
            {self.ann.somebody().id, self.bob.somebody().id},
        )
        self.assertEqual(self.ann_door.of(Notice), [])
        self.assertEqual(self.ann_door.of(Listing), [])

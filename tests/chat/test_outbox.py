"""What happens in a turn is sent at its end, in order, in one write to each reader."""

from dataclasses import replace
from random import Random
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import held, outbox
from chatd.chat.account import Person, Preferences
from chatd.chat.events import (
    Answer,
    Arrived,
    AwayChanged,
    Departed,
    Done,
    Emoted,
    Entered,
    Event,
    Joined,
    Left,
    Listing,
    Notice,
    Past,
    Said,
    Whispered,
)
from chatd.chat.look import Look, Render, look
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.store.memory import MemoryStore
from chatd.testing import FakeDoor, connect, join, make_hub, turn, type_in


def texts(door: FakeDoor) -> list[str]:
    """What was said to a door, in order."""
    return [e.text for e in door.events if isinstance(e, (Said, Whispered, Emoted))]


class OneWriteTests(SynchronousTestCase):
    """However much happens in a turn, each reader is written to once."""

    def setUp(self) -> None:
        self.hub = make_hub()
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
        self.assertEqual(texts(self.cho_door), ["one", "two", "three"])
        self.assertEqual([door.writes for door in self.doors], [1, 1, 1])

    def test_own_lines(self) -> None:
        """Who spoke gets all the lines but the own ones, and the answers in place."""
        for name, session in (("a", self.ann), ("b", self.bob), ("a", self.ann)):
            session.receive(name)
        turn(self.hub)
        self.assertEqual(texts(self.ann_door), ["b"])
        self.assertEqual(texts(self.bob_door), ["a", "a"])
        kinds = [type(event) for event in self.ann_door.events]
        self.assertEqual(kinds, [Done, Said, Done])

    def test_named(self) -> None:
        """Who is named is shown the line as concerning them, in its place."""
        self.ann.receive("hello")
        self.ann.receive("bob, lunch?")
        self.ann.receive("bob and cho: now")
        turn(self.hub)
        self.assertEqual(
            texts(self.bob_door), ["hello", "bob, lunch?", "bob and cho: now"]
        )
        self.assertEqual(texts(self.cho_door), texts(self.bob_door))
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
        self.assertEqual(texts(self.cho_door), ["two"])
        self.assertEqual(texts(self.bob_door), ["one", "cho!", "waves"])

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
            texts(self.ann_door), ["in the lobby", "lobby again", "ops again"]
        )
        self.assertEqual(
            texts(self.bob_door), ["in the lobby", "in ops", "lobby again"]
        )
        self.assertEqual(texts(self.cho_door), ["lobby again"])
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
        self.assertEqual(texts(dan_door), ["after"])
        self.assertEqual(texts(self.bob_door), ["before", "after"])
        kinds = [type(event) for event in self.bob_door.events]
        self.assertEqual(kinds, [Said, Arrived, Said])

    def test_shown_once(self) -> None:
        """What is in the history that a newcomer is shown is not shown again."""
        self.ann.receive("before")
        dan, dan_door = connect(self.hub)
        dan.receive("dan")
        self.ann.receive("after")
        turn(self.hub)
        shown = [e.text for e in dan_door.of(Past)[0].events if isinstance(e, Said)]
        self.assertEqual(shown + texts(dan_door), ["before", "after"])

    def test_leaving_in_the_middle(self) -> None:
        """Who leaves a room in the middle of a turn is shown what came before."""
        type_in(self.hub, self.ann, "/join ops")
        type_in(self.hub, self.bob, "/join ops")
        self.ann_door.take()
        self.bob.receive("before")
        self.ann.receive("/leave ops")
        self.bob.receive("after")
        turn(self.hub)
        self.assertEqual(texts(self.ann_door), ["before"])
        kinds = [type(e) for e in self.ann_door.events]
        self.assertLess(kinds.index(Said), kinds.index(Left))

    def test_last_words(self) -> None:
        """Who is hung up on is sent what was said so far first."""
        self.ann.receive("one")
        self.hub.clock.advance(0)  # type: ignore[attr-defined]
        self.bob.close("Bye.")
        self.assertEqual(texts(self.bob_door), ["one"])
        self.assertFalse(self.bob_door.open)
        self.ann.receive("two")
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["one"])

    def test_answers_behind(self) -> None:
        """An answer comes behind what was shown so far in the same turn."""
        self.bob.receive("/away")
        self.ann.receive("/who")
        self.cho.receive("/away")
        turn(self.hub)
        kinds = [type(event) for event in self.ann_door.events]
        self.assertEqual(kinds, [AwayChanged, Listing, Done, AwayChanged])


class RenderingTests(SynchronousTestCase):
    """What many are shown is rendered once."""

    def setUp(self) -> None:
        self.hub = make_hub()
        self.rendered: list[str] = []

    def render(
        self, event: Event | Answer, look: Look, here: bool, reader: Person | None
    ) -> bytes:
        """Remember that something was rendered."""
        name = type(event).__name__
        self.rendered.append(name)
        if getattr(event, "text", "") == "bug":
            raise RuntimeError("cannot be rendered")
        where = "" if here else " there"
        whom = f" for {reader.name}" if reader and isinstance(event, Said) else ""
        return f"{name} {getattr(event, 'text', '')}{whom}{where}\n".encode()

    def come(self, name: str, *rooms: str) -> "tuple[Session, Bytes]":
        """Somebody whose door shows bytes."""
        door = Bytes(self.render)
        session = self.hub.connections.connect(
            door, kind="fake", address="192.0.2.1", secure=True
        )
        type_in(self.hub, session, name, *(f"/join {room}" for room in rooms))
        return session, door

    def test_once(self) -> None:
        """A line is rendered once for all who read alike, and joined once."""
        ann, _ = self.come("ann")
        doors = [self.come(name)[1] for name in ("bob", "cho", "dan")]
        self.rendered.clear()
        for door in doors:
            door.data.clear()
        ann.receive("one")
        ann.receive("two")
        turn(self.hub)
        self.assertEqual(self.rendered.count("Said"), 2)
        for door in doors:
            self.assertEqual(door.data, [b"Said one\nSaid two\n"])
        self.assertIs(doors[0].data[0], doors[1].data[0])

    def test_other_rooms(self) -> None:
        """A line in a room that is not the current one is rendered as such."""
        ann, _ = self.come("ann")
        _, bob = self.come("bob", "ops")
        _, cho = self.come("cho")
        bob.data.clear()
        cho.data.clear()
        type_in(self.hub, ann, "hi")
        self.assertEqual(bob.data, [b"Said hi there\n"])
        self.assertEqual(cho.data, [b"Said hi\n"])

    def test_named(self) -> None:
        """Who is named is told so; the others share one rendering."""
        ann, _ = self.come("ann")
        _, bob = self.come("bob")
        _, cho = self.come("cho")
        for door in (bob, cho):
            door.data.clear()
        ann.receive("Bob: hi")
        ann.receive("all")
        turn(self.hub)
        self.assertEqual(bob.data, [b"Said Bob: hi for bob\nSaid all\n"])
        self.assertEqual(cho.data, [b"Said Bob: hi\nSaid all\n"])

    def test_bug(self) -> None:
        """What cannot be rendered is logged and left out; all else is shown."""
        ann, _ = self.come("ann")
        _, bob = self.come("bob")
        bob.data.clear()
        ann.receive("one")
        ann.receive("bug")
        ann.receive("two")
        turn(self.hub)
        self.assertEqual(bob.data, [b"Said one\nSaid two\n"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_broken_door(self) -> None:
        """A door that cannot send is logged, and the others are sent theirs."""
        ann, _ = self.come("ann")
        _, bob = self.come("bob")
        _, cho = self.come("cho")
        cho.data.clear()
        bob.broken = True
        type_in(self.hub, ann, "hello")
        self.assertEqual(cho.data, [b"Said hello\n"])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)


class Bytes(FakeDoor):
    """A door that keeps the very bytes it was sent."""

    def __init__(self, render: Render) -> None:
        super().__init__()
        self._render = render
        self.data: list[bytes] = []
        self.broken = False

    def look(self, preferences: Preferences) -> Look:
        """One look for all doors with this way to render."""
        return look(self._render)

    def send(self, data: bytes) -> None:
        """Keep it."""
        if self.broken:
            raise OSError("broken")
        self.data.append(data)


class Straight(FakeDoor):
    """A door that may be passed."""

    def __init__(self) -> None:
        super().__init__()
        self.room = 1000
        self.past = b""

    def straight(self, session: Session) -> "_Socket":  # type: ignore[override]
        """Always."""
        return _Socket(self)


class _Socket:
    def __init__(self, door: Straight) -> None:
        self.door = door

    def send(self, data: bytes) -> int:
        """Take what there is room for."""
        if not self.door.room:
            raise BlockingIOError
        taken = data[: self.door.room]
        self.door.room -= len(taken)
        self.door.past += taken
        return len(taken)


class StraightTests(SynchronousTestCase):
    """Most are sent what all are shown past their doors, and nothing gets lost."""

    def setUp(self) -> None:
        self.hub = make_hub()
        self.ann, _ = join(self.hub, "ann")
        self.door = Straight()
        self.bob = self.hub.connections.connect(
            self.door, kind="fake", address="192.0.2.1", secure=True
        )
        type_in(self.hub, self.bob, "bob")
        self.sent: list[bytes] = []
        self.patch(self.door, "send", self.sent.append)
        _, cho_door = join(self.hub, "cho")
        self.whole: list[bytes] = []
        self.patch(cho_door, "send", self.whole.append)

    def say(self) -> bytes:
        """Ann says something; what bob should be sent."""
        self.door.past = b""
        self.sent.clear()
        self.whole.clear()
        type_in(self.hub, self.ann, "hi")
        (data,) = self.whole
        return data

    def test_past(self) -> None:
        """What is there for all is sent past the door."""
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (data, []))

    def test_partly(self) -> None:
        """What was not taken is written by the door."""
        self.door.room = 1
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (data[:1], [data[1:]]))

    def test_not_at_all(self) -> None:
        """If nothing was taken, all is."""
        self.door.room = 0
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (b"", [data]))

    def test_hindered(self) -> None:
        """Nothing is sent past a door behind which something waits."""
        self.bob.hindered()
        self.patch(self.door, "straight", lambda session: None)
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (b"", [data]))

    def test_congested(self) -> None:
        """Nor while the transport is full; afterwards it is again."""
        self.bob.congested()
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (b"", []))
        self.bob.drained()
        self.assertEqual(b"".join(self.sent)[-len(data) :], data)
        data = self.say()
        self.assertEqual((self.door.past, self.sent), (data, []))

    def test_held(self) -> None:
        """Nor while something is kept back."""
        self.bob.hold()
        self.say()
        self.assertEqual((self.door.past, self.sent), (b"", []))


class CongestionTests(SynchronousTestCase):
    """Who does not read is not waited for, and holds up nobody."""

    def setUp(self) -> None:
        self.rules = Rules(
            throttle=False, outbox_pause=20, outbox_bytes=60, outbox_total=120
        )
        self.hub = make_hub(rules=self.rules)
        self.ann, self.ann_door = join(self.hub, "ann")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.bob_door.take()

    def say(self, text: str = "hi") -> int:
        """Ann says something; how many bytes it was for a reader."""
        before = self.hub.connections.backlog
        type_in(self.hub, self.ann, text)
        return self.hub.connections.backlog - before

    def test_kept(self) -> None:
        """What is not read waits, and is sent in order when the reader reads again."""
        self.bob.congested()
        self.say("one")
        self.say("two")
        self.assertEqual(texts(self.bob_door), [])
        self.assertEqual(self.hub.connections.backlog, self.bob.unread)
        self.assertGreater(self.bob.unread, 0)
        self.bob.drained()
        self.assertEqual(texts(self.bob_door), ["one", "two"])
        self.assertEqual((self.hub.connections.backlog, self.bob.unread), (0, 0))
        self.say("three")
        self.assertEqual(texts(self.bob_door), ["one", "two", "three"])

    def test_pause(self) -> None:
        """Beyond the first limit nothing more is read from it, until it reads."""
        self.bob.congested()
        while self.bob.unread + 8 <= self.rules.outbox_pause:
            self.say()
        self.assertFalse(self.bob_door.paused)
        while self.bob.unread <= self.rules.outbox_pause:
            self.say()
        self.assertTrue(self.bob_door.paused)
        self.assertFalse(self.bob.ended)
        self.bob.drained()
        self.assertFalse(self.bob_door.paused)

    def test_let_go(self) -> None:
        """Beyond the last limit the session is told why, and let go; others stay."""
        self.bob.congested()
        size = self.say()
        while self.bob.unread + size <= self.rules.outbox_bytes:
            self.say()
        self.assertTrue(self.bob_door.open)
        self.say()
        self.assertFalse(self.bob_door.open)
        self.assertTrue(self.bob.ended)
        last = self.bob_door.events[-1]
        self.assertIn("does not read", getattr(last, "text", ""))
        self.assertEqual(len(self.bob_door.events), 1)
        self.assertEqual(self.hub.connections.backlog, 0)
        self.assertEqual(len(self.ann_door.of(Departed)), 1)
        self.assertFalse(self.ann.ended)

    def test_total(self) -> None:
        """When all together hold too much, who holds most is let go."""
        others = [join(self.hub, name) for name in ("cho", "dan", "eve")]
        self.bob.congested()
        self.say()
        for session, _ in others:
            session.congested()
        while self.hub.connections.backlog <= self.rules.outbox_total - 40:
            self.say()
        self.assertFalse(self.bob.ended)
        while not self.bob.ended:
            self.say()
        self.assertEqual([s.ended for s, _ in others], [False, False, False])
        self.assertLessEqual(self.hub.connections.backlog, self.rules.outbox_total)

    def test_order_when_many_are_let_go(self) -> None:
        """That some are let go in the middle of a turn disturbs nobody's order."""
        cho, _ = join(self.hub, "cho")
        _, dan_door = join(self.hub, "dan")
        dan_door.take()
        for session in (self.bob, cho):
            session.congested()
        self.ann.receive("x")
        for _ in range(20):
            self.ann.receive("one")
        turn(self.hub)
        self.assertTrue(self.bob.ended and cho.ended)
        kinds = [type(event) for event in dan_door.events]
        self.assertEqual(kinds, [Said] * 21 + [Departed, Departed])

    def test_gone(self) -> None:
        """Who goes leaves nothing behind that counts."""
        self.bob.congested()
        self.say()
        self.bob.end("")
        self.assertEqual(self.hub.connections.backlog, 0)

    def test_hung_up_on(self) -> None:
        """What waits for somebody is sent before they are hung up on."""
        self.bob.congested()
        self.say("one")
        self.bob.close("Bye.")
        self.assertEqual(texts(self.bob_door), ["one"])
        self.assertEqual(getattr(self.bob_door.events[-1], "text", ""), "Bye.")
        self.assertEqual(self.hub.connections.backlog, 0)


class HoldingTests(SynchronousTestCase):
    """While somebody comes in, what happens waits, and is shown once, in order."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.hub = make_hub(store=self.store)
        self.ann, self.ann_door = join(self.hub, "ann", "ops")
        type_in(self.hub, self.ann, "first")
        self.bob, self.bob_door = join(self.hub, "bob")
        self.bob_door.take()
        self.hub.archive.removed()  # nothing is at hand: the history is fetched

    def test_joining(self) -> None:
        """What is said while the history is fetched comes behind it, and only once."""
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.ann.receive("second")
        turn(self.hub)
        # The message is stored and shown before the history is read, and is in it.
        waiting, self.store._held = self.store._held or [], None
        self.assertEqual(len(waiting), 2)
        for answer in reversed(waiting):
            answer()
        turn(self.hub)
        self.ann.receive("third")
        turn(self.hub)
        shown = [type(event).__name__ for event in self.bob_door.events]
        self.assertEqual(shown[:2], ["Entered", "Past"])
        past = self.bob_door.of(Past)[0]
        every = [e.text for e in past.events if isinstance(e, Said)]
        every += texts(self.bob_door)
        self.assertEqual(every, ["first", "second", "third"])

    def test_joining_fails(self) -> None:
        """When the history cannot be fetched, nothing that was held back is lost."""
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.ann.receive("second")
        turn(self.hub)
        self.store.failing = True
        self.store.release()
        turn(self.hub)
        self.store.failing = False
        self.hub.clock.advance(10)  # type: ignore[attr-defined]
        turn(self.hub)
        type_in(self.hub, self.ann, "third")
        self.assertIn("third", texts(self.bob_door))
        self.assertTrue(self.bob.plain)

    def test_own_joining(self) -> None:
        """Who joins is told so before anything that happens there."""
        type_in(self.hub, self.bob, "/join ops")
        kinds = [type(event) for event in self.bob_door.events]
        self.assertEqual(kinds, [Entered, Past, Joined, Done])

    def test_too_much(self) -> None:
        """What waits is bounded: then it is shown, although the rest is not ready."""
        self.patch(held, "MOST", 3)
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.store._held_questions = False
        waiting, self.store._held = self.store._held, None
        for text in ("1", "2", "3", "4", "5"):
            type_in(self.hub, self.ann, text)
        self.assertEqual(texts(self.bob_door)[:3], ["1", "2", "3"])
        self.assertEqual(texts(self.bob_door)[-1], "5")
        for answer in waiting or ():
            answer()
        turn(self.hub)
        self.assertEqual(len(self.bob_door.of(Entered)), 1)

    def test_other_rooms_meanwhile(self) -> None:
        """What happens in other rooms meanwhile is not lost either."""
        cho, _ = join(self.hub, "cho")
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        cho.receive("lobby")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual(texts(self.bob_door), ["lobby"])

    def test_coming_in(self) -> None:
        """What is said while somebody comes in is shown once, behind the welcome."""
        self.store.hold(questions=True)
        dan, dan_door = connect(self.hub)
        dan.receive("dan")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        kinds = [type(event).__name__ for event in dan_door.events]
        self.assertEqual(kinds[0], "Welcome")
        self.assertIn("Arrived", kinds)
        self.assertTrue(dan.plain)
        self.assertEqual(len(self.ann_door.of(Arrived)), 3)

    def test_notices_pass(self) -> None:
        """The server's own words do not wait."""
        self.store.hold(questions=True)
        self.bob.receive("/join ops")
        turn(self.hub)
        self.hub.outbox.tell(Notice("soon"), [self.bob])
        turn(self.hub)
        self.assertEqual(self.bob_door.of(Notice), [Notice("soon")])
        self.store.release()


class TogetherTests(SynchronousTestCase):
    """Those who were just shown much answer together, and are shown together."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.hub = make_hub(clock=self.clock)
        _, self.door = join(self.hub, "ann")
        _, slow = join(self.hub, "bob")
        self.clock.advance(1)
        send = slow.send

        def take_time(data: bytes) -> None:
            self.clock.rightNow += 0.001
            send(data)

        self.patch(slow, "send", take_time)
        self.door.take()
        self.door.writes = 0

    def say(self, times: int) -> list[str]:
        """Something is said so often in one turn; what ann is shown at its end."""
        for number in range(times):
            event = Said(room="lobby", sender=Person(9, "x"), text=f"{number}")
            self.hub.outbox.put(event, self.hub.rooms.find("lobby"))
        self.clock.advance(0)
        return [event.text for event in self.door.take() if isinstance(event, Said)]

    def test_alone(self) -> None:
        """Who speaks alone is shown at once."""
        for _ in range(3):
            self.assertEqual(self.say(1), ["0"])

    def test_answers(self) -> None:
        """Who speaks just after much was shown waits as long as showing it took."""
        self.assertEqual(len(self.say(outbox.FEW + 1)), outbox.FEW + 1)
        self.assertEqual(self.say(1), [])
        self.clock.advance(0.0005)
        self.assertEqual(self.door.writes, 1)
        self.clock.advance(0.0006)
        self.assertEqual(self.door.writes, 2)
        self.door.take()
        self.assertEqual(self.say(1), ["0"])

    def test_company(self) -> None:
        """As soon as as many have spoken as before, all are shown in one write."""
        self.say(outbox.FEW + 1)
        self.assertEqual(self.say(outbox.FEW), [])
        self.assertEqual(len(self.say(1)), outbox.FEW + 1)
        self.assertEqual(self.door.writes, 2)

    def test_later(self) -> None:
        """Who speaks a moment later does not wait."""
        self.say(outbox.FEW + 1)
        self.clock.advance(outbox.TOGETHER)
        self.assertEqual(self.say(1), ["0"])


class Turns(Clock):
    """What is put off for no time waits for the next turn, as in a reactor."""

    def callLater(  # noqa: N802
        self, delay: float, *more: Any, **kw: Any
    ) -> DelayedCall:
        """Not in this turn."""
        return super().callLater(max(delay, 0.001), *more, **kw)

    def advance(self, amount: float) -> None:
        """One turn."""
        super().advance(max(amount, 0.001))


class ManyTests(SynchronousTestCase):
    """Very many readers are written to in several turns; the others do not wait."""

    def setUp(self) -> None:
        self.clock = Turns()
        self.hub = make_hub(clock=self.clock)
        self.people = [join(self.hub, f"u{number}") for number in range(11)]
        self.ann, self.door = join(self.hub, "ann", "ops")
        self.people.append((self.ann, self.door))
        for _, door in self.people:
            door.take()
            door.writes = 0
        # Time is up at once, and looked at after each second reader.
        self.patch(outbox, "LONGEST", -1.0)
        self.patch(outbox, "PORTION", 2)

    def say(self, text: str) -> None:
        """Something is said in the lobby, and as many as there is time for read it."""
        person = Person(9, "x")
        self.hub.outbox.put(
            Said(room="lobby", sender=person, text=text), self.hub.rooms.find("lobby")
        )
        self.clock.advance(0)

    def shown(self) -> list[int]:
        """How many lines of the lobby each was shown."""
        return [len(texts(door)) for _, door in self.people]

    def test_turns(self) -> None:
        """Some are written to in each turn, everybody once."""
        self.say("one")
        self.assertEqual(self.shown(), [0] * 12)
        for turns in range(1, 6):
            self.clock.advance(0)
            # Two in any case, however little time there is.
            self.assertEqual(self.shown(), [1] * 2 * turns + [0] * (12 - 2 * turns))
        self.clock.advance(0)
        self.assertEqual([door.writes for _, door in self.people], [1] * 12)
        self.assertEqual(self.hub.outbox._blocked, set())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_order(self) -> None:
        """What is said meanwhile comes behind, in the same order for everybody."""
        for text in "abcdefghij":
            self.say(text)
        for _ in range(30):
            self.clock.advance(0)
        for _, door in self.people:
            self.assertEqual("".join(texts(door)), "abcdefghij")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answers(self) -> None:
        """Who is answered meanwhile does not wait, and is shown all before that."""
        self.say("one")
        self.say("two")
        self.assertEqual(self.door.events, [])
        self.ann.tell(Notice("answer"))
        self.clock.advance(0)
        kinds = [type(event) for event in self.door.events]
        self.assertEqual(kinds, [Said, Said, Notice])
        self.assertEqual(texts(self.people[-2][1]), [])
        for _ in range(12):
            self.clock.advance(0)
        self.assertEqual(self.shown(), [2] * 12)

    def test_other_rooms(self) -> None:
        """Who is told something elsewhere meanwhile is shown all in order."""
        self.say("one")
        self.say("two")
        event = Said(room="ops", sender=Person(9, "x"), text="three")
        self.hub.outbox.put(event, self.hub.rooms.find("ops"))
        self.clock.advance(0)
        self.assertEqual(texts(self.door), ["one", "two", "three"])

    def test_leaving(self) -> None:
        """Who leaves meanwhile is shown what was said before."""
        self.say("one")
        self.say("two")
        self.hub.outbox.finish(self.ann)
        self.assertEqual(texts(self.door), ["one", "two"])

    def test_random(self) -> None:
        """Whatever happens, everybody is shown everything once and in order."""
        random = Random(4)
        orders: list[list[str]] = [[] for _ in self.people]
        for number in range(300):
            match random.randrange(4):
                case 0:
                    place = random.randrange(len(self.people))
                    self.people[place][0].tell(Notice(f"{number}"))
                    orders[place].append(f"{number}")
                case 1:
                    event = Said(room="ops", sender=Person(9, "x"), text=f"{number}")
                    self.hub.outbox.put(event, self.hub.rooms.find("ops"))
                    orders[-1].append(f"{number}")
                case _:
                    self.say(f"{number}")
                    for order in orders:
                        order.append(f"{number}")
        for _ in range(300):
            self.clock.advance(0)
        for order, (_, door) in zip(orders, self.people, strict=True):
            self.assertEqual([getattr(e, "text", "") for e in door.events], order)


class CrowdTests(SynchronousTestCase):
    """Where many read, comings and goings are told together."""

    def setUp(self) -> None:
        self.patch(outbox, "MANY", 3)
        self.patch(outbox, "EACH", 0.1)
        self.clock = Clock()
        self.hub = make_hub(clock=self.clock)
        self.ann, self.door = join(self.hub, "ann")
        self.bob, _ = join(self.hub, "bob")
        join(self.hub, "cho")
        self.later()
        self.door.take()
        self.door.writes = 0

    def later(self) -> None:
        """Some time passes."""
        for _ in range(3):
            self.clock.advance(1)

    def arrived(self) -> list[str]:
        """Of whom ann was told that they came."""
        return [event.person.name for event in self.door.of(Arrived)]

    def test_first(self) -> None:
        """The first after a while is told of at once."""
        join(self.hub, "dan")
        self.assertEqual(self.arrived(), ["dan"])

    def test_together(self) -> None:
        """Those who come soon after are told of together, in one write."""
        for name in ("dan", "eve", "fay", "gus"):
            join(self.hub, name)
        self.assertEqual(self.arrived(), ["dan"])
        self.later()
        self.assertEqual(self.arrived(), ["dan", "eve", "fay", "gus"])
        self.assertEqual(self.door.writes, 2)

    def test_goings(self) -> None:
        """So are those who go."""
        people = [join(self.hub, name)[0] for name in ("dan", "eve", "fay")]
        self.later()
        self.door.writes = 0
        for session in people:
            session.end("")
            turn(self.hub)
        self.assertEqual(len(self.door.of(Departed)), 1)
        self.later()
        self.assertEqual(len(self.door.of(Departed)), 3)
        self.assertEqual(self.door.writes, 2)

    def test_said(self) -> None:
        """What is said does not wait, and comes behind who came before."""
        join(self.hub, "dan")
        eve, _ = join(self.hub, "eve")
        eve.receive("hello")
        turn(self.hub)
        kinds = [type(event) for event in self.door.events]
        self.assertEqual(kinds, [Arrived, Arrived, Said])
        self.later()
        self.assertEqual(self.arrived(), ["dan", "eve"])

    def test_answers(self) -> None:
        """Nor do answers, and who is answered is shown once what came before."""
        join(self.hub, "dan")
        _, eve_door = join(self.hub, "eve")
        self.assertEqual(len(eve_door.of(Arrived)), 1)
        self.assertEqual(self.arrived(), ["dan"])
        type_in(self.hub, self.ann, "/version")
        self.assertEqual(self.arrived(), ["dan", "eve"])
        self.later()
        self.assertEqual(self.arrived(), ["dan", "eve"])
        self.assertEqual(len(eve_door.of(Arrived)), 1)

    def test_other_rooms(self) -> None:
        """What is said elsewhere comes behind it, too."""
        for session in (self.ann, self.bob):
            type_in(self.hub, session, "/join ops")
        self.later()
        self.door.take()
        join(self.hub, "dan")
        join(self.hub, "eve")
        self.bob.receive("in ops")
        turn(self.hub)
        kinds = [type(event) for event in self.door.events]
        self.assertEqual(kinds, [Arrived, Arrived, Said])

    def test_over(self) -> None:
        """When nobody comes any more, nothing is left to do."""
        join(self.hub, "dan")
        join(self.hub, "eve")
        self.later()
        self.assertEqual(self.hub.outbox._patient, {})

    def test_members(self) -> None:
        """Those who come into several rooms are told of together, too."""
        type_in(self.hub, self.bob, "/join ops")
        members = {}
        for name in ("dan", "eve", "fay"):
            members[name], _ = join(self.hub, name, "ops", password="three-green-lamps")
        for session in members.values():
            session.end("")
            turn(self.hub)
        self.later()
        gus, gus_door = join(self.hub, "gus", "ops")
        type_in(self.hub, gus, "/leave lobby")
        self.later()
        self.door.take()
        gus_door.take()
        self.door.writes = 0
        for name in members:
            join(self.hub, name, password="three-green-lamps")
        self.later()
        self.assertEqual(self.arrived(), ["dan", "eve", "fay"])
        self.assertEqual(self.door.writes, 2)
        told = [event.person.name for event in gus_door.of(Arrived)]
        self.assertEqual(told, ["dan", "eve", "fay"])

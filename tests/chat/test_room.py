"""What may be done in a room, and by whom."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person, Role
from chatd.chat.errors import BadName, Banned, ChatError, NotFound
from chatd.chat.events import (
    Act,
    Arrived,
    Departed,
    Failed,
    Invited,
    Joined,
    Moderated,
    Renamed,
    RoomChanged,
    RoomOpened,
    Said,
)
from chatd.chat.names import room_name
from chatd.chat.request import Say
from chatd.chat.room import Room
from chatd.chat.rooms import Rooms
from chatd.chat.rules import Rules
from chatd.chat.store import RoomRecord, Sentence
from chatd.store.memory import MemoryStore
from chatd.testing import FakeDoor, join, make_hub, turn, type_in

ANN, BOB = Person(1, "ann"), Person(2, "bob")
NOW = 1_000.0


def nobody(*args: object) -> None:
    """Publishes nothing."""


class RoomTests(SynchronousTestCase):
    """A room is as the events say, on every node alike."""

    def setUp(self) -> None:
        self.now = NOW
        self.room = Room(RoomRecord("ops"), nobody, lambda: self.now)

    def moderate(self, act: Act, until: float = 0.0, reason: str = "") -> None:
        """Something is done to bob."""
        self.room.apply(
            Moderated(
                room="ops",
                sender=ANN,
                act=act,
                person=BOB,
                until=until,
                reason=reason,
            )
        )

    def test_record(self) -> None:
        """It begins as it was kept."""
        ban = Sentence(BOB, 0.0, "loud", "ann")
        record = RoomRecord(
            "ops", "lunch", True, False, frozenset({1}), frozenset({1}), (), (ban,)
        )
        room = Room(record, nobody, lambda: NOW)
        self.assertEqual(
            (room.topic, room.private, room.history), ("lunch", True, False)
        )
        self.assertEqual((room.members, room.moderators), ({1}, {1}))
        self.assertEqual(room.sentences(), [("ban", ban)])

    def test_opened(self) -> None:
        """Who opens a room is its first moderator."""
        self.room.opened = False
        self.room.apply(RoomOpened(room="ops", sender=ANN, private=True))
        self.assertEqual((self.room.moderators, self.room.members), ({1}, {1}))
        self.assertTrue(self.room.private and self.room.opened)

    def test_private(self) -> None:
        """A private room is seen by members, moderators, who is in it, operators."""
        changed = RoomChanged(
            room="ops", sender=ANN, private=True, history=True, members=(5,)
        )
        self.room.apply(changed)
        self.room.moderators.add(6)
        self.room.present[7] = Person(7, "cho")
        for id, role, seen in (
            (5, Role.GUEST, True),
            (6, Role.MEMBER, True),
            (7, Role.GUEST, True),
            (8, Role.MEMBER, False),
            (8, Role.OPERATOR, True),
        ):
            self.assertEqual(self.room.may_see(Person(id, "x"), role), seen)
        self.assertRaises(ChatError, self.room.check_entry, BOB, Role.MEMBER)
        self.room.apply(Invited(room="ops", sender=ANN, person=BOB))
        self.room.check_entry(BOB, Role.GUEST)

    def test_banned(self) -> None:
        """Who is banned neither enters nor reads, until the ban ends."""
        self.room.apply(Invited(room="ops", sender=ANN, person=BOB))
        self.moderate(Act.BAN, NOW + 600, "loud")
        self.assertNotIn(2, self.room.members)
        with self.assertRaises(Banned) as caught:
            self.room.check_entry(BOB, Role.MEMBER)
        self.assertIn("10 minutes", caught.exception.text)
        self.assertIn("loud", caught.exception.text)
        self.assertFalse(self.room.may_read(BOB, Role.MEMBER))
        self.room.check_entry(BOB, Role.OPERATOR)
        self.assertTrue(self.room.may_read(BOB, Role.OPERATOR))
        self.now = NOW + 599.9
        self.assertRaises(Banned, self.room.check_entry, BOB, Role.MEMBER)
        self.now = NOW + 600
        self.room.check_entry(BOB, Role.MEMBER)
        self.assertTrue(self.room.may_read(BOB, Role.MEMBER))
        self.assertEqual((self.room.sentences(), self.room.bans), ([], {}))

    def test_unbanned(self) -> None:
        """A ban without an end lasts until it is lifted."""
        self.moderate(Act.BAN)
        self.now = NOW + 1e9
        self.assertRaises(Banned, self.room.check_entry, BOB, Role.MEMBER)
        self.moderate(Act.UNBAN)
        self.room.check_entry(BOB, Role.MEMBER)
        self.moderate(Act.UNBAN)

    def test_moderators(self) -> None:
        """Moderators are appointed and dismissed."""
        self.moderate(Act.APPOINT)
        self.assertIn(2, self.room.moderators & self.room.members)
        self.moderate(Act.DISMISS)
        self.assertNotIn(2, self.room.moderators)
        self.assertIn(2, self.room.members)

    def test_people(self) -> None:
        """Who is there is listed in order, under the present names."""
        for person in (BOB, ANN):
            self.room.present[person.id] = person
        room = Room(RoomRecord("ops"), nobody, lambda: NOW)
        room.apply(Joined(room="ops", person=BOB))
        room.apply(Arrived(person=ANN, rooms=("ops",)))
        room.apply(Joined(room="ops", person=BOB))
        self.assertEqual(room.names(), ("ann", "bob"))
        room.apply(Renamed(person=ANN, now=Person(1, "zoe")))
        room.apply(Renamed(person=Person(9, "x"), now=Person(9, "y")))
        self.assertEqual(room.names(), ("bob", "zoe"))
        room.apply(Departed(person=BOB, rooms=("ops",)))
        room.apply(Departed(person=BOB, rooms=("ops",)))
        self.assertEqual(room.names(), ("zoe",))

    def test_last_paste(self) -> None:
        """The last block of several lines is known."""
        self.room.apply(Said(id=1, room="ops", sender=ANN, text="a\nb"))
        self.room.apply(Said(id=2, room="ops", sender=ANN, text="c"))
        self.assertEqual(self.room.last_paste, 1)


class SpeakingTests(SynchronousTestCase):
    """Who may say what."""

    def setUp(self) -> None:
        self.clock = Clock()
        rules = Rules(
            throttle=False,
            message_chars=10,
            paste_lines=3,
            paste_bytes=20,
            topic_chars=5,
        )
        self.store = MemoryStore()
        self.hub = make_hub(store=self.store, clock=self.clock, rules=rules)
        self.boss, self.boss_door = join(self.hub, "boss", "ops")
        self.bob, self.door = join(self.hub, "bob", "ops")

    def code(self, *lines: str, door: FakeDoor | None = None) -> str:
        """Why the last of these lines of bob's failed; C{""} if it did not."""
        self.door.take()
        type_in(self.hub, self.bob, *lines)
        failed = self.door.of(Failed)
        return failed[-1].code if failed else ""

    def test_lengths(self) -> None:
        """A message may be so long, and no longer; nothing is no message."""
        self.assertEqual(self.code("x" * 10), "")
        self.assertEqual(self.code("x" * 11), "too-long")
        self.assertEqual(self.door.of(Failed)[0].line, "x" * 11)
        self.assertEqual(self.code("/me " + "x" * 10), "")
        self.assertEqual(self.code("/me " + "x" * 11), "too-long")
        self.bob.submit(Say("  "))
        turn(self.hub)
        self.assertEqual(self.door.of(Failed)[-1].code, "bad-request")

    def test_unseen(self) -> None:
        """What nobody could see is no message; what shows something is."""
        for text in ("\u200b", "\u3164 \u200d\u200b", "\u2800\n\u00a0\n "):
            self.assertEqual(self.code(text), "bad-request", ascii(text))
        self.assertEqual(self.code("/me \u200b"), "bad-request")
        for text in ("\u200ba", ".", "\U0001f469\u200d\U0001f467", "\u2764\ufe0f"):
            self.assertEqual(self.code(text), "", ascii(text))

    def test_pastes(self) -> None:
        """A paste may have so many lines and bytes, and no more."""
        self.assertEqual(self.code("a\nb\nc"), "")
        self.assertEqual(self.code("a\nb\nc\nd"), "too-long")
        self.assertEqual(self.code("12345678901\n12345678"), "")
        self.assertEqual(self.code("12345678901\n123456789"), "too-long")
        self.assertEqual(self.code("\u00e4" * 9 + "\n" + "1"), "")
        self.assertEqual(self.code("\u00e4" * 9 + "\n" + "12"), "too-long")

    def test_muted(self) -> None:
        """Who is muted reads, and speaks again when it ends."""
        type_in(self.hub, self.boss, "/mute bob 10m")
        self.assertEqual(self.code("hi"), "muted")
        self.assertEqual(self.code("/me waves"), "muted")
        self.assertIn("9 minutes", self.refusal_after(59.0))
        self.clock.advance(600)
        self.assertEqual(self.code("hi"), "")
        type_in(self.hub, self.boss, "/mute bob")
        self.clock.advance(10**6)
        self.assertEqual(self.code("hi"), "muted")
        type_in(self.hub, self.boss, "/unmute bob")
        self.assertEqual(self.code("hi"), "")

    def refusal_after(self, seconds: float) -> str:
        """What bob is told a while later."""
        self.clock.advance(seconds)
        self.code("hi")
        return self.door.of(Failed)[-1].text

    def test_topic(self) -> None:
        """Guests who are no moderators leave the topic alone; it may be so long."""
        self.assertEqual(self.code("/topic x"), "not-allowed")
        type_in(self.hub, self.boss, "/topic 12345")
        self.assertEqual(self.hub.rooms.find("ops").topic, "12345")
        type_in(self.hub, self.boss, "/topic 123456")
        self.assertEqual(self.boss_door.of(Failed)[-1].code, "too-long")

    def test_lobby(self) -> None:
        """The lobby stays public."""
        self.hub.rooms.lobby.moderators.add(self.boss.somebody().id)
        type_in(self.hub, self.boss, "/join lobby", "/private")
        self.assertEqual(self.boss_door.of(Failed)[-1].code, "not-allowed")

    def test_invited_again(self) -> None:
        """Who was banned may be invited when the ban is over."""
        type_in(self.hub, self.boss, "/ban bob 10m", "/private", "/invite bob")
        self.assertEqual(self.boss_door.of(Failed)[-1].code, "banned")
        self.clock.advance(601)
        self.boss_door.take()
        type_in(self.hub, self.boss, "/invite bob")
        self.assertEqual(self.boss_door.of(Failed), [])
        self.assertEqual(self.code("/join ops"), "")

    def test_kick_of_the_absent(self) -> None:
        """Who is not there cannot be kicked; nobody kicks themselves."""
        join(self.hub, "cho")
        type_in(self.hub, self.boss, "/kick cho", "/kick boss")
        codes = self.boss_door.codes()
        self.assertEqual(codes, ["not-found", "bad-request"])

    def test_moderators_among_each_other(self) -> None:
        """A moderator is no match for another, until the right is taken away."""
        type_in(self.hub, self.boss, "/moderator bob")
        self.assertEqual(self.code("/ban boss"), "not-allowed")
        type_in(self.hub, self.boss, "/ban bob")
        self.assertEqual(self.boss_door.of(Failed)[-1].code, "not-allowed")


class RoomsTests(SynchronousTestCase):
    """Rooms are found by name."""

    def setUp(self) -> None:
        self.rooms = Rooms([RoomRecord("Ops")], nobody, lambda: NOW)

    def test_lobby(self) -> None:
        """There is always a lobby, and only one."""
        self.assertEqual({room.name for room in self.rooms}, {"Ops", "lobby"})
        again = Rooms([RoomRecord("lobby", "hi")], nobody, lambda: NOW)
        self.assertEqual((again.lobby.topic, len(again)), ("hi", 1))

    def test_names(self) -> None:
        """A name is found however it is spelt; what is no name is not found."""
        for name in ("Ops", "ops", "OPS", "#ops"):
            self.assertEqual(self.rooms.find(name).name, "Ops")
        self.assertIsNone(self.rooms.get("dev"))
        self.assertIsNone(self.rooms.get("no name"))
        self.assertRaises(NotFound, self.rooms.find, "dev")

    def test_opened(self) -> None:
        """A room is opened once, and is gone when it could not be."""
        room = self.rooms.open(RoomRecord("dev"))
        self.assertIs(self.rooms.open(RoomRecord("DEV")), room)
        self.rooms.close("Dev")
        self.assertIsNone(self.rooms.get("dev"))
        self.rooms.close("dev")
        self.assertRaises(BadName, self.rooms.close, "no name")

    def test_look_alikes(self) -> None:
        """It is known whether a name looks like that of another room."""
        self.rooms.open(RoomRecord("bill"))
        self.assertTrue(self.rooms.like(room_name("bi11")))
        self.assertFalse(self.rooms.like(room_name("BILL")))
        self.rooms.close("bill")
        self.assertFalse(self.rooms.like(room_name("bi11")))

"""An event changes the same and is shown to the same people on every node."""

from chatd.chat.account import Person, Role
from chatd.chat.events import (
    Act,
    Arrived,
    Departed,
    Event,
    Invited,
    Joined,
    Left,
    LockdownChanged,
    Moderated,
    MotdChanged,
    Renamed,
    RoleChanged,
    RoomOpened,
    Said,
    ServerBanned,
    ServerUnbanned,
    TopicChanged,
    Welcome,
)
from chatd.chat.request import Enter
from chatd.chat.session import Session
from chatd.testing import FakeDoor, connect, join, turn, type_in
from tests.chat.talking import TalkCase
from tests.chatting import Chatting

ZOE = Person(77, "zoe")


class OtherNodesTests(Chatting):
    """What happens on another node is seen here."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.door = self.guest("ann", "ops")

    def hear(self, *events: Event) -> list[str]:
        """Another node tells of events; what ann is shown."""
        for event in events:
            self.hub.delivery.show(event)
        turn(self.hub)
        return [type(event).__name__ for event in self.door.take()]

    def arrived(self, *rooms: str) -> Arrived:
        """Somebody comes in elsewhere."""
        return Arrived(id=1, person=ZOE, rooms=rooms, node="other")

    def test_people(self) -> None:
        """People of other nodes come, speak, move and go like those of this one."""
        shown = self.hear(
            self.arrived("lobby"),
            Said(id=2, room="lobby", sender=ZOE, text="hi ann"),
            Joined(id=3, room="ops", person=ZOE),
            Left(id=4, room="lobby", person=ZOE),
        )
        self.assertEqual(shown, ["Arrived", "Said", "Joined", "Left"])
        self.assertEqual(self.hub.presence.rooms_of(ZOE.id), ["ops"])
        gone = Departed(id=5, person=ZOE, rooms=("ops",), node="other")
        self.assertEqual(self.hear(gone), ["Departed"])
        self.assertIsNone(self.hub.presence.get(ZOE.id))
        self.assertEqual(self.hub.rooms.find("ops").names(), ("ann",))

    def test_here_as_well(self) -> None:
        """Who is also here through this node does not leave with the other."""
        person = self.ann.somebody()
        self.hear(Arrived(id=1, person=person, rooms=("lobby",), node="other"))
        gone = Departed(id=2, person=person, rooms=("lobby",), node="other")
        self.assertEqual(self.hear(gone), [])
        self.assertEqual(self.hub.presence.rooms_of(person.id), ["lobby", "ops"])
        type_in(self.hub, self.ann, "/who")
        self.assertIn(self.ann, self.hub.rooms.lobby.readers)

    def test_unknown_rooms(self) -> None:
        """What is told of rooms that are not known here is passed over."""
        shown = self.hear(
            self.arrived("lobby", "nowhere"),
            Joined(room="nowhere", person=ZOE),
            Said(room="nowhere", sender=ZOE, text="hi"),
            TopicChanged(room="nowhere", sender=ZOE, text="hi"),
            Left(room="nowhere", person=ZOE),
        )
        self.assertEqual(shown, ["Arrived"])
        self.assertEqual(self.hub.presence.rooms_of(ZOE.id), ["lobby"])

    def test_opened(self) -> None:
        """A room that was opened elsewhere is here."""
        self.hear(RoomOpened(room="dev", sender=ZOE), self.arrived("dev"))
        self.assertEqual(self.hub.rooms.find("dev").names(), ("zoe",))
        type_in(self.hub, self.ann, "/join dev")
        self.assertEqual(self.hub.rooms.find("dev").moderators, {ZOE.id})

    def test_named_elsewhere(self) -> None:
        """Who is named and sits elsewhere is told there."""
        self.hear(self.arrived("lobby"))
        type_in(self.hub, self.ann, "/join lobby", "zoe: hi")
        turn(self.hub)
        self.assertEqual(self.hub.connections.of(ZOE.id), [])


class PeopleTests(TalkCase):
    """Who is shown what."""

    def setUp(self) -> None:
        super().setUp()
        for session in (self.ann, self.bob):
            type_in(self.hub, session, "/join ops")
        self.clear()

    def test_invited_meanwhile(self) -> None:
        """Who came in before the invitation was stored is shown it once."""
        type_in(self.hub, self.bob, "/leave ops")
        self.bob_door.take()
        self.store.hold()
        self.bob.receive("/join ops")
        self.ann.receive("/invite bob")
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertLess(len(self.bob_door.of(Invited)), 2)

    def test_invited_by_the_ignored(self) -> None:
        """An invitation by somebody who is ignored is not shown."""
        type_in(self.hub, self.bob, "/leave ops", "/ignore ann")
        type_in(self.hub, self.ann, "/invite bob")
        self.assertEqual(self.bob_door.of(Invited), [])

    def test_absent(self) -> None:
        """Who is banned from a room without being there is told."""
        type_in(self.hub, self.bob, "/leave ops")
        self.bob_door.take()
        type_in(self.hub, self.ann, "/ban bob loud")
        (ban,) = self.bob_door.of(Moderated)
        self.assertEqual((ban.act, ban.reason), (Act.BAN, "loud"))

    def test_kicked_from_the_only_room(self) -> None:
        """Who is kicked from the only room is in none, and reads nothing there."""
        type_in(self.hub, self.bob, "/leave lobby")
        self.bob_door.take()
        type_in(self.hub, self.ann, "/kick bob")
        self.assertIsNone(self.bob.room)
        type_in(self.hub, self.ann, "still here?")
        self.assertEqual(self.bob_door.of(Said), [])
        self.assertEqual(self.hub.outbox._reading.get(self.bob), None)

    def test_names_in_words(self) -> None:
        """Names are found among words, however they are written."""
        for text in ("bob?", "(BOB)", "hi bob.", "ann, bob's lunch", "x bob-"):
            named = self.hub.delivery._named(
                Said(room="ops", sender=self.ann.somebody(), text=text),
                self.hub.rooms.find("ops"),
                set(),
            )
            self.assertEqual([person.name for person, _ in named], ["bob"], text)
        for text in ("bobby", "ann", "b o b"):
            named = self.hub.delivery._named(
                Said(room="ops", sender=self.ann.somebody(), text=text),
                self.hub.rooms.find("ops"),
                set(),
            )
            self.assertEqual(named, [], text)

    def test_names_in_all_scripts(self) -> None:
        """So are names of other scripts, and with letters that fold to two."""
        for name in ("Straße", "नीता", "李雷", "ζωή"):
            session, _ = join(self.hub, name, "ops")
            for text in (f"{name}: hi", f"ask @{name}.", f"“{name}”、{name}？"):
                said = Said(room="ops", sender=self.ann.somebody(), text=text)
                room = self.hub.rooms.find("ops")
                named = self.hub.delivery._named(said, room, set())
                self.assertEqual(named, [(session.person, [session])], text)

    def test_registering_elsewhere(self) -> None:
        """A guest who becomes a member is one in the rooms as well, unannounced."""
        person = self.bob.somebody()
        member = Person(person.id, "bob", guest=False)
        self.hub.delivery.show(Renamed(id=1, person=person, now=member))
        turn(self.hub)
        self.assertEqual(self.ann_door.events, [])
        self.assertEqual(self.bob.person, member)
        self.assertEqual(self.hub.rooms.find("ops").present[person.id], member)

    def test_held_back_twice(self) -> None:
        """What is held back for one room is not lost by entering the next at once."""
        self.store.hold(questions=True)
        cho, door = connect(self.hub)
        cho.receive("cho")
        cho.receive("/join ops")
        for _ in range(20):
            self.bob.receive("/away")
            self.bob.receive("/back")
            turn(self.hub, 1)
            self.answer_each()
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(door.of(Joined)), 1)
        self.assertEqual(len(door.of(Arrived)), 1)

    def test_private_rooms_are_not_named(self) -> None:
        """Who comes and goes is not seen to be in private rooms of others."""
        cho, _ = self.member("cho", "den")
        type_in(self.hub, cho, "/private", "/join dev")
        type_in(self.hub, self.bob, "/join dev")
        cho.end("")
        turn(self.hub)
        self.clear()
        self.absent("cho")
        self.assertEqual(
            [e.rooms for e in self.bob_door.of(Arrived)], [("lobby", "dev")]
        )
        departed = [e.rooms for e in self.bob_door.of(Departed)]
        self.assertEqual(departed, [("lobby", "dev")])

    def test_two_names_at_once(self) -> None:
        """Two sessions of a guest that change the name agree about it in the end."""
        one, door = connect(self.hub)
        one.submit(Enter("cho"))
        turn(self.hub)
        two, _ = connect(self.hub)
        two.submit(Enter(token=door.of(Welcome)[0].token))
        turn(self.hub)
        self.store.hold(questions=True)
        one.receive("/nick rose")
        two.receive("/nick lily")
        self.store.release()
        turn(self.hub)
        self.assertEqual(one.somebody(), two.somebody())
        name = one.somebody().name
        self.assertEqual(self.hub.places.name_of(one.somebody().id), name)
        for free in {"cho", "rose", "lily"} - {name}:
            join(self.hub, free)


class ServerChangesTests(Chatting):
    """What operators change is told to whom it concerns."""

    def setUp(self) -> None:
        super().setUp()
        self.boss, self.boss_door = self.operator("boss")
        self.other, self.other_door = self.member("cho")
        type_in(self.hub, self.boss, "/op cho")
        self.ann, self.ann_door = self.member("ann")
        for door in (self.boss_door, self.other_door, self.ann_door):
            door.take()

    def counts(self, kind: type[Event]) -> list[int]:
        """How many of a kind boss, the other operator and ann were shown."""
        doors: list[FakeDoor] = [self.boss_door, self.other_door, self.ann_door]
        return [len(door.of(kind)) for door in doors]

    def test_roles(self) -> None:
        """A new role is told to operators and to whom it is given; it holds at once."""
        type_in(self.hub, self.boss, "/op ann")
        self.assertEqual(self.counts(RoleChanged), [0, 1, 1])
        self.assertEqual(self.ann.role, Role.OPERATOR)
        type_in(self.hub, self.boss, "/deop ann")
        self.assertEqual(self.ann.role, Role.MEMBER)

    def test_role_of_a_guest(self) -> None:
        """A role without an account changes nothing."""
        guest, _ = join(self.hub, "guest1")
        self.hub.delivery.show(
            RoleChanged(
                sender=self.boss.somebody(),
                person=guest.somebody(),
                role=Role.OPERATOR,
            )
        )
        self.assertEqual(guest.role, Role.GUEST)

    def test_bans(self) -> None:
        """Bans are told to the other operators."""
        type_in(self.hub, self.boss, "/serverban 203.0.113.9")
        type_in(self.hub, self.boss, "/serverunban 203.0.113.9")
        self.assertEqual(self.counts(ServerBanned), [0, 1, 0])
        self.assertEqual(self.counts(ServerUnbanned), [0, 1, 0])

    def test_everybody(self) -> None:
        """A lock-down and a new message of the day are told to everybody."""
        type_in(self.hub, self.boss, "/lockdown on", "/motd Be kind.")
        self.assertEqual(self.counts(LockdownChanged), [1, 1, 1])
        self.assertEqual(self.counts(MotdChanged), [1, 1, 1])
        self.assertTrue(self.hub.lockdown)
        self.assertEqual(self.hub.motd, "Be kind.")
        type_in(self.hub, self.boss, "/lockdown off", "/motd -")
        self.assertFalse(self.hub.lockdown)
        self.assertEqual(self.hub.motd, "")

    def test_all_ended_at_once(self) -> None:
        """When many are shut out in one go, everybody left sees each of them leave."""
        doors: list[tuple[Session, FakeDoor]] = []
        for number in range(5):
            session, door = join(self.hub, f"guest{number + 1}")
            session.address = "203.0.113.9"
            doors.append((session, door))
        self.ann_door.take()
        type_in(self.hub, self.boss, "/serverban 203.0.113.9")
        self.assertTrue(all(session.ended for session, _ in doors))
        self.assertFalse(any(door.open for _, door in doors))
        departed = [event.person.name for event in self.ann_door.of(Departed)]
        self.assertEqual(departed, [f"guest{number + 1}" for number in range(5)])

"""What somebody is shown on coming in."""

from dataclasses import replace

from chatd.chat import reception
from chatd.chat.events import CaughtUp, Past, Said, Welcome
from chatd.chat.request import Enter
from chatd.testing import FakeDoor, join, turn, type_in
from tests.chat.entering import EntranceCase
from tests.chatting import PASSWORD


class RoomsTests(EntranceCase):
    """A member comes back to the rooms of last time."""

    def test_kept(self) -> None:
        """Those that were left are not among them."""
        session, _ = join(self.hub, "ann", "ops", "dev", password=PASSWORD)
        type_in(self.hub, session, "/leave dev")
        session.end("")
        turn(self.hub)
        _, door = join(self.hub, "ann", password=PASSWORD)
        rooms = door.of(Welcome)[0].rooms
        self.assertEqual([room.name for room in rooms], ["lobby", "ops"])

    def test_not_allowed_any_more(self) -> None:
        """Nor is one that is closed to them by now."""
        boss, _ = join(self.hub, "boss", "ops")
        ann, _ = join(self.hub, "ann", "ops", password=PASSWORD)
        ann.end("")
        turn(self.hub)
        type_in(self.hub, boss, "/ban ann")
        _, door = join(self.hub, "ann", password=PASSWORD)
        rooms = door.of(Welcome)[0].rooms
        self.assertEqual([room.name for room in rooms], ["lobby"])

    def test_nowhere(self) -> None:
        """Who may not even enter the lobby is here all the same, in no room."""
        self.absent("ann")
        boss, _ = join(self.hub, "boss", password=PASSWORD)
        self.hub.rooms.lobby.moderators.add(boss.somebody().id)
        type_in(self.hub, boss, "/ban ann")
        session, door = join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(door.of(Welcome)[0].rooms, ())
        self.assertIsNone(session.room)
        type_in(self.hub, session, "hello")
        self.assertEqual(door.codes(), ["not-in-room"])


class ShowingTests(EntranceCase):
    """What somebody in a terminal is shown on coming in."""

    def test_latest(self) -> None:
        """The last messages of the lobby."""
        ann, _ = join(self.hub, "ann")
        type_in(self.hub, ann, *(f"line {number}" for number in range(12)))
        _, bob = join(self.hub, "bob")
        (past,) = bob.of(Past)
        texts = [e.text for e in past.events if isinstance(e, Said)]
        self.assertEqual(texts, [f"line {number}" for number in range(2, 12)])

    def test_no_latest(self) -> None:
        """None, if the operator says so."""
        self.hub.rules = replace(self.hub.rules, history_shown=0)
        ann, _ = join(self.hub, "ann")
        type_in(self.hub, ann, "hello")
        _, bob = join(self.hub, "bob", "ops")
        self.assertEqual(bob.of(Past), [])

    def test_waiting(self) -> None:
        """Private messages that waited; they wait until something is typed."""
        self.absent("ann")
        bob, _ = join(self.hub, "bob")
        type_in(self.hub, bob, "/msg ann one", "/msg ann two")
        for _ in range(2):
            ann, door = join(self.hub, "ann", password=PASSWORD)
            self.assertEqual(door.of(Welcome)[0].whispers, 2)
            waiting = [p for p in door.of(Past) if p.name == "waiting"]
            self.assertEqual([len(p.events) for p in waiting], [2])
            ann.end("")
            turn(self.hub)
        ann, _ = join(self.hub, "ann", password=PASSWORD)
        type_in(self.hub, ann, "/reply hello")
        ann.end("")
        turn(self.hub)
        _, door = join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(door.of(Welcome)[0].whispers, 0)

    def test_many_waiting(self) -> None:
        """When more wait than are shown at once, people are told so."""
        self.hub.rules = replace(self.hub.rules, history_max=2)
        self.absent("ann")
        bob, _ = join(self.hub, "bob")
        type_in(self.hub, bob, *(f"/msg ann {n}" for n in ("one", "two", "three")))
        _, door = join(self.hub, "ann", password=PASSWORD)
        (waiting,) = [p for p in door.of(Past) if p.name == "waiting"]
        self.assertEqual(len(waiting.events), 2)
        self.assertIn("3 private messages", waiting.title)


class ResumeTests(EntranceCase):
    """Who was cut off is shown what was missed, once."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, _ = join(self.hub, "bob")
        session, door = self.entered(Enter("ann"))
        self.welcome = door.of(Welcome)[0]
        session.end("")
        turn(self.hub)

    def resume(self) -> FakeDoor:
        """Come back."""
        request = Enter(token=self.welcome.token, resume=self.welcome.cursor)
        ((_, door),) = self.enter(request)
        return door

    def said(self, door: FakeDoor) -> list[str]:
        """All that a door was shown, in order."""
        texts: list[str] = []
        for event in door.events:
            if isinstance(event, Past):
                texts += [e.text for e in event.events if isinstance(e, Said)]
            elif isinstance(event, Said):
                texts.append(event.text)
        return texts

    def test_missed(self) -> None:
        """What was said meanwhile comes in order, then what is said from now on."""
        type_in(self.hub, self.bob, "one", "two")
        door = self.resume()
        turn(self.hub)
        type_in(self.hub, self.bob, "three")
        self.assertEqual(self.said(door), ["one", "two", "three"])
        self.assertEqual(door.of(CaughtUp)[0].gap, False)
        kinds = [type(event) for event in door.events[:3]]
        self.assertEqual(kinds, [Welcome, Past, CaughtUp])

    def test_said_meanwhile(self) -> None:
        """Nothing said while somebody comes back is lost or shown twice."""
        type_in(self.hub, self.bob, "one")
        self.store.hold(questions=True)
        door = self.resume()
        for number in range(30):
            self.bob.receive(f"more {number}")
            turn(self.hub, 1)
            self.answer_each()
        self.store.release()
        turn(self.hub)
        texts = self.said(door)
        self.assertEqual(texts, ["one", *(f"more {number}" for number in range(30))])
        self.assertEqual(len(door.of(CaughtUp)), 1)

    def test_waits_for_the_room(self) -> None:
        """Nor is what was on its way before they came back."""
        self.store.hold()
        self.bob.receive("one")
        turn(self.hub)
        door = self.resume()
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.said(door), ["one"])

    def test_too_much(self) -> None:
        """Of too much the latest is shown, and that there is a gap."""
        self.patch(reception, "RESUMED", 3)
        type_in(self.hub, self.bob, *(str(number) for number in range(5)))
        door = self.resume()
        turn(self.hub)
        self.assertEqual(self.said(door), ["2", "3", "4"])
        self.assertTrue(door.of(CaughtUp)[0].gap)

    def test_edge(self) -> None:
        """Just as much as is shown at once is no gap."""
        self.patch(reception, "RESUMED", 3)
        type_in(self.hub, self.bob, *(str(number) for number in range(3)))
        door = self.resume()
        turn(self.hub)
        self.assertEqual(self.said(door), ["0", "1", "2"])
        self.assertFalse(door.of(CaughtUp)[0].gap)

    def test_bad_cursor(self) -> None:
        """A cursor that this server did not make is refused."""
        for cursor in ("abc", "-1", "1" * 19):
            _, door = self.entered(Enter("cho", resume=cursor))
            self.assertEqual(door.codes(), ["bad-request"])

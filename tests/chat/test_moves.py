"""How people enter and leave rooms, and open new ones."""

from dataclasses import replace

from chatd.chat.events import Departed, Entered, Failed, RoomOpened
from chatd.chat.request import History, Invoke, Say, Seen
from chatd.testing import join, turn, type_in
from tests.chat.talking import TalkCase
from tests.chatting import PASSWORD


class RoomsTests(TalkCase):
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
        self.assertEqual(self.ann_door.codes(), ["full"])
        self.assertIsNone(self.hub.rooms.get("one-more"))
        type_in(self.hub, self.bob, "/join one-more")
        type_in(self.hub, self.ann, "/join one-more")
        self.assertEqual(self.ann_door.codes(), ["full", "full"])
        type_in(self.hub, self.ann, "/leave dev", "/join one-more")
        self.assertEqual(self.ann_door.codes(), ["full", "full"])
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
        self.assertEqual(self.bob_door.codes(), ["not-in-room"])
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
        self.assertEqual(self.ann_door.kinds(), ["Done", "Joined", "Departed"])
        self.assertEqual(self.ann_door.of(Departed)[0].rooms, ("lobby", "ops"))

    def test_second_session_elsewhere(self) -> None:
        """A session in no room is in the one that the person enters by another."""
        one, _ = join(self.hub, "cho", password=PASSWORD)
        two, door = join(self.hub, "cho", password=PASSWORD)
        type_in(self.hub, one, "/leave lobby")
        self.assertIsNone(two.room)
        type_in(self.hub, one, "/join ops")
        self.assertIs(two.room, self.hub.rooms.find("ops"))
        type_in(self.hub, one, "hello")
        self.assertEqual(door.texts(), ["hello"])

    def test_leaving_the_current(self) -> None:
        """Who leaves the current room is in the one entered before it, or in none."""
        type_in(self.hub, self.ann, "/join ops", "/join dev", "/leave dev")
        self.assertIs(self.ann.room, self.hub.rooms.find("ops"))
        type_in(self.hub, self.ann, "/leave lobby", "/leave ops")
        self.assertIsNone(self.ann.room)
        type_in(self.hub, self.ann, "hello")
        self.assertEqual(self.ann_door.codes(), ["not-in-room"])

    def test_not_there(self) -> None:
        """One cannot leave a room in which one is not, nor speak there."""
        type_in(self.hub, self.bob, "/join ops")
        type_in(self.hub, self.ann, "/leave ops")
        self.ann.submit(Say("hello", "ops"))
        turn(self.hub)
        self.assertEqual(self.ann_door.codes(), ["not-in-room", "not-in-room"])

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
        self.assertEqual(self.ann_door.codes(), ["not-found"] * 5)
        words = {f.text.replace("nowhere", "ops") for f in self.ann_door.of(Failed)}
        self.assertEqual(len(words), 1)
        type_in(self.hub, self.ann, "/join ops")
        self.assertEqual(self.ann_door.codes()[-1], "not-allowed")

    def test_rooms_not_kept(self) -> None:
        """That the store did not keep where somebody is harms nothing now."""
        cho, door = join(self.hub, "cho", password=PASSWORD)
        type_in(self.hub, self.bob, "/join ops")
        self.store.failing = True
        type_in(self.hub, cho, "/join ops", "/leave lobby")
        self.assertEqual(door.codes(), [])
        self.assertEqual(self.hub.presence.rooms_of(cho.somebody().id), ["ops"])

    def test_down(self) -> None:
        """Who enters a room while the store is away is in it, without its history."""
        type_in(self.hub, self.ann, "/join ops", "hello")
        cho, door = self.member("cho")
        self.store.failing = True
        type_in(self.hub, cho, "/join ops")
        self.assertEqual([e.room.name for e in door.of(Entered)], ["ops"])
        self.assertEqual(door.codes(), [])
        self.assertIn("ops", self.hub.presence.rooms_of(cho.somebody().id))

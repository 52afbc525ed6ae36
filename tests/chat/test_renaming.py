"""How guests change their names."""

from twisted.logger import capturedLogs, formatEvent

from chatd.chat.events import Failed, Renamed
from chatd.chat.request import Enter
from chatd.testing import join, turn, type_in
from tests.chat.entering import EntranceCase
from tests.chatting import PASSWORD


class RenamingTests(EntranceCase):
    """Guests change their names."""

    def test_renamed(self) -> None:
        """Everybody is told, once for all rooms, and the old name is free."""
        ann, own = join(self.hub, "ann", "ops")
        _, bob = join(self.hub, "bob", "ops")
        type_in(self.hub, ann, "/nick rose")
        (renamed,) = bob.of(Renamed)
        self.assertEqual((renamed.person.name, renamed.now.name), ("ann", "rose"))
        self.assertEqual(renamed.person.id, renamed.now.id)
        self.assertEqual(own.of(Renamed), [renamed])
        for room in ("lobby", "ops"):
            self.assertEqual(self.hub.rooms.find(room).names(), ("bob", "rose"))
        join(self.hub, "ann")

    def test_in_no_room(self) -> None:
        """Who is in no room sees the own change as well."""
        ann, door = join(self.hub, "ann")
        type_in(self.hub, ann, "/leave", "/nick rose")
        self.assertEqual(len(door.of(Renamed)), 1)

    def test_case(self) -> None:
        """The case alone may change."""
        ann, _ = join(self.hub, "ann")
        type_in(self.hub, ann, "/nick Ann")
        self.assertEqual(self.names(), ["Ann"])
        self.assertEqual(self.hub.presence.named("ANN"), self.hub.presence.named("ann"))
        _, door = self.entered(Enter("ann"))
        self.assertEqual(door.codes(), ["name-taken"])

    def test_refused(self) -> None:
        """Taken, reserved and registered names are refused; the present one stays."""
        join(self.hub, "bob")
        self.absent("dan")
        ann, door = join(self.hub, "ann")
        type_in(self.hub, ann, "/nick bob", "/nick dan", "/nick help", "/nick ann")
        self.assertEqual(
            door.codes(), ["name-taken", "name-taken", "name-taken", "bad-request"]
        )
        self.assertIn("/login dan", door.of(Failed)[1].text)
        self.assertEqual((ann.somebody().name, ann.asking), ("ann", ""))
        join(self.hub, "dan", password=PASSWORD)
        self.check_tidy()

    def test_two_at_once(self) -> None:
        """Of two who ask for one name in one turn, the first has it."""
        ann, _ = join(self.hub, "ann")
        bob, door = join(self.hub, "bob")
        self.store.hold(questions=True)
        ann.receive("/nick rose")
        bob.receive("/nick rose")
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.names(), ["rose", "bob"])
        self.assertEqual(door.codes(), ["name-taken"])

    def test_store_down(self) -> None:
        """When the store cannot tell whether a name is free, it is given back."""
        ann, door = join(self.hub, "ann")
        self.store.failing = True
        type_in(self.hub, ann, "/nick rose")
        self.store.failing = False
        self.assertEqual(door.codes(), ["store-down"])
        join(self.hub, "rose")

    def test_gone_meanwhile(self) -> None:
        """Who is gone meanwhile leaves both names free."""
        ann, _ = join(self.hub, "ann")
        self.store.hold(questions=True)
        ann.receive("/nick rose")
        ann.end("")
        self.store.release()
        turn(self.hub)
        join(self.hub, "ann")
        join(self.hub, "rose")
        self.check_tidy()

    def test_member(self) -> None:
        """An account keeps its name."""
        ann, door = join(self.hub, "ann", password=PASSWORD)
        type_in(self.hub, ann, "/nick rose")
        self.assertEqual(door.codes(), ["not-allowed"])
        self.assertIn("keeps its name", door.of(Failed)[0].text)

    def test_log(self) -> None:
        """The log tells who is who, and why somebody had to go."""
        with capturedLogs() as log:
            ann, _ = join(self.hub, "ann")
            type_in(self.hub, ann, "/nick anna")
            ann.close("An operator ended this session.")
            turn(self.hub)
        told = [formatEvent(event) for event in log]
        self.assertIn("ann is called anna now, from 192.0.2.1", told)
        ended = "was told: An operator ended this session."
        self.assertIn(f"anna left: {ended}", told)

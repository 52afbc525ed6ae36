"""How much, and how often, people do what others see."""

from dataclasses import replace

from twisted.internet.task import Clock

from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.testing import FakeDoor, connect, join, result, type_in
from tests.chatting import Chatting

RULES = Rules(request_burst=1_000)


class PaceTests(Chatting):
    """So many are done at once, and the next after a while."""

    rules = RULES

    def limit(self, **rules: int) -> None:
        """Other limits hold from now on."""
        self.hub.rules = replace(RULES, **rules)

    def from_there(
        self, name: str, address: str, *, exempt: bool = False
    ) -> tuple[Session, FakeDoor]:
        """A guest from an address."""
        session, door = connect(self.hub, address=address, exempt=exempt)
        type_in(self.hub, session, name)
        return session, door

    def test_joins(self) -> None:
        """Who enters rooms all the time is told to wait; going back to one is free."""
        self.limit(joins=2, new_rooms=100)
        ann, door = self.guest("ann")
        for room in ("one", "two"):
            self.assertEqual(self.answer(ann, door, f"/join {room}"), "")
        self.assertIn(
            "Try again in 30 seconds.", self.refusal(ann, door, "/join three")
        )
        self.assertEqual(self.answer(ann, door, "/join one", "/join lobby"), "")
        self.clock.advance(30.0)
        self.assertEqual(self.answer(ann, door, "/join three"), "")

    def test_joins_are_a_person_s(self) -> None:
        """Two sessions of one person share the limit, and another has their own."""
        self.limit(joins=1)
        ann, door = self.member("ann")
        again, other = self.member("ann")
        type_in(self.hub, ann, "/join one")
        self.assertIn("You enter rooms", self.refusal(again, other, "/join two"))
        bob, bobs = self.guest("bob")
        self.assertEqual(self.answer(bob, bobs, "/join one"), "")
        self.assertEqual(len(door.events), len(door.take()))

    def test_renames(self) -> None:
        """A guest takes so many names in a minute."""
        self.limit(renames=2)
        ann, door = self.guest("ann")
        type_in(self.hub, ann, "/nick anna", "/nick anne")
        self.assertIn("Try again in 30 seconds.", self.refusal(ann, door, "/nick ann"))
        assert ann.person is not None
        self.assertEqual(ann.person.name, "anne")

    def test_new_rooms(self) -> None:
        """A member opens so many rooms in an hour, through whatever connection."""
        self.limit(new_rooms=1)
        ann, _ = self.member("ann")
        type_in(self.hub, ann, "/join one")
        again, door = self.member("ann")
        self.assertIn("You open rooms", self.refusal(again, door, "/join two"))
        self.assertIsNone(self.hub.rooms.get("two"))
        self.clock.advance(3_600.0)
        self.assertEqual(self.answer(again, door, "/join two"), "")

    def test_new_rooms_of_guests(self) -> None:
        """Guests from one address share what one person may open; the exempt do not."""
        self.limit(new_rooms=1)
        ann, _ = self.from_there("ann", "2001:db8::1")
        type_in(self.hub, ann, "/join one")
        bob, door = self.from_there("bob", "2001:db8::2")
        self.assertIn("You open rooms", self.refusal(bob, door, "/join two"))
        for name in ("cho", "dan"):
            guest, door = self.from_there(name, "10.1.1.1", exempt=True)
            self.assertEqual(self.answer(guest, door, f"/join of_{name}"), "")

    def test_no_throttle(self) -> None:
        """Without throttle there is no such limit."""
        self.limit(joins=1, renames=1, new_rooms=1, throttle=False)
        ann, door = self.guest("ann")
        lines = ("/join one", "/join two", "/nick anna", "/nick anne")
        self.assertEqual(self.answer(ann, door, *lines), "")


class AmountTests(Chatting):
    """The last that fits is taken, and the next refused."""

    def limit(self, **rules: int) -> None:
        """Other limits hold from now on."""
        self.hub.rules = Rules(throttle=False, **rules)

    def test_members(self) -> None:
        """So many people may enter a private room; who may already, stays invited."""
        self.limit(members=2)
        ann, door = self.guest("ann", "ops")
        for name in ("bob", "cho"):
            join(self.hub, name)
        type_in(self.hub, ann, "/private", "/invite bob")
        refusal = self.refusal(ann, door, "/invite cho")
        self.assertIn("2 people may enter ops", refusal)
        self.assertNotIn("may enter", self.answer(ann, door, "/invite bob"))

    def test_rooms(self) -> None:
        """There are so many rooms; guests cannot take the last half of them."""
        self.limit(rooms=4)
        ann, door = self.guest("ann", "one")
        self.assertIn("Only members", self.refusal(ann, door, "/join two"))
        bob, bobs = self.member("bob", "two", "three")
        refusal = self.refusal(bob, bobs, "/join four")
        self.assertEqual(refusal, "There are 4 rooms, which is the most.")
        self.assertEqual(self.answer(ann, door, "/join two"), "")

    def test_people(self) -> None:
        """When the chat is full, an operator comes in, and nobody else."""
        olga, _ = self.operator("olga")
        type_in(self.hub, olga, "/quit")
        self.limit(max_people=1)
        self.guest("ann")
        bob, door = connect(self.hub)
        self.assertIn("full", self.refusal(bob, door, "bob"))
        olga, _ = join(self.hub, "olga", password="seven-small-rain-clouds")
        self.assertIsNotNone(olga.person)

    def test_invitations(self) -> None:
        """An operator gives so many codes that nobody has used yet."""
        self.limit(invitations=1)
        ann, door = self.operator("ann")
        answer = self.answer(ann, door, "/invitation")
        refusal = self.refusal(ann, door, "/invitation")
        self.assertIn("1 of your invitations wait", refusal)
        digest = f"digest of {answer.split()[0]}"
        result(self.hub.store.take_invitation(digest, self.hub.now()))
        self.assertIn("good for one account", self.answer(ann, door, "/invitation"))

    def test_reasons(self) -> None:
        """Whatever reason is given, it has a length that others can read."""
        self.limit(reason_chars=5)
        ann, door = self.operator("ann", "ops")
        join(self.hub, "bob", "ops")
        join(self.hub, "cho", password="seven-small-rain-clouds")
        for line in (
            "/kick bob {}",
            "/mute bob 1h {}",
            "/ban bob 1h {}",
            "/kill bob {}",
            "/serverban cho 1h {}",
            "/serverban 203.0.113.9 {}",
        ):
            refusal = self.refusal(ann, door, line.format("too long"))
            self.assertIn("at most 5 characters, and yours 8", refusal)
        self.assertEqual(self.answer(ann, door, "/kick bob short"), "")

    def test_names(self) -> None:
        """The operator says how long names are; whoever has a longer one keeps it."""
        self.limit(name_chars=30)
        long = "x" * 30
        session, _ = self.member(long)
        session.end("")
        self.limit(name_chars=8)
        bob, door = connect(self.hub)
        self.assertIn("at most 8", self.refusal(bob, door, "x" * 9))
        type_in(self.hub, bob, f"/login {long} seven-small-rain-clouds")
        assert bob.person is not None
        self.assertEqual(bob.person.name, long)
        ann, anns = self.guest("a" * 8)
        self.assertIn("at most 8", self.refusal(ann, anns, "/nick " + "a" * 9))
        self.assertIn(f"{long}:", self.answer(ann, anns, f"/whois {long}"))

    def test_this_machine(self) -> None:
        """Nobody can shut out the machine itself, from where bans can be lifted."""
        ann, door = self.operator("ann")
        for target in ("127.0.0.1", "127.0.0.0/8", "::1/128"):
            refusal = self.refusal(ann, door, f"/serverban {target}")
            self.assertIn("this machine itself", refusal)
        self.assertEqual(self.hub.bans.in_force(), [])

    def test_rooms_that_look_alike(self) -> None:
        """A room cannot pass for another one."""
        ann, door = self.guest("ann", "apollo")
        for name in ("ароllo", "арοllo", "apoIlo", "apo1lo"):
            self.assertRegex(
                self.refusal(ann, door, f"/join {name}"),
                "looks like the name of another room|keeps to one script",
            )
        self.assertEqual(len(self.hub.rooms), 2)
        self.assertEqual(self.answer(ann, door, "/join APOLLO"), "")
        self.assertEqual(len(self.hub.rooms), 2)

    def test_room_that_was_not_opened(self) -> None:
        """A room that could not be opened keeps nobody from a name like it."""
        ann, door = self.guest("ann")
        self.hub.store.failing = True  # type: ignore[attr-defined]
        self.answer(ann, door, "/join apollo")
        self.hub.store.failing = False  # type: ignore[attr-defined]
        self.clock_turns()
        self.assertEqual(self.answer(ann, door, "/join apo1lo"), "")

    def clock_turns(self) -> None:
        """The journal finds that the store is well again."""
        clock = self.hub.clock
        assert isinstance(clock, Clock)
        for _ in range(20):
            clock.advance(1.0)

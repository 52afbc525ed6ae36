"""How guests come in."""

from dataclasses import replace

from chatd.chat.account import Role
from chatd.chat.events import Arrived, Departed, Failed, Greeting, Listing, Welcome
from chatd.chat.request import Enter
from chatd.testing import connect, join, turn, type_in
from tests.chat.entering import EntranceCase
from tests.chatting import PASSWORD


class GuestTests(EntranceCase):
    """Guests take any free name."""

    async def fail_to_add(self, *args: object) -> None:
        """The store does not as it should."""
        raise RuntimeError("a bug")

    def test_welcome(self) -> None:
        """A guest is welcomed, is in the lobby, and others are told."""
        _, ann = join(self.hub, "ann")
        _, bob = join(self.hub, "bob")
        (welcome,) = bob.of(Welcome)
        self.assertEqual(welcome.person.name, "bob")
        self.assertEqual(welcome.role, Role.GUEST)
        self.assertEqual(welcome.people, ("ann", "bob"))
        self.assertEqual([room.name for room in welcome.rooms], ["lobby"])
        self.assertEqual([e.person.name for e in ann.of(Arrived)], ["ann", "bob"])

    def test_two_at_once(self) -> None:
        """Of two guests who ask for one name in one turn, the first has it."""
        self.store.hold(questions=True)
        (_, one), (_, two) = self.enter(Enter("ann"), Enter("ANN"))
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(one.of(Welcome)), 1)
        self.assertEqual(two.codes(), ["name-taken"])
        self.assertEqual(self.names(), ["ann"])
        self.check_tidy()

    def test_last_place(self) -> None:
        """Of two who ask for the last place in one turn, the first has it."""
        self.hub.rules = replace(self.hub.rules, max_people=1)
        self.store.hold(questions=True)
        (_, one), (_, two) = self.enter(Enter("ann"), Enter("bob"))
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(one.of(Welcome)), 1)
        self.assertEqual(two.codes(), ["full"])
        self.assertIn("full", two.of(Failed)[0].text)

    def test_place_given_back(self) -> None:
        """Who cannot come in after all leaves name and place to others."""
        self.hub.rules = replace(self.hub.rules, max_people=1)
        self.store.failing = True
        _, one = self.entered(Enter("ann"))
        self.assertEqual(one.codes(), ["store-down"])
        self.store.failing = False
        _, two = self.entered(Enter("ann"))
        self.assertEqual(len(two.of(Welcome)), 1)

    def test_gone_before(self) -> None:
        """Who is gone before coming in was never here."""
        _, ann = join(self.hub, "ann")
        ann.take()
        self.store.hold(questions=True)
        ((session, door),) = self.enter(Enter("bob"))
        session.end("")
        self.store.release()
        turn(self.hub)
        self.assertEqual((ann.events, door.events), ([], []))
        self.assertEqual(self.names(), ["ann"])
        self.check_tidy()

    def test_gone_meanwhile(self) -> None:
        """Who is gone while being welcomed has come and left."""
        _, ann = join(self.hub, "ann")
        ann.take()
        session, _ = connect(self.hub)
        self.store.hold(questions=True)
        session.submit(Enter("bob"))
        for _ in range(20):
            if "bob" in self.names():
                break
            self.answer_each()
        self.assertIn("bob", self.names())
        session.end("")
        self.store.release()
        turn(self.hub)
        self.assertEqual([type(e) for e in ann.events], [Arrived, Departed])
        self.check_tidy()

    def test_store_fails_meanwhile(self) -> None:
        """Whom the server cannot welcome is nobody, and may try again."""
        _, ann = join(self.hub, "ann")
        broken = self.patch(self.store, "add_token", self.fail_to_add)
        session, door = self.entered(Enter("bob", ref=1))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(door.codes(), ["internal"])
        self.assertIsNone(session.person)
        self.assertEqual(self.names(), ["ann"])
        self.check_tidy()
        self.assertEqual(ann.of(Departed), [])
        self.assertEqual([e.person.name for e in ann.of(Arrived)], ["ann"])
        broken.restore()
        self.clock.advance(self.hub.rules.entering - 1)
        session.submit(Enter("bob", ref=2))
        turn(self.hub)
        self.assertEqual(len(door.of(Welcome)), 1)
        self.assertEqual(self.names(), ["ann", "bob"])

    def test_not_for_ever(self) -> None:
        """But not for ever: a connection without anybody ends in time."""
        self.patch(self.store, "add_token", self.fail_to_add)
        _, door = self.entered(Enter("bob"))
        self.flushLoggedErrors(RuntimeError)
        self.clock.advance(self.hub.rules.entering)
        self.assertFalse(door.open)

    def test_who_is_here(self) -> None:
        """Strangers are told who is here, unless only members come in."""
        join(self.hub, "ann", password=PASSWORD)
        for guests in (True, False):
            self.hub.rules = replace(self.hub.rules, guests=guests)
            session, door = connect(self.hub)
            self.hub.connections.greet(session)
            type_in(self.hub, session, "/who")
            (greeting,) = door.of(Greeting)
            self.assertEqual(greeting.people, ("ann",) if guests else ())
            self.assertEqual(len(door.of(Listing)), int(guests))
            self.assertEqual(door.codes(), [] if guests else ["not-entered"])

    def test_no_guests(self) -> None:
        """Where guests are not taken, they are told what to do instead."""
        for registration, how in (
            ("open", ", or /register NAME PASSWORD."),
            ("invitation", ", or /register NAME PASSWORD CODE."),
            ("closed", "."),
        ):
            self.hub.rules = replace(
                self.hub.rules, guests=False, registration=registration
            )
            _, door = self.entered(Enter("ann"))
            self.assertEqual(door.codes(), ["closed"])
            said = f"This server takes no guests. /login NAME PASSWORD{how}"
            self.assertEqual(door.of(Failed)[0].text, said)
            self.check_tidy()

    def test_bad_names(self) -> None:
        """Spaces, command words and odd characters are refused with the reason."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "ann smith", "login", "Help", "a/b")
        self.assertEqual(
            door.codes(), ["bad-name", "name-taken", "name-taken", "bad-name"]
        )
        self.assertIsNone(session.person)

    def test_twice(self) -> None:
        """Who is here already cannot come in again by the same connection."""
        session, door = join(self.hub, "ann")
        session.submit(Enter("bob"))
        turn(self.hub)
        self.assertEqual(door.codes(), ["bad-request"])

    def test_motd(self) -> None:
        """Newcomers are shown the message of the day."""
        self.hub.rules = replace(self.hub.rules, motd="Be kind.")
        _, door = join(self.hub, "ann")
        self.assertEqual(door.of(Welcome)[0].motd, "Be kind.")

    def test_zero(self) -> None:
        """A zero for an o is another's name; one that looks like nobody's is free."""
        join(self.hub, "bob")
        for name, free in (("b0b", False), ("r00t", False), ("r2d20", True)):
            session, _ = connect(self.hub)
            type_in(self.hub, session, name)
            self.assertEqual(session.person is not None, free, name)

    def test_enter_is_answered_once(self) -> None:
        """Coming in is answered by the welcome, and by nothing else."""
        session, door = connect(self.hub)
        session.submit(Enter("cho", ref=9))
        turn(self.hub)
        refs = [getattr(e, "ref", None) for e in door.events]
        self.assertEqual(refs.count(9), 1)

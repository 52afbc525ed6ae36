"""How members come in by their password."""

from dataclasses import replace

from chatd.chat.account import Role
from chatd.chat.events import Arrived, Closing, Departed, Failed, Said, Welcome
from chatd.chat.request import Enter
from chatd.testing import connect, join, turn, type_in
from tests.chat.entering import EntranceCase
from tests.chatting import PASSWORD


class PasswordTests(EntranceCase):
    """A registered name asks for its password."""

    def setUp(self) -> None:
        super().setUp()
        self.absent("ann")

    def test_asked(self) -> None:
        """Who types a registered name is asked, and the next line is not shown."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "Ann")
        self.assertEqual(door.codes(), ["password-needed"])
        self.assertEqual((session.asking, door.secrets[-1]), ("Ann", True))
        type_in(self.hub, session, PASSWORD)
        self.assertEqual(door.of(Welcome)[0].role, Role.MEMBER)
        self.assertEqual((session.asking, door.secrets[-1]), ("", False))
        self.assertEqual(self.names(), ["ann"])

    def test_pasted(self) -> None:
        """Name and password may come in one go."""
        session, door = connect(self.hub)
        session.receive("ann")
        session.receive(PASSWORD)
        turn(self.hub)
        self.assertEqual(len(door.of(Welcome)), 1)

    def test_wrong(self) -> None:
        """After a wrong password the next line is one again, never a name."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "ann", PASSWORD[:-1])
        self.assertEqual(door.codes(), ["password-needed", "wrong-password"])
        self.assertEqual(door.of(Failed)[-1].line, "")
        self.assertIn("press Enter", door.of(Failed)[-1].text)
        self.assertTrue(door.secrets[-1])
        type_in(self.hub, session, PASSWORD)
        self.assertEqual(len(door.of(Welcome)), 1)
        self.assertEqual(self.names(), ["ann"])

    def test_another_name(self) -> None:
        """An empty line ends the question, and another name can be taken."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "ann", "")
        self.assertFalse(door.secrets[-1])
        self.assertEqual(session.failed_logins, 0)
        type_in(self.hub, session, "bob")
        self.assertEqual(door.of(Welcome)[0].person.name, "bob")

    def test_too_many(self) -> None:
        """Five wrong passwords end the connection, with the reason."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "ann", *["wrong-password"] * 4)
        self.assertTrue(door.open)
        type_in(self.hub, session, "wrong-password")
        self.assertFalse(door.open)
        self.assertIn("wrong passwords", door.of(Closing)[0].text)

    def test_too_many_by_command(self) -> None:
        """So do five wrong ones given to /login, also by somebody who is here."""
        session, door = join(self.hub, "bob")
        type_in(self.hub, session, *["/login ann wrong-password"] * 4)
        self.assertTrue(door.open)
        self.assertNotIn("wrong-password", " ".join(f.line for f in door.of(Failed)))
        type_in(self.hub, session, "/login ann wrong-password")
        self.assertFalse(door.open)

    def test_programs_are_not_asked(self) -> None:
        """A program is told that a password is needed, and nothing is asked."""
        session, door = self.entered(Enter("ann", ref=7))
        self.assertEqual(door.codes(), ["password-needed"])
        self.assertEqual(door.of(Failed)[0].ref, 7)
        self.assertEqual(session.asking, "")

    def test_guest_against_owner(self) -> None:
        """A guest cannot have a name while its owner comes in, and is asked."""
        self.store.hold(questions=True)
        (_, owner), (_, guest) = self.enter(Enter("ann", PASSWORD), Enter("ann"))
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(owner.of(Welcome)), 1)
        self.assertEqual(guest.codes(), ["password-needed"])
        self.check_tidy()

    def test_look_alike_of_an_account(self) -> None:
        """A name that looks like a member's is refused, here or not."""
        self.absent("bill")
        _, door = self.entered(Enter("bi11"))
        self.assertEqual(door.codes(), ["name-taken"])

    def test_full(self) -> None:
        """When it is full, a member is turned away too; a guest changes places."""
        self.hub.rules = replace(self.hub.rules, max_people=1)
        bob, door = join(self.hub, "bob")
        _, ann = self.entered(Enter("ann", PASSWORD))
        self.assertEqual(ann.codes(), ["full"])
        type_in(self.hub, bob, f"/login ann {PASSWORD}")
        self.assertEqual(door.codes(), [])
        self.assertEqual(self.names(), ["ann"])
        self.check_tidy()

    def test_several_sessions(self) -> None:
        """Somebody here twice is one person, announced once, with one place."""
        self.hub.rules = replace(self.hub.rules, max_people=2)
        _, bob = join(self.hub, "bob", "ops")
        one, _ = join(self.hub, "ann", "ops", password=PASSWORD)
        bob.take()
        two, door = join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(bob.events, [])
        welcome = door.of(Welcome)[0]
        self.assertEqual([room.name for room in welcome.rooms], ["lobby", "ops"])
        type_in(self.hub, one, "hello")
        self.assertEqual([e.text for e in door.of(Said)], ["hello"])
        one.end("")
        turn(self.hub)
        self.assertEqual([type(e) for e in bob.events], [Said])
        two.end("")
        turn(self.hub)
        self.assertEqual(type(bob.events[-1]), Departed)
        self.check_tidy()

    def test_departing_and_returning(self) -> None:
        """Who goes and comes back while a message is stored is here afterwards."""
        bob, _ = join(self.hub, "bob", "ops")
        ann, _ = join(self.hub, "ann", "ops", password=PASSWORD)
        type_in(self.hub, ann, "/leave lobby")
        self.store.hold()
        bob.receive("wait")
        turn(self.hub)
        ann.end("")
        session, door = connect(self.hub)
        session.submit(Enter("ann", PASSWORD))
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertIn("ann", self.names())
        self.assertEqual(len(door.of(Welcome)), 1)
        person = session.somebody().id
        for room in self.hub.rooms:
            self.assertEqual(person in room.present, session in room.readers)
        self.assertEqual(set(self.hub.presence.rooms_of(person)), {"lobby", "ops"})


class LoggingInTests(EntranceCase):
    """A guest logs in."""

    def test_guest(self) -> None:
        """The guest leaves, and the member is here."""
        self.absent("ann")
        _, bob = join(self.hub, "bob")
        guest, door = join(self.hub, "visitor")
        bob.take()
        type_in(self.hub, guest, f"/login ann {PASSWORD}")
        self.assertEqual([type(e) for e in bob.events], [Departed, Arrived])
        self.assertEqual(guest.role, Role.MEMBER)
        self.assertIsNone(self.hub.presence.named("visitor"))
        self.assertEqual(len(door.of(Welcome)), 2)
        self.check_tidy()
        type_in(self.hub, guest, "hello")
        self.assertEqual(bob.of(Said)[0].sender.name, "ann")

    def test_wrong(self) -> None:
        """With a wrong password the guest stays, and is told the same for any name."""
        self.absent("ann")
        guest, door = join(self.hub, "visitor")
        type_in(self.hub, guest, "/login ann nope-nope", "/login nobody1 nope-nope")
        one, two = door.of(Failed)
        self.assertEqual((one.code, one.text), (two.code, two.text))
        self.assertEqual(self.names(), ["visitor"])

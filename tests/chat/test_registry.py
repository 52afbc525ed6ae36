"""How guests and newcomers make accounts."""

from dataclasses import replace

from chatd.chat.account import Role
from chatd.chat.events import Departed, Failed, Notice, Renamed, Welcome
from chatd.chat.request import Enter, Invoke
from chatd.testing import connect, join, turn, type_in
from tests.chat.entering import EntranceCase
from tests.chatting import PASSWORD


class RegisteringTests(EntranceCase):
    """Guests and newcomers make accounts."""

    def test_newcomer(self) -> None:
        """Who registers has come in, as a member."""
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/register ann {PASSWORD}")
        self.assertEqual(door.of(Welcome)[0].role, Role.MEMBER)
        self.assertIn(
            "ann is yours from now on: /login ann P", door.of(Notice)[-1].text
        )
        self.assertEqual(self.names(), ["ann"])

    def test_nothing_unread(self) -> None:
        """To a new account nothing is new that was said before there was one."""
        bob, _ = join(self.hub, "bob")
        type_in(self.hub, bob, "one", "two")
        ann, door = connect(self.hub)
        ann.submit(Invoke("register", f"ann {PASSWORD}"))
        turn(self.hub)
        lobby = door.of(Welcome)[0].rooms[0]
        self.assertEqual(lobby.unread, 0)
        self.assertGreater(lobby.seen, 0)
        type_in(self.hub, bob, "three")
        ann.end("")
        turn(self.hub)
        _, door = join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(door.of(Welcome)[0].rooms[0].unread, 1)

    def test_guest(self) -> None:
        """A guest who registers keeps identity, name, rooms and ignored people."""
        join(self.hub, "bob")
        ann, _ = join(self.hub, "ann", "ops")
        _, cho = join(self.hub, "cho")
        id = ann.somebody().id
        type_in(self.hub, ann, "/ignore bob")
        cho.take()
        type_in(self.hub, ann, f"/register ann {PASSWORD}")
        self.assertEqual(ann.somebody().id, id)
        self.assertFalse(ann.somebody().guest)
        self.assertEqual(cho.events, [])
        for room in ("lobby", "ops"):
            present = self.hub.rooms.find(room).present[id]
            self.assertFalse(present.guest)
        ann.end("")
        turn(self.hub)
        again, door = join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(again.somebody().id, id)
        rooms = [room.name for room in door.of(Welcome)[0].rooms]
        self.assertEqual(rooms, ["lobby", "ops"])
        self.assertEqual(len(again.account.ignored if again.account else ()), 1)

    def test_guest_under_another_name(self) -> None:
        """A guest may register another name; the old one is free, others are told."""
        ann, _ = join(self.hub, "ann")
        _, bob = join(self.hub, "bob")
        type_in(self.hub, ann, f"/register rose {PASSWORD}")
        (renamed,) = bob.of(Renamed)
        self.assertEqual((renamed.person.name, renamed.now.name), ("ann", "rose"))
        join(self.hub, "ann")
        self.assertEqual(sorted(self.names()), ["ann", "bob", "rose"])
        self.check_tidy()

    def test_name_of_a_guest(self) -> None:
        """The name of a guest who is here cannot be registered by another."""
        join(self.hub, "ann")
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/register ann {PASSWORD}")
        self.assertEqual(door.codes(), ["name-taken"])
        self.check_tidy()

    def test_two_at_once(self) -> None:
        """Of two who register one name in one turn, the first has it."""
        self.store.hold(questions=True)
        sessions = [connect(self.hub) for _ in range(2)]
        for session, _ in sessions:
            session.receive(f"/register ann {PASSWORD}")
        self.store.release()
        turn(self.hub)
        (_, one), (_, two) = sessions
        self.assertEqual(len(one.of(Welcome)), 1)
        self.assertEqual(two.codes(), ["name-taken"])
        self.check_tidy()

    def test_guest_and_registering(self) -> None:
        """A guest cannot take a name that somebody is about to register."""
        self.store.hold(questions=True)
        one, door = connect(self.hub)
        one.receive(f"/register ann {PASSWORD}")
        ((_, guest),) = self.enter(Enter("ann"))
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(door.of(Welcome)), 1)
        self.assertEqual(guest.of(Welcome), [])
        self.check_tidy()

    def test_refused(self) -> None:
        """Who is refused keeps the present name, and gives the other one back."""
        ann, door = join(self.hub, "ann")
        type_in(self.hub, ann, "/register rose 1234")
        self.assertEqual(door.codes(), ["bad-password"])
        self.assertEqual(door.of(Failed)[0].line, "")
        join(self.hub, "rose")
        type_in(self.hub, ann, "/register ann 1234")
        _, other = self.entered(Enter("ann"))
        self.assertEqual(other.codes(), ["name-taken"])
        self.check_tidy()

    def test_gone_meanwhile(self) -> None:
        """Whose line breaks meanwhile has the account, and nobody is confused."""
        ann, _ = join(self.hub, "ann")
        _, bob = join(self.hub, "bob")
        bob.take()
        self.store.hold(questions=True)
        ann.receive(f"/register rose {PASSWORD}")
        ann.end("")
        self.store.release()
        turn(self.hub)
        self.assertEqual([type(e) for e in bob.events], [Departed])
        self.check_tidy()
        again, _ = join(self.hub, "rose", password=PASSWORD)
        self.assertEqual(again.role, Role.MEMBER)
        join(self.hub, "ann")

    def test_newcomer_gone_meanwhile(self) -> None:
        """So has a newcomer."""
        session, _ = connect(self.hub)
        self.store.hold(questions=True)
        session.receive(f"/register rose {PASSWORD}")
        session.end("")
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.names(), [])
        self.check_tidy()
        join(self.hub, "rose", password=PASSWORD)
        self.check_tidy()

    def test_lockdown(self) -> None:
        """While the server is locked down, nobody registers."""
        self.hub.lockdown = True
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/register ann {PASSWORD}")
        self.assertEqual(door.codes(), ["closed"])
        self.check_tidy()

    def test_twice(self) -> None:
        """A member cannot register once more, nor log in again."""
        ann, door = join(self.hub, "ann", password=PASSWORD)
        type_in(self.hub, ann, f"/register rose {PASSWORD}", f"/login ann {PASSWORD}")
        self.assertEqual(door.codes(), ["bad-request", "bad-request"])
        told = [failed.text for failed in door.of(Failed)]
        self.assertIn("You have an account already: ann.", told)
        self.assertIn("You are logged in already, as ann.", told)

    def test_reserved(self) -> None:
        """A name that somebody gave up stays reserved."""
        ann, _ = join(self.hub, "ann", password=PASSWORD)
        type_in(self.hub, ann, f"/unregister {PASSWORD}")
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/register ann {PASSWORD}", "ann")
        self.assertEqual(door.codes(), ["name-taken", "name-taken"])
        self.assertEqual(session.asking, "")

    def test_programs(self) -> None:
        """A program that registers is given a token."""
        session, door = connect(self.hub)
        plain = session.look
        session.look = replace(plain, shows_latest=False)
        session.submit(Invoke("register", f"ann {PASSWORD}", ref=1))
        turn(self.hub)
        self.assertEqual(door.of(Welcome)[0].token, "token-1")

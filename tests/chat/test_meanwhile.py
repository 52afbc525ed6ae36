"""What changes while somebody's password is being looked at holds for them, too."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from chatd.chat.account import Preferences, Role
from chatd.chat.events import Welcome
from chatd.chat.session import Session
from chatd.testing import FakeDoor, connect, join, result, turn, type_in
from tests.chatting import PASSWORD, Chatting

NEW = "another-good-secret"


class MeanwhileTests(Chatting):
    """Eve knows a password; olga is the operator, who is quicker."""

    def setUp(self) -> None:
        super().setUp()
        self.olga, _ = self.operator("olga")
        self.absent("eve")

    def log_in(self, meanwhile: Callable[[], object]) -> tuple[Session, FakeDoor]:
        """Somebody logs in as eve; something happens while the password is checked."""
        passwords = self.hub.login._passwords
        verify, waiting = passwords.verify, Deferred[None]()

        async def slowly(password: str, secret: str | None) -> bool:
            good = await verify(password, secret)
            await waiting
            return good

        self.patch(passwords, "verify", slowly)
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/login eve {PASSWORD}")
        self.patch(passwords, "verify", verify)
        meanwhile()
        waiting.callback(None)
        turn(self.hub)
        return session, door

    def does(self, line: str) -> Callable[[], None]:
        """What the operator types."""
        return lambda: type_in(self.hub, self.olga, line)

    def check_out(self, door: FakeDoor, code: str) -> None:
        """Nobody came in, and nothing is left of it."""
        self.assertEqual(door.codes(), [code])
        self.assertEqual(door.of(Welcome), [])
        self.assertEqual(self.hub.presence.names(), ("olga",))
        self.assertEqual(len(self.hub.places), 1)

    def test_nothing(self) -> None:
        """If nothing changes, one is in."""
        session, _ = self.log_in(lambda: None)
        self.assertEqual(session.role, Role.MEMBER)

    def test_password(self) -> None:
        """Who proved a password that is another one by now stays out."""
        _, door = self.log_in(
            lambda: result(self.hub.operators.reset(self.olga, "eve"))
        )
        self.check_out(door, "too-fast")

    def test_banned(self) -> None:
        """Who was banned meanwhile stays out."""
        _, door = self.log_in(self.does("/serverban eve"))
        self.check_out(door, "banned")

    def test_dismissed(self) -> None:
        """Who was an operator is none, in whatever session."""
        type_in(self.hub, self.olga, "/op eve")
        here, _ = join(self.hub, "eve", password=PASSWORD)
        self.assertEqual(here.role, Role.OPERATOR)
        session, _ = self.log_in(self.does("/deop eve"))
        self.assertEqual((here.role, session.role), (Role.MEMBER, Role.MEMBER))

    def test_dismissed_alone(self) -> None:
        """Also if it is the only session."""
        type_in(self.hub, self.olga, "/op eve")
        session, _ = self.log_in(self.does("/deop eve"))
        self.assertEqual(session.role, Role.MEMBER)


class ChoicesTests(Chatting):
    """Two sessions of one person."""

    def setUp(self) -> None:
        super().setUp()
        self.first, self.door = self.member("ann")
        self.second, self.other = self.member("ann")

    def test_choice(self) -> None:
        """What another session chooses does not bring the old password back."""
        remove, waiting = self.store.remove_tokens, Deferred[None]()

        async def slowly(person: int) -> None:
            await waiting
            await remove(person)

        self.patch(self.store, "remove_tokens", slowly)
        type_in(self.hub, self.first, f"/password {PASSWORD} {NEW}")
        type_in(self.hub, self.second, "/set bell on")
        waiting.callback(None)
        turn(self.hub)
        account = result(self.hub.login.owner("ann"))
        assert account is not None
        self.assertEqual(account.preferences, Preferences(bell=True))
        self.assertTrue(result(self.hub.login._passwords.verify(NEW, account.secret)))
        self.assertTrue(self.second.ended)

    def test_two_passwords(self) -> None:
        """Of two new passwords at the same moment one is kept, the other refused."""
        self.store.hold(questions=True)
        self.first.receive(f"/password {PASSWORD} {NEW}")
        self.second.receive(f"/password {PASSWORD} {NEW}-too")
        self.store.release()
        turn(self.hub)
        kept = not self.first.ended, not self.second.ended
        self.assertEqual(sum(kept), 1)
        self.assertIn(self.door.codes() + self.other.codes(), (["too-fast"], []))

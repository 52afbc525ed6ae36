"""How a token lets somebody in again."""

from chatd.chat.account import Person, Role
from chatd.chat.events import Closing, Done, Welcome
from chatd.chat.request import Enter, LogOut
from chatd.chat.session import Session
from chatd.testing import FakeDoor, join, result, turn, type_in
from tests.chat.entering import EntranceCase
from tests.chatting import PASSWORD


class TokenTests(EntranceCase):
    """A token lets a cut-off person in again."""

    def come(self, **how: object) -> tuple[Session, FakeDoor, str]:
        """Somebody with a program, and their token."""
        ((session, door),) = self.enter(Enter(**how))  # type: ignore[arg-type]
        turn(self.hub)
        return session, door, door.of(Welcome)[0].token if door.of(Welcome) else ""

    def test_guest(self) -> None:
        """A guest takes the name and the identity back."""
        session, _, token = self.come(name="ann")
        id = session.somebody().id
        session.end("")
        turn(self.hub)
        again, _, other = self.come(token=token)
        self.assertEqual(again.somebody().id, id)
        self.assertEqual(other, token)

    def test_again(self) -> None:
        """Each time a token is used, it is good for as long again."""
        session, _, token = self.come(name="ann")
        days = self.hub.rules.guest_token_seconds
        for _ in range(3):
            session.end("")
            self.clock.advance(days - 1)
            session, _, _ = self.come(token=token)
            self.assertEqual(session.somebody().name, "ann")

    def test_log_out(self) -> None:
        """Who logs out leaves no token behind, and nobody who came in with it."""
        self.absent("ann")
        session, door, token = self.come(name="ann", password=PASSWORD)
        _, other_door, _ = self.come(token=token)
        elsewhere, _, kept = self.come(name="ann", password=PASSWORD)
        session.submit(LogOut(ref=1))
        turn(self.hub)
        self.assertEqual(door.events[-1], Done(1, None, {}))
        self.assertFalse(session.ended or elsewhere.ended)
        self.assertFalse(other_door.open)
        self.assertEqual(other_door.of(Closing), [Closing("You have logged out.")])
        _, door, _ = self.come(token=token)
        self.assertEqual(door.codes(), ["wrong-password"])
        self.assertEqual(self.come(token=kept)[0].somebody().name, "ann")

    def test_no_token(self) -> None:
        """Who came in as people in terminals do has no token to give back."""
        session, door = join(self.hub, "ann")
        session.submit(LogOut())
        turn(self.hub)
        self.assertEqual(door.codes(), ["bad-request"])

    def test_while_still_here(self) -> None:
        """So can one whose old connection is not yet known to be dead."""
        session, _, token = self.come(name="ann")
        again, _, _ = self.come(token=token)
        self.assertEqual(again.somebody(), session.somebody())
        self.check_tidy()
        session.end("")
        turn(self.hub)
        self.assertEqual(self.names(), ["ann"])

    def test_name_taken_meanwhile(self) -> None:
        """A name that somebody else has by now is not given back."""
        session, _, token = self.come(name="ann")
        session.end("")
        turn(self.hub)
        join(self.hub, "ann")
        _, door, _ = self.come(token=token)
        self.assertEqual(door.codes(), ["name-taken"])
        self.check_tidy()

    def test_registered_by_another_meanwhile(self) -> None:
        """Nor is one that somebody registered."""
        session, _, token = self.come(name="ann")
        session.end("")
        turn(self.hub)
        self.absent("ann")
        _, door, _ = self.come(token=token)
        self.assertEqual(door.codes(), ["password-needed"])
        self.check_tidy()

    def test_renamed(self) -> None:
        """Who has changed names comes back under the new one."""
        session, _, token = self.come(name="ann")
        type_in(self.hub, session, "/nick rose")
        session.end("")
        turn(self.hub)
        again, _, _ = self.come(token=token)
        self.assertEqual(again.somebody().name, "rose")

    def test_renamed_while_here(self) -> None:
        """So does who has an old token while being here under another name."""
        session, _, token = self.come(name="ann")
        again, _, _ = self.come(token=token)
        type_in(self.hub, again, "/nick rose")
        third, _, _ = self.come(token=token)
        self.assertEqual(third.somebody().name, "rose")
        self.assertEqual(session.somebody().name, "rose")

    def test_registered(self) -> None:
        """A guest who became a member comes back as one."""
        session, _, token = self.come(name="ann")
        type_in(self.hub, session, f"/register ann {PASSWORD}")
        session.end("")
        turn(self.hub)
        again, door, _ = self.come(token=token)
        self.assertEqual(again.role, Role.MEMBER)
        self.assertEqual(door.codes(), [])

    def test_member(self) -> None:
        """A member needs no password with a token, until the password is changed."""
        join(self.hub, "ann", password=PASSWORD)
        session, _, token = self.come(name="ann", password=PASSWORD)
        again, _, _ = self.come(token=token)
        self.assertEqual(again.role, Role.MEMBER)
        type_in(self.hub, session, f"/password {PASSWORD} four-blue-doors")
        _, door, _ = self.come(token=token)
        self.assertEqual(door.codes(), ["wrong-password"])

    def test_unregistered(self) -> None:
        """The token of an account that is gone lets nobody in."""
        join(self.hub, "ann", password=PASSWORD)
        session, _, token = self.come(name="ann", password=PASSWORD)
        id = session.somebody().id
        type_in(self.hub, session, f"/unregister {PASSWORD}")
        digest = self.hub.secrets.digest(token)
        result(self.store.add_token(digest, Person(id, "ann", guest=False), 9e9))
        _, door, _ = self.come(token=token)
        self.assertEqual(door.codes(), ["wrong-password"])

    def test_unknown(self) -> None:
        """A token that nobody was given is refused, and so is one that has expired."""
        session, _, token = self.come(name="ann")
        session.end("")
        _, door, _ = self.come(token="nonsense")
        self.assertEqual(door.codes(), ["wrong-password"])
        self.clock.advance(self.hub.rules.guest_token_seconds)
        _, door, _ = self.come(token=token)
        self.assertEqual(door.codes(), ["wrong-password"])

    def test_no_guests_any_more(self) -> None:
        """A guest's token is no way round a lock-down."""
        session, _, token = self.come(name="ann")
        session.end("")
        turn(self.hub)
        self.hub.lockdown = True
        _, door, _ = self.come(token=token)
        self.assertEqual(door.codes(), ["closed"])
        self.check_tidy()

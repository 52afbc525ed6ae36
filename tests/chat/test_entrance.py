"""Who is let in, and who is not."""

from typing import Any

from chatd.chat.account import Account, Person, Role
from chatd.chat.errors import Banned, NameTaken
from chatd.chat.events import Arrived, Departed, Welcome
from chatd.chat.request import Enter, Typed
from chatd.chat.session import Session
from chatd.testing import FakeDoor, connect, join, result, turn, type_in
from tests.chat.entering import EntranceCase
from tests.chatting import PASSWORD


class ProvedTests(EntranceCase):
    """A door may know by itself who somebody is."""

    def come(self, proved: Account | Person) -> tuple[Session, FakeDoor]:
        """Somebody whom the door knows."""
        return self.entered(Enter(proved.name, proved=proved, show=True))

    def test_guest(self) -> None:
        """By several ways at once a guest is one person, also after a /nick."""
        guest = self.hub.entrance.guest("ann")
        first, _ = self.come(guest)
        type_in(self.hub, first, "/nick anna")
        second, _ = self.come(guest)
        self.assertEqual(first.person, second.person)
        self.assertEqual(self.names(), ["anna"])
        self.check_tidy()

    def test_guest_against_owner(self) -> None:
        """A guest whose name was registered meanwhile is asked for the password."""
        guest = self.hub.entrance.guest("ann")
        self.account("ann")
        session, door = self.come(guest)
        self.assertEqual(door.codes(), ["password-needed"])
        self.assertEqual(session.asking, "ann")

    def test_reserved(self) -> None:
        """Nobody is called by a reserved word."""
        self.assertRaises(NameTaken, self.hub.entrance.guest, "root")

    def test_member(self) -> None:
        """An account needs nothing more."""
        account = self.account("ann")
        session, _ = self.come(account)
        self.assertEqual(session.account, account)
        self.check_tidy()

    def test_password_changed(self) -> None:
        """What was proved before the password was changed is worth nothing."""
        account = self.account("ann")
        keep = self.store.keep_secret(account.id, "another", was=account.secret)
        self.assertTrue(result(keep))
        _, door = self.come(account)
        self.assertEqual(door.codes(), ["wrong-password"])
        self.check_tidy()

    def test_banned(self) -> None:
        """A ban holds here as well."""
        account = self.account("ann")
        operator, _ = self.operator("cho")
        type_in(self.hub, operator, "/serverban ann")
        _, door = self.come(account)
        self.assertEqual(door.codes(), ["banned"])


class BanTests(EntranceCase):
    """Who is banned from the server does not come in."""

    def setUp(self) -> None:
        super().setUp()
        self.boss, _ = self.operator("boss")
        self.boss.address = "198.51.100.7"
        self.ann, self.door = join(self.hub, "ann", password=PASSWORD)

    def test_again(self) -> None:
        """A banned account is refused by token, as well as by password."""
        _, door = self.entered(Enter("ann", PASSWORD))
        token = door.of(Welcome)[0].token
        type_in(self.hub, self.boss, "/serverban ann")
        self.assertFalse(door.open)
        for request in (Enter("ann", PASSWORD), Enter(token=token)):
            _, door = self.entered(request)
            self.assertEqual(door.codes(), ["banned"])
        self.check_tidy()

    def test_address(self) -> None:
        """Who is at a banned address is ended; operators never are."""
        _, waiting_door = connect(self.hub)
        type_in(self.hub, self.boss, "/serverban 192.0.2.0/24")
        self.assertFalse(self.door.open)
        self.assertFalse(waiting_door.open)
        self.assertFalse(self.boss.ended)

    def test_address_later(self) -> None:
        """A connection that was there before cannot come in, nor register."""
        (guest, member, newcomer) = (connect(self.hub) for _ in range(3))

        def check(**what: str) -> None:
            raise Banned("You are banned from this server.")

        self.hub.bans.check = check  # type: ignore[method-assign]
        guest[0].submit(Enter("bob"))
        member[0].submit(Enter("ann", PASSWORD))
        newcomer[0].submit(Typed(f"/register cho {PASSWORD}"))
        turn(self.hub)
        for _, door in (guest, member, newcomer):
            self.assertEqual(door.codes(), ["banned"])
        self.check_tidy()


class FullDiskTests(EntranceCase):
    """While nothing can be stored, people come in all the same."""

    def setUp(self) -> None:
        super().setUp()
        _, self.watcher = join(self.hub, "watcher")

    def come(self, request: Enter, *, full: bool = True) -> tuple[Session, Welcome]:
        """Come in; nobody but those who are in is told of."""
        self.store.full = full
        session, door = self.entered(request)
        self.assertEqual(door.codes(), [])
        (welcome,) = door.of(Welcome)
        self.assertEqual(self.watcher.of(Departed), [])
        return session, welcome

    def test_guest(self) -> None:
        """A guest comes in, without a token."""
        session, welcome = self.come(Enter("ann"))
        self.assertEqual((welcome.token, session.token), ("", ""))
        self.assertIn("ann", self.names())

    def test_member(self) -> None:
        """A member comes in with the password, as a person or a program."""
        self.absent("ann")
        self.watcher.take()
        for show in (True, False):
            session, welcome = self.come(Enter("ann", PASSWORD, show=show))
            self.assertEqual((session.role, welcome.token), (Role.MEMBER, ""))

    def test_outdated(self) -> None:
        """A password that should be hashed anew lets its owner in as it is."""
        self.absent("ann")
        self.watcher.take()
        self.patch(self.hub.login._passwords, "outdated", lambda secret: True)
        session, _ = self.come(Enter("ann", PASSWORD))
        self.assertEqual(session.role, Role.MEMBER)

    def test_token(self) -> None:
        """A token goes on being good, and is what one has."""
        session, first = self.come(Enter("ann"), full=False)
        again, second = self.come(Enter("", token=first.token))
        self.assertEqual(second.token, first.token)
        self.assertEqual(again.token, session.token)

    def test_rename(self) -> None:
        """A guest who came in before takes another name."""
        session, _ = self.come(Enter("ann"), full=False)
        self.store.full = True
        type_in(self.hub, session, "/nick rose")
        self.assertIn("rose", self.names())

    def test_token_first(self) -> None:
        """Nobody is told of somebody before their token is kept."""
        add, seen = self.store.add_token, []

        async def look(*args: Any) -> None:
            seen.append([one.person.name for one in self.watcher.of(Arrived)])
            await add(*args)

        self.patch(self.store, "add_token", look)
        self.watcher.take()
        self.come(Enter("ann"), full=False)
        self.assertEqual(seen, [[]])
        self.assertEqual(len(self.watcher.of(Arrived)), 1)

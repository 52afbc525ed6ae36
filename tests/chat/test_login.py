"""What is known of accounts, and how the first operator is made."""

from chatd.chat.account import Role
from chatd.chat.events import Failed, RoleChanged
from chatd.testing import connect, join, result, turn, type_in
from tests.chat.entering import EntranceCase
from tests.chatting import PASSWORD


class OwnerTests(EntranceCase):
    """To whom names and keys belong."""

    def test_owner(self) -> None:
        """A name has an owner while somebody can log in by it."""
        self.assertIsNone(result(self.hub.login.owner("ann")))
        self.assertIsNone(result(self.hub.login.owner("no name at all")))
        account = self.account("ann")
        self.assertEqual(result(self.hub.login.owner("ANN")), account)
        keep = self.store.keep_secret(account.id, "", was=account.secret)
        self.assertTrue(result(keep))
        self.assertIsNone(result(self.hub.login.owner("ann")))

    def test_key(self) -> None:
        """A key belongs to one account, and the address of its owner is known."""
        ann = self.account("ann")
        key = self.hub.secrets.public_key("ssh-ed25519 AAAA")
        result(self.hub.store.add_key(ann.id, key))
        self.assertEqual(result(self.hub.login.key_owner(key)), ann.id)
        other = self.hub.secrets.public_key("ssh-ed25519 BBBB")
        self.assertEqual(result(self.hub.login.key_owner(other)), 0)
        session, _ = connect(self.hub, address="192.0.2.9")
        result(self.hub.login.keep_address(session, ann))
        self.assertIn("192.0.2.9", result(self.hub.store.addresses(ann.id)))


class ClaimTests(EntranceCase):
    """The first operator."""

    def setUp(self) -> None:
        super().setUp()
        self.code = result(self.hub.login.open_claim())
        self.ann, self.door = join(self.hub, "ann", password=PASSWORD)

    def test_claimed(self) -> None:
        """The code makes an operator, once."""
        type_in(self.hub, self.ann, f"/claim {self.code}")
        self.assertEqual(self.ann.role, Role.OPERATOR)
        self.assertEqual(len(self.door.of(RoleChanged)), 1)
        bob, door = join(self.hub, "bob", password=PASSWORD)
        type_in(self.hub, bob, f"/claim {self.code}")
        self.assertEqual(door.codes(), ["not-found"])
        self.assertIn("operator already", door.of(Failed)[0].text)
        self.assertEqual(result(self.hub.login.open_claim()), "")

    def test_wrong(self) -> None:
        """A wrong code makes nobody anything."""
        type_in(self.hub, self.ann, "/claim nonsense")
        self.assertEqual(self.door.codes(), ["wrong-password"])
        self.assertIn("not the code", self.door.of(Failed)[0].text)
        self.assertEqual(self.ann.role, Role.MEMBER)

    def test_not_stored(self) -> None:
        """A code that could not be used, because the store failed, stays good."""
        self.store.failing = True
        type_in(self.hub, self.ann, f"/claim {self.code}")
        self.assertEqual(self.ann.role, Role.MEMBER)
        self.store.failing = False
        self.clock.advance(10)
        turn(self.hub)
        self.assertEqual(self.door.codes(), ["not-stored"])
        type_in(self.hub, self.ann, f"/claim {self.code}")
        self.assertEqual(self.ann.role, Role.OPERATOR)

    def test_guest(self) -> None:
        """A guest needs an account first."""
        guest, door = join(self.hub, "guest1")
        type_in(self.hub, guest, f"/claim {self.code}")
        self.assertEqual(door.codes(), ["not-allowed"])
        self.assertIn("/register", door.of(Failed)[0].text)

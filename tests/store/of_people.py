"""What every store must answer about accounts, and the ways to come in."""

from dataclasses import replace

from twisted.internet.defer import Deferred

from chatd.chat.account import Person, Preferences, Role, Timestamps
from chatd.chat.errors import NameTaken
from chatd.chat.events import RoleChanged
from chatd.chat.store import PublicKey
from tests.store.asking import ANN, BOB, CHO, Asking, account


class OfPeople(Asking):
    """Accounts, tokens, keys and invitations."""

    def test_account(self) -> None:
        """An account is found by id, by name and by what its name looks like."""
        full = account(
            5,
            "Ann",
            role=Role.OPERATOR,
            preferences=Preferences(Timestamps.SHORT, "Europe/Rome", True, True, False),
            ignored=frozenset({7, 8}),
        )
        self.ask(self.store.add_account(full))
        self.assertEqual(self.ask(self.store.account(5)), full)
        self.assertEqual(self.ask(self.store.account_named("ann")), full)
        self.assertEqual(self.ask(self.store.account_like("ann~")), full)
        self.assertIsNone(self.ask(self.store.account(6)))
        self.assertIsNone(self.ask(self.store.account_named("Ann")))
        self.assertIsNone(self.ask(self.store.account_like("ann")))

    def test_name_taken(self) -> None:
        """Two accounts never have one name, nor names that look alike."""
        self.ask(self.store.add_account(account(5, "ann")))
        self.ask(self.store.add_account(account(6, "bob")))
        for other in (
            account(7, "ann", skeleton="x"),
            account(7, "x", skeleton="ann~"),
            account(5, "cho"),
        ):
            adding = Deferred.fromCoroutine(self.store.add_account(other))
            self.failureResultOf(adding, NameTaken)
        self.assertIsNone(self.ask(self.store.account(7)))
        self.assertEqual(self.ask(self.store.account(6)), account(6, "bob"))
        self.assertEqual(self.ask(self.store.accounts()), 2)

    def test_find_accounts(self) -> None:
        """Accounts are listed by their keys, page by page, or by a part of these."""
        for id, name in ((5, "cho"), (6, "ann"), (7, "bob"), (8, "Joanna"), (9, "a_b")):
            self.ask(self.store.add_account(account(id, name)))
        self.ask(self.store.keep_secret(7, "", was=account(7, "bob").secret))

        def find(text: str = "", after: str = "", limit: int = 10) -> list[str]:
            found = self.ask(self.store.find_accounts(text, after=after, limit=limit))
            return [one.name for one in found]

        self.assertEqual(find(), ["a_b", "ann", "cho", "Joanna"])
        self.assertEqual(find(limit=2), ["a_b", "ann"])
        self.assertEqual(find(after="ann"), ["cho", "Joanna"])
        self.assertEqual(find("ann"), ["ann", "Joanna"])
        self.assertEqual(find("_"), ["a_b"])
        self.assertEqual(find("%"), [])
        found = self.ask(self.store.find_accounts("cho", after="", limit=1))
        self.assertEqual(found, [account(5, "cho")])

    def test_keep_choices(self) -> None:
        """What somebody chooses is replaced, and nothing else."""
        old = account(5, "ann")
        self.ask(self.store.add_account(old))
        chosen = {"preferences": Preferences(bell=True), "ignored": frozenset({6})}
        new = account(5, "Ann", secret="$new$", role=Role.GUEST, **chosen)
        self.ask(self.store.keep_choices(new))
        self.assertEqual(self.ask(self.store.account(5)), replace(old, **chosen))
        self.ask(self.store.keep_choices(account(6, "bob")))
        self.assertIsNone(self.ask(self.store.account(6)))

    def test_keep_secret(self) -> None:
        """A secret is replaced if it is the one that is meant."""
        old = account(5, "ann")
        self.ask(self.store.add_account(old))
        self.assertTrue(self.ask(self.store.keep_secret(5, "$new$", was=old.secret)))
        self.assertFalse(self.ask(self.store.keep_secret(5, "$2$", was=old.secret)))
        self.assertFalse(self.ask(self.store.keep_secret(6, "$2$", was="")))
        self.assertEqual(self.ask(self.store.account(5)), replace(old, secret="$new$"))

    def test_roles(self) -> None:
        """Accounts and operators are counted; who cannot log in does not count."""
        self.ask(self.store.add_account(account(5, "ann")))
        self.ask(self.store.add_account(account(6, "bob", role=Role.OPERATOR)))
        self.ask(self.store.add_account(account(7, "cho", secret="")))
        self.must_keep(
            RoleChanged(id=8, sender=BOB, person=Person(5, "ann"), role=Role.OPERATOR),
            RoleChanged(id=9, sender=BOB, person=Person(7, "cho"), role=Role.OPERATOR),
            RoleChanged(id=10, sender=BOB, person=Person(99, "x"), role=Role.OPERATOR),
        )
        self.assertEqual(self.ask(self.store.accounts()), 2)
        self.assertEqual(self.ask(self.store.operators()), 2)
        found = self.ask(self.store.account(5))
        self.assertEqual(found, account(5, "ann", role=Role.OPERATOR))
        self.ask(self.store.keep_secret(5, "", was=account(5, "ann").secret))
        self.assertEqual(self.ask(self.store.accounts()), 1)
        self.assertEqual(self.ask(self.store.operators()), 1)

    def test_rooms_of(self) -> None:
        """Where somebody was is remembered in order; guests are not remembered."""
        self.ask(self.store.add_account(account(5, "ann")))
        self.assertEqual(self.ask(self.store.rooms_of(5)), [])
        self.ask(self.store.keep_rooms_of(5, ["ops", "lobby"]))
        self.ask(self.store.keep_rooms_of(6, ["ops"]))
        self.assertEqual(self.ask(self.store.rooms_of(5)), ["ops", "lobby"])
        self.assertEqual(self.ask(self.store.rooms_of(6)), [])
        self.ask(self.store.keep_choices(account(5, "ann")))
        self.ask(self.store.keep_rooms_of(5, ()))
        self.assertEqual(self.ask(self.store.rooms_of(5)), [])

    def test_marks(self) -> None:
        """Read marks go forward only, each on its own."""
        self.assertEqual(self.ask(self.store.marks(5)), {})
        self.ask(self.store.keep_marks(5, {"ops": 4, "@7": 2}))
        self.ask(self.store.keep_marks(5, {"ops": 3, "@7": 6, "lobby": 1}))
        self.ask(self.store.keep_marks(6, {"ops": 9}))
        self.ask(self.store.keep_marks(5, {}))
        self.assertEqual(self.ask(self.store.marks(5)), {"ops": 4, "@7": 6, "lobby": 1})

    def test_addresses(self) -> None:
        """The latest hundred addresses of an account are known."""
        for number in range(101):
            self.ask(self.store.keep_address(5, f"10.0.0.{number}"))
            self.ask(self.store.keep_address(5, "::1"))
        self.ask(self.store.keep_address(6, "::2"))
        known = self.ask(self.store.addresses(5))
        self.assertEqual(
            known, {"::1", *(f"10.0.0.{number}" for number in range(2, 101))}
        )
        self.assertEqual(self.ask(self.store.addresses(7)), set())

    def test_token(self) -> None:
        """A token tells who somebody is until it expires."""
        self.ask(self.store.add_token("d", CHO, 100.5))
        self.assertEqual(self.ask(self.store.token("d", 100.0)), CHO)
        self.assertIsNone(self.ask(self.store.token("d", 100.5)))
        self.assertIsNone(self.ask(self.store.token("e", 0.0)))

    def test_many_tokens(self) -> None:
        """Somebody has at most twenty tokens; the oldest goes."""
        self.ask(self.store.add_token("other", ANN, 9.0))
        for number in range(21):
            self.ask(self.store.add_token(f"d{number}", CHO, 9.0))
        self.assertIsNone(self.ask(self.store.token("d0", 0.0)))
        self.assertEqual(self.ask(self.store.token("d1", 0.0)), CHO)
        self.assertEqual(self.ask(self.store.token("d20", 0.0)), CHO)
        self.assertEqual(self.ask(self.store.token("other", 0.0)), ANN)

    def test_remove_token(self) -> None:
        """One token can be forgotten; also one that is not there."""
        self.ask(self.store.add_token("a", ANN, 9.0))
        self.ask(self.store.add_token("b", ANN, 9.0))
        self.ask(self.store.remove_token("a"))
        self.ask(self.store.remove_token("nonsense"))
        self.assertIsNone(self.ask(self.store.token("a", 0.0)))
        self.assertEqual(self.ask(self.store.token("b", 0.0)), ANN)

    def test_remove_tokens(self) -> None:
        """All tokens of somebody can be forgotten."""
        self.ask(self.store.add_token("a", ANN, 9.0))
        self.ask(self.store.add_token("b", BOB, 9.0))
        self.ask(self.store.remove_tokens(1))
        self.assertIsNone(self.ask(self.store.token("a", 0.0)))
        self.assertEqual(self.ask(self.store.token("b", 0.0)), BOB)

    def test_keys(self) -> None:
        """An SSH key belongs to one account."""
        first = PublicKey("ssh-ed25519", "AAAA", "ann@laptop", "SHA256:1")
        second = PublicKey("ssh-rsa", "BBBB", "", "SHA256:0")
        self.ask(self.store.add_key(5, first))
        self.ask(self.store.add_key(5, second))
        for owner in (5, 6):
            adding = Deferred.fromCoroutine(self.store.add_key(owner, first))
            self.failureResultOf(adding, NameTaken)
        self.assertEqual(self.ask(self.store.keys(5)), [first, second])
        self.assertEqual(self.ask(self.store.keys(6)), [])
        self.assertEqual(self.ask(self.store.key_owner("SHA256:1")), 5)
        self.assertEqual(self.ask(self.store.key_owner("SHA256:9")), 0)
        self.assertFalse(self.ask(self.store.remove_key(6, "SHA256:1")))
        self.assertTrue(self.ask(self.store.remove_key(5, "SHA256:1")))
        self.assertFalse(self.ask(self.store.remove_key(5, "SHA256:1")))
        self.assertEqual(self.ask(self.store.keys(5)), [second])

    def test_invitations(self) -> None:
        """It is known how many invitations of somebody are still good."""
        for code, by, expires in (("a", 5, 10.0), ("b", 5, 20.0), ("c", 6, 20.0)):
            self.ask(self.store.add_invitation(code, by, expires))
        self.assertEqual(self.ask(self.store.invitations(5, 9.0)), 2)
        self.assertEqual(self.ask(self.store.invitations(5, 10.0)), 1)
        self.ask(self.store.take_invitation("b", 10.0))
        self.assertEqual(self.ask(self.store.invitations(5, 10.0)), 0)

    def test_invitation(self) -> None:
        """An invitation code is good once, until it expires."""
        self.ask(self.store.add_invitation("a", 5, 10.5))
        self.ask(self.store.add_invitation("b", 5, 10.5))
        self.assertTrue(self.ask(self.store.take_invitation("a", 10.0)))
        self.assertFalse(self.ask(self.store.take_invitation("a", 10.0)))
        self.assertFalse(self.ask(self.store.take_invitation("b", 10.5)))
        self.assertFalse(self.ask(self.store.take_invitation("c", 10.0)))

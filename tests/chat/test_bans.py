"""Who is shut out of the whole chat stays out, and nobody else."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person
from chatd.chat.bans import Bans, covers
from chatd.chat.errors import Banned
from chatd.chat.events import ServerBanned, ServerUnbanned
from chatd.chat.store import ServerBan


def ban(target: str, until: float = 0.0, reason: str = "") -> ServerBan:
    """A ban by ann."""
    return ServerBan(target, target.partition(":")[2], until, reason, "ann")


class BansTests(SynchronousTestCase):
    """Accounts, addresses and networks are shut out until their time is over."""

    def setUp(self) -> None:
        self.time = 1_000.0

    def bans(self, *bans: ServerBan) -> Bans:
        """These, by the clock of the test."""
        return Bans(bans, lambda: self.time)

    def assert_out(self, bans: Bans, address: str) -> None:
        """This address is shut out."""
        self.assertRaises(Banned, bans.check, address=address)

    def test_none(self) -> None:
        """Without bans everybody comes in."""
        self.assertIsNone(self.bans().check(account="bob", address="192.0.2.1"))

    def test_account(self) -> None:
        """An account is shut out by the key of its name, and told why."""
        bans = self.bans(ban("account:bob", reason="advertising"))
        error = self.assertRaises(Banned, bans.check, account="bob")
        self.assertEqual(error.text, "You are banned from this server: advertising")
        bans = self.bans(ban("account:bob", until=self.time + 3900))
        error = self.assertRaises(Banned, bans.check, account="bob")
        left = "for 1 hour and 5 minutes."
        self.assertEqual(error.text, f"You are banned from this server {left}")
        self.assertIsNone(bans.check(account="bobby"))

    def test_network(self) -> None:
        """A network shuts out its first and last address, and not their neighbours."""
        bans = self.bans(ban("network:192.0.2.64/26"))
        for address in ("192.0.2.64", "192.0.2.127"):
            self.assert_out(bans, address)
        for address in ("192.0.2.63", "192.0.2.128", "2001:db8::1"):
            self.assertIsNone(bans.check(address=address))

    def test_ipv6(self) -> None:
        """A network of IPv6 shuts out all in it."""
        bans = self.bans(ban("network:2001:db8:1:2::/64"))
        self.assert_out(bans, "2001:db8:1:2:ffff::9")
        self.assertIsNone(bans.check(address="2001:db8:1:3::1"))

    def test_sizes(self) -> None:
        """Networks of different sizes are all looked at, the whole Internet too."""
        bans = self.bans(ban("network:198.51.100.0/24"), ban("network:192.0.2.1/32"))
        self.assert_out(bans, "192.0.2.1")
        self.assert_out(bans, "198.51.100.200")
        self.assertIsNone(bans.check(address="192.0.2.2"))
        self.assert_out(self.bans(ban("network:0.0.0.0/0")), "203.0.113.9")

    def test_this_machine(self) -> None:
        """Whoever sits at the machine itself always comes in, to lift a ban."""
        everybody = self.bans(ban("network:0.0.0.0/0"), ban("network:::/0"))
        for address in ("127.0.0.1", "127.3.2.1", "::1", "local"):
            self.assertIsNone(everybody.check(address=address))
        self.assertFalse(covers("network:0.0.0.0/0", "127.0.0.1"))

    def test_end(self) -> None:
        """A ban ends in the very second it was given until."""
        bans = self.bans(ban("network:192.0.2.0/24", until=1_010.0))
        self.time = 1_009.0
        self.assert_out(bans, "192.0.2.1")
        self.time = 1_010.0
        self.assertIsNone(bans.check(address="192.0.2.1"))

    def test_forgotten(self) -> None:
        """Bans that have ended are not kept in memory."""
        bans = self.bans(
            ban("network:192.0.2.0/24", until=1_010.0),
            ban("account:bob", until=1_020.0),
        )
        self.time = 1_015.0
        self.assertEqual([one.target for one in bans.in_force()], ["account:bob"])
        self.assertEqual((len(bans._bans), bans._networks), (1, {}))

    def test_apply(self) -> None:
        """A ban holds at once; a newer one replaces it, and lifting ends it."""
        bans, ann = self.bans(), Person(1, "ann", guest=False)
        for until in (1_010.0, 1_100.0):
            bans.apply(
                ServerBanned(
                    sender=ann,
                    target="network:192.0.2.0/24",
                    shown="192.0.2.0/24",
                    until=until,
                    reason="",
                )
            )
        self.time = 1_050.0
        self.assert_out(bans, "192.0.2.9")
        bans.apply(
            ServerUnbanned(
                sender=ann, target="network:192.0.2.0/24", shown="192.0.2.0/24"
            )
        )
        self.assertIsNone(bans.check(address="192.0.2.9"))
        self.assertEqual(bans.in_force(), [])

    def test_covers(self) -> None:
        """A target that is an account covers no address."""
        self.assertFalse(covers("account:bob", "192.0.2.1"))
        self.assertFalse(covers("network:192.0.2.0/24", "local"))
        self.assertTrue(covers("network:192.0.2.0/24", "192.0.2.255"))

"""So many connections are let in as are good for all."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.admission import (
    EXPLAINING,
    SPARE,
    TIME_TO_TYPE,
    Admission,
    Visit,
    place_of,
)
from chatd.chat.bans import Bans
from chatd.chat.errors import Banned, ChatError, Full, TooFast
from chatd.chat.rules import Rules
from chatd.chat.store import ServerBan

HOME, WORK = "192.0.2.1", "198.51.100.7"


class AdmissionTests(SynchronousTestCase):
    """Each limit lets the last one in and refuses the next."""

    def setUp(self) -> None:
        self.rules = Rules(
            connections_address=3,
            entering_address=3,
            entering_all=100,
            new_address=100,
        )
        self.bans = Bans((), lambda: 0.0)
        self.admission = Admission(lambda: self.rules, lambda: self.bans)
        self.cut: list[Visit] = []

    def arrive(
        self,
        address: str,
        now: float = 0.0,
        *,
        exempt: bool = False,
        inside: bool = False,
    ) -> Visit:
        """A connection from there."""
        visit = self.admission.arrive(now, lambda why: self.cut.append(visit))
        self.admission.check(visit, address, now, exempt=exempt)
        if inside:
            self.admission.came_in(visit)
        return visit

    def refuse(self, kind: type[ChatError], address: str, now: float = 0.0) -> str:
        """A connection from there is refused, and ends; what it is told."""
        visit = self.admission.arrive(now, self.fail)
        error = self.assertRaises(
            kind, self.admission.check, visit, address, now, exempt=False
        )
        self.admission.leave(visit)
        return error.text

    def test_the_machine_itself(self) -> None:
        """When all connections are taken, somebody at the machine still gets in."""
        self.rules = replace(self.rules, connections=2, entering_all=1)
        for address in (HOME, WORK):
            self.arrive(address, inside=True)
        self.refuse(Full, "203.0.113.9")
        for _ in range(SPARE):
            self.arrive("127.0.0.1", exempt=True, inside=True)
        self.refuse(Full, "127.0.0.1")

    def test_connections(self) -> None:
        """One address has so many connections, and another one its own."""
        visits = [self.arrive(HOME, inside=True) for _ in range(3)]
        text = self.refuse(Full, HOME)
        self.assertIn("3 connections from your address", text)
        self.arrive(WORK)
        self.admission.leave(visits[0])
        self.arrive(HOME)
        self.assertEqual(len(self.admission), 4)

    def test_ipv6(self) -> None:
        """All addresses of one customer's network count as one."""
        for number in range(3):
            self.arrive(f"2001:db8::{number}", inside=True)
        self.refuse(Full, "2001:db8::ffff:1")
        self.arrive("2001:db8:0:1::1")
        self.assertEqual(len(self.admission), 4)

    def test_waiting(self) -> None:
        """Of too many from one address who wait, the oldest goes, who had time."""
        self.rules = replace(self.rules, connections_address=9, entering_address=2)
        first, second = self.arrive(HOME), self.arrive(HOME, now=1.0)
        self.arrive(HOME, now=TIME_TO_TYPE - 0.1)
        self.assertEqual(self.cut, [])
        self.arrive(HOME, now=TIME_TO_TYPE)
        self.assertEqual(self.cut, [first])
        self.admission.came_in(second)
        self.arrive(HOME, now=TIME_TO_TYPE + 1.0)
        self.assertEqual(self.cut, [first])

    def test_waiting_and_full(self) -> None:
        """Who never come in take nobody's place, from whatever address they are."""
        self.rules = replace(self.rules, connections_address=3, entering_address=2)
        inside = self.arrive(HOME, inside=True)
        first, second = self.arrive(HOME), self.arrive(HOME)
        for _ in range(2):
            self.arrive(HOME)
        self.assertEqual(self.cut, [first, second])
        for visit in (first, second, inside):
            self.admission.leave(visit)
        self.assertEqual(self.admission._at, {HOME: 2})

    def test_class(self) -> None:
        """A class of 200 behind one address gets in, though all begin at once."""
        self.rules = Rules()
        visits = [self.arrive(HOME) for _ in range(200)]
        for visit in visits:
            visit.came_in()
        self.assertEqual((self.cut, self.admission.waiting), ([], 0))

    def test_new(self) -> None:
        """From one address come so many in a minute; more are told how long to wait."""
        self.rules = replace(self.rules, new_address=2)
        for _ in range(2):
            self.admission.leave(self.arrive(HOME))
        self.assertIn("Try again in 30 seconds.", self.refuse(TooFast, HOME))
        self.arrive(WORK)
        self.arrive(HOME, now=30.0)
        self.assertEqual(self.admission.refused, {"too-fast": 1})

    def test_no_throttle(self) -> None:
        """Without throttle nobody is refused for coming fast."""
        self.rules = replace(
            self.rules,
            new_address=1,
            entering_address=1,
            entering_all=1,
            throttle=False,
        )
        for _ in range(3):
            self.arrive(HOME)
        self.assertEqual((self.cut, self.admission.waiting), ([], 3))

    def test_exempt(self) -> None:
        """Exempt networks have none of the limits per address."""
        self.rules = replace(
            self.rules, new_address=1, entering_address=1, connections_address=1
        )
        for _ in range(5):
            self.arrive(HOME, exempt=True)
        self.assertEqual(len(self.admission), 5)

    def test_in_all(self) -> None:
        """When all connections are taken, nobody more gets in until one ends."""
        self.rules = replace(self.rules, connections=2)
        first = self.arrive(HOME, inside=True)
        self.arrive(WORK, inside=True)
        self.assertIn("all the connections", self.refuse(Full, "203.0.113.1"))
        self.admission.leave(first)
        self.arrive("203.0.113.1")
        self.assertEqual(len(self.admission), 2)

    def test_system(self) -> None:
        """What the system can hold counts as well, whichever is less."""
        self.rules = replace(self.rules, connections=5)
        self.admission.most = 1
        self.arrive(HOME, inside=True)
        self.refuse(Full, WORK)
        self.assertEqual(len(self.admission), 1)

    def test_refused_do_not_count(self) -> None:
        """Those that are being told why they are refused take nobody's place."""
        self.rules = replace(self.rules, connections=2, new_address=1)
        self.arrive(HOME, inside=True)
        told = self.admission.arrive(0.0, self.fail)
        self.assertRaises(TooFast, self.admission.check, told, HOME, 0.0, exempt=False)
        self.arrive(WORK)
        self.assertEqual(len(self.admission), 3)

    def test_oldest(self) -> None:
        """When too many wait, the oldest of the address with most of them goes."""
        self.rules = replace(self.rules, entering_all=3)
        honest = self.arrive(WORK)
        first, second = self.arrive(HOME), self.arrive(HOME)
        self.assertEqual(self.cut, [])
        self.arrive("203.0.113.1")
        self.assertEqual(self.cut, [first])
        self.arrive(HOME)
        self.assertEqual(self.cut, [first, second])
        self.assertTrue(honest.waiting)

    def test_half(self) -> None:
        """Those who wait never hold more than half of all connections."""
        self.admission.most = 4
        first = self.arrive(HOME)
        self.arrive(WORK)
        self.arrive("203.0.113.1")
        self.assertEqual(self.cut, [first])

    def test_unknown(self) -> None:
        """Connections whose address a proxy does not tell are bounded, too."""
        self.rules = replace(self.rules, entering_all=2)
        visits: list[Visit] = []
        for _ in range(3):
            cut = len(visits)
            visits.append(
                self.admission.arrive(
                    0.0, lambda why, n=cut: self.cut.append(visits[n])
                )
            )
        self.assertEqual(self.cut, visits[:1])

    def test_banned(self) -> None:
        """Who is banned is refused, exempt or not, and is told why."""
        network = ServerBan("network:192.0.2.0/24", "192.0.2.0/24", 0.0, "spam", "ann")
        self.bans = Bans([network], lambda: 0.0)
        self.assertIn("banned from this server: spam", self.refuse(Banned, HOME))
        visit = self.admission.arrive(0.0, self.fail)
        self.assertRaises(Banned, self.admission.check, visit, HOME, 0.0, exempt=True)
        self.arrive(WORK)
        self.assertEqual(self.admission.refused["banned"], 2)

    def test_explaining(self) -> None:
        """Only so many that are refused are told why; the others are cut off."""
        self.rules = replace(self.rules, new_address=1)
        self.arrive(HOME)
        told = []
        for _ in range(EXPLAINING):
            told.append(self.admission.arrive(0.0, self.fail))
            self.assertRaises(
                TooFast, self.admission.check, told[-1], HOME, 0.0, exempt=False
            )
        self.assertTrue(self.admission.may_explain())
        told.append(self.admission.arrive(0.0, self.fail))
        self.assertRaises(
            TooFast, self.admission.check, told[-1], HOME, 0.0, exempt=False
        )
        self.assertFalse(self.admission.may_explain())
        self.admission.leave(told[0])
        self.assertTrue(self.admission.may_explain())

    def test_nothing_stays(self) -> None:
        """When all have left, nothing is remembered of them."""
        visits = [self.arrive(f"2001:db8:{n:x}::1") for n in range(10)]
        for visit in visits:
            self.admission.came_in(visit)
            self.admission.leave(visit)
            self.admission.leave(visit)
        self.assertEqual(
            (len(self.admission), self.admission.waiting, self.admission._explaining),
            (0, 0, 0),
        )
        self.assertEqual((self.admission._at, self.admission._waiting), ({}, {}))


class PlaceTests(SynchronousTestCase):
    """What counts as one address."""

    def test_places(self) -> None:
        """An address of IPv4, a /64 of IPv6, a word for what has no address."""
        self.assertEqual(place_of("192.0.2.1"), "192.0.2.1")
        self.assertEqual(place_of("2001:db8:1:2:3::4"), "2001:db8:1:2::/64")
        self.assertEqual(place_of("local"), "local")

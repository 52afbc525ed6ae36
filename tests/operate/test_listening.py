# ruff: noqa: N802 (the spelling tells that Twisted calls)
"""Tests for L{chatd.operate.listening}."""

import errno
import os
import socket
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate import listening
from chatd.operate.listening import BACKLOG, NotListening, Place, accept, listen

ALL_4 = "0.0.0.0"
ALL_6 = "::"


class ListeningPort:
    """
    Somewhere that is listened on.

    @ivar open: Whether it still is; C{reading}: whether people are let in.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.open = True
        self.reading = True

    def startReading(self) -> None:
        self.reading = True

    def stopReading(self) -> None:
        self.reading = False

    def stopListening(self) -> None:
        self.open = False

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "192.0.2.7", self.number)


class Reactor(MemoryReactor):
    """
    One where some addresses cannot be listened on.

    @ivar problems: Error numbers, or errors, by interface and port.
    @ivar asked: Where it was asked to listen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: dict[tuple[str, int], int | OSError] = {}
        self.asked: list[tuple[str, int, int]] = []
        self.ports: list[ListeningPort] = []

    def listenTCP(
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> Any:
        self.asked.append((interface, port, backlog))
        problem = self.problems.get((interface, port))
        if problem is not None:
            if isinstance(problem, int):
                problem = OSError(problem, os.strerror(problem))
            raise CannotListenError(interface, port, problem)
        self.ports.append(ListeningPort(port))
        return self.ports[-1]


class ListenTests(SynchronousTestCase):
    """The server listens everywhere, or says where it cannot."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.factory = Factory()
        self.patch(listening.sys, "platform", "linux")

    def listen(self, *places: tuple[int | str, str]) -> list[Any]:
        """Listen at places: ports or endpoints, and interfaces."""
        return listen(
            self.reactor,
            [Place(where, self.factory, interface) for where, interface in places],
        )

    def refused(self, *places: tuple[int | str, str]) -> str:
        """Why it cannot."""
        return str(self.assertRaises(NotListening, self.listen, *places))

    def test_everywhere(self) -> None:
        """Without an address, one socket takes IPv4 and IPv6, and many who wait."""
        self.assertEqual(self.listen((5050, "")), self.reactor.ports)
        self.assertEqual(self.reactor.asked, [(ALL_6, 5050, BACKLOG)])
        self.assertGreaterEqual(BACKLOG, 1000)

    def test_two_sockets(self) -> None:
        """Elsewhere than on Linux it takes a socket for each, if there is need."""
        self.patch(listening.sys, "platform", "darwin")
        self.assertEqual(len(self.listen((5050, ""))), 2)
        self.reactor.problems[ALL_4, 5050] = errno.EADDRINUSE
        self.assertEqual(len(self.listen((5050, ""))), 1)

    def test_no_ipv6(self) -> None:
        """A machine without IPv6 listens on IPv4."""
        for number in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            self.reactor.problems[ALL_6, 5050] = number
            self.reactor.asked.clear()
            self.assertEqual(len(self.listen((5050, ""))), 1)
            self.assertEqual(self.reactor.asked[-1][:2], (ALL_4, 5050))

    def test_interface(self) -> None:
        """One address is listened on alone, whichever kind it is."""
        self.listen((5050, "192.0.2.1"), (5050, "2001:db8::1"))
        self.assertEqual(
            [asked[:2] for asked in self.reactor.asked],
            [("192.0.2.1", 5050), ("2001:db8::1", 5050)],
        )

    def test_endpoint(self) -> None:
        """Any endpoint of Twisted will do."""
        self.listen(("tcp:6000:interface=127.0.0.1", ""))
        self.assertEqual(self.reactor.asked[0][:2], ("127.0.0.1", 6000))

    def test_not_yet(self) -> None:
        """Nobody is let in before the server is ready."""
        ports = self.listen((5050, ""), ("tcp:6000", ""))
        self.assertEqual([port.reading for port in ports], [False, False])
        accept(ports)
        self.assertEqual([port.reading for port in ports], [True, True])

    def test_all_or_none(self) -> None:
        """If one place cannot be had, the others are given back."""
        self.reactor.problems[ALL_6, 6000] = errno.EADDRINUSE
        self.refused((5050, ""), (6000, ""))
        self.assertEqual([port.open for port in self.reactor.ports], [False])

    def test_busy(self) -> None:
        """A port in use: what to do stands there."""
        self.reactor.problems[ALL_6, 5050] = errno.EADDRINUSE
        self.assertEqual(
            self.refused((5050, "")),
            "port 5050 is in use by another program; stop that, or choose another "
            "port with --port",
        )

    def test_not_allowed(self) -> None:
        """A port that takes a right of its own."""
        self.reactor.problems[ALL_6, 80] = errno.EACCES
        self.assertIn("port 80 may not be used by this user", self.refused((80, "")))

    def test_no_such_address(self) -> None:
        """An address that this machine does not have."""
        self.reactor.problems["192.0.2.9", 5050] = errno.EADDRNOTAVAIL
        self.reactor.problems["nowhere", 5050] = socket.gaierror(-2, "unknown")
        self.assertEqual(
            self.refused((5050, "192.0.2.9")),
            f"port 5050 on 192.0.2.9 cannot be listened on: "
            f"{os.strerror(errno.EADDRNOTAVAIL)}",
        )
        self.assertEqual(
            self.refused((5050, "nowhere")), "nowhere is no address of this machine"
        )

    def test_other_problem(self) -> None:
        """What nobody thought of is told as the system puts it."""
        self.reactor.problems[ALL_6, 5050] = errno.ENOBUFS
        self.assertIn(os.strerror(errno.ENOBUFS), self.refused((5050, "")))
        self.reactor.listenTCP = lambda *a, **k: 1 / 0  # type: ignore[assignment]
        self.assertIn("cannot be listened on: division by", self.refused((5050, "")))

    def test_no_endpoint(self) -> None:
        """An endpoint that is none."""
        self.assertIn("nonsense:1 is no endpoint", self.refused(("nonsense:1", "")))

    def test_never(self) -> None:
        """One that does not begin to listen at once cannot be waited for."""

        class Waiting:
            def listen(self, factory: object) -> "Waiting":
                return self

            def addCallbacks(self, *calls: object) -> None:
                """Neither is called."""

        self.patch(listening, "serverFromString", lambda *_: Waiting())
        self.assertEqual(
            self.refused(("slow:1", "")), "slow:1 does not begin to listen"
        )

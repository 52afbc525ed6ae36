"""Tests for L{chatd.operate.direct}."""

from twisted.internet import unix
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.direct import AT_ONCE, DirectServer, send_directly, take_few


class FewTests(SynchronousTestCase):
    """Newcomers, however many, do not hold up those who are here."""

    def test_few(self) -> None:
        """A port takes few at a time, also after there were many."""
        taken: list[int] = []

        def take(port: Port) -> None:
            taken.append(port.numberAccepts)
            port.numberAccepts += 20  # as Twisted does when there are more

        self.patch(Port, "doRead", take)
        port = Port(0, Factory(), reactor=MemoryReactor())
        take_few(port)
        for _ in range(3):
            port.doRead()
        self.assertEqual(taken, [AT_ONCE] * 3)

    def test_other(self) -> None:
        """What is no port of TCP stays as it is."""
        take_few(object())  # type: ignore[arg-type]


class DirectTests(SynchronousTestCase):
    """Ports of TCP send at once."""

    def test_kinds(self) -> None:
        """Those of UNIX sockets have connections of their own kind."""
        tcp = Port(0, Factory(), reactor=MemoryReactor())
        local = unix.Port("path", Factory(), reactor=MemoryReactor())
        for port in (tcp, local):
            send_directly(port)
        self.assertIs(tcp.transport, DirectServer)
        self.assertIs(local.transport, unix.Server)

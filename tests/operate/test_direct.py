"""Tests for L{chatd.operate.direct}."""

from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.direct import AT_ONCE, take_few


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

"""Tests for L{chatd.operate.listeners}."""

import errno

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.listeners import Listeners
from chatd.operate.listening import NotListening, Place
from chatd.testing import result
from tests.operate.test_listening import Reactor

HERE = "192.0.2.7"


class ListenersTests(SynchronousTestCase):
    """The server listens, or does not, on all its places together."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        factory = Factory()
        self.listeners = Listeners(
            self.reactor, [Place(5050, factory, HERE), Place(5055, factory, HERE)]
        )

    def listening(self) -> list[tuple[int, bool]]:
        """Which ports are listened on, and whether people are let in."""
        return [(port.number, port.reading) for port in self.reactor.ports if port.open]

    def test_open(self) -> None:
        """Nobody is let in before all is ready."""
        self.listeners.open()
        self.assertEqual(self.listening(), [(5050, False), (5055, False)])
        self.listeners.accept()
        self.assertEqual(self.listening(), [(5050, True), (5055, True)])

    def test_close(self) -> None:
        """They are closed together, and opened again."""
        self.listeners.open()
        result(self.listeners.close())
        self.assertEqual(self.listening(), [])
        result(self.listeners.close())
        self.listeners.open()
        self.assertEqual(self.listening(), [(5050, False), (5055, False)])

    def test_open_fails(self) -> None:
        """If one place cannot be had, none is taken."""
        self.reactor.problems[HERE, 5055] = errno.EADDRINUSE
        self.assertRaises(NotListening, self.listeners.open)
        self.assertFalse(any(port.open for port in self.reactor.ports))
        self.assertEqual(self.listeners.port, 5050)

    def test_move(self) -> None:
        """Another port takes over the one port; the others stay."""
        self.listeners.open()
        self.listeners.accept()
        result(self.listeners.move(6060))
        self.assertEqual(self.listening(), [(5055, True), (6060, True)])
        result(self.listeners.close())
        self.listeners.open()
        self.assertEqual(self.listening(), [(6060, False), (5055, False)])

    def test_move_fails(self) -> None:
        """If the port is taken, nothing changes."""
        self.listeners.open()
        self.listeners.accept()
        self.reactor.problems[HERE, 6060] = errno.EADDRINUSE
        self.failureResultOf(self.moving(6060), NotListening)
        self.assertEqual(self.listening(), [(5050, True), (5055, True)])

    def test_move_closed(self) -> None:
        """While closed, a port is tried and let go again."""
        result(self.listeners.move(6060))
        self.assertEqual(self.listening(), [])
        self.assertEqual(self.listeners.port, 6060)

    def test_where(self) -> None:
        """A browser on this machine is told where to go."""
        self.assertEqual(self.listeners.where, "")
        self.listeners.open()
        self.assertEqual(self.listeners.where, "http://192.0.2.7:5050/console")

    def moving(self, port: int) -> "Deferred[None]":
        """A move that may fail."""
        return Deferred.fromCoroutine(self.listeners.move(port))

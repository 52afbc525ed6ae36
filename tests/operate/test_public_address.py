"""Tests for L{chatd.operate.public_address}."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import ChatError, NotAllowed, NotFound
from chatd.operate.public_address import ANSWER, PATIENCE, public_address

URL = "https://ip.example/"


class Service:
    """Somebody who says what our address is."""

    def __init__(self, body: bytes = b"", code: int = 200) -> None:
        self.body = body
        self.code = code
        self.asked: list[bytes] = []
        self.lost = False
        self.problem: Exception | None = None
        self.silent = False

    def request(self, method: bytes, uri: bytes, headers: object) -> Any:
        """Be asked."""
        self.asked.append(uri)
        answered: Deferred[Service] = Deferred()
        if self.problem is not None:
            answered.errback(self.problem)
        elif not self.silent:
            answered.callback(self)
        return answered

    def deliverBody(self, receiver: Any) -> None:  # noqa: N802
        """Answer, in pieces."""
        receiver.makeConnection(self)
        for at in range(0, len(self.body), 100):
            receiver.dataReceived(self.body[at : at + 100])
            if self.lost:
                break
        receiver.connectionLost(Failure(ConnectionDone()))

    def loseConnection(self) -> None:
        """The rest is not wanted."""
        self.lost = True


class PublicAddressTests(SynchronousTestCase):
    """Somebody else is asked, carefully."""

    def ask(self, service: Service, url: str = URL) -> "Deferred[str]":
        """Ask."""
        self.clock = Clock()
        return Deferred.fromCoroutine(public_address(url, self.clock, service))

    def problem(self, service: Service, kind: type[ChatError] = NotFound) -> str:
        """Why there is no answer."""
        failure = self.failureResultOf(self.ask(service), kind)
        assert isinstance(failure.value, ChatError)
        return failure.value.text

    def test_address(self) -> None:
        """The answer is an address of either kind, and asked for once."""
        service = Service(b"203.0.113.5\n")
        self.assertEqual(self.successResultOf(self.ask(service)), "203.0.113.5")
        self.assertEqual(service.asked, [URL.encode()])
        service = Service(b"2001:DB8::5")
        self.assertEqual(self.successResultOf(self.ask(service)), "2001:db8::5")

    def test_nonsense(self) -> None:
        """What is no address is not believed; endless answers are cut."""
        self.assertIn("no address", self.problem(Service(b"<script>")))
        self.assertIn("no address", self.problem(Service(b"\xff")))
        service = Service(b"1" * 100_000)
        self.assertLess(len(self.problem(service)), 200)
        self.assertTrue(service.lost)
        self.assertGreater(ANSWER, 100)

    def test_status(self) -> None:
        """Redirections are not followed, and errors are said."""
        self.assertIn("status 302", self.problem(Service(b"203.0.113.5", 302)))

    def test_unreachable(self) -> None:
        """Nobody there: that is said."""
        service = Service()
        service.problem = Refused()
        self.assertIn("does not answer", self.problem(service))

    def test_slow(self) -> None:
        """It is not waited for long."""
        service = Service()
        service.silent = True
        asking = self.ask(service)
        self.clock.advance(PATIENCE - 0.1)
        self.assertNoResult(asking)
        self.clock.advance(0.2)
        self.failureResultOf(asking, NotFound)

    def test_nobody(self) -> None:
        """Without a service nobody is asked."""
        service = Service(b"203.0.113.5")
        self.failureResultOf(self.ask(service, ""), NotAllowed)
        self.assertEqual(service.asked, [])

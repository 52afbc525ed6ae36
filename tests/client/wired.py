"""A client and a server with a line between them that lies in memory."""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from chatd.chat.rules import Rules
from chatd.client.client import Client
from chatd.client.credentials import Credentials
from chatd.client.inbox import Happening
from chatd.doors.json import JSONFactory
from chatd.testing import make_hub, nobody_is_exempt, turn
from tests.doors.wire import Wire

Kind = TypeVar("Kind")


@implementer(IStreamClientEndpoint)
class Line:
    """
    The way to a server, on which a connection can break.

    @ivar up: Whether a new connection can be made.
    @ivar made: How many were.
    """

    def __init__(self, factory: IProtocolFactory, turn: Callable[[], None]) -> None:
        self.factory = factory
        self.up = True
        self.made = 0
        self.lost_answers = False
        self._turn = turn
        self._door: Any = None
        self._there: Wire | None = None
        self._here: Wire | None = None
        self._client: Any = None

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        if not self.up:
            return fail(ConnectionRefusedError())
        self.made += 1
        self._there, self._here = Wire(), Wire()
        self._client = protocolFactory.buildProtocol(None)
        self._door = self.factory.buildProtocol(self._there.getPeer())
        self._door.makeConnection(self._there)
        self._client.makeConnection(self._here)
        return succeed(self._client)

    def carry(self) -> None:
        """Carry bytes to and fro until there are none."""
        for _ in range(10_000):
            self._turn()
            if self._here is None or self._there is None:
                return
            asked, told = self._here.value(), self._there.value()
            self._here.clear()
            paused = self._here.producerState == "paused"
            if not paused:
                self._there.clear()
            if asked:
                self._door.dataReceived(asked)
            if told and not paused and not self.lost_answers:
                self._client.dataReceived(told)
            if (
                self._here is not None
                and (
                    self._here.disconnecting
                    or self._there.disconnecting
                    or self._here.aborted
                    or self._there.aborted
                )
                and not self._there.value()
            ):
                self.cut()
            elif not asked and (paused or not told):
                return

    def cut(self) -> None:
        """The connection breaks."""
        door, client = self._door, self._client
        self._here = self._there = None
        door.connectionLost(Failure(ConnectionLost()))
        self._turn()
        client.connectionLost(Failure(ConnectionLost()))


class ClientCase(SynchronousTestCase):
    """A hub, and somebody who comes to it with a client."""

    rules = Rules(throttle=False, server="chat.example")

    def setUp(self) -> None:
        self.hub = make_hub(rules=self.rules)
        self.clock: Any = self.hub.clock
        self.line = self.new_line()

    def tearDown(self) -> None:
        self.assertEqual(self.flushLoggedErrors(), [])

    def new_line(self) -> Line:
        """A way to the server."""
        factory = JSONFactory(self.hub, exempt=nobody_is_exempt)
        return Line(factory, lambda: turn(self.hub))

    def client(
        self, name: str = "ann", *, line: Line | None = None, **options: Any
    ) -> Client:
        """Somebody who has come in, and has read what there was to read."""
        line = line or self.line
        credentials = options.pop("credentials", Credentials(name))
        client = Client(line, credentials, clock=self.clock, **options)
        client.start()
        line.carry()
        return client

    def take(self, client: Client) -> list[Happening]:
        """What happened since the last time."""
        found: list[Happening] = []
        while client.waiting:
            found.append(self.successResultOf(Deferred.fromCoroutine(anext(client))))
        return found

    def of(self, kind: type[Kind], client: Client) -> list[Kind]:
        """What happened of one kind."""
        return [event for event in self.take(client) if isinstance(event, kind)]

    def back(self, line: Line | None = None) -> None:
        """Let the time pass after which the client connects again."""
        self.clock.advance(60)
        (line or self.line).carry()

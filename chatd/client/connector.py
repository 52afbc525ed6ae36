"""Keeps up a connection to a server."""

from collections.abc import Callable, Mapping
from random import uniform
from typing import Any, Protocol

from twisted.application.internet import ClientService
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.client.link import Link
from chatd.client.reasons import NotReached, reason_of

# Seconds: the first wait before connecting again, and the longest.
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0

# Seconds for a server to show who it is, and to say something.
GREETING = 15.0

# Connections that may break before one is in: a server greets whoever is slow to speak
# as a person with nc, and hangs up when TLS comes then.
BREAKS = 3

# Seconds of silence after which the server is asked whether it is there, after which
# the connection is taken for dead, and between two looks.
SILENCE = 40.0
DEAD = 60.0
LOOK = 5.0


class Owner(Protocol):
    """Whoever wants to be connected."""

    def opened(self) -> None:
        """There is a connection to the right server."""

    def received(self, found: dict[str, Any]) -> None:
        """The server sent an object."""

    def closed(self) -> None:
        """There is no connection any more."""

    def waits(self, reason: str, seconds: float) -> None:
        """The next try is in so many seconds."""

    def failed(self, problem: Exception) -> None:
        """It is of no use to try again."""


class Connector:
    """
    One connection after another, with waits between them that grow.

    @ivar reason: Why there is no connection, if there is none; C{""} if that is not
        known.
    @ivar retry: Seconds within which the server asked to come back, when it closed.
    """

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        owner: Owner,
        *,
        clock: IReactorTime,
        check: Callable[[object], None] | None,
        tries: int,
    ) -> None:
        """
        @param check: Raises if the peer of a transport is not the right server.
        @param tries: How often to try before one has come in once; 0: for ever.
        """
        self.reason = ""
        self.retry: float | None = None
        self._owner = owner
        self._clock = clock
        self._check = check
        self._tries = tries
        self._service = ClientService(
            _Watched(endpoint, self._not_reached),
            _Links(self._build),
            retryPolicy=self._wait,
            clock=clock,
        )
        self._link: Link | None = None
        self._stopped = True
        self._failures = 0  # since one came in
        self._excuse = ""  # the server's, for not letting us in
        self._heard = 0.0
        self._timeout: IDelayedCall | None = None
        self._look: IDelayedCall | None = None

    def start(self) -> None:
        """Connect, and stay connected."""
        self._stopped = False
        self._service.startService()

    async def stop(self) -> None:
        """End the connection, and make no other one until it is started again."""
        self._stopped = True
        # Not from within what the service calls.
        turn: Deferred[None] = Deferred()
        self._clock.callLater(0, turn.callback, None)
        await turn
        stopped = self._service.stopService()
        if stopped is not None:
            await stopped

    def came_in(self) -> None:
        """The server let us in: all is well."""
        self._failures = self._tries = 0

    # The connection that there is

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._link is not None

    def send(self, fields: Mapping[str, Any]) -> None:
        """Send an object, if there is a connection."""
        if self._link is not None:
            self._link.ask(fields)

    def stay(self) -> None:
        """Let the server know that we are there."""
        if self._link is not None:
            self._link.stay()

    def hold(self, on: bool) -> None:
        """Read nothing for now, or read again."""
        if self._link is not None:
            self._link.hold(on)

    def hang_up(self, excuse: str) -> None:
        """
        End the connection, and try again later.

        @param excuse: Why that is.
        """
        if self._link is not None:
            self._excuse = excuse
            self._failures += 1
            self._link.hang_up()

    # What links tell

    def _build(self) -> Link:
        link = Link(self, self._check)
        self._timeout = self._clock.callLater(GREETING, self._give_up, link)
        return link

    def _give_up(self, link: Link) -> None:
        self._excuse = "What is there does not answer."
        link.cut()

    def opened(self, link: Link) -> None:
        self._link = link
        self._heard = self._clock.seconds()
        self._look = self._clock.callLater(LOOK, self._check_life)
        self.retry = None
        self._excuse = ""
        self._owner.opened()

    def received(self, link: Link, found: dict[str, Any]) -> None:
        if link is self._link:
            self._heard = self._clock.seconds()
            _cancel(self._timeout)
            self._owner.received(found)

    def closed(self, link: Link, reason: Failure) -> None:
        self.reason = self._excuse or reason_of(reason)
        _cancel(self._timeout)
        _cancel(self._look)
        if link.refused is not None:
            self._owner.failed(link.refused)
        if link is self._link:
            self._link = None
            self._owner.closed()
        if self._tries and not self._stopped:  # that is, nobody came in yet
            self._fail(1 if self._excuse else BREAKS)

    def _not_reached(self, failure: Failure) -> None:
        self.reason = reason_of(failure)
        self._fail(1)

    def _fail(self, least: int) -> None:
        self._failures += 1
        if self._tries and self._failures >= max(self._tries, least):
            self._owner.failed(NotReached(self.reason))

    def _wait(self, _: int) -> float:
        """Seconds until the next try."""
        if self.retry is not None:
            # All who were there come back: not all at once.
            seconds, self.retry = uniform(0, self.retry), None  # noqa: S311
        else:
            longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures, 10))
            seconds = uniform(longest / 2, longest)  # noqa: S311
        self._owner.waits(self.reason, seconds)
        return seconds

    def _check_life(self) -> None:
        link = self._link
        if link is None:
            return
        self._look = self._clock.callLater(LOOK, self._check_life)
        silent = self._clock.seconds() - self._heard
        if link.held and silent > SILENCE:
            # It is we who do not listen: let the server know that we are there.
            self._heard = self._clock.seconds()
            link.stay()
        elif silent > DEAD:
            link.cut()
        elif silent > SILENCE:
            link.ask({"do": "ping"})


def _cancel(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()


class _Links(Factory):
    """Makes connections."""

    noisy = False

    def __init__(self, build: Callable[[], Link]) -> None:
        self._build = build

    def buildProtocol(self, addr: IAddress | None) -> Link:
        return self._build()


@implementer(IStreamClientEndpoint)
class _Watched:
    """An endpoint, of which it is told when it was not reached."""

    def __init__(
        self, endpoint: IStreamClientEndpoint, failed: Callable[[Failure], None]
    ) -> None:
        self._endpoint = endpoint
        self._failed = failed

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[IProtocol]":
        connecting: Deferred[IProtocol] = self._endpoint.connect(protocolFactory)
        return connecting.addErrback(self._tell)

    def _tell(self, failure: Failure) -> Failure:
        if failure.check(CancelledError) is None:
            self._failed(failure)
        return failure

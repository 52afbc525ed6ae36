"""The one port: looks at the first bytes and hands the connection on."""

from collections.abc import Callable, Mapping
from typing import cast

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.doors.transport import abort
from chatd.wire.sniff import Guess, sniff

Doors = Mapping[Guess, IProtocolFactory]


@implementer(IHalfCloseableProtocol)
class Undecided(Protocol):
    """
    A connection of which it is not known yet what it speaks.

    Once it is known, the door's protocol is called directly, as if it had been there
    from the beginning.
    """

    def __init__(self, port: "OnePort", address: IAddress | None) -> None:
        self._port = port
        self._address = address
        self._data = b""
        self._door: IProtocol | None = None
        self._greeting: IDelayedCall | None = None
        self._deadline: IDelayedCall | None = None

    def connectionMade(self) -> None:
        transport = self.transport
        if ITCPTransport.providedBy(transport):
            transport.setTcpNoDelay(True)
        clock = self._port.clock
        self._greeting = clock.callLater(self._port.greet_after(), self._silent)
        self._deadline = clock.callLater(self._port.give_up_after(), self._give_up)

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        guess = sniff(self._data)
        if guess is not None:
            self._hand_on(guess)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._cancel()

    def readConnectionLost(self) -> None:
        if self._door is None and self._data:
            # One unfinished line, and no more to come: a person's.
            self._hand_on(Guess.TEXT)
        door = IHalfCloseableProtocol(self._door, None)
        if door is not None:
            door.readConnectionLost()
        elif self.transport is not None:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        door = IHalfCloseableProtocol(self._door, None)
        if door is not None:
            door.writeConnectionLost()

    def _silent(self) -> None:
        """Nothing for a moment: a person who waits to be greeted."""
        if not self._data:
            self._hand_on(Guess.TEXT)

    def _give_up(self) -> None:
        _log.info("a connection said nothing that makes sense, and was ended")
        self._cancel()
        abort(self.transport)

    def _hand_on(self, guess: Guess) -> None:
        self._cancel()
        data, self._data = self._data, b""
        factory = self._port.doors[guess]
        door = cast(Protocol, factory.buildProtocol(cast(IAddress, self._address)))
        self._door = door
        # From here on the transport calls the door without a detour.
        self.dataReceived = door.dataReceived  # type: ignore[method-assign]
        self.connectionLost = door.connectionLost  # type: ignore[method-assign]
        assert self.transport is not None
        door.makeConnection(self.transport)
        if data:
            door.dataReceived(data)

    def _cancel(self) -> None:
        for call in (self._greeting, self._deadline):
            if call is not None and call.active():
                call.cancel()
        self._greeting = self._deadline = None


class OnePort(Factory):
    """
    Makes connections that choose their door by what they say first.

    @ivar doors: A factory for each L{Guess}.
    """

    noisy = False

    def __init__(
        self,
        doors: Doors,
        clock: IReactorTime,
        greet_after: Callable[[], float],
        give_up_after: Callable[[], float],
    ) -> None:
        """
        @param greet_after: Seconds of silence that mean a person.
        @param give_up_after: Seconds until it must be known what the peer speaks.
        """
        self.doors = doors
        self.clock = clock
        self.greet_after = greet_after
        self.give_up_after = give_up_after

    def buildProtocol(self, addr: IAddress | None) -> Undecided:
        return Undecided(self, addr)

    def doStart(self) -> None:
        super().doStart()
        for door in set(self.doors.values()):
            door.doStart()

    def doStop(self) -> None:
        super().doStop()
        for door in set(self.doors.values()):
            door.doStop()


_log = Logger()

"""The one port: looks at the first bytes and hands the connection on."""

from collections.abc import Callable, Mapping
from typing import cast

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat.admission import Admission, Visit
from chatd.chat.errors import ChatError
from chatd.doors.browsers import Browsers
from chatd.doors.gate import Gate
from chatd.doors.refusal import PATIENCE, Refused, in_words
from chatd.doors.transport import abort, address_of, visit_of
from chatd.wire.sniff import Guess, sniff

Doors = Mapping[Guess, IProtocolFactory]


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class Undecided(Protocol):
    """
    A connection of which it is not known yet what it speaks.

    Once it is known, the door's protocol is called directly, as if it had been there
    from the beginning. A connection that is refused waits likewise, but for a moment
    only, to be told why in its own language.
    """

    def __init__(self, port: "OnePort", address: IAddress | None) -> None:
        self._port = port
        self._address = address
        self._data = b""
        self._door: IProtocol | None = None
        self._visit: Visit | None = None
        self._outermost = False
        self._checked = True
        self._refused: ChatError | None = None
        self._greeting: IDelayedCall | None = None
        self._deadline: IDelayedCall | None = None

    def connectionMade(self) -> None:
        transport, port = self.transport, self._port
        assert transport is not None
        if not isinstance(transport, TLSMemoryBIOProtocol):
            self._await_silence()
        self._visit = visit_of(transport)
        if self._visit is None:
            self._outermost = True
            self._visit = port.gate.arrive(transport)
            self._checked = False
            # One deadline for all that comes before the door, TLS included.
            self._deadline = port.clock.callLater(port.give_up_after(), self._give_up)
            if not port.proxied:
                self._check()

    def handshakeCompleted(self) -> None:
        # Before, who is far away cannot have said anything.
        self._await_silence()

    def dataReceived(self, data: bytes) -> None:
        if not self._check():
            return
        self._data += data
        guess = sniff(self._data)
        if guess is not None:
            self._hand_on(guess)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._cancel(self._greeting, self._deadline)
        if self._outermost and self._visit is not None and self.transport is not None:
            self._port.gate.leave(self._visit, self.transport)
        if self._door is not None:
            self._door.connectionLost(reason)

    def readConnectionLost(self) -> None:
        if self._door is None and self._data and self._check():
            # One unfinished line, and no more to come: a person's.
            self._hand_on(Guess.TEXT)
        if IHalfCloseableProtocol.providedBy(self._door):
            cast(IHalfCloseableProtocol, self._door).readConnectionLost()
        elif self.transport is not None:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        if IHalfCloseableProtocol.providedBy(self._door):
            cast(IHalfCloseableProtocol, self._door).writeConnectionLost()

    def _check(self) -> bool:
        """
        Have it let in or refused; behind a proxy not before its first bytes.

        @return: Whether there is more to do for it.
        """
        if self._checked or self._visit is None or self.transport is None:
            return True
        self._checked = True
        gate = self._port.gate
        self._refused = gate.check(self._visit, self.transport)
        if self._refused is None:
            return True
        self._cancel(self._deadline)
        if gate.admission.may_explain():
            later = self._port.clock.callLater
            self._deadline = later(PATIENCE, abort, self.transport)
            return True
        self._cancel(self._greeting)
        abort(self.transport)
        return False

    def _await_silence(self) -> None:
        port, silence = self._port, self._port.greet_after()
        if silence < port.give_up_after():
            self._greeting = port.clock.callLater(silence, self._silent, silence)

    def _silent(self, seconds: float) -> None:
        """Nothing for a moment: a person who waits to be greeted, or a browser."""
        port = self._port
        # Not when it came: a browser opens its first two connections at once.
        if port.browsers is not None and self.transport is not None:
            longer = port.browsers.silence(self._from(), seconds)
            if longer > seconds:
                later = longer - seconds
                self._greeting = port.clock.callLater(later, self._silent, longer)
                return
        if not self._data and self._check():
            self._hand_on(Guess.TEXT)

    def _give_up(self) -> None:
        if self._visit is not None and self._visit.decided:
            return
        self._port.gate.log.ended(
            "silent", self._from(), "It said nothing that makes sense."
        )
        self._cancel(self._greeting)
        abort(self.transport)

    def _hand_on(self, guess: Guess) -> None:
        assert self.transport is not None
        self._cancel(self._greeting)
        if guess is Guess.HTTP and self._port.browsers is not None:
            self._port.browsers.spoke(self._from())
        if guess is not Guess.TLS:
            self._cancel(self._deadline)
            if self._visit is not None:
                self._visit.decided = True
        data, self._data = self._data, b""
        door = self._door = self._build(guess)
        # A timer takes 400 bytes as long as it is known, also when it was cancelled.
        self._greeting = self._address = None
        if guess is not Guess.TLS:
            self._deadline = None
        # From here on the transport calls the door without a detour.
        self.dataReceived = door.dataReceived  # type: ignore[method-assign]
        door.makeConnection(self.transport)
        if data:
            door.dataReceived(data)

    def _from(self) -> str:
        assert self.transport is not None
        return address_of(self.transport.getPeer())

    def _build(self, guess: Guess) -> Protocol:
        if self._refused is not None:
            self._cancel(self._deadline)
            return Refused(in_words(guess, self._refused), self._port.clock)
        factory = self._port.doors[guess]
        return cast(Protocol, factory.buildProtocol(cast(IAddress, self._address)))

    def _cancel(self, *calls: IDelayedCall | None) -> None:
        for call in calls:
            if call is not None and call.active():
                call.cancel()


class OnePort(Factory):
    """
    Makes connections that choose their door by what they say first.

    @ivar doors: A factory for each L{Guess}.
    @ivar gate: Lets connections in; the same for all ports.
    @ivar browsers: Where silence is no sign of a person yet, if that is minded.
    @ivar proxied: Whether where they come from is known with their first bytes only.
    """

    noisy = False

    def __init__(
        self,
        doors: Doors,
        clock: IReactorTime,
        greet_after: Callable[[], float],
        give_up_after: Callable[[], float],
        gate: Gate | None = None,
        *,
        browsers: Browsers | None = None,
        proxied: bool = False,
    ) -> None:
        """
        @param greet_after: Seconds of silence that mean a person.
        @param give_up_after: Seconds until it must be known what the peer speaks.
        """
        self.doors = doors
        self.clock = clock
        self.greet_after = greet_after
        self.give_up_after = give_up_after
        self.gate = gate or Gate(Admission(), clock, lambda address: False)
        self.browsers = browsers
        self.proxied = proxied

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

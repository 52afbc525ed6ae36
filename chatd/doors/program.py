"""What the doors for programs have in common: JSON, in lines or in frames."""

from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chatd.chat.hub import Hub
from chatd.chat.request import Refused, Request
from chatd.chat.rules import Rules
from chatd.doors.connection import Connection, Exempt
from chatd.wire.jsonline import read_request

# Requests in a row that are none: a program that learns nothing from the answers.
ABUSE = 100

# Seconds of silence after which a peer is asked whether it is there, after which it
# is taken for dead, and between two looks at all of them.
SILENCE = 60.0
DEAD = 120.0
ROUND = 5.0


class ProgramDoor(Connection):
    """
    One connection of a program.

    @cvar ping: What asks the peer whether it is there.
    """

    ping = b""

    def __init__(self, programs: "Programs", **how: Any) -> None:
        super().__init__(programs.hub, exempt=programs.exempt, **how)
        self._programs = programs
        self._bad = 0
        self._asked = -1.0  # what C{heard} was when the peer was last pinged

    @property
    def longest(self) -> int:
        """Bytes that a request may have."""
        entered = self.session is not None and self.session.person is not None
        return longest_line(self.hub.rules, entered=entered)

    def connectionMade(self) -> None:
        super().connectionMade()
        if self.session is not None:
            self._programs.opened(self)
            self.hub.connections.greet(self.session)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._programs.closed(self)
        super().connectionLost(reason)

    def read(self, text: str) -> None:
        """Take what should be a request."""
        self.submit(read_request(text))

    def submit(self, request: Request) -> None:
        """Take a request, or why there is none."""
        if self.session is None:
            return
        self.session.submit(request)
        self._bad = self._bad + 1 if isinstance(request, Refused) else 0
        if self._bad >= ABUSE:
            self.hub.connections.let_go(
                self.session, f"it sent {ABUSE} lines in a row that are no requests"
            )

    def check(self, now: float, dead_after: float) -> None:
        """Ask whether a silent peer is there, and let go one that did not answer."""
        silent = now - self.heard
        if self.session is None or silent < min(SILENCE, dead_after / 2):
            return
        # However late this look is: nobody is let go who was not asked.
        if self._asked != self.heard:
            self._asked = self.heard
            self.session.write(self.ping)
        elif silent >= dead_after:
            self.hub.connections.let_go(
                self.session, f"nothing came from it for {silent:.0f} s"
            )


class Programs:
    """
    All connections by one door for programs; finds out which of them are dead.

    @ivar dead_after: Seconds without a byte.
    """

    def __init__(self, hub: Hub, *, exempt: Exempt, dead_after: float = DEAD) -> None:
        self.hub = hub
        self.exempt = exempt
        self.dead_after = dead_after
        self._doors: set[ProgramDoor] = set()
        self._round: IDelayedCall | None = None

    def opened(self, door: ProgramDoor) -> None:
        """A connection is there."""
        self._doors.add(door)
        if self._round is None:
            self._round = self.hub.clock.callLater(ROUND, self._look_round)

    def closed(self, door: ProgramDoor) -> None:
        """A connection is gone."""
        self._doors.discard(door)
        if not self._doors and self._round is not None:
            self._round.cancel()
            self._round = None

    def _look_round(self) -> None:
        self._round = self.hub.clock.callLater(ROUND, self._look_round)
        now = self.hub.clock.seconds()
        for door in list(self._doors):
            door.check(now, self.dead_after)


def longest_line(rules: Rules, *, entered: bool) -> int:
    r"""
    @return: Bytes. JSON may write each character as C{\u....}: a password of 256 of
        them must fit before coming in, and a whole paste after it.
    """
    if not entered:
        return 4 * rules.line_bytes_before
    return rules.line_bytes + 3 * rules.paste_bytes

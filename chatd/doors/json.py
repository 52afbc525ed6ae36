"""The door for programs: one JSON object a line; see C{docs/protocol.rst}."""

from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import Factory, connectionDone
from twisted.python.failure import Failure

from chatd.chat.account import Preferences
from chatd.chat.errors import TooLong
from chatd.chat.hub import Hub
from chatd.chat.look import Look, look
from chatd.chat.request import Refused
from chatd.chat.rules import Rules
from chatd.doors.connection import Connection, Exempt
from chatd.render.json import PING, render
from chatd.wire.jsonline import read_request

# Lines in a row that are no requests: a program that learns nothing from the answers.
ABUSE = 100

# Seconds of silence after which a peer is asked whether it is there, after which it
# is taken for dead, and between two looks at all of them.
SILENCE = 60.0
DEAD = 120.0
ROUND = 5.0


class JSONDoor(Connection):
    """One connection of a program."""

    kind = "json"

    def __init__(self, factory: "JSONFactory") -> None:
        super().__init__(factory.hub, line_limit=0, exempt=factory.exempt)
        self._factory = factory
        self._bad = 0
        self._asked = -1.0  # what C{heard} was when the peer was last pinged

    def look(self, preferences: Preferences) -> Look:
        """All programs read the same."""
        return look(render, shows_latest=False)

    def connectionMade(self) -> None:
        super().connectionMade()
        if self.session is not None:
            self._factory.opened(self)
            self.hub.greet(self.session)

    def dataReceived(self, data: bytes) -> None:
        entered = self.session is not None and self.session.person is not None
        self.MAX_LENGTH = longest_line(self.hub.rules, entered=entered)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").strip()
        session = self.session
        if not text or session is None:
            return
        request = read_request(text)
        session.submit(request)
        self._count(isinstance(request, Refused))

    def line_too_long(self, head: bytes, length: int) -> None:
        if self.session is not None:
            error = TooLong(
                f"A line has at most {self.MAX_LENGTH} bytes here, and yours {length}."
            )
            self.session.submit(Refused(error))
            self._count(bad=True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._factory.closed(self)
        super().connectionLost(reason)

    def check(self, now: float, dead_after: float) -> None:
        """Ask whether a silent peer is there, and let go one that did not answer."""
        silent = now - self.heard
        if self.session is None or silent < min(SILENCE, dead_after / 2):
            return
        if silent >= dead_after:
            self.hub.let_go(self.session, f"nothing came from it for {silent:.0f} s")
        elif self._asked != self.heard:
            self._asked = self.heard
            self.session.write(PING)

    def _count(self, bad: bool) -> None:
        self._bad = self._bad + 1 if bad else 0
        if self._bad >= ABUSE and self.session is not None:
            self.hub.let_go(
                self.session, f"it sent {ABUSE} lines in a row that are no requests"
            )


class JSONFactory(Factory):
    """
    Makes connections of programs, and finds out which of them are dead.

    @ivar dead_after: Seconds without a byte.
    """

    noisy = False

    def __init__(self, hub: Hub, *, exempt: Exempt, dead_after: float = DEAD) -> None:
        self.hub = hub
        self.exempt = exempt
        self.dead_after = dead_after
        self._doors: set[JSONDoor] = set()
        self._round: IDelayedCall | None = None

    def buildProtocol(self, addr: IAddress | None) -> JSONDoor:
        return JSONDoor(self)

    def opened(self, door: JSONDoor) -> None:
        """A connection is there."""
        self._doors.add(door)
        if self._round is None:
            self._round = self.hub.clock.callLater(ROUND, self._look_round)

    def closed(self, door: JSONDoor) -> None:
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

"""The WebSocket: the JSON protocol, a message a frame."""

import binascii
from base64 import b64decode
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import assert_never

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from wsproto.utilities import generate_accept_token

from chatd.chat.account import Preferences
from chatd.chat.look import Look, look
from chatd.chat.queue import LAST_WORDS
from chatd.chat.throttle import Throttle
from chatd.doors.connection import PATIENCE
from chatd.doors.program import ProgramDoor, Programs
from chatd.doors.web.errors import HTTPError
from chatd.doors.web.request import Request
from chatd.render.websocket import PING, PONG, close_frame, frame, render
from chatd.wire.websocket import Broken, Closed, Frames, Message, Part, Ping

# Of RFC 6455, section 7.4.1.
NORMAL = 1000
GOING_AWAY = 1001
POLICY = 1008
NO_STATUS = 1005

# Frames of a connection, of whatever kind: so many at once, and so many a second. Empty
# ones and pings cost their sender a few bytes, and us 20 us each.
FRAMES_BURST = 50
FRAMES_RATE = 50.0

# Frames beyond that, one after another, with no message among them.
ABUSE = 500


class WebSocketDoor(ProgramDoor):
    """One connection of a page, or of a program."""

    kind = "web"
    ping = frame(b"", PING)

    def __init__(self, programs: Programs) -> None:
        super().__init__(programs)
        self._frames = Frames(self.longest)
        self._paused = False
        self._reading = False
        self._code = NORMAL
        self._reason = ""
        self._peer_closed = False
        self._throttle = Throttle(FRAMES_RATE, FRAMES_BURST)
        self._resting: IDelayedCall | None = None  # until there may be more frames
        self._empty = 0  # frames without a message that were too many
        self._left = 0  # frames of one who is gone that are still looked at

    def look(self, preferences: Preferences) -> Look:
        """All programs read the same."""
        return look(render, shows_latest=False, links=self.hub.sharing.paths())

    def dataReceived(self, data: bytes) -> None:
        self.heard = self.hub.clock.seconds()
        self._frames.feed(data)
        self._take()

    def pause(self) -> None:
        """Read nothing more for now."""
        self._paused = True
        if not self.lost and self.transport is not None:
            self.transport.pauseProducing()

    def resume(self) -> None:
        """Read again, beginning with what was received already."""
        self._paused = False
        self._read_on()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        super().connectionLost(reason)

    def last_words(self) -> None:
        """Some of what was received while reading was paused is still carried out."""
        self._paused = False
        self._left = LAST_WORDS
        self._take()

    def hang_up(self) -> None:
        """Say that it is over, and wait a moment for the peer to say so, too."""
        if self.lost or self._cut is not None or self.transport is None:
            return
        if self.hub.closing:
            self._code, self._reason = GOING_AWAY, self.hub.closing
        elif self._code == NORMAL and (self.session is None or self.session.sent_away):
            self._code = POLICY
        self.send(close_frame(self._code, self._reason))
        if self._peer_closed:
            super().hang_up()
            return
        self._cut = self.hub.clock.callLater(PATIENCE, self.transport.abortConnection)
        if self._paused:
            self.resume()

    def _take(self) -> None:
        if self._reading or self._paused or self._resting is not None:
            return
        self._reading = True
        asked = None
        try:
            for one in self._frames.incoming():
                match one:
                    case Message():
                        self.read(one.text)
                    case Part():
                        pass
                    case Ping():
                        asked = one
                    case Closed():
                        self._close(one.code)
                    case Broken():
                        self._break(one)
                    case _:
                        assert_never(one)
                self._frames.limit = self.longest
                if isinstance(one, Message):
                    self._empty = 0
                if self._paused or self._tired():
                    break
        finally:
            self._reading = False
        # The latest is enough; see RFC 6455, section 5.5.3.
        if asked is not None and not self.full and not self.lost and not self._cut:
            self.send(frame(asked.data, PONG))

    def _read_on(self) -> None:
        if self._paused or self._resting is not None or self.lost:
            return
        if self.transport is not None:
            self.transport.resumeProducing()
            self._take()

    def _tired(self) -> bool:
        """Whether there were too many frames, so that there is a rest now."""
        if self.lost:
            self._left -= 1
            return self._left <= 0
        if not self.hub.rules.throttle or self.transport is None:
            return False
        clock = self.hub.clock
        self._throttle.spend(clock.seconds())
        wait = self._throttle.wait(clock.seconds())
        if not wait:
            return False
        self._empty += 1
        if self._empty > ABUSE and self.session is not None:
            self.hub.connections.let_go(
                self.session, "it sends frames that say nothing"
            )
            return True
        self.transport.pauseProducing()
        # A thousandth more: never so short that rounding makes it nothing.
        self._resting = clock.callLater(wait + 0.001, self._rested)
        return True

    def _rested(self) -> None:
        self._resting = None
        self._read_on()

    def _close(self, code: int) -> None:
        """The peer has nothing more to say, or has heard that it is over."""
        self._peer_closed = True
        if self._cut is not None:
            if self.transport is not None:
                self.transport.unregisterProducer()
                self.transport.loseConnection()
        elif self.session is not None:
            self._code = NORMAL if code == NO_STATUS else code
            self.session.finish()

    def _break(self, broken: Broken) -> None:
        self._peer_closed = True  # there is nothing that could be read
        if self._cut is not None:
            if self.transport is not None:
                self.transport.abortConnection()
        elif self.session is not None:
            self._code, self._reason = broken.code, broken.why
            self.hub.connections.let_go(self.session, broken.why)


class WebSocket(Resource):
    """Where a WebSocket is opened."""

    isLeaf = True

    def __init__(
        self, programs: Programs, origins: Callable[[], Sequence[str]] = tuple
    ) -> None:
        """
        @param origins: Pages of other sites that may come, as C{https://host:port}.
        """
        super().__init__()
        self._programs = programs
        self._origins = origins

    def render_GET(self, request: Request) -> None:
        key = self._check(request)
        request.channel.write(
            b"HTTP/1.1 101 Switching Protocols\r\n"
            b"Upgrade: websocket\r\n"
            b"Connection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\n\r\n" % generate_accept_token(key)
        )
        request.channel.upgrade(WebSocketDoor(self._programs))

    def _check(self, request: Request) -> bytes:
        """
        See RFC 6455, section 4.2.1.

        @return: The key that has to be answered.
        @raise HTTPError: if it is not to be opened.
        """
        if request.method != b"GET":
            raise HTTPError(
                HTTPStatus.METHOD_NOT_ALLOWED, "Here one can GET.", [(b"allow", b"GET")]
            )
        if request.postpath:
            raise HTTPError(HTTPStatus.NOT_FOUND, "The WebSocket is at /ws.")
        wanted = [
            one.strip() for one in request.header("connection").lower().split(",")
        ]
        if (
            request.header("upgrade").lower() != "websocket"
            or "upgrade" not in wanted
            or request.clientproto != b"HTTP/1.1"
        ):
            raise HTTPError(
                HTTPStatus.UPGRADE_REQUIRED,
                "Here is a WebSocket: the JSON protocol, a message a frame.",
                [(b"upgrade", b"websocket"), (b"connection", b"Upgrade")],
            )
        if request.header("sec-websocket-version") != "13":
            raise HTTPError(
                HTTPStatus.UPGRADE_REQUIRED,
                "This server speaks version 13 of the WebSocket protocol.",
                [(b"sec-websocket-version", b"13")],
            )
        key = request.header("sec-websocket-key").encode("latin-1")
        if not _is_key(key):
            raise HTTPError(
                HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key is 16 bytes in base64."
            )
        origin = request.header("origin")
        if origin and not self._may_come(origin.lower(), request.header("host")):
            raise HTTPError(
                HTTPStatus.FORBIDDEN,
                "Pages of other sites may not come in by this server; its operator can "
                "allow them (web.origins).",
            )
        return key

    def _may_come(self, origin: str, host: str) -> bool:
        """Any page can open a WebSocket anywhere; its origin tells it from ours."""
        if origin in (one.lower().rstrip("/") for one in self._origins()):
            return True
        scheme, _, where = origin.partition("://")
        return scheme in ("http", "https") and where == host.lower()


def _is_key(key: bytes) -> bool:
    try:
        return len(b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False

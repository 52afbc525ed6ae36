"""A connection of a browser: requests, one after another, and perhaps a WebSocket."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from zope.interface import implementer

from chatd.chat.throttle import Throttle
from chatd.doors.connection import IStream
from chatd.doors.transport import abort
from chatd.doors.web.headers import STRICT, TEXT
from chatd.doors.web.request import Request

if TYPE_CHECKING:
    from chatd.doors.web.site import WebSite

# Seconds in which the rest of a body is thrown away that nobody wants: a connection
# that is ended while data is on its way loses the answer, too.
LINGER = 2.0

# Headers in a request.
HEADERS = 100

# Requests of a connection: so many at once, and so many a second. They may be sent
# without waiting for the answers, and 2,000 fit into one read.
REQUESTS_BURST = 30
REQUESTS_RATE = 20.0


@implementer(IHalfCloseableProtocol)
class Channel(HTTPChannel):
    """
    One connection.

    @ivar site: What is to be seen here.
    """

    site: "WebSite"
    transport: IStream
    requestFactory = Request  # type: ignore[assignment]
    # Our own limit comes first, and explains itself.
    maxHeaders = 10 * HEADERS
    totalHeadersSize = 2**30

    def __init__(self) -> None:
        super().__init__()
        self.persistent = True
        self._head = 0  # bytes of the headers so far
        self._lines = 0
        self._over = False  # nothing that still comes is of interest
        self._unread = False  # the peer may be sending a body that nobody wants
        self._busy = False  # with a request that is complete, or as large as it is
        self._held = False
        self._endless = False
        self._door: Protocol | None = None  # what took over
        self._deadline: IDelayedCall | None = None  # until a request is complete
        self._leaving: IDelayedCall | None = None
        self._end: IDelayedCall | None = None  # of a peer that does not read
        self._throttle = Throttle(REQUESTS_RATE, REQUESTS_BURST)
        self._next: IDelayedCall | None = None  # until the next request may be read

    def connectionMade(self) -> None:
        super().connectionMade()
        self._expect_request()

    def dataReceived(self, data: bytes) -> None:
        if self._door is not None:
            self._door.dataReceived(data)
        elif not self._over:
            if not self._busy:
                self._expect_request()
            super().dataReceived(data)

    def rawDataReceived(self, data: bytes) -> None:
        # What came together with the request for a WebSocket.
        if self._door is not None:
            self._door.dataReceived(data)
        elif not self._over:
            super().rawDataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        if self._over:
            return
        self._head += len(line) + 2
        self._lines += 1
        if self._head > self.site.header_bytes() or self._lines > HEADERS + 2:
            self.refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"The headers of a request are at most {HEADERS}, and "
                f"{self.site.header_bytes()} bytes.",
            )
            return
        known = len(self.requests)
        super().lineReceived(line)
        if len(self.requests) > known and not self._over:
            self.requests[-1].started(*line.split(b" "))

    def lineLengthExceeded(self, line: bytes) -> None:
        if self.requests:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self.refuse(status, f"A header has at most {self.MAX_LENGTH} bytes.")
        else:
            status = HTTPStatus.REQUEST_URI_TOO_LONG
            self.refuse(status, f"An address has at most {self.MAX_LENGTH} bytes.")

    def allHeadersReceived(self) -> None:
        self._head = self._lines = 0
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        self._expect_nothing()
        if not self._over:
            super().allContentReceived()

    def requestDone(self, request: Request) -> None:
        clock = self.site.clock
        self._throttle.spend(clock.seconds())
        wait = self._throttle.wait(clock.seconds())
        if wait and self.persistent and not self._over:
            self._next = clock.callLater(wait + 0.001, self._request_done, request)
        else:
            self._request_done(request)

    def _request_done(self, request: Request) -> None:
        self._next = None
        self._held = self._busy = False
        super().requestDone(request)

    def timeoutConnection(self) -> None:
        if self._held:
            self.setTimeout(self.timeOut)  # it is we who take long
        else:
            self.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over = True
        self._cancel_deadline()
        self._cancel_end()
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._leaving is not None and self._leaving.active():
            self._leaving.cancel()
        door, self._door = self._door, None
        if door is not None:
            door.connectionLost(reason)
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        door = IHalfCloseableProtocol(self._door, None)
        if door is not None:
            door.readConnectionLost()
        elif self._endless:
            self.abort()
        elif self._handlingRequest and not self._over:
            self.persistent = False  # it is still answered
        else:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """It is never this side that closes one half only."""

    # When the peer does not read

    def pauseProducing(self) -> None:
        # Else all requests of one read would be answered, whatever that piles up.
        self.paused = True
        super().pauseProducing()
        self._end_in(self.site.idle())

    def resumeProducing(self) -> None:
        self.paused = False
        super().resumeProducing()
        if not self._over:
            self._cancel_end()
            super().dataReceived(b"")

    def loseConnection(self) -> None:
        """End it, after what was written; in the end without mercy."""
        self.setTimeout(None)
        self._cancel_deadline()
        self._over = True
        if self._unread:
            self._unread = False
            self.transport.resumeProducing()
            self._leaving = self.site.clock.callLater(LINGER, self._leave)
        else:
            self._leave()

    def abort(self) -> None:
        """End it at once."""
        self._over = True
        abort(self.transport)

    def _leave(self) -> None:
        super().loseConnection()
        self._end_in(self.site.idle())

    def _cancel_end(self) -> None:
        if self._end is not None and self._end.active():
            self._end.cancel()

    def _end_in(self, seconds: float) -> None:
        if self._end is None or not self._end.active():
            self._end = self.site.clock.callLater(seconds, self.abort)

    # What requests ask for

    def refuse(self, status: HTTPStatus, text: str) -> None:
        """Answer what is no request, or not in time, and end the connection."""
        if self._over:
            return
        body = f"{text}\n".encode()
        headers = [
            *STRICT,
            (b"content-type", TEXT),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        first = f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.site.responses[status] += 1
        self.transport.write(first + lines + b"\r\n" + body)
        self._unread = True
        self.loseConnection()

    def _respondToBadRequestAndDisconnect(self) -> None:
        # Twisted's own answer has no words, and no length.
        self.refuse(HTTPStatus.BAD_REQUEST, "That is no request of HTTP/1.1.")

    def skip_body(self) -> None:
        """Answer the request as if it had no body, and end the connection."""
        self.length = 0
        self.persistent = False
        self._unread = True

    def taking(self) -> None:
        """The body is taken as it comes, for as long as it comes."""
        self._expect_nothing()

    def endless(self) -> None:
        """The answer has no end: who says nothing more has gone, and reads nothing."""
        self._endless = True

    def hold(self) -> None:
        """Read nothing for now."""
        self._held = True
        self.transport.pauseProducing()

    def release(self) -> None:
        """Read again."""
        self._held = False
        self.resetTimeout()
        if not self._over:
            self.transport.resumeProducing()

    def upgrade(self, door: Protocol) -> None:
        """Have another protocol take over, from the next byte on."""
        self.setTimeout(None)
        self._expect_nothing()
        self._cancel_end()
        self._door = door
        self.requests.clear()
        self.transport.unregisterProducer()
        door.makeConnection(self.transport)

    # How long

    def _expect_request(self) -> None:
        if self._deadline is None:
            self._deadline = self.site.clock.callLater(
                self.site.request_within(), self._too_slow
            )

    def _expect_nothing(self) -> None:
        self._busy = True
        self._cancel_deadline()

    def _too_slow(self) -> None:
        self._deadline = None
        self.refuse(
            HTTPStatus.REQUEST_TIMEOUT,
            f"A request is complete within {self.site.request_within():.0f} s.",
        )

    def _cancel_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

"""What is to be seen by HTTP: a tree of resources, and the limits for all of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import cast

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.web.http import HTTPFactory
from twisted.web.resource import Resource

from chatd.doors.program import Programs
from chatd.doors.web.channel import Channel
from chatd.doors.web.console.pages import make_console
from chatd.doors.web.files import add_files
from chatd.doors.web.lag import Lag
from chatd.doors.web.page import make_page
from chatd.doors.web.websocket import WebSocket

KIB = 1024


class WebSite(HTTPFactory):
    """
    Makes connections that speak HTTP.

    @ivar root: The resource whose children are the pages; see L{make_root}.
    @ivar responses: How many were sent, by status.
    @ivar lag: How late the server is, as long as somebody listens.
    @ivar header_bytes: How many a request has at most in its headers, all together.
    @ivar body_limit: How many bytes its body has, where a resource says nothing else.
    @ivar request_within: Seconds in which a request, but for a large body, is there.
    @ivar idle: Seconds in which something is sent, or read, or the connection ends.
    """

    protocol = Channel  # type: ignore[assignment]
    noisy = False

    def __init__(
        self,
        root: Resource,
        clock: IReactorTime,
        *,
        header_bytes: Callable[[], int] = lambda: 16 * KIB,
        body_limit: Callable[[], int] = lambda: 64 * KIB,
        request_within: Callable[[], float] = lambda: 20.0,
        idle: Callable[[], float] = lambda: 60.0,
    ) -> None:
        super().__init__(reactor=clock)
        self.root = root
        self.clock = clock
        self.responses: Counter[int] = Counter()
        self.lag = Lag(clock)
        self.header_bytes = header_bytes
        self.body_limit = body_limit
        self.request_within = request_within
        self.idle = idle

    def buildProtocol(self, addr: IAddress | None) -> Channel:  # type: ignore[override]
        self.timeOut = self.idle()
        channel = cast(Channel, super().buildProtocol(addr))
        channel.site = self
        return channel

    def startFactory(self) -> None:
        # Twisted's own would run a clock for a log of requests, which there is not.
        self.lag.start()

    def stopFactory(self) -> None:
        self.lag.stop()


def make_root(programs: Programs, origins: Callable[[], Sequence[str]]) -> Resource:
    """
    The page, the WebSocket, shared files and the console; whoever adds something puts
    it there, as a child.

    @param origins: Other sites whose pages may open a WebSocket.
    """
    root = make_page()
    root.putChild(b"ws", WebSocket(programs, origins))
    add_files(root, programs.hub)
    root.putChild(b"console", make_console(programs.hub, programs.exempt))
    return root

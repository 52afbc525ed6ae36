"""What the tests of the web door share: a browser whose connection lies in memory."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from twisted.web.resource import Resource

from chatd.doors.program import Programs
from chatd.doors.web.page import Folder
from chatd.doors.web.request import Request
from chatd.doors.web.site import WebSite
from chatd.testing import nobody_is_exempt
from tests.doors import wire


class Response(NamedTuple):
    """What came back for a request; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, without the end of its line."""
        return self.body.decode().rstrip("\n")


class Browser(wire.Peer):
    """Somebody who speaks HTTP."""

    def ask(
        self,
        method: str = "GET",
        path: str = "/",
        body: bytes = b"",
        host: str | None = "chat.example",
        **headers: str,
    ) -> Response:
        """Send a request, and read the one response to it."""
        (response,) = self.responses(
            request(method, path, body, host, **headers), head=method == "HEAD"
        )
        return response

    def responses(self, *pieces: bytes, head: bool = False) -> list[Response]:
        """Send bytes, and read all responses that come back."""
        return responses(self.send(*pieces), head=head)


def request(
    method: str = "GET",
    path: str = "/",
    body: bytes = b"",
    host: str | None = "chat.example",
    **headers: str,
) -> bytes:
    """The bytes of a request; C{_} in the name of a header is a dash."""
    lines = [f"{method} {path} HTTP/1.1"]
    if host is not None:
        lines.append(f"Host: {host}")
    if body and "Content_Length" not in headers and "Transfer_Encoding" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def responses(data: bytes, *, head: bool = False) -> list[Response]:
    """Take apart what a server sent."""
    found = []
    while data:
        top, _, data = data.partition(b"\r\n\r\n")
        first, *lines = top.decode().split("\r\n")
        version, status, phrase = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        assert phrase == HTTPStatus(int(status)).phrase, first
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        body = b""
        if "content-length" in headers and not head:
            length = int(headers["content-length"])
            assert len(data) >= length, "the body is cut off"
            body, data = data[:length], data[length:]
        elif headers.get("transfer-encoding") == "chunked" and not head:
            body, data = _chunks(data)
        found.append(Response(int(status), headers, body))
    return found


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body += data[:length]
        assert data[length : length + 2] == b"\r\n"
        data = data[length + 2 :]
        if not length:
            return body, data


class WebCase(wire.DoorCase):
    """
    A hub with a door for browsers.

    @ivar root: To hang pages at.
    """

    def setUp(self) -> None:
        super().setUp()
        self.root: Resource = self.make_root()
        self.site = WebSite(
            self.root,
            self.hub.clock,
            header_bytes=lambda: 2_000,
            body_limit=lambda: 1_000,
            request_within=lambda: 20.0,
            idle=lambda: 60.0,
        )

    def make_root(self) -> Resource:
        """What is to be seen."""
        return Folder()

    def programs(self) -> Programs:
        """For a WebSocket."""
        return Programs(self.hub, exempt=nobody_is_exempt)

    def browser(self, address: str = "192.0.2.1", *, secure: bool = False) -> Browser:
        """Somebody who comes here."""
        return Browser(self.hub, self.site, address=address, secure=secure)

    def hang(self, path: bytes, **methods: Callable[[Request], Any]) -> None:
        """Hang a page."""
        functions = {name: staticmethod(what) for name, what in methods.items()}
        page = type("Page", (Resource,), {"isLeaf": True, **functions})
        self.root.putChild(path, page())

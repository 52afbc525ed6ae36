r"""
One request over HTTP, and how resources answer it.

A resource is one of C{twisted.web.resource}: it has children, and a method for each
verb, as C{render_GET(request)}. That may

  - return the whole body as bytes;
  - be C{async}: what it returns is the body then;
  - return C{None}, and answer by L{Request.write} and L{Request.finish} on its own;
  - raise L{HTTPError} or a C{ChatError}, which is answered in words.

Before it is called the body was read into C{request.content}, up to C{body_limit} bytes
if the resource has such an attribute, or the limit of the site.

One that wants a large body as it comes is a L{chatd.doors.web.taking.Taking}.
"""

import re
from collections.abc import Coroutine, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.error import UnsupportedMethod
from twisted.web.resource import getChildForRequest

from chatd.chat.errors import ChatError
from chatd.doors.transport import address_of, visit_of
from chatd.doors.web.errors import HTTPError, explain
from chatd.doors.web.headers import STRICT, TEXT
from chatd.doors.web.taking import Taker

if TYPE_CHECKING:
    from chatd.doors.web.channel import Channel

# A whole address in place of a path: authority, and what stands behind it.
_WHOLE = re.compile(rb"(?i:https?)://([^/?#@]+)((?:[/?].*)?)")


class Request(http.Request):
    """
    One request.

    @ivar length: Bytes of its body; C{None} if they come in chunks.
    @ivar address: Where it comes from, as people write it.
    @ivar secure: Whether the line is encrypted.
    @ivar gone: Whether the connection is lost: nobody is there to be answered.
    """

    channel: "Channel"
    content: BytesIO

    def __init__(self, channel: "Channel", queued: object = False) -> None:
        super().__init__(channel, queued, parsePOSTFormSubmission=False)
        self.length: int | None = 0
        self.gone = False
        self.prepath: list[bytes] = []
        self.postpath: list[bytes] = []
        self.address = address_of(channel.getPeer())
        self.secure = channel.isSecure()
        self._visit = visit_of(channel.transport)
        self._resource: Any = None
        self._taker: Taker | None = None
        self._refused: HTTPError | None = None
        self._authority = b""
        self._begun = False
        self._paused = False
        self._complete = False
        self._waiting: list[bytes] = []
        self._awaits_go_on = False
        for name, value in STRICT:
            self.setHeader(name, value)

    # What resources ask for

    def came_in(self) -> None:
        """Somebody is known by this request: it need not make room for others."""
        if self._visit is not None:
            self._visit.came_in()

    def header(self, name: str) -> str:
        """A header of the request; C{""} if there is none."""
        value = self.getHeader(name.encode("ascii"))
        return "" if value is None else value.decode("latin-1")

    def answer(
        self,
        body: bytes,
        kind: bytes = TEXT,
        status: HTTPStatus = HTTPStatus.OK,
        headers: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """Answer with a whole body."""
        if self.gone or self.finished or self.startedWriting:
            return
        self.setResponseCode(status, status.phrase.encode())
        self.setHeader(b"content-type", kind)
        for name, value in (headers or {}).items():
            self.setHeader(name, value)
        self._end_with(body)

    def refuse(self, error: HTTPError) -> None:
        """Answer in words, and take nothing more of the body."""
        if self.gone:
            return
        if not self._begun:
            # The channel goes on as if there were no body, and answers at once.
            self._refused = error
            if self.length != 0:
                self.channel.skip_body()
            return
        if self.startedWriting:
            self.channel.abort()
            return
        taker, self._taker = self._taker, None
        if not self._complete:
            self._complete = True
            self.channel.skip_body()
            if taker is not None:
                taker.lost()
        self.answer(
            f"{error.text}\n".encode(),
            TEXT,
            error.status,
            dict(error.headers),
        )

    def broken(self, failure: Failure) -> None:
        """Answer a failure: what a person may know in words, and else as a bug."""
        if failure.check(HTTPError):
            self.refuse(cast(HTTPError, failure.value))
        elif failure.check(ChatError):
            self.refuse(explain(cast(ChatError, failure.value)))
        else:
            _log.failure(
                "{method} of {path} failed",
                failure,
                method=self.method.decode("latin-1"),
                path=b"/".join((b"", *self.prepath)).decode("latin-1"),
            )
            self.refuse(
                HTTPError(
                    HTTPStatus.INTERNAL_SERVER_ERROR,
                    "Something went wrong in the server; its operator can read more in "
                    "the log.",
                )
            )

    def pause(self) -> None:
        """Read nothing more of the body for now."""
        if not self._paused:
            self._paused = True
            self.channel.hold()

    def resume(self) -> None:
        """Read the body, beginning with what has come already."""
        if not self._paused or self.gone:
            return
        self._paused = False
        self._go_on()
        while self._waiting and not self._paused and self._taker is not None:
            self._taker.data(self._waiting.pop(0))
        if self._paused:
            return
        if self._complete:
            self._end_taking()
        else:
            self.channel.release()

    # What the channel tells

    def started(self, method: bytes, uri: bytes, version: bytes) -> None:
        """Its first line is there."""
        whole = _WHOLE.fullmatch(uri)
        if whole is not None:
            self._authority, uri = whole[1], b"/" + whole[2].removeprefix(b"/")
        self.method, self.uri, self.clientproto = method, uri, version
        self.path, _, query = uri.partition(b"?")
        self.args = http.parse_qs(query, keep_blank_values=1) if query else {}
        self.postpath = [unquote_to_bytes(p) for p in self.path[1:].split(b"/")]

    def gotLength(self, length: int | None) -> None:
        self.length = length
        self.content = BytesIO()
        self._awaits_go_on = self.header("expect").lower() == "100-continue"
        # Else Twisted would tell the client to go on, whatever was decided.
        self.requestHeaders.removeHeader(b"expect")
        try:
            self._check_host()
            self._resource = self._find()
            begin = getattr(self._resource, "begin", None)
            self._taker = begin(self) if begin is not None else None
            if self._taker is None and (length or 0) > self._body_limit:
                raise self._too_large()
        except Exception:
            self.broken(Failure())
        if self._refused is None:
            if self._taker is not None:
                self.channel.taking()
            if not self._paused:
                self._go_on()
        self._begun = True

    def handleContentChunk(self, data: bytes) -> None:
        if self._complete:
            return
        if self._taker is None:
            self.content.write(data)
            if self.content.tell() > self._body_limit:
                self.refuse(self._too_large())
        elif self._paused:
            self._waiting.append(data)  # one read at most
        else:
            self._hand_on(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if self._refused is not None:
            self._complete = True
            self.refuse(self._refused)
        elif self._complete:
            pass  # refused on the way
        elif self._taker is None:
            self._complete = True
            self.content.seek(0)
            self.process()
        else:
            self._complete = True
            if not self._paused:
                self._end_taking()

    def connectionLost(self, reason: Failure) -> None:
        self.gone = True
        taker, self._taker = self._taker, None
        super().connectionLost(reason)
        if taker is not None:
            taker.lost()

    def process(self) -> None:
        """Have the resource answer."""
        try:
            body = self._render()
        except UnsupportedMethod:
            self.refuse(_not_allowed(self._resource))
        except Exception:
            self.broken(Failure())
        else:
            if isinstance(body, bytes):
                self._end_with(body)
            elif isinstance(body, Coroutine):
                waiting: Deferred[Any] = Deferred.fromCoroutine(body)
                waiting.addCallback(self._end_later).addErrback(self.broken)

    def write(self, data: bytes) -> None:
        if not self.startedWriting:
            self.setHeader(b"date", http.datetimeToString())
            if not self.channel.persistent:
                self.setHeader(b"connection", b"close")
        super().write(data)

    def finish(self) -> None:
        if not self.gone and not self.finished:
            self.channel.site.responses[self.code] += 1
            super().finish()

    # How

    @property
    def _body_limit(self) -> int:
        limit = getattr(self._resource, "body_limit", None)
        return self.channel.site.body_limit() if limit is None else int(limit)

    def _too_large(self) -> HTTPError:
        return HTTPError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The body of this request has at most {self._body_limit} bytes.",
        )

    def _check_host(self) -> None:
        """See RFC 9112, section 3.2."""
        hosts = self.requestHeaders.getRawHeaders(b"host", [])
        if len(hosts) != 1 and (hosts or self.clientproto == b"HTTP/1.1"):
            raise HTTPError(
                HTTPStatus.BAD_REQUEST, "A request has one header Host, and only one."
            )
        if self._authority:
            self.requestHeaders.setRawHeaders(b"host", [self._authority])

    def _find(self) -> Any:
        if not self.path.startswith(b"/"):
            raise HTTPError(HTTPStatus.BAD_REQUEST, "A path begins with a slash.")
        return getChildForRequest(self.channel.site.root, self)

    def _render(self) -> Any:
        resource = self._resource
        if self.method == b"HEAD" and not hasattr(resource, "render_GET"):
            # Twisted believes that everything can be got.
            raise UnsupportedMethod(())
        return resource.render(self)

    def _go_on(self) -> None:
        if self._awaits_go_on and self.clientproto == b"HTTP/1.1":
            self.channel.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._awaits_go_on = False

    def _hand_on(self, data: bytes) -> None:
        assert self._taker is not None
        try:
            self._taker.data(data)
        except Exception:
            self.broken(Failure())

    def _end_taking(self) -> None:
        taker, self._taker = self._taker, None
        if taker is None:
            return
        try:
            taker.end()
        except Exception:
            self.broken(Failure())

    def _end_later(self, body: object) -> None:
        if isinstance(body, bytes) and not self.gone:
            self._end_with(body)

    def _end_with(self, body: bytes) -> None:
        if not self.responseHeaders.hasHeader(b"content-type"):
            self.setHeader(b"content-type", TEXT)
        if self.code not in http.NO_BODY_CODES:
            self.setHeader(b"content-length", b"%d" % len(body))
        self.write(body)
        self.finish()


def _not_allowed(resource: Any) -> HTTPError:
    """Methods are those that a resource renders, and its C{allowedMethods}."""
    renders = (name.partition("render_") for name in dir(resource))
    can = {method for before, found, method in renders if found and not before}
    if "GET" not in can:
        can.discard("HEAD")
    can |= {method.decode() for method in getattr(resource, "allowedMethods", ())}
    allowed = ", ".join(sorted(can))
    return HTTPError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"Here one can {allowed}.",
        [(b"allow", allowed.encode())],
    )


_log = Logger()

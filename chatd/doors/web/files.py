"""Files over HTTP: put by a ticket, fetched by a link; see C{docs/protocol.rst}."""

import json
from http import HTTPStatus

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from zope.interface import implementer

from chatd.chat.errors import ChatError, Closed, Full
from chatd.chat.file import File, size_in_words
from chatd.chat.hub import Hub
from chatd.chat.links import DOWN, UP, Links
from chatd.chat.outside import Outgoing
from chatd.chat.tickets import Ticket
from chatd.doors.web.errors import HTTPError, explain
from chatd.doors.web.headers import JSON, TEXT
from chatd.doors.web.page import not_found
from chatd.doors.web.request import Request
from chatd.doors.web.taking import Taker
from chatd.wire.ranges import Piece, disposition, read_content_range, read_range

# Bytes of a file that are read and written at once.
CHUNK = 64 * 1024

# For what somebody shared nothing is allowed at all, should a browser show it.
POLICY = b"default-src 'none'; sandbox; frame-ancestors 'none'"


def add_files(root: Resource, hub: Hub) -> None:
    """Let files be put and fetched."""
    root.putChild(UP.strip("/").encode(), Up(hub))
    root.putChild(DOWN.strip("/").encode(), Down(hub))


class Up(Resource):
    """Where files are put: C{/up/TOKEN}, or C{/up/TOKEN/NAME}."""

    isLeaf = True

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self._hub = hub

    def begin(self, request: Request) -> Taker | None:
        """Take a file as it comes."""
        if request.method != b"PUT":
            return None
        ticket, name = self._find(request)
        return Putting(self._hub, request, ticket, name)

    def render_GET(self, request: Request) -> bytes:
        """Tell how much is there."""
        ticket, _ = self._find(request)
        done = ticket.shared is not None
        request.setHeader(b"upload-offset", b"%d" % ticket.offset)
        request.setHeader(b"upload-complete", b"?1" if done else b"?0")
        request.setHeader(b"content-type", JSON)
        state = {"offset": ticket.offset, "complete": done, "name": ticket.name}
        return _json(state)

    async def render_DELETE(self, request: Request) -> bytes:
        """Give it up."""
        ticket, _ = self._find(request)
        await ticket.give_up()
        return b"Nothing is left of it.\n"

    def _find(self, request: Request) -> tuple[Ticket, str]:
        parts = [part.decode("utf-8", "replace") for part in request.postpath]
        if len(parts) not in (1, 2):
            raise not_found()
        ticket = self._hub.sharing.tickets.find(parts[0])
        request.came_in()
        return ticket, parts[1] if len(parts) == 2 else ""


class Putting:
    """A file that somebody puts; a C{Taker}."""

    def __init__(self, hub: Hub, request: Request, ticket: Ticket, name: str) -> None:
        self._hub = hub
        self._request = request
        self._ticket = ticket
        self._name = name
        self._coming: Deferred[bytes | None] | None = None
        self._lost = False
        request.pause()
        Deferred.fromCoroutine(self._work()).addErrback(self._failed)

    # What the request tells

    def data(self, data: bytes) -> None:
        self._request.pause()
        self._come(data)

    def end(self) -> None:
        self._come(None)

    def lost(self) -> None:
        self._lost = True
        self._come(None)

    # One go

    async def _work(self) -> None:
        piece = self._piece()
        end = self._hub.sharing.transfers.begin(self._ticket.owner.id)
        try:
            await self._ticket.take(self._cut)
            try:
                await self._take(piece)
            finally:
                self._ticket.release()
        finally:
            end()

    def _piece(self) -> Piece:
        """Which part of the file comes."""
        text, length = self._request.header("content-range"), self._request.length
        if not text:
            return Piece(0, length, length)
        piece = read_content_range(text)
        if piece is None or (length is not None and piece.length != length):
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                "Content-Range is as in: bytes 1000-4999/5000, as long as the body.",
            )
        return piece

    async def _take(self, piece: Piece) -> None:
        ticket = self._ticket
        if self._lost:
            return
        ticket.check()
        if piece.first:
            if ticket.upload is None or piece.first != ticket.offset:
                raise self._elsewhere()
            ticket.go_on(piece.size or piece.first + (piece.length or 0))
        else:
            await ticket.begin(self._name, piece.size or piece.length or 0)
        while (data := await self._next()) is not None:
            await ticket.write(data)
        if self._lost:
            return
        if piece.size is not None and ticket.offset < piece.size:
            offset = b"%d" % ticket.offset
            self._request.answer(
                b"", TEXT, HTTPStatus.ACCEPTED, {b"upload-offset": offset}
            )
        else:
            self._tell(await ticket.finish())

    async def _next(self) -> bytes | None:
        """What comes next; C{None} at the end, whichever it is."""
        if self._lost:
            return None
        coming = self._coming = Deferred()
        self._request.resume()
        return await coming

    def _come(self, data: bytes | None) -> None:
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.callback(data)

    def _cut(self) -> None:
        """Somebody else goes on with it."""
        self._request.refuse(
            HTTPError(HTTPStatus.CONFLICT, "Another connection puts this file now.")
        )

    # The answer

    def _tell(self, file: File) -> None:
        links = Links(self._hub.sharing.key)
        url = links.of(file, file.owner)
        where = f"with {file.to.name}" if file.to else f"in {file.room}"
        words = (
            f"{file.name} ({size_in_words(file.size)}) is shared {where}.\n"
            f"SHA-256 {file.sha256}\n"
        )
        told = {
            "id": str(file.event),
            "file": file.id,
            "name": file.name,
            "size": file.size,
            "type": file.mime,
            "sha256": file.sha256,
            "url": url,
        }
        as_json = "application/json" in self._request.header("accept")
        body, kind = (_json(told), JSON) if as_json else (words.encode(), TEXT)
        headers = {b"location": url.encode(), b"upload-complete": b"?1"}
        self._request.answer(body, kind, HTTPStatus.CREATED, headers)

    def _elsewhere(self) -> HTTPError:
        offset = self._ticket.offset
        return HTTPError(
            HTTPStatus.CONFLICT,
            f"{offset} bytes are there: go on behind these.",
            [(b"upload-offset", b"%d" % offset)],
        )

    def _failed(self, failure: Failure) -> None:
        if isinstance(failure.value, ChatError):
            self._request.refuse(_explain(failure.value))
        else:
            self._request.broken(failure)


class Down(Resource):
    """Where files are fetched: C{/file/ID/GRANT/NAME}; the name is for people."""

    isLeaf = True

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self._hub = hub

    async def render_GET(self, request: Request) -> None:
        """Send a file, or a part of it."""
        parts = [part.decode("ascii", "replace") for part in request.postpath]
        if len(parts) not in (2, 3):
            raise not_found()
        sharing = self._hub.sharing
        file, reader = await sharing.linked(parts[0], parts[1], request.address)
        request.came_in()
        tag = f'"{file.sha256}"'
        request.setHeader(b"accept-ranges", b"bytes")
        request.setHeader(b"content-security-policy", POLICY)
        request.setHeader(b"content-disposition", disposition(file.name))
        if request.setETag(tag.encode()) is not None:
            request.finish()
            return
        wanted = request.header("range")
        if wanted and request.header("if-range") not in ("", tag):
            wanted = ""
        piece = read_range(wanted, file.size)
        if piece is None:
            raise HTTPError(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                f"{file.name} has {file.size} bytes.",
                [(b"content-range", f"bytes */{file.size}".encode())],
            )
        end = sharing.transfers.begin(reader.id)
        try:
            await self._send(request, file, piece)
        finally:
            end()

    async def _send(self, request: Request, file: File, piece: Piece) -> None:
        content = await self._hub.sharing.open_linked(file)
        try:
            if request.gone:
                return
            assert piece.length is not None
            if piece.length < file.size:
                request.setResponseCode(HTTPStatus.PARTIAL_CONTENT, b"Partial Content")
                request.setHeader(b"content-range", piece.content_range.encode())
            request.setHeader(b"content-type", file.mime.encode("ascii", "replace"))
            request.setHeader(b"content-length", b"%d" % piece.length)
            if request.method == b"HEAD":
                request.write(b"")
                request.finish()
                return
            sending = Sending(request, content)
            await sending.send(piece.first, piece.first + piece.length)
        finally:
            await content.close()


@implementer(IPushProducer)
class Sending:
    """Sends a file as fast as it is read at the other end."""

    def __init__(self, request: Request, content: Outgoing) -> None:
        self._request = request
        self._content = content
        self._paused = False
        self._waiting: Deferred[None] | None = None

    async def send(self, at: int, end: int) -> None:
        """
        Send from one place to another, or until nobody is there.

        @raise ChatError: if it cannot be read.
        """
        request = self._request
        lost = request.notifyFinish()
        lost.addErrback(lambda _: self.stopProducing())
        request.registerProducer(self, True)
        request.write(b"")
        while at < end and not request.gone:
            data = await self._content.read(at, min(CHUNK, end - at))
            if request.gone or not data:
                break
            request.write(data)
            at += len(data)
            if self._paused and not request.gone:
                self._waiting = Deferred()
                await self._waiting
        if request.gone:
            return
        request.unregisterProducer()
        if at < end:
            request.channel.abort()  # or it would be taken for the whole
        else:
            request.finish()

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def stopProducing(self) -> None:
        self.resumeProducing()


def _explain(error: ChatError) -> HTTPError:
    if isinstance(error, Full):
        return HTTPError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error.text)
    if isinstance(error, Closed):
        return HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, error.text)
    return explain(error)


def _json(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"

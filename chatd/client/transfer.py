"""Files on their way: put and fetched over HTTP, and gone on with after a cut."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, FileBodyProducer, readBody
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IResponse
from zope.interface import implementer

from chatd.client.streams import Cut, Progress, Read, Saving

# Bytes that are read and written at once.
CHUNK = 64 * 1024

# Cuts in a row, between which nothing came, after which it is given up; and the
# seconds between two goes.
CUTS = 8
PAUSE = 2.0


class TransferFailed(Exception):
    """A file did not arrive: one sentence for people."""


class _Gone(Exception):
    """What there was of it at the server is there no more."""


class Transfers:
    """Puts files to one server, and fetches them from there."""

    def __init__(
        self, reactor: Any, base: str, endpoint: Callable[[], IStreamClientEndpoint]
    ) -> None:
        """
        @param base: What stands before the path, as in C{https://chat.example:5050}.
        @param endpoint: Makes ways to the server, and to no other one.
        """
        self._reactor = reactor
        self._base = base
        self._patience = _Patience(reactor)
        self._agent = Agent.usingEndpointFactory(reactor, _Ways(endpoint))

    async def put(
        self, path: Path, ticket: Callable[[], Awaitable[str]], progress: Progress
    ) -> None:
        """
        Share a file.

        @param ticket: Asks where to put it; again if what was put is there no more.
        @param progress: Told how many bytes went out.
        @raise TransferFailed: if it cannot be.
        @raise OSError: if it cannot be read.
        """
        size = path.stat().st_size
        url = await ticket()
        patience = self._patience = _Patience(self._reactor)
        offset: int | None = 0
        try:
            while offset is not None:
                try:
                    await self._put(url, path, offset, size, progress)
                    return
                except _Gone:
                    url, offset = await ticket(), 0
                except Cut as cut:
                    await patience.wait(cut, offset)
                    offset = await self._offset(url, offset)
        except BaseException:
            # Nothing shall be left of it there.
            self._ask(b"DELETE", url).addErrback(lambda _: None)
            raise

    def stop(self) -> None:
        """Go on no more, whatever breaks next."""
        self._patience.over = True

    async def _put(
        self, url: str, path: Path, offset: int, size: int, progress: Progress
    ) -> None:
        headers = {}
        if offset:
            headers["content-range"] = f"bytes {offset}-{size - 1}/{size}"
        file = Read(path.open("rb"), progress)
        file.seek(offset)
        body = FileBodyProducer(file, readSize=CHUNK)  # which closes it
        response = await self._try(b"PUT", url, headers, body)
        text = await _try_to_read(response)
        if response.code == 404:
            raise _Gone
        if response.code in (202, 409, 429, 503):
            raise Cut(text)
        if response.code != 201:
            raise TransferFailed(text)

    async def _offset(self, url: str, known: int) -> int | None:
        """How much the server has; C{None} if that is all, and it is shared."""
        try:
            response = await self._try(b"HEAD", url, {})
        except Cut:
            return known
        if response.code == 404:
            return 0  # the next go tells
        if response.headers.getRawHeaders("upload-complete") == ["?1"]:
            return None
        (offset,) = response.headers.getRawHeaders("upload-offset") or ["0"]
        return int(offset)

    async def get(
        self, url: str, part: Path, size: int, sha256: str, progress: Progress
    ) -> None:
        """
        Fetch a file.

        @param part: Where it grows; what is there of it is gone on with.
        @raise TransferFailed: if it cannot be; what came stays, unless it is wrong.
        @raise OSError: if it cannot be written.
        """
        patience = self._patience = _Patience(self._reactor)
        while True:
            offset = part.stat().st_size if part.exists() else 0
            if offset >= size and part.exists():
                break
            try:
                await self._get(url, part, offset, progress)
            except Cut as cut:
                await patience.wait(cut, offset)
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sha256:
            part.unlink()
            raise TransferFailed("What came is not what was sent: it was removed.")

    async def _get(self, url: str, part: Path, offset: int, progress: Progress) -> None:
        wanted = {"range": f"bytes={offset}-"} if offset else {}
        response = await self._try(b"GET", url, wanted)
        if response.code in (429, 503):
            raise Cut(await _try_to_read(response))
        if response.code not in (200, 206):
            text = await _try_to_read(response)
            raise TransferFailed(text or "The file is there no more.")
        at = offset if response.code == 206 else 0
        with part.open("ab" if at else "wb") as file:
            saving = Saving(file, at, progress)
            response.deliverBody(saving)
            await saving.done

    # Requests

    def _ask(
        self,
        method: bytes,
        url: str,
        headers: dict[str, str] | None = None,
        body: FileBodyProducer | None = None,
    ) -> "Deferred[IResponse]":
        given = {"accept": "application/json", "user-agent": "chatd", **(headers or {})}
        raw = Headers({name: [value] for name, value in given.items()})
        address = (self._base + url).encode("ascii")
        answer: Deferred[IResponse] = self._agent.request(method, address, raw, body)
        return answer

    async def _try(
        self,
        method: bytes,
        url: str,
        headers: dict[str, str],
        body: FileBodyProducer | None = None,
    ) -> IResponse:
        asking = self._ask(method, url, headers, body)
        asking.addErrback(_broke)
        return await asking


def _broke(failure: Failure) -> Failure:
    if failure.check(OSError):
        return failure  # the file's
    return Failure(Cut(f"The connection broke: {failure.getErrorMessage()}."))


async def _try_to_read(response: IResponse) -> str:
    try:
        body: bytes = await readBody(response)
    except Exception:
        return ""
    return body.decode("utf-8", "replace").strip()


class _Patience:
    """
    Waits between goes, and loses patience when nothing comes of them.

    @ivar over: Whether there shall be no more.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.over = False
        self._cuts = 0
        self._furthest = 0

    async def wait(self, cut: Cut, offset: int) -> None:
        """
        @raise TransferFailed: if it has been too often.
        @raise CancelledError: if it is over.
        """
        if self.over:
            raise CancelledError
        self._cuts += 1
        if offset > self._furthest:
            self._furthest, self._cuts = offset, 1
        if self._cuts > CUTS:
            raise TransferFailed(str(cut) or "The server is busy.")
        await deferLater(self._reactor, PAUSE)


@implementer(IAgentEndpointFactory)
class _Ways:
    """Every request goes to the one server."""

    def __init__(self, endpoint: Callable[[], IStreamClientEndpoint]) -> None:
        self._endpoint = endpoint

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:  # noqa: N802
        return self._endpoint()

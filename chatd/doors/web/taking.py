r"""
How resources take large bodies as they come.

A resource that wants one has C{begin}. It is asked as soon as the headers are there::

    class Inbox(Resource):
        isLeaf = True

        def begin(self, request: Request) -> Taker | None:
            if request.method != b"PUT":
                return None  # as usual
            if (request.length or 0) > LIMIT:
                raise HTTPError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too much.")
            return Upload(request)

    class Upload:
        def __init__(self, request: Request) -> None:
            self._request = request
            request.pause()  # until there is a place for it
            Deferred.fromCoroutine(self._open()).addErrback(request.broken)

        async def _open(self) -> None:
            self._file = await create()
            self._request.resume()  # "100 Continue", if the client waits for that

        def data(self, data: bytes) -> None:
            self._request.pause()
            Deferred.fromCoroutine(self._write(data)).addErrback(request.broken)

        async def _write(self, data: bytes) -> None:
            await self._file.write(data)
            self._request.resume()

        def end(self) -> None:
            self._request.answer(b"Thank you.\n")

        def lost(self) -> None:
            self._file.abort()
"""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chatd.doors.web.request import Request


class Taker(Protocol):
    """Takes the body of one request as it comes; L{Request.pause} holds it back."""

    def data(self, data: bytes) -> None:
        """Take a piece; never while paused."""

    def end(self) -> None:
        """It is complete: answer."""

    def lost(self) -> None:
        """The connection is gone, or the request was refused: no more comes."""


class Taking(Protocol):
    """A resource that may take bodies as they come."""

    def begin(self, request: "Request") -> Taker | None:
        """
        Decide when the headers are there, and before any of the body is read.

        @return: C{None} to have it read and rendered as usual.
        @raise HTTPError: to refuse; none of the body is read then.
        """

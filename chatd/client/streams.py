"""Files that are read and written while they are on their way."""

from collections.abc import Callable
from typing import Any, BinaryIO, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone

Progress: TypeAlias = Callable[[int], None]


class Cut(Exception):
    """The connection broke, or the server is busy: it can be gone on with."""


class Read:
    """A file that tells how far it was read."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int) -> bytes:
        """Read on."""
        data = self._file.read(size)
        self._progress(self._file.tell())
        return data


class Saving(Protocol):
    """
    Writes what comes.

    @ivar done: Fires when that was all.
    """

    def __init__(self, file: BinaryIO, at: int, progress: Progress) -> None:
        self.done: Deferred[None] = Deferred(self._cancel)
        self._file = file
        self._at = at
        self._progress = progress

    def dataReceived(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError:
            self._end(Failure())
            return
        self._at += len(data)
        self._progress(self._at)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(ResponseDone):
            self._end(None)
        else:
            self._end(Failure(Cut("The connection broke.")))

    def _end(self, failure: Failure | None) -> None:
        if self.done.called:
            return
        if failure is None:
            self.done.callback(None)
        else:
            self.done.errback(failure)
            self._cancel(self.done)

    def _cancel(self, _: object) -> None:
        transport: Any = self.transport
        if transport is not None and hasattr(transport, "abortConnection"):
            transport.abortConnection()

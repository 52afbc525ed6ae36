"""Why there is no connection, for people."""

from collections.abc import Mapping

from OpenSSL import SSL
from twisted.internet.error import (
    ConnectionAborted,
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
    DNSLookupError,
    TimeoutError,
)
from twisted.python.failure import Failure

_REASONS: Mapping[type[BaseException], str] = {
    ConnectionRefusedError: "Nobody listens there.",
    DNSLookupError: "There is no host of that name.",
    TimeoutError: "Nobody answers there.",
    ConnectionDone: "The server ended the connection.",
    ConnectionAborted: "The server did not answer any more.",
    ConnectionLost: "The connection broke.",
    SSL.Error: "What answers there does not speak TLS; --plain does without.",
}


class NotReached(Exception):
    """There was no way to the server: a sentence for people."""


def reason_of(failure: Failure) -> str:
    """A sentence about what went wrong with a connection."""
    error = failure.value
    for kind, words in _REASONS.items():
        if isinstance(error, kind):
            return words
    return str(error) or type(error).__name__

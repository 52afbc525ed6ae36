"""What is answered to a request that cannot be carried out: a status, and words."""

from collections.abc import Sequence
from http import HTTPStatus

from chatd.chat.errors import (
    Banned,
    ChatError,
    Full,
    NotAllowed,
    NotEntered,
    NotFound,
    NotStored,
    TooFast,
    TooLong,
)
from chatd.chat.store import StoreDown, Unsure

Headers = Sequence[tuple[bytes, bytes]]


class HTTPError(Exception):
    """
    A request is refused; raise it wherever that is noticed.

    @ivar headers: Further ones for the response, as in C{Allow}.
    """

    def __init__(self, status: HTTPStatus, text: str, headers: Headers = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers


def explain(error: ChatError) -> HTTPError:
    """What the chat refused, for HTTP."""
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            return HTTPError(status, error.text)
    return HTTPError(HTTPStatus.BAD_REQUEST, error.text)


_STATUS: dict[type[ChatError], HTTPStatus] = {
    Banned: HTTPStatus.FORBIDDEN,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotEntered: HTTPStatus.UNAUTHORIZED,
    NotFound: HTTPStatus.NOT_FOUND,
    TooLong: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooFast: HTTPStatus.TOO_MANY_REQUESTS,
    Full: HTTPStatus.INSUFFICIENT_STORAGE,
    NotStored: HTTPStatus.SERVICE_UNAVAILABLE,
    # Not to be tried again at once: it may be there.
    Unsure: HTTPStatus.GATEWAY_TIMEOUT,
    StoreDown: HTTPStatus.SERVICE_UNAVAILABLE,
}

"""One question or act of the console, as a browser sent it."""

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chatd.chat.clean import clean
from chatd.chat.desk import Seat, Visitor
from chatd.chat.errors import Closed
from chatd.chat.hub import Hub
from chatd.chat.outside import Instruments
from chatd.doors.web.errors import HTTPError
from chatd.doors.web.request import Request

if TYPE_CHECKING:
    from chatd.chat.session import Session

# Rows on a page of a list.
ROWS = 50
MOST_ROWS = 200

# Lines of the log at once.
MOST_LINES = 1_000

# Characters in any text.
TEXT = 10_000

COOKIE = b"chatd-console"


class Asked:
    """
    What functions of the console are given.

    @ivar visitor: The browser.
    @ivar own: Whether it came by the listener that outlives a stop of the chat.
    """

    def __init__(
        self, hub: Hub, request: Request, visitor: Visitor, *, own: bool
    ) -> None:
        self.hub = hub
        self.request = request
        self.visitor = visitor
        self.own = own
        self._seat: Seat | None = None
        self._body = _read(request) if request.method == b"POST" else {}

    @property
    def instruments(self) -> Instruments:
        """What is shown of the process."""
        if self.hub.instruments is None:
            raise Closed("This server shows nothing of itself.")
        return self.hub.instruments

    # Who

    @property
    def token(self) -> str:
        """What the browser keeps; C{""} if it has none."""
        cookie: bytes | None = self.request.getCookie(COOKIE)
        return (cookie or b"").decode("latin-1")[:200]

    def keep(self, token: str) -> None:
        """
        Have the browser send a token with each request to the console.

        Its scripts cannot read it, and no other site can have it sent.
        """
        self.request.addCookie(
            COOKIE,
            token.encode(),
            path=b"/console",
            httpOnly=True,
            sameSite=b"strict",
            secure=self.visitor.secure,
            max_age=None if token else b"0",
        )

    def is_from(self, seat: Seat) -> None:
        """It is known who asks."""
        self._seat = seat
        self.request.came_in()

    @property
    def seat(self) -> Seat:
        """Who asks; only where nobody else may."""
        assert self._seat is not None
        return self._seat

    def session(self) -> "Session":
        """What a verb of the chat is given."""
        return self.hub.desk.session(self.seat, self.visitor)

    # What was sent with it

    def text(self, name: str) -> str:
        """A text; C{""} if there is none."""
        return clean(self.secret(name)).strip()

    def secret(self, name: str) -> str:
        """A text, to the letter."""
        value = self._body.get(name, "")
        if not isinstance(value, str) or len(value) > TEXT:
            raise _bad(f"{name} is a text of at most {TEXT} characters.")
        return value

    def number(self, name: str) -> int:
        """A whole number."""
        value = self._body.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**62:
            raise _bad(f"{name} is a whole number.")
        return value

    def flag(self, name: str) -> bool:
        """Yes or no."""
        value = self._body.get(name)
        if not isinstance(value, bool):
            raise _bad(f"{name} is true or false.")
        return value

    # What was asked for in the address

    def parameter(self, name: str) -> str:
        """A text; C{""} if there is none."""
        values = (self.request.args or {}).get(name.encode(), [b""])
        return clean(values[0].decode("utf-8", "replace"))[:TEXT].strip()

    def count(self, name: str, usual: int, most: int) -> int:
        """A number, from 0 to C{most}."""
        text = self.parameter(name)
        if not text:
            return usual
        if not text.isdecimal() or len(text) > 9:
            raise _bad(f"{name} is a number.")
        return min(int(text), most)

    def page(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """The part of a list that was asked for, and how long it is."""
        offset = self.count("offset", 0, 10**9)
        limit = self.count("limit", ROWS, MOST_ROWS)
        find = self.parameter("find").casefold()
        if find:
            rows = [
                row
                for row in rows
                if any(
                    isinstance(value, str) and find in value.casefold()
                    for value in row.values()
                )
            ]
        return {"rows": rows[offset : offset + limit], "total": len(rows)}


def _read(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.content.read() or b"{}")
    except (ValueError, RecursionError):
        raise _bad("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise _bad("The body is an object.")
    return body


def _bad(text: str) -> HTTPError:
    return HTTPError(HTTPStatus.BAD_REQUEST, text)

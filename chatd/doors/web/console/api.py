"""Everything below /console/api: who may, and which function answers."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from twisted.web.resource import Resource

from chatd.chat.desk import Visitor
from chatd.chat.errors import ChatError
from chatd.chat.hub import Hub
from chatd.doors.web.console import acts, entry, questions
from chatd.doors.web.console.asked import MOST_LINES, Asked
from chatd.doors.web.console.stream import Stream
from chatd.doors.web.errors import HTTPError
from chatd.doors.web.headers import JSON
from chatd.doors.web.request import Request

Function = Callable[[Asked], Awaitable[Mapping[str, Any] | None]]

# What only a page of this server can send along: a form of another site cannot, and its
# scripts are not allowed to. See also _check_forgery.
MARK = "x-chatd-console"


async def follow(asked: Asked) -> None:
    """The log, as it grows."""
    stream = Stream(
        asked.request,
        asked.seat,
        asked.instruments.log,
        asked.hub.clock,
        f"{asked.hub.started:.0f}",
    )
    stream.begin(asked.count("last", 200, MOST_LINES), asked.parameter("after"))


# Without being logged in.
OPEN: dict[tuple[bytes, str], Function] = {
    (b"GET", "session"): entry.session,
    (b"POST", "log-in"): entry.log_in,
    (b"POST", "log-out"): entry.log_out,
    (b"POST", "claim"): entry.claim,
}

TABLE: dict[tuple[bytes, str], Function] = {
    (b"GET", "log"): follow,
    (b"GET", "status"): questions.status,
    (b"GET", "minutes"): questions.minutes,
    (b"GET", "health"): questions.health,
    (b"GET", "sessions"): questions.sessions,
    (b"GET", "bans"): questions.bans,
    (b"GET", "accounts"): questions.accounts,
    (b"GET", "rooms"): questions.rooms,
    (b"POST", "stop"): acts.stop,
    (b"POST", "start"): acts.start,
    (b"POST", "port"): acts.port,
    (b"POST", "announce"): acts.announce,
    (b"POST", "motd"): acts.motd,
    (b"POST", "lockdown"): acts.lockdown,
    (b"POST", "reload"): acts.reload,
    (b"POST", "shutdown"): acts.shutdown,
    (b"POST", "go-on"): acts.go_on,
    (b"POST", "public-address"): acts.public_address,
    (b"POST", "cut"): acts.cut,
    (b"POST", "ban"): acts.ban,
    (b"POST", "lift"): acts.lift,
    (b"POST", "op"): acts.op,
    (b"POST", "deop"): acts.deop,
    (b"POST", "reset"): acts.reset,
    (b"POST", "delete"): acts.delete,
}


class API(Resource):
    """Answers in JSON; what is refused is answered in words."""

    isLeaf = True

    def __init__(self, hub: Hub, exempt: Callable[[str], bool], *, own: bool) -> None:
        """
        @param exempt: Whether the limits per address do not apply to one.
        @param own: Whether it is behind the console's own listener.
        """
        super().__init__()
        self._hub = hub
        self._exempt = exempt
        self._own = own

    async def render(self, request: Request) -> bytes | None:
        """Answer, whatever the method."""
        function, needs_seat = _find(request)
        if request.method == b"POST":
            _check_forgery(request)
        address = request.address
        visitor = Visitor(address, request.secure, self._exempt(address))
        asked = Asked(self._hub, request, visitor, own=self._own)
        if needs_seat:
            seat = await self._hub.desk.seat(asked.token)
            if seat is None:
                raise HTTPError(
                    HTTPStatus.UNAUTHORIZED, "You are not logged in, or no longer."
                )
            asked.is_from(seat)
        if request.gone:
            return None
        try:
            answer = await function(asked)
        except ChatError as error:
            error.text = without_commands(error.text)
            raise
        if answer is None:
            return None
        request.setHeader(b"content-type", JSON)
        return json.dumps(answer, separators=(",", ":")).encode()


# Commands are typed in the chat: here there are buttons and lists.
_COMMANDS = re.compile(
    r"""
    (?<=[.!]) \ /[a-z] .* $  # a sentence that begins with one, and all behind it
    | [:,]? (?:\ by)? \ /[a-z]+ (?:\ [^\s.]+)? \.? $  # one at the end
    | \ with\ --port\b
    """,
    re.VERBOSE | re.DOTALL,
)


def without_commands(text: str) -> str:
    """What the chat refused, for somebody who has no line to type in."""
    words = _COMMANDS.sub("", text)
    return words if words.endswith((".", "!")) else f"{words}."


def _find(request: Request) -> tuple[Function, bool]:
    """The function that answers, and whether it is for operators alone."""
    name = b"/".join(request.postpath).decode("latin-1")
    for table in (OPEN, TABLE):
        if (request.method, name) in table:
            return table[request.method, name], table is TABLE
    others = sorted({method for method, one in (*OPEN, *TABLE) if one == name})
    if not others:
        raise HTTPError(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    allowed = b", ".join(others)
    raise HTTPError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"Here one can {allowed.decode()}.",
        [(b"allow", allowed)],
    )


def _check_forgery(request: Request) -> None:
    """
    See that a page of this very server asks, and not that of another site, in the
    browser of somebody who is logged in.

    @raise HTTPError: if that is not sure.
    """
    site = request.header("sec-fetch-site")
    origin = request.header("origin")
    # Not the scheme: behind a proxy that encrypts, it is not known here.
    place = origin.lower().partition("://")[2]
    if (
        not request.header(MARK)
        or request.header("content-type").partition(";")[0] != "application/json"
        or site not in ("", "same-origin")
        or (origin and place != request.header("host").lower())
    ):
        raise HTTPError(
            HTTPStatus.FORBIDDEN,
            "This did not come from the console's own page, so nothing was done.",
        )

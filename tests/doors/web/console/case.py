"""What the tests of the console share: an operator with a browser."""

import json
from collections.abc import Mapping
from typing import Any

from twisted.web.resource import Resource

from chatd.chat.account import Person, Role
from chatd.chat.errors import NotFound
from chatd.chat.events import RoleChanged
from chatd.chat.rules import Rules
from chatd.doors.web.console.pages import make_console
from chatd.doors.web.page import Folder
from chatd.testing import FakeServer, join, nobody_is_exempt, turn
from tests.chatting import PASSWORD
from tests.doors.web.browser import Browser, Response, WebCase

OLGA = "olga"
MARK = {"X_Chatd_Console": "1", "Content_Type": "application/json"}


class FakeLines:
    """A log that a test writes."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.followers: list[Any] = []

    def add(self, *texts: str) -> None:
        """Log lines."""
        for text in texts:
            line = {"number": len(self.lines) + 1, "text": text, "level": "info"}
            self.lines.append(line)
        for tell in list(self.followers):
            tell(self.lines[-len(texts) :])

    def last(self, count: int) -> list[dict[str, Any]]:
        """The latest."""
        return self.lines[-count:] if count else []

    def follow(self, tell: Any) -> Any:
        """Tell of more."""
        self.followers.append(tell)
        return lambda: self.followers.remove(tell)


class FakeInstruments:
    """What there is to see."""

    def __init__(self) -> None:
        self.log = FakeLines()
        self.asked = 0

    def status(self) -> Mapping[str, Any]:
        """A glance."""
        return {"state": "running", "port": 5050}

    def minutes(self) -> list[tuple[float, int, int]]:
        """One."""
        return [(60.0, 3, 12)]

    async def health(self) -> Mapping[str, Any]:
        """Well."""
        return {"well": True}

    async def public_address(self) -> str:
        """Works the first time."""
        self.asked += 1
        if self.asked > 1:
            raise NotFound("The service does not answer.")
        return "203.0.113.5"


class ConsoleCase(WebCase):
    """A server whose operator is olga."""

    rules = Rules(throttle=False, server="chat.example", console_seconds=3600)

    def setUp(self) -> None:
        super().setUp()
        self.instruments = FakeInstruments()
        self.server = FakeServer()
        self.hub.instruments = self.instruments
        self.hub.server = self.server
        session, _ = join(self.hub, OLGA, password=PASSWORD)
        self.olga = session.somebody()
        self.set_role(self.olga, Role.OPERATOR)
        session.end("")
        turn(self.hub)

    def set_role(self, person: Person, role: Role) -> None:
        """Let somebody be something."""
        self.hub.publish(RoleChanged(sender=person, person=person, role=role))
        turn(self.hub)

    def make_root(self) -> Resource:
        root = Folder()
        root.putChild(b"console", make_console(self.hub, nobody_is_exempt))
        return root

    def post(
        self, browser: Browser, name: str, cookie: str = "", /, **body: Any
    ) -> Response:
        """Ask for an act, as the page does."""
        headers = {**MARK, **({"Cookie": cookie} if cookie else {})}
        return browser.ask(
            "POST", f"/console/api/{name}", json.dumps(body).encode(), **headers
        )

    def log_in(self, name: str = OLGA, browser: Browser | None = None) -> str:
        """The cookie of somebody who has logged in."""
        browser = browser or self.browser()
        response = self.post(browser, "log-in", name=name, password=PASSWORD)
        self.assertEqual(response.status, 200, response.text)
        return response.headers["set-cookie"].partition(";")[0]

    def get(self, name: str, cookie: str = "") -> Response:
        """Ask something."""
        headers = {"Cookie": cookie} if cookie else {}
        return self.browser().ask("GET", f"/console/api/{name}", **headers)

    def data(self, name: str, cookie: str = "") -> Any:
        """What is answered to a question."""
        response = self.get(name, cookie)
        self.assertEqual(response.status, 200, response.text)
        return json.loads(response.body)

    def act(self, name: str, /, **body: Any) -> Any:
        """Have something done by olga."""
        response = self.post(self.browser(), name, self.cookie, **body)
        self.assertEqual(response.status, 200, response.text)
        return json.loads(response.body)

    def refusal(self, name: str, /, **body: Any) -> str:
        """Why something is not done, although olga asks."""
        response = self.post(self.browser(), name, self.cookie, **body)
        self.assertGreaterEqual(response.status, 400)
        self.assertLess(response.status, 500)
        return response.text

    @property
    def cookie(self) -> str:
        """Olga's."""
        if not hasattr(self, "_cookie"):
            self._cookie = self.log_in()
        return self._cookie

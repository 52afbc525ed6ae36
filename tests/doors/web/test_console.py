"""Tests for L{chatd.doors.web.console}: what operators see and do in a browser."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.logger import formatEvent, globalLogPublisher
from twisted.web.resource import Resource

from chatd.chat.account import Person, Role
from chatd.chat.desk import SEATS
from chatd.chat.errors import NotFound
from chatd.chat.events import Announced, Closing, MotdChanged, RoleChanged
from chatd.chat.rules import Rules
from chatd.doors.connection import nobody_is_exempt
from chatd.doors.web.console.api import OPEN, TABLE, without_commands
from chatd.doors.web.console.pages import STATIC, Alone, make_console
from chatd.doors.web.console.stream import SIGN, STREAMS
from chatd.doors.web.page import STATIC as PAGE
from chatd.doors.web.page import Folder
from chatd.testing import FakeServer, join, result, turn, type_in
from tests.chatting import PASSWORD
from tests.doors.web.browser import Browser, Response, WebCase, request, responses

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


class PageTests(ConsoleCase):
    """What a browser is given."""

    def test_files(self) -> None:
        """The page, and everything that it names, is there, below one path."""
        page = self.browser().ask("GET", "/console")
        self.assertIn(b"<h1", page.body)
        self.assertIn("script-src 'self'", page.headers["content-security-policy"])
        for path in STATIC.iterdir():
            response = self.browser().ask("GET", f"/console/{path.name}")
            self.assertEqual(response.body, path.read_bytes())
        self.assertEqual(self.browser().ask("GET", "/console/x").status, 404)
        self.assertEqual(self.browser().ask("GET", "/console/console.js/x").status, 404)

    def test_strict(self) -> None:
        """Nothing in the page needs what its policy forbids, or comes from others."""
        for path in STATIC.iterdir():
            text = path.read_text()
            self.assertNotRegex(text, r"(src|href)=\"https?:")
            self.assertNotIn("innerHTML", text)
            if path.suffix == ".html":
                self.assertNotRegex(text, r"\son[a-z]+=|\sstyle=|<style")

    def test_colours(self) -> None:
        """It looks like the page: what both have a name for is the same."""
        own, page = (
            dict(re.findall(r"(--[\w-]+): ([^;]+);", path.read_text()))
            for path in (STATIC / "console.css", PAGE / "style.css")
        )
        both = own.keys() & page.keys()
        self.assertGreater(len(both), 8)
        for name in both:
            self.assertEqual(own[name], page[name], name)

    def test_small(self) -> None:
        """It takes few requests, and few bytes."""
        files = list(STATIC.iterdir())
        self.assertLessEqual(len(files), 6)
        self.assertLess(sum(path.stat().st_size for path in files), 100_000)


class ComingInTests(ConsoleCase):
    """Only operators get in, and only as long as they are operators."""

    def test_nobody(self) -> None:
        """Who is not logged in is shown nothing and can do nothing."""
        for method, name in TABLE:
            headers = MARK if method == b"POST" else {}
            for cookie in ("", "chatd-console=guessed"):
                response = self.browser().ask(
                    method.decode(),
                    f"/console/api/{name}",
                    **headers,
                    **({"Cookie": cookie} if cookie else {}),
                )
                self.assertEqual(response.status, 401, name)
        self.assertEqual(
            self.data("session"),
            {
                "server": "chat.example",
                "name": None,
                "claimable": False,
                "private": False,
                "passwords": True,
                "own": False,
            },
        )

    def test_operator(self) -> None:
        """With name and password an operator gets in, and is not seen in the chat."""
        _, door = join(self.hub, "ann")
        cookie = self.log_in()
        self.assertEqual(self.data("session", cookie)["name"], OLGA)
        self.assertEqual(self.data("status", cookie)["port"], 5050)
        self.assertEqual([p for p in self.hub.presence.names() if p == OLGA], [])
        self.assertNotIn(OLGA, repr(door.take()[-1]))

    def test_cookie(self) -> None:
        """No script can read the cookie, and no other site can have it sent."""
        for secure in (False, True):
            browser = self.browser(secure=secure)
            response = self.post(browser, "log-in", name=OLGA, password=PASSWORD)
            cookie = response.headers["set-cookie"].lower()
            for word in ("httponly", "samesite=strict", "path=/console"):
                self.assertIn(word, cookie)
            self.assertEqual("secure" in cookie, secure)

    def test_wrong_password(self) -> None:
        """A wrong password and an unknown name are refused in the same words."""
        texts = set()
        for name, password in ((OLGA, "wrong"), ("nobody", PASSWORD), (OLGA, "")):
            response = self.post(self.browser(), "log-in", name=name, password=password)
            self.assertEqual(response.status, 400)
            self.assertNotIn("set-cookie", response.headers)
            texts.add(response.text)
        self.assertEqual(texts, {"Name and password do not belong together."})

    def test_member(self) -> None:
        """A member is told that this is for operators, and the log tells of it."""
        join(self.hub, "ann", password=PASSWORD)
        response = self.post(self.browser(), "log-in", name="ann", password=PASSWORD)
        self.assertEqual(response.status, 403)
        self.assertIn("ann is no operator", response.text)
        self.assertNotIn("set-cookie", response.headers)

    def test_log_out(self) -> None:
        """After logging out the cookie is good for nothing."""
        response = self.post(self.browser(), "log-out", self.cookie)
        self.assertIn("max-age=0", response.headers["set-cookie"].lower())
        self.assertEqual(self.get("status", self.cookie).status, 401)
        self.assertEqual(self.post(self.browser(), "log-out").status, 200)

    def test_expiry(self) -> None:
        """It ends after its time."""
        cookie = self.cookie
        self.clock.advance(3599)
        self.data("status", cookie)
        self.clock.advance(1)
        self.assertEqual(self.get("status", cookie).status, 401)

    def test_role_lost(self) -> None:
        """Who is no operator any more is out at once."""
        cookie = self.cookie
        self.set_role(self.olga, Role.MEMBER)
        self.assertEqual(self.get("status", cookie).status, 401)
        self.set_role(self.olga, Role.OPERATOR)
        self.assertEqual(self.get("status", cookie).status, 401)

    def test_account_gone(self) -> None:
        """So is whose account is gone, or has another password."""
        for secret in ("", "hash of something else"):
            cookie = self.log_in()
            account = result(self.store.account(self.olga.id))
            was = account.secret
            result(self.store.keep_secret(account.id, secret, was=was))
            self.assertEqual(self.get("status", cookie).status, 401)
            result(self.store.keep_secret(account.id, was, was=secret))

    def test_own_password(self) -> None:
        """Changing one's password in the chat ends the console as well."""
        cookie = self.cookie
        session, _ = join(self.hub, OLGA, password=PASSWORD)
        type_in(self.hub, session, f"/password {PASSWORD} another-{PASSWORD}")
        self.assertEqual(self.get("status", cookie).status, 401)

    def test_store_down(self) -> None:
        """While the store does not answer, who is logged in goes on."""
        cookie = self.cookie
        self.store.failing = True
        self.assertEqual(self.data("status", cookie)["port"], 5050)

    def test_many(self) -> None:
        """An operator has so many sessions at most; the oldest go."""
        cookies = [self.log_in() for _ in range(SEATS + 1)]
        self.assertEqual(self.get("status", cookies[0]).status, 401)
        for cookie in cookies[1:]:
            self.data("status", cookie)


class ThrottleTests(ConsoleCase):
    """Guessing is as slow here as everywhere."""

    rules = Rules(failed_logins_address=3, failed_logins_account=100)

    def test_address(self) -> None:
        """Each wrong answer comes late, and beyond the limit nothing is looked at."""
        browser = self.browser("198.51.100.7")
        body = json.dumps({"name": OLGA, "password": "wrong"}).encode()
        statuses = []
        for _ in range(4):
            data = browser.send(request("POST", "/console/api/log-in", body, **MARK))
            if not data:  # it waits, as whoever was wrong does
                self.clock.advance(2)
                data = browser.read()
            statuses += [one.status for one in responses(data)]
        self.assertEqual(statuses, [400, 400, 400, 429])
        # From home it goes on.
        self.log_in()


class ClaimTests(WebCase):
    """A new server, that has no operator."""

    rules = Rules(throttle=False, registration="closed")

    def setUp(self) -> None:
        super().setUp()
        self.code = result(self.hub.login.open_claim())

    def make_root(self) -> Resource:
        root = Folder()
        root.putChild(b"console", make_console(self.hub, nobody_is_exempt, own=True))
        return root

    def claim(self, name: str, code: str, password: str = PASSWORD) -> Response:
        """Try to become the operator."""
        body = {"name": name, "password": password, "code": code}
        path = "/console/api/claim"
        return self.browser().ask("POST", path, json.dumps(body).encode(), **MARK)

    def session(self) -> Any:
        """What everybody may know."""
        response = self.browser("127.0.0.1").ask("GET", "/console/api/session")
        return json.loads(response.body)

    def test_new(self) -> None:
        """With the code an account is made, even where nobody may register."""
        self.assertTrue(self.session()["claimable"])
        self.assertTrue(self.session()["private"])
        self.assertTrue(self.session()["own"])
        response = self.claim("olga", self.code)
        self.assertEqual(response.status, 200, response.text)
        cookie = response.headers["set-cookie"].partition(";")[0]
        status = self.browser().ask("GET", "/console/api/accounts", Cookie=cookie)
        (row,) = json.loads(status.body)["rows"]
        self.assertEqual((row["name"], row["role"]), ("olga", "operator"))
        self.assertFalse(self.session()["claimable"])
        self.assertEqual(self.hub.presence.names(), ())

    def test_wrong_code(self) -> None:
        """With a wrong one nothing is made, and the right one stays good."""
        self.assertEqual(self.claim("olga", "wrong").status, 400)
        self.assertEqual(result(self.store.accounts()), 0)
        self.assertEqual(self.claim("olga", self.code).status, 200)
        self.assertEqual(self.claim("ann", self.code).status, 404)

    def test_bad_name(self) -> None:
        """A name or password that cannot be does not use the code up."""
        self.assertEqual(self.claim("two words", self.code).status, 400)
        self.assertEqual(self.claim("olga", self.code, "short").status, 400)
        self.assertEqual(self.claim("olga", self.code).status, 200)

    def test_member(self) -> None:
        """Who has an account needs its password."""
        self.hub.rules = replace(self.rules, registration="open")
        join(self.hub, "ann", password=PASSWORD)
        self.assertEqual(self.claim("ann", self.code, "wrong").status, 400)
        self.assertEqual(self.claim("ann", self.code).status, 200)


class ForgeryTests(ConsoleCase):
    """Pages of other sites cannot have anything done."""

    def forged(self, **headers: str) -> int:
        """The status for an act with these headers instead of the page's own."""
        given = {name: value for name, value in headers.items() if value}
        response = self.browser().ask(
            "POST", "/console/api/stop", b"{}", Cookie=self.cookie, **given
        )
        return response.status

    def test_forged(self) -> None:
        """A form, a script of another site, another port: all are refused."""
        form = "application/x-www-form-urlencoded"
        for headers in (
            {"Content_Type": form},
            {"Content_Type": "text/plain"},
            {"X_Chatd_Console": "1", "Content_Type": form},
            {"Content_Type": "application/json"},
            {**MARK, "Origin": "https://evil.example"},
            {**MARK, "Origin": "http://chat.example:8080"},
            {**MARK, "Origin": "https://chat.example.evil.example"},
            {**MARK, "Origin": "https://evil.example/chat.example"},
            {**MARK, "Origin": "null"},
            {**MARK, "Sec_Fetch_Site": "cross-site"},
            {**MARK, "Sec_Fetch_Site": "same-site"},
            {**MARK, "Sec_Fetch_Site": "none"},
        ):
            self.assertEqual(self.forged(**headers), 403, headers)
        self.assertTrue(self.server.running, "nothing was done")

    def test_log_in(self) -> None:
        """Nobody is logged in from afar, or out."""
        for name in ("log-in", "log-out", "claim"):
            path = f"/console/api/{name}"
            self.assertEqual(self.browser().ask("POST", path, b"{}").status, 403)

    def test_own(self) -> None:
        """The page itself is let through."""
        own = {"Origin": "http://chat.example", "Sec_Fetch_Site": "same-origin"}
        self.assertEqual(self.forged(**MARK, **own), 200)
        self.assertFalse(self.server.running)
        # Also behind a proxy that encrypts for us, and from a browser of old.
        self.assertEqual(self.forged(**MARK, Origin="https://Chat.example"), 200)

    def test_get(self) -> None:
        """No act is done by a mere link."""
        for method, name in (*OPEN, *TABLE):
            if method == b"POST":
                response = self.get(name, self.cookie)
                self.assertEqual(response.status, 405, name)
                self.assertEqual(response.headers["allow"], "POST")
        self.assertEqual(self.get("nothing", self.cookie).status, 404)


class AloneTests(WebCase):
    """The listener of the console itself."""

    def make_root(self) -> Resource:
        console = make_console(self.hub, nobody_is_exempt, own=True)
        return Alone(console, lambda: ["Chat.Example", ""])

    def test_rebinding(self) -> None:
        """A name that is not ours is refused, whatever is asked; addresses are not."""
        for host, status in (
            ("localhost:5051", 200),
            ("127.0.0.1:5051", 200),
            ("[::1]:5051", 200),
            ("192.168.1.2", 200),
            ("chat.example:5051", 200),
            ("evil.example:5051", 421),
            ("localhost.evil.example", 421),
            ("127.0.0.1.evil.example", 421),
            ("", 421),
        ):
            response = self.browser().ask("GET", "/console", host=host)
            self.assertEqual(response.status, status, host)

    def test_alone(self) -> None:
        """There is nothing of the chat, and the front leads to the console."""
        response = self.browser().ask("GET", "/", host="localhost")
        self.assertEqual(response.status, 302)
        self.assertEqual(response.headers["location"], "/console")
        for path in ("/ws", "/index.html", "/files"):
            response = self.browser().ask("GET", path, host="localhost")
            self.assertEqual(response.status, 404, path)


class QuestionTests(ConsoleCase):
    """What operators see."""

    def test_glances(self) -> None:
        """The dials are read when they are asked for."""
        self.assertEqual(
            self.data("minutes", self.cookie),
            {"minutes": [{"time": 60.0, "people": 3, "messages": 12}]},
        )
        self.assertEqual(self.data("health", self.cookie), {"well": True})

    def test_sessions(self) -> None:
        """Who is connected, how, since when, and how long idle."""
        join(self.hub, "ann", "ops")
        self.clock.advance(30)
        join(self.hub, "bob", password=PASSWORD)
        self.clock.advance(5)
        found = self.data("sessions", self.cookie)
        self.assertEqual(found["total"], 2)
        ann, bob = found["rows"]
        self.assertEqual(
            {key: ann[key] for key in ("name", "role", "door", "address", "room")},
            {
                "name": "ann",
                "role": "guest",
                "door": "fake",
                "address": "192.0.2.1",
                "room": "ops",
            },
        )
        self.assertEqual((bob["role"], bob["idle"]), ("member", 5.0))
        self.assertEqual(bob["since"] - ann["since"], 30)

    def test_pages(self) -> None:
        """Lists come in pages, and are searched."""
        for number in range(5):
            join(self.hub, f"guest{number}")
        found = self.data("sessions?offset=2&limit=2", self.cookie)
        self.assertEqual([row["name"] for row in found["rows"]], ["guest2", "guest3"])
        self.assertEqual(found["total"], 5)
        found = self.data("sessions?find=GUEST4", self.cookie)
        self.assertEqual((found["total"], found["rows"][0]["name"]), (1, "guest4"))
        for bad in ("offset=-1", "limit=x", "offset=99999999999"):
            self.assertEqual(self.get(f"sessions?{bad}", self.cookie).status, 400)
        self.assertEqual(self.data("sessions?offset=9999", self.cookie)["rows"], [])

    def test_rooms(self) -> None:
        """Which rooms there are, the busiest first."""
        join(self.hub, "ann", "ops")
        rows = self.data("rooms", self.cookie)["rows"]
        self.assertEqual([row["name"] for row in rows], ["lobby", "ops"])
        self.assertEqual(rows[1]["people"], 1)

    def test_accounts(self) -> None:
        """Accounts, page by page, and never what opens them."""
        for name in ("ann", "bob", "cho"):
            join(self.hub, name, password=PASSWORD)
        found = self.data("accounts?limit=2", self.cookie)
        self.assertEqual([row["name"] for row in found["rows"]], ["ann", "bob"])
        self.assertEqual((found["more"], found["total"]), (True, 4))
        found = self.data("accounts?limit=2&after=bob", self.cookie)
        self.assertEqual([row["name"] for row in found["rows"]], ["cho", OLGA])
        self.assertEqual([row["here"] for row in found["rows"]], [True, False])
        self.assertFalse(found["more"])
        self.assertNotIn("hash", self.get("accounts", self.cookie).text)
        found = self.data("accounts?find=O", self.cookie)
        self.assertEqual([row["name"] for row in found["rows"]], ["bob", "cho", OLGA])


class ActTests(ConsoleCase):
    """What operators do."""

    def test_control(self) -> None:
        """The chat is stopped, moved and started."""
        self.act("stop", reason="Tea.")
        self.assertFalse(self.server.running)
        self.assertEqual(self.act("port", port=6060), {"text": "The port is 6060."})
        self.act("start")
        self.assertTrue(self.server.running)
        self.assertIn("1 to 65535", self.refusal("port", port=0))
        self.assertIn("1 to 65535", self.refusal("port", port=65_536))

    def test_words(self) -> None:
        """Everybody is told, and the message of the day changes."""
        _, door = join(self.hub, "ann")
        self.act("announce", text="Tea\r\nat four.")
        self.act("motd", text="Be kind.")
        turn(self.hub)
        (announced,) = door.of(Announced)
        self.assertEqual(
            (announced.sender.name, announced.text), (OLGA, "Tea at four.")
        )
        (changed,) = door.of(MotdChanged)
        self.assertEqual(self.hub.motd, "Be kind.")
        self.assertEqual(changed.text, "Be kind.")
        self.refusal("announce", text="")

    def test_lockdown(self) -> None:
        """In an emergency only members come in."""
        self.act("lockdown", on=True)
        self.assertTrue(self.hub.lockdown)
        self.assertIn("on already", self.refusal("lockdown", on=True))
        self.act("lockdown", on=False)
        self.assertFalse(self.hub.lockdown)

    def test_process(self) -> None:
        """Settings are read again, and the server is shut down, with a delay."""
        self.act("reload")
        self.assertEqual(self.server.reloads, 1)
        self.act("shutdown", seconds=60, reason="Disk.")
        self.act("shutdown", seconds=0)
        self.assertEqual(self.server.stops, [(60, "Disk."), (0, "")])
        self.assertIn("more than a day", self.refusal("shutdown", seconds=86_401))
        self.refusal("shutdown", seconds=-1)
        self.assertEqual(len(self.server.stops), 2)

    def test_public_address(self) -> None:
        """Somebody else is asked only when the operator says so."""
        self.data("status", self.cookie)
        self.assertEqual(self.instruments.asked, 0)
        self.assertEqual(self.act("public-address"), {"address": "203.0.113.5"})
        self.assertIn("does not answer", self.refusal("public-address"))

    def test_cut(self) -> None:
        """One connection ends, and its owner is told why."""
        _, stays = join(self.hub, "ann", password=PASSWORD)
        _, door = join(self.hub, "ann", password=PASSWORD)
        _, row = self.data("sessions", self.cookie)["rows"]
        self.assertIn(
            "ann", self.act("cut", number=row["number"], reason="Enough.")["text"]
        )
        turn(self.hub)
        self.assertEqual(
            door.of(Closing)[0].text, "An operator ended this session: Enough."
        )
        self.assertTrue(stays.open)
        self.assertIn("gone already", self.refusal("cut", number=row["number"]))

    def test_ban(self) -> None:
        """An address is shut out for a while, and let in again."""
        words = self.act("ban", whom="198.51.100.7", time="2h", reason="Floods.")
        self.assertEqual(words["text"], "198.51.100.7 is shut out for 2 hours.")
        (ban,) = self.data("bans", self.cookie)["rows"]
        self.assertEqual(
            (ban["whom"], ban["reason"], ban["by"]), ("198.51.100.7", "Floods.", OLGA)
        )
        self.act("lift", whom="198.51.100.7")
        self.assertEqual(self.data("bans", self.cookie)["rows"], [])
        self.assertIn("not banned", self.refusal("lift", whom="198.51.100.7"))
        self.assertIn("30s", self.refusal("ban", whom="198.51.100.7", time="soon"))
        self.assertIn("where you are", self.refusal("ban", whom="192.0.2.1"))

    def test_roles(self) -> None:
        """Members become operators and members again; the last operator stays."""
        join(self.hub, "ann", password=PASSWORD)
        self.act("op", name="ann")
        self.assertEqual(result(self.store.operators()), 2)
        ann = self.log_in("ann")
        self.act("deop", name="ann")
        self.assertEqual(self.get("status", ann).status, 401)
        self.assertIn("last operator", self.refusal("deop", name=OLGA))

    def test_reset(self) -> None:
        """A new password is shown once; the old one and all sessions are over."""
        ann, door = join(self.hub, "ann", password=PASSWORD)
        type_in(self.hub, ann, "/keys add ssh-ed25519 AAAA")
        password = self.act("reset", name="Ann")["password"]
        turn(self.hub)
        key = self.hub.secrets.public_key("ssh-ed25519 AAAA")
        self.assertEqual(result(self.store.key_owner(key.fingerprint)), 0)
        self.assertFalse(door.open)
        self.assertEqual(door.of(Closing)[0].text, "The password of ann was changed.")
        session, _ = join(self.hub, "bob")
        type_in(self.hub, session, f"/login ann {PASSWORD}")
        self.assertIsNone(session.account)
        type_in(self.hub, session, f"/login ann {password}")
        self.assertIsNotNone(session.account)
        self.assertIn("no account", self.refusal("reset", name="nobody"))
        self.assertIn("yourself", self.refusal("reset", name=OLGA))

    def test_delete(self) -> None:
        """An account is gone, and its name stays reserved; operators' are not."""
        _, door = join(self.hub, "ann", password=PASSWORD)
        self.act("delete", name="ann")
        turn(self.hub)
        self.assertFalse(door.open)
        self.assertEqual(result(self.store.accounts()), 1)
        self.assertIn("no account", self.refusal("delete", name="ann"))
        join(self.hub, "bob", password=PASSWORD)
        self.act("op", name="bob")
        self.assertIn(
            "bob is an operator: end that first.", self.refusal("delete", name="bob")
        )
        self.assertIn(
            "bob is an operator: end that first.", self.refusal("reset", name="bob")
        )

    def test_not_stored(self) -> None:
        """What the store does not take is not done, and that is said."""
        cookie, first = self.cookie, self.browser()
        self.store.failing = self.store.unsure = True
        body = json.dumps({"text": "psst"}).encode()
        asked = request("POST", "/console/api/announce", body, Cookie=cookie, **MARK)
        self.assertEqual(first.send(asked), b"", "it waits: perhaps it was stored")
        response = self.post(self.browser(), "announce", cookie, text="psst")
        self.assertEqual(response.status, 503)
        self.assertIn("cannot store", response.text)
        self.store.failing = self.store.unsure = False
        self.clock.pump([1] * 10)
        self.assertEqual([one.status for one in responses(first.read())], [503])

    def test_nonsense(self) -> None:
        """Bodies that are none, and values of wrong kinds, are refused in words."""
        for name, body in (
            ("port", b"[]"),
            ("port", b"{"),
            ("port", b"{}"),
            ("port", b'{"port":"6060"}'),
            ("port", b'{"port":true}'),
            ("port", b'{"port":1e400}'),
            ("port", b'{"port":' + b"9" * 5000 + b"}"),
            ("lockdown", b'{"on":1}'),
            ("announce", b'{"text":["x"]}'),
            ("announce", b'{"text":"' + b"x" * 10_001 + b'"}'),
            ("announce", b"[" * 900),
        ):
            response = self.browser().ask(
                "POST", f"/console/api/{name}", body, Cookie=self.cookie, **MARK
            )
            self.assertIn(response.status, (400, 413), body[:40])

    def test_audit(self) -> None:
        """Each act is in the log, with who did it and from where."""
        join(self.hub, "ann", password=PASSWORD)
        _ = self.cookie
        said: list[str] = []

        def observe(event: Any) -> None:
            if event.get("log_namespace") == "chatd.audit":
                said.append(formatEvent(event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        number = self.data("sessions", self.cookie)["rows"][0]["number"]
        acts: list[tuple[str, dict[str, Any], str]] = [
            ("stop", {}, "stop"),
            ("start", {}, "start"),
            ("port", {"port": 6060}, "change the port to 6060"),
            ("announce", {"text": "psst"}, "announce"),
            ("motd", {"text": "psst"}, "motd"),
            ("lockdown", {"on": True}, "lockdown on"),
            ("reload", {}, "reload"),
            ("shutdown", {"seconds": 5}, "shutdown in 5 s"),
            ("go-on", {}, "shutdown off"),
            ("cut", {"number": number}, "disconnect ann"),
            ("ban", {"whom": "198.51.100.7"}, "serverban 198.51.100.7 for ever"),
            ("lift", {"whom": "198.51.100.7"}, "serverunban 198.51.100.7"),
            ("op", {"name": "ann"}, "op ann"),
            ("deop", {"name": "ann"}, "deop ann"),
            ("reset", {"name": "ann"}, "reset the password of ann"),
            ("delete", {"name": "ann"}, "delete the account ann"),
        ]
        for name, body, entry in acts:
            said.clear()
            self.act(name, **body)
            self.assertEqual(said, [f"{OLGA}: {entry} (console, from 192.0.2.1)"])
        done = {name for name, _, _ in acts}
        public = {"public-address"}  # asks, and changes nothing
        self.assertEqual(
            done | public, {name for method, name in TABLE if method == b"POST"}
        )


class WordsTests(ConsoleCase):
    """What is refused names nothing that one would have to type elsewhere."""

    def test_refusals(self) -> None:
        """Where the chat would name a command, the console does not."""
        join(self.hub, "eve")
        self.assertEqual(
            self.refusal("op", name="nobody1"), "There is nobody called nobody1."
        )
        self.assertEqual(
            self.refusal("op", name="eve"),
            "eve is a guest. An operator needs an account.",
        )
        self.assertEqual(
            self.refusal("deop", name=OLGA),
            "olga is the last operator: make another one first.",
        )
        self.assertEqual(
            self.refusal("ban", whom="eve"),
            "eve is a guest and would come back under another name.",
        )

    def test_others(self) -> None:
        """Words without one stay as they are, and so do paths."""
        port = "port 80 is in use; stop that, or choose another port with --port"
        for text, words in {
            "Too long.": "Too long.",
            f"The port stays 5050: {port}.": f"The port stays 5050: {port[:-12]}.",
            "See https://chat.example/x for more.": (
                "See https://chat.example/x for more."
            ),
            "The file /tmp/a is gone.": "The file /tmp/a is gone.",
        }.items():
            self.assertEqual(without_commands(text), words)

    def test_not_encrypted(self) -> None:
        """Who may send no password is told to change the address, not to type."""
        self.hub.rules = replace(
            self.hub.rules, insecure_passwords=False, encrypt="openssl s_client x"
        )
        self.assertEqual(
            self.post(self.browser(), "log-in", name=OLGA, password=PASSWORD).text,
            "This server takes passwords over encrypted lines only. "
            "Use https:// in the address.",
        )


class LogTests(ConsoleCase):
    """The log, live."""

    def follow(
        self, query: str = "", cookie: str = "", **headers: str
    ) -> tuple[Browser, bytes]:
        """A browser that follows, and what it is sent at first."""
        browser = self.browser()
        path = f"/console/api/log{query}"
        asked = request("GET", path, Cookie=cookie or self.cookie, **headers)
        return browser, browser.send(asked)

    def lines(self, data: bytes) -> list[str]:
        """The texts of the lines in a piece of the stream."""
        found = []
        for line in data.decode().splitlines():
            if line.startswith("data: ["):
                found += [
                    one["text"] for one in json.loads(line.removeprefix("data: "))
                ]
        return found

    @property
    def log(self) -> FakeLines:
        """The server's."""
        return self.instruments.log

    def test_live(self) -> None:
        """The last lines come first, and then each at once."""
        self.log.add("one", "two", "three")
        browser, data = self.follow("?last=2")
        self.assertIn(b"Content-Type: text/event-stream", data)
        self.assertEqual(self.lines(data), ["two", "three"])
        self.log.add("four")
        self.assertEqual(self.lines(browser.read()), ["four"])
        browser.lose()
        self.assertEqual(self.log.followers, [])

    def test_none(self) -> None:
        """Who wants no old lines gets none."""
        self.log.add("one")
        browser, data = self.follow("?last=0")
        self.assertEqual(self.lines(data), [])
        self.log.add("two")
        self.assertEqual(self.lines(browser.read()), ["two"])

    def test_back(self) -> None:
        """A browser that comes back gets what it has not seen; of this run only."""
        self.log.add("one", "two", "three")
        run = f"{self.hub.started:.0f}"
        _, data = self.follow("?last=5", Last_Event_ID=f"{run}-1")
        self.assertEqual(self.lines(data), ["two", "three"])
        _, data = self.follow(f"?last=5&after={run}-2")
        self.assertEqual(self.lines(data), ["three"])
        _, data = self.follow(f"?last=5&after={run}-1", Last_Event_ID=f"{run}-2")
        self.assertEqual(self.lines(data), ["three"])
        _, data = self.follow("?last=5", Last_Event_ID="1234-2")
        self.assertEqual(self.lines(data), ["one", "two", "three"])

    def test_turned_away(self) -> None:
        """A tab that is closed or hidden makes room for others at once."""
        for _ in range(2 * STREAMS):
            browser, data = self.follow()
            self.assertIn(b" 200 OK", data)
            IHalfCloseableProtocol(browser.protocol).readConnectionLost()
            self.assertTrue(browser.wire.aborted)
            browser.lose()
            self.assertEqual(self.log.followers, [])

    def test_slow(self) -> None:
        """Who does not read misses lines, which is said; nothing is kept for them."""
        self.log.add("one")
        browser, _ = self.follow()
        producer = browser.wire.producer
        producer.pauseProducing()
        self.log.add("two")
        self.assertEqual(self.lines(browser.read()), [])
        del self.log.lines[:]
        self.log.lines += [{"number": 9, "text": "nine", "level": "info"}]
        producer.resumeProducing()
        data = browser.read()
        self.assertIn(b"event: missing\ndata: 7\n", data)
        self.assertEqual(self.lines(data), ["nine"])

    def test_alive(self) -> None:
        """While nothing is logged there are signs of life."""
        browser, _ = self.follow()
        for _ in range(3):
            self.clock.advance(SIGN)
            self.assertIn(b": here", browser.read())
        self.assertFalse(browser.wire.disconnecting)

    def test_put_out(self) -> None:
        """It ends at once for who is no operator any more, or logs out."""
        browser, _ = self.follow()
        self.set_role(self.olga, Role.MEMBER)
        self.assertIn(b"event: end", browser.read())
        self.assertEqual(self.log.followers, [])
        self.set_role(self.olga, Role.OPERATOR)
        cookie = self.log_in()
        browser, _ = self.follow(cookie=cookie)
        self.post(self.browser(), "log-out", cookie)
        self.assertIn(b"event: end", browser.read())

    def test_expiry(self) -> None:
        """It ends with the operator's time."""
        browser, _ = self.follow()
        for _ in range(4):
            self.clock.advance(900)
        self.assertIn(b"event: end", browser.read())

    def test_many(self) -> None:
        """One operator follows so often at most."""
        for _ in range(STREAMS):
            self.assertIn(b"200 OK", self.follow()[1])
        self.assertIn(b"507", self.follow()[1].partition(b"\r\n")[0])

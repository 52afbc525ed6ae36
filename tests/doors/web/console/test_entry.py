"""Tests for L{chatd.doors.web.console.entry}: how operators come in."""

import json
from dataclasses import replace
from typing import Any

from twisted.web.resource import Resource

from chatd.chat.account import Role
from chatd.chat.desk import SEATS
from chatd.chat.rules import Rules
from chatd.doors.web.console.api import TABLE
from chatd.doors.web.console.pages import make_console
from chatd.doors.web.page import Folder
from chatd.testing import join, nobody_is_exempt, result, type_in
from tests.chatting import PASSWORD
from tests.doors.web.browser import Response, WebCase, request, responses
from tests.doors.web.console.case import MARK, OLGA, ConsoleCase


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

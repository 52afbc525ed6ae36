"""Tests for L{chatd.doors.web.console.asked}: what is not even looked at."""

from chatd.doors.web.console.api import OPEN, TABLE
from tests.doors.web.console.case import MARK, ConsoleCase


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


class NonsenseTests(ConsoleCase):
    """Bodies that say nothing."""

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

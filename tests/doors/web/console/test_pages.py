"""Tests for L{chatd.doors.web.console.pages}."""

import re

from twisted.web.resource import Resource

from chatd.doors.web.console.pages import STATIC, Alone, make_console
from chatd.doors.web.page import STATIC as PAGE
from chatd.testing import nobody_is_exempt
from tests.doors.web.browser import WebCase
from tests.doors.web.console.case import ConsoleCase


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
        """It takes few bytes, and few requests until one can log in."""
        files = {path.name: path.read_text() for path in STATIC.iterdir()}
        self.assertLess(sum(len(text.encode()) for text in files.values()), 100_000)
        needed, waiting = set[str](), ["console.html"]
        while waiting:
            name = waiting.pop()
            needed.add(name)
            asked = r'(?:from|src=|href=)\s*"/console/([\w.]+)"'
            waiting += set(re.findall(asked, files[name])) - needed
        self.assertIn("words.js", needed)
        self.assertLessEqual(len(needed), 6, needed)


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

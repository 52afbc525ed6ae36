"""Tests for L{chatd.doors.web.page}."""

import gzip
from html.parser import HTMLParser
from pathlib import Path

from twisted.web.resource import Resource

from chatd.doors.web.page import STATIC, make_page
from tests.doors.web.browser import WebCase


class PageTests(WebCase):
    """The files of a folder are served, and nothing else."""

    def make_root(self) -> Resource:
        folder = Path(self.mktemp())
        (folder / "icons").mkdir(parents=True)
        (folder / "index.html").write_text("<p>hello" + " world" * 100)
        (folder / "chat.js").write_text("'use strict'")
        (folder / "icons" / "chat.svg").write_text("<svg/>")
        (folder.parent / "secret.txt").write_text("secret")
        return make_page(folder)

    def test_index(self) -> None:
        """The page is at the root, as HTML."""
        response = self.browser().ask("GET", "/")
        self.assertEqual((response.status, response.body[:8]), (200, b"<p>hello"))
        self.assertEqual(response.headers["content-type"], "text/html; charset=utf-8")
        self.assertEqual(self.browser().ask("GET", "/index.html").status, 200)

    def test_kinds(self) -> None:
        """Each file says what it is, for nothing is guessed."""
        for path, kind in (
            ("/chat.js", "text/javascript; charset=utf-8"),
            ("/icons/chat.svg", "image/svg+xml"),
        ):
            headers = self.browser().ask("GET", path).headers
            self.assertEqual(headers["content-type"], kind)
            self.assertEqual(headers["x-content-type-options"], "nosniff")

    def test_packed(self) -> None:
        """It is packed for whoever unpacks, if that makes it smaller."""
        browser = self.browser()
        plain = browser.ask("GET", "/")
        self.assertNotIn("content-encoding", plain.headers)
        packed = browser.ask("GET", "/", Accept_Encoding="br, GZIP")
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        for response in (plain, packed):
            self.assertEqual(response.headers["vary"], "accept-encoding")
        tiny = browser.ask("GET", "/chat.js", Accept_Encoding="gzip")
        self.assertNotIn("content-encoding", tiny.headers)

    def test_unchanged(self) -> None:
        """A browser that has it already is told so, and nothing more."""
        browser = self.browser()
        tag = browser.ask("GET", "/").headers["etag"]
        response = browser.ask("GET", "/", If_None_Match=tag)
        self.assertEqual((response.status, response.body), (304, b""))
        self.assertNotIn("content-length", response.headers)
        self.assertEqual(browser.ask("GET", "/", If_None_Match='"old"').status, 200)
        self.assertEqual(browser.ask("GET", "/").headers["cache-control"], "no-cache")

    def test_nothing_else(self) -> None:
        """No path leads out of the folder, and folders are not listed."""
        for path in (
            "/secret.txt",
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/icons/../../secret.txt",
            "/icons",
            "/icons/",
            "/index.html/",
            "/chat.js/x",
            "//index.html",
            "/chat.js%00",
        ):
            self.assertEqual(self.browser().ask("GET", path).status, 404, path)

    def test_post(self) -> None:
        """The page is for reading."""
        self.assertEqual(self.browser().ask("POST", "/").status, 405)


class Links(HTMLParser):
    """
    Finds what a page would run or fetch.

    @ivar inline: What the security policy of the page forbids.
    @ivar fetched: Addresses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name[:2] == "on"]
        for name in ("src", "href"):
            if given.get(name) and tag != "a":
                self.fetched.append(str(given[name]))


class ShippedTests(WebCase):
    """The page that comes with chatd."""

    def make_root(self) -> Resource:
        return make_page()

    def test_everything_is_there(self) -> None:
        """What a page asks for is there, and comes from here."""
        for page in STATIC.rglob("*.html"):
            links = Links()
            links.feed(page.read_text("utf-8"))
            self.assertEqual(links.inline, [])
            base = f"/{page.parent.relative_to(STATIC).as_posix()}/".replace("/./", "/")
            for link in links.fetched:
                if link.startswith("data:"):
                    continue
                self.assertNotIn("//", link)
                path = link if link.startswith("/") else base + link
                self.assertEqual(self.browser().ask("GET", path).status, 200, path)

"""Tests for the files of the page: what browsers are given is small and strict."""

import gzip
import re
from html.parser import HTMLParser

from twisted.trial.unittest import SynchronousTestCase

from chatd.doors.web.page import STATIC

# With headers the page stays below its 100 kB, whatever one does on it.
PACKED = 60_000

# What the page is; other pages beside it have files of their own.
FILES = {
    "index.html",
    "style.css",
    # The door:
    "door.js",
    "session.js",
    "connection.js",
    # What is inside:
    "page.js",
    "chat.js",
    "conversation.js",
    "history.js",
    "people.js",
    "saying.js",
    "show.js",
    "lists.js",
    "log.js",
    "write.js",
    "completion.js",
    # What is needed seldom:
    "dialogs.js",
    "files.js",
}


class _Elements(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


class StaticTests(SynchronousTestCase):
    """The page is a few files."""

    def setUp(self) -> None:
        self.files = {name: (STATIC / name).read_text("utf-8") for name in FILES}
        page = _Elements()
        page.feed(self.files["index.html"])
        self.elements = page.found

    def test_small(self) -> None:
        """All of it together is small, also what is loaded later."""
        packed = [gzip.compress(text.encode()) for text in self.files.values()]
        self.assertLess(sum(map(len, packed)), PACKED)

    def test_nothing_inline(self) -> None:
        """No script, style or handler stands in the page, so none can be put there."""
        for tag, attributes in self.elements:
            self.assertNotEqual(tag, "style")
            self.assertNotIn("style", attributes)
            self.assertFalse([name for name in attributes if name.startswith("on")])
            if tag == "script":
                self.assertIn(attributes["src"], FILES)

    def test_nobody_else(self) -> None:
        """Nothing is asked of other servers, and all that is asked for is there."""
        asked = [
            attributes[name] or ""
            for tag, attributes in self.elements
            for name in ("src", "href")
            if name in attributes and tag != "a"
        ]
        for name, text in self.files.items():
            if name.endswith(".js"):
                asked += re.findall(r'(?:from|import\()\s*"\./([^"]+)"', text)
            self.assertNotRegex(text, r"(?:src|href|url\()=?[\"']?(?:https?:)?//\w")
        self.assertGreater(len(asked), 8)
        for name in asked:
            self.assertTrue(name in FILES or name.startswith("data:image/"), name)

    def test_text_is_text(self) -> None:
        """No script makes elements of text."""
        risky = r"(inner|outer|Adjacent)HTML|document\.write|\beval\b|Function\("
        for name, text in self.files.items():
            if name.endswith(".js"):
                self.assertNotRegex(text, risky, name)

    def test_labels(self) -> None:
        """Whatever a script looks for in the page by its name is there."""
        ids = {attributes.get("id") for _, attributes in self.elements}
        for name, text in self.files.items():
            for id in re.findall(r'\$\("([\w-]+)"\)', text):
                self.assertIn(id, ids, name)

"""What docs/security.rst says of tests, attacks and settings is so."""

import re
from dataclasses import fields, is_dataclass
from importlib.util import find_spec
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.abuse import attacks
from benchmarks.abuse.attack import ATTACKS
from benchmarks.durability.__main__ import PARTS
from chatd.operate.declared import Settings
from tests.docs.reading import source
from tests.fuzz.targets import TARGETS

assert attacks


def column(number: int) -> list[tuple[str, list[str]]]:
    """
    One column of all tables.

    @return: The threat of each row, and what stands there as code.
    """
    tree = publish_doctree(source("security.rst"))
    found = []
    for row in tree.findall(nodes.row):
        entries = list(row.findall(nodes.entry))
        words = [word.astext() for word in entries[number].findall(nodes.literal)]
        found.append((entries[0].astext(), words))
    return found


def settings(owner: Any = Settings, before: str = "") -> set[str]:
    """All settings, with and without their section."""
    found = set()
    for field in fields(owner):
        if is_dataclass(field.type):
            found |= settings(field.type, f"{field.name}.")
        found |= {field.name, before + field.name}
    return found


def is_there(word: str) -> bool:
    """Whether something that shows a promise exists."""
    if word in ATTACKS or word in PARTS or word in TARGETS:
        return True
    if word.startswith("python -m "):
        return find_spec(word.removeprefix("python -m ")) is not None
    return find_spec(f"tests.{word}") is not None


class SecurityTests(SynchronousTestCase):
    """The tables."""

    def test_shown(self) -> None:
        """Each row names what shows it, and that exists."""
        for threat, words in column(3)[:]:
            if threat in ("threat", "fault"):
                continue
            self.assertTrue(words, f"nothing shows: {threat}")
            for word in words:
                self.assertTrue(is_there(word), f"{threat}: there is no {word}")

    def test_all_attacks(self) -> None:
        """Each attack and each fault that can be tried stands in a row."""
        named = {word for _, words in column(3) for word in words}
        self.assertEqual({*ATTACKS, *PARTS} - named, set())

    def test_settings(self) -> None:
        """Each setting that is named exists."""
        known = settings()
        for threat, words in column(2):
            for word in words:
                if re.fullmatch(r"[a-z_.]+", word):
                    self.assertIn(word, known, threat)

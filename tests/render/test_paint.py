"""Tests for L{chatd.render.paint}."""

import re

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person, Theme
from chatd.chat.events import Said
from chatd.chat.look import look
from chatd.render.text import render
from tests.render.samples import (
    ANN,
    ANSWERS,
    BOB,
    COLOUR,
    FULL,
    HAPPENED,
    SPOKEN,
    STAMP,
    UTC,
    lines,
)


class PaintTests(SynchronousTestCase):
    """Colours dress the same words."""

    def test_same_words(self) -> None:
        """Painted and plain, every line has the same words."""
        for event, _ in (*SPOKEN, *HAPPENED, *ANSWERS):
            painted = "\n".join(lines(event, COLOUR))
            self.assertEqual(
                re.sub("\x1b\\[[0-9;]*m", "", painted), "\n".join(lines(event))
            )

    def test_whole_lines(self) -> None:
        """No colour reaches beyond its line."""
        for event, _ in (*SPOKEN, *HAPPENED, *ANSWERS):
            for line in lines(event, COLOUR):
                begun = line.count("\x1b[") - line.count("\x1b[0m")
                self.assertEqual(begun, line.count("\x1b[0m"), line)

    def test_name(self) -> None:
        """A name keeps its colour, whatever its case, and two are often different."""
        colours = set()
        for number in range(20):
            one = Said(room="l", sender=Person(1, f"p{number}"), text="", **STAMP)
            two = Said(room="l", sender=Person(1, f"P{number}"), text="", **STAMP)
            colour = re.findall(rb"38;5;(\d+)m", render(one, COLOUR, True, None))
            self.assertEqual(len(colour), 1)
            self.assertIn(b"38;5;%bm" % colour[0], render(two, COLOUR, True, None))
            colours.add(colour[0])
        self.assertGreater(len(colours), 7)

    def test_themes(self) -> None:
        """Each theme has styles of its own, and mono has no colours."""
        styles = {}
        for theme in Theme:
            look_ = look(render, zone=UTC, colour=True, theme=theme)
            shown = b"".join(render(event, look_, True, BOB) for event, _ in SPOKEN)
            styles[theme] = set(re.findall(rb"\x1b\[([0-9;]+)m", shown))
        self.assertEqual(len(set(map(frozenset, styles.values()))), len(Theme))
        self.assertLessEqual(styles[Theme.MONO], {b"0", b"1", b"2"})

    def test_plain(self) -> None:
        """Without colour there is no escape at all."""
        for event, _ in (*SPOKEN, *HAPPENED, *ANSWERS):
            self.assertNotIn(b"\x1b", render(event, FULL, True, ANN))

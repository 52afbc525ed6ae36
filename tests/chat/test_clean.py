"""Text is made harmless."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.clean import clean, clean_block


class CleanTests(SynchronousTestCase):
    """One line."""

    def test_plain(self) -> None:
        """Plain text stays as it is."""
        for text in ("", "hello there", "grüß dich, 你好", "a\u00a0b\u3000c"):
            self.assertEqual(clean(text), text)

    def test_escapes(self) -> None:
        """What would steer a terminal goes, what can be read stays."""
        self.assertEqual(clean("a\x1b[31mred\x07\x08"), "a[31mred")
        self.assertEqual(clean("\x9b31mred\x7f\x00"), "31mred")

    def test_breaks(self) -> None:
        """Nobody can make one line look like two."""
        self.assertEqual(
            clean("a\nb\x0bc\x0cd\x85e\u2028f\u2029g\th"), "a b c d e f g h"
        )
        self.assertEqual(clean("a\r\nb\rc"), "a bc")

    def test_directions(self) -> None:
        """What turns the reading direction goes; marks that do not stay."""
        self.assertEqual(clean("a\u202eb\u202cc\u2066d\u2069"), "abcd")
        self.assertEqual(clean("a\u200eb\u200fc"), "a\u200eb\u200fc")

    def test_odd(self) -> None:
        """Surrogates, byte order marks and tags go."""
        self.assertEqual(
            clean("\ufeffa\ud800b\udfffc\U000e0041d\ufff9e\u206af"), "abcdef"
        )

    def test_joiners(self) -> None:
        """Emoji of several parts and Persian words stay whole."""
        for text in ("👩\u200d👩\u200d👧 ❤\ufe0f", "می\u200cخواهم"):
            self.assertEqual(clean(text), text)

    @given(st.text(st.characters()))
    def test_any(self, text: str) -> None:
        """Whatever comes in, nothing harmful comes out, and cleaning again is idle."""
        cleaned = clean(text)
        self.assertEqual(clean(cleaned), cleaned)
        self.assertFalse(
            {"Cc", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, cleaned))
        )
        self.assertEqual(len(cleaned.splitlines()), 1 if cleaned else 0)


class BlockTests(SynchronousTestCase):
    """Several lines."""

    def test_breaks(self) -> None:
        """The lines of a paste stay lines, however they were broken."""
        self.assertEqual(clean_block("plain"), "plain")
        self.assertEqual(
            clean_block("a\r\nb\rc\nd\u2028e\u2029f\x85g\x0bh\x0ci\n\nj\n"),
            "a\nb\nc\nd\ne\nf\ng\nh\ni\n\nj\n",
        )

    def test_inside(self) -> None:
        """Each line is cleaned."""
        self.assertEqual(clean_block("\ta\x1b\n\u202eb"), " a\nb")

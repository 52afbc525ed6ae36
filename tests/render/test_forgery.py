"""Nobody can speak as somebody else, or as the server."""

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.clean import clean_block
from chatd.chat.events import Past
from tests.render.samples import AT, FULL, OFF, lines, said, whispered

# One of those lines that somebody would like others to take for another's.
FORGED = "\r\n* The server stops.\r\n! No.\r\n[2026-11-21 12:00:00] bob: I did it"


class ForgeryTests(SynchronousTestCase):
    """Nobody can speak as somebody else, or as the server."""

    def check(self, text: str) -> None:
        """What ann wants to say, in all the ways that she can, begins as hers."""
        text = clean_block(text)
        for look_, when in ((FULL, re.escape(AT)), (OFF, "")):
            hers = re.compile(
                f"{when}(#ops )?(ann|ann -> bob)( \\(guest\\))?"
                "(: | pasted [0-9]+ lines|:$)"
            )
            for here in (True, False):
                for event in (said(text, "ops"), whispered(text)):
                    (line,) = lines(event, look_, here=here, reader=None)
                    self.assertRegex(line, hers)
                    whole = Past("paste", (event,))
                    first, *others = lines(whole, look_, here=here, reader=None)
                    self.assertRegex(first, hers)
                    for other in others:
                        self.assertTrue(other.startswith("    "), other)

    def test_forged(self) -> None:
        """Lines within lines are set in, or folded."""
        self.check(FORGED)

    @given(st.text())
    def test_any(self, text: str) -> None:
        """Whatever is said, its line begins with who said it."""
        self.check(text)

    def test_odd(self) -> None:
        """Half a character becomes a question mark, and keeps nothing back."""
        self.assertEqual(lines(said("a\ud800b")), [f"{AT}ann: a?b"])

"""Bytes that nobody foresaw."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.editor import Editor
from chatd.wire.limits import Limits
from chatd.wire.outcome import Line
from tests.wire.desk import (
    BACKSPACE,
    DELETE,
    DOWN,
    END,
    ENTER,
    HOME,
    LEFT,
    RIGHT,
    TAB,
    UP,
    Desk,
)

KEYS = (UP, DOWN, RIGHT, LEFT, HOME, END, DELETE, BACKSPACE, ENTER, b"\n", b"\r\n")
EDITING = (*b"\x1bb \x1bf \x1bd \x17 \x15 \x0b \x19 \x04 \x03".split(b" "), TAB)
PASTING = (b"\x1b[200~", b"\x1b[201~", b"\x1b[200~a\nb\x1b[201~")
BROKEN = (b"\x1b", b"[", b"\xe4\xbd", b"\0", b"1;5D", b"~", b"\x1b]")
TEXT = ("é", "你", "e\u0301", "word ", "abc", "👩\u200d👧", "🇩🇪", "x" * 30)

pieces = st.sampled_from(
    [*KEYS, *EDITING, *PASTING, *BROKEN, *(text.encode() for text in TEXT)]
)
anything = st.lists(pieces | st.binary(max_size=4), max_size=40)


class AnythingTests(SynchronousTestCase):
    """Bytes that nobody foresaw."""

    def editor(self) -> Editor:
        """Make an editor of small limits, so that they are met."""
        words = ["word", "worse", "abc", "wörter"]
        return Editor(
            prompt="> ",
            width=20,
            limits=Limits(line=60),
            history=3,
            complete=lambda _: words,
        )

    @given(anything)
    @settings(max_examples=200, deadline=None)
    def test_chunks(self, chunks: list[bytes]) -> None:
        """The same bytes do the same in whatever chunks, and never fail."""
        whole, cut, single = self.editor(), self.editor(), self.editor()
        data = b"".join(chunks)
        expected = list(whole.receive(data))
        found = [outcome for chunk in chunks for outcome in cut.receive(chunk)]
        bytewise = [one for byte in data for one in single.receive(bytes([byte]))]
        self.assertEqual(found, expected)
        self.assertEqual(bytewise, expected)
        self.assertEqual((cut.text, single.text), (whole.text, whole.text))
        self.assertLessEqual(len(whole.text.encode()), 60)

    # From 10 columns on the prompt is there; pyte draws a mark that stands in the first
    # column on the row above.
    @given(anything, st.integers(10, 30))
    @settings(max_examples=200, deadline=None)
    def test_one_row(self, chunks: list[bytes], width: int) -> None:
        """Whatever is typed, the line takes one row and spares what is above it."""
        editor = self.editor()
        editor.resize(width)
        desk = Desk(editor, columns=width, rows=20)
        expected: list[str] = []
        for number, chunk in enumerate(chunks):
            # Not what lists or clears by itself, which has tests of its own.
            desk.type(chunk.replace(TAB, b"").replace(b"\x0c", b""))
            if number % 3 == 0:
                desk.show(f"bob: {number}")
                expected.append(f"bob: {number}")
        desk.show("end")
        expected.append("end")
        at = desk.screen.cursor.y
        above = [row.rstrip() for row in desk.screen.display[:at]]
        self.assertEqual(above, expected[-len(above) :])
        self.assertEqual("".join(desk.screen.display[at + 1 :]).strip(), "")

    @given(anything)
    @settings(max_examples=100, deadline=None)
    def test_no_controls(self, chunks: list[bytes]) -> None:
        """Nothing typed reaches the terminal as a command, nor the chat."""
        editor = self.editor()
        desk = Desk(editor)
        for chunk in chunks:
            for outcome in desk.type(chunk):
                if isinstance(outcome, Line):
                    text = outcome.text
                    if outcome.pasted:
                        text = text.replace("\n", "").replace("\t", "")
                    self.assertNotRegex(text, r"[\x00-\x1f\x7f-\x9f]")
        ours = r"\x1b(\[K|7|8|\[\?2004h|\[H\x1b\[2J)|[\r\n\a]"
        written = re.sub(ours, "", desk.written.decode())
        self.assertNotRegex(written, r"[\x00-\x1f\x7f-\x9f]")

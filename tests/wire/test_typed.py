"""Letters that are not one byte, one code point and one column."""

from chatd.wire.outcome import Line
from tests.wire.desk import BACKSPACE, DELETE, HOME, LEFT, RIGHT, DeskCase


class WideTests(DeskCase):
    """Letters that are not one byte, one code point and one column."""

    def test_wide(self) -> None:
        """Wide letters take two columns and one key."""
        self.desk.type("a你好b", LEFT, LEFT, LEFT)
        self.assertEqual(self.desk.row, "> a|你好b")
        self.assertEqual(self.desk.screen.cursor.x, 3)
        self.desk.type(DELETE)
        self.assertEqual(self.desk.row, "> a|好b")

    def test_cut_letters(self) -> None:
        """A letter whose bytes come one by one is one letter."""
        self.desk.type(*(bytes([byte]) for byte in "ü你".encode()))
        self.assertEqual(self.desk.row, "> ü你|")

    def test_combining(self) -> None:
        """A mark belongs to the letter before it, also in the middle of the line."""
        self.desk.type("e", "\u0301", "x")
        self.assertEqual(self.desk.row, "> éx|")
        self.desk.type(LEFT, BACKSPACE)
        self.assertEqual(self.editor.text, "x")
        self.desk.type("e", RIGHT, HOME, RIGHT, "\u0301")
        self.assertEqual(self.editor.text, "e\u0301x")
        self.desk.type(HOME, "\u0301")
        self.assertEqual(self.editor.text, "\u0301e\u0301x")

    def test_emoji(self) -> None:
        """A joined emoji is one letter, also when its parts come one by one."""
        for family in ("👨\u200d👩\u200d👧", "👍🏽", "❤\ufe0f", "🇩🇪"):
            for keys in ([family], list(family)):
                self.desk.type(*keys, "x", LEFT, BACKSPACE)
                self.assertEqual(self.editor.text, "x", family)
                self.desk.type(b"\x05\x15")

    def test_many_marks(self) -> None:
        """Thousands of marks on one letter are taken and do no harm."""
        self.desk.type("a" + "\u0301" * 1000, "\u0301" * 1000, "b")
        self.assertEqual(self.editor.text, "a" + "\u0301" * 2000 + "b")
        self.assertEqual(self.desk.rows[-1][-1], "b")

    def test_not_utf8(self) -> None:
        """Bytes that are not UTF-8 are seen as such and do no harm."""
        self.assertEqual(self.desk.type(b"a\xff\xfeb\r"), [Line("a\ufffd\ufffdb")])

"""Lines typed before, brought back by the arrow keys."""

from chatd.wire.editor import HISTORY_LINES, Editor
from chatd.wire.recall import BYTES_LIMIT
from tests.wire.desk import BACKSPACE, DOWN, ENTER, UP, Desk, DeskCase


class HistoryTests(DeskCase):
    """Lines typed before come back with the arrow keys."""

    def test_up_and_down(self) -> None:
        """Up goes back, Down returns to the half-typed line, both stop at the end."""
        self.desk.type("one", ENTER, "two", ENTER, "ha")
        seen = []
        for key in (UP, UP, UP, DOWN, DOWN, DOWN):
            self.desk.type(key)
            seen.append(self.desk.row)
        self.assertEqual(
            seen, ["> two|", "> one|", "> one|", "> two|", "> ha|", "> ha|"]
        )

    def test_edited(self) -> None:
        """A line that was recalled and changed is the one being typed now."""
        self.desk.type("one", ENTER, "two", ENTER, UP, UP, "x", UP, DOWN)
        self.assertEqual(self.editor.text, "onex")
        self.desk.type(BACKSPACE, UP, DOWN)
        self.assertEqual(self.editor.text, "one")

    def test_not_remembered(self) -> None:
        """Blank lines and repetitions are not remembered."""
        self.desk.type("one", ENTER, "one", ENTER, "  ", ENTER, ENTER, "two", ENTER)
        self.desk.type(UP, UP, UP)
        self.assertEqual(self.editor.text, "one")

    def test_forget(self) -> None:
        """A line with a password in it can be forgotten."""
        self.desk.type("one", ENTER, "/login ann hunter2", ENTER, "two", ENTER)
        self.editor.forget("/login ann hunter2")
        self.desk.type(UP, UP)
        self.assertEqual(self.editor.text, "one")

    def test_most_lines(self) -> None:
        """As many lines as were allowed are remembered, and no more."""
        for number in range(HISTORY_LINES + 1):
            self.desk.type(f"line {number}", ENTER)
        self.desk.type(UP * (HISTORY_LINES + 1))
        self.assertEqual(self.editor.text, "line 1")
        desk = Desk(Editor(history=0))
        desk.type("one", ENTER, UP)
        self.assertEqual(desk.editor.text, "")

    def test_most_bytes(self) -> None:
        """The oldest lines are forgotten when there is more than is allowed."""
        long = BYTES_LIMIT // 4
        for char in "abcd":
            self.desk.type(char * long, ENTER)
        self.desk.type(UP * 4)
        self.assertEqual(self.editor.text, "a" * long)
        self.desk.type(b"\x15", "e", ENTER, UP * 10)
        self.assertEqual(self.editor.text, "b" * long)

    def test_hand_back(self) -> None:
        """A refused line can be corrected, unless something was typed since."""
        self.editor.hand_back("/jion\tops")
        self.desk.look()
        self.assertEqual(self.desk.row, "> /jion ops|")
        self.editor.hand_back("other")
        self.assertEqual(self.editor.text, "/jion ops")
        self.desk.type(b"\x15")
        self.editor.hand_back("a\nb")
        self.assertEqual(self.editor.text, "")

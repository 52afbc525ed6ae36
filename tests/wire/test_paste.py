"""What is pasted, and how much of it."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.editor import Editor
from chatd.wire.limits import LIMITS
from chatd.wire.outcome import Interrupt, Line, TooLong
from tests.wire.desk import ENTER, LEFT, TAB, UP, Desk, paste
from tests.wire.held import held


class PasteTests(SynchronousTestCase):
    """What is pasted, where the terminal marks it."""

    def setUp(self) -> None:
        self.editor = Editor(prompt="> ", complete=lambda before: ["completed"])
        self.desk = Desk(self.editor)

    def test_words(self) -> None:
        """A paste without an end of line is inserted, its tab being a space."""
        self.assertEqual(self.desk.type("a", LEFT, paste("x\ty\x1b[31mz\x07")), [])
        self.assertEqual(self.desk.row, "> x yz|a")

    def test_few_lines(self) -> None:
        """In a short paste the ends of lines are Enter; an open last line stays."""
        found = self.desk.type("say ", paste("a\r\nb\nc\rd"))
        self.assertEqual(found, [Line("say a"), Line("b"), Line("c")])
        self.assertEqual(self.desk.row, "> d|")

    def test_many_lines(self) -> None:
        """A long paste is one line with all that was typed around it."""
        text = "\n".join(f"\tline {number}" for number in range(LIMITS.paste_from))
        self.assertEqual(
            self.desk.type("/pm bob  now", LEFT * 4, paste(text + "\n\n")),
            [Line(f"/pm bob {text} now", pasted=True)],
        )
        self.assertEqual(self.desk.row, "> |")
        self.desk.type(UP)
        self.assertEqual(self.editor.text, "")

    def test_edge(self) -> None:
        """Five lines are one piece, with or without an end; four are four."""
        lines = ["x"] * LIMITS.paste_from
        whole = "\n".join(lines)
        self.assertEqual(self.desk.type(paste(whole)), [Line(whole, pasted=True)])
        four = "x\n" * (LIMITS.paste_from - 1)
        self.assertEqual(self.desk.type(paste(four)), [Line("x")] * four.count("x"))
        self.assertEqual(self.editor.text, "")
        found = self.desk.type(paste(four + "\n"))
        self.assertEqual(found, [*[Line("x")] * (LIMITS.paste_from - 1), Line("")])

    def test_cut(self) -> None:
        """A paste that arrives in pieces is the same paste."""
        data = paste("äb\r\n" * LIMITS.paste_from)
        found = self.desk.type(*(bytes([byte]) for byte in data))
        whole = "\n".join(["äb"] * LIMITS.paste_from)
        self.assertEqual(found, [Line(whole, pasted=True)])

    def test_largest(self) -> None:
        """A paste at the limit is taken, one byte more is refused whole."""
        text = "x\n" * (LIMITS.paste // 2 - 1) + "xx"
        self.assertEqual(self.desk.type(paste(text)), [Line(text, pasted=True)])
        self.desk.type("typed")
        self.assertEqual(self.desk.type(paste(text + "x")), [TooLong(LIMITS.paste)])
        self.assertEqual(self.editor.text, "typed")

    def test_longest_line(self) -> None:
        """A short paste with a line over the limit is refused whole."""
        long = "x" * LIMITS.line
        self.assertEqual(self.desk.type(paste("a\n" + long)), [Line("a")])
        self.assertEqual(self.editor.text, long)
        self.desk.type(b"\x15")
        refused = [TooLong(LIMITS.line, line=True)]
        self.assertEqual(self.desk.type(paste(f"a\n{long}x\n")), refused)
        self.desk.type("y")
        self.assertEqual(self.desk.type(paste(long)), refused)
        self.assertEqual(self.editor.text, "y")

    def test_lost_end(self) -> None:
        """Ctrl-C gives up a paste whose end got lost."""
        self.desk.type("typed", b"\x1b[200~", "lost", b"\r", TAB, UP)
        self.assertEqual(self.editor.text, "typed")
        self.assertEqual(self.desk.type(b"\x03"), [Interrupt("typed")])
        self.assertEqual(self.desk.type("hi", ENTER), [Line("hi")])

    def test_stray_end(self) -> None:
        """The end of a paste that never began is nothing."""
        self.assertEqual(self.desk.type("a", b"\x1b[201~", "b"), [])
        self.assertEqual(self.editor.text, "ab")

    def test_endless(self) -> None:
        """A paste that never ends is held only up to the limit."""
        self.desk.type(b"\x1b[200~", b"x\n" * (LIMITS.paste // 2))
        before = held(self.editor)
        for _ in range(20):
            self.desk.type(b"x\n\x1b[A" * 1000)
        self.assertLess(held(self.editor), before + 1000)

"""What is seen of a line, and what arrives above it."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.editor import Editor
from chatd.wire.outcome import Line
from chatd.wire.row import MAX_WIDTH, MIN_WIDTH
from tests.wire.desk import END, ENTER, HOME, LEFT, RIGHT, Desk, DeskCase


class NarrowTests(DeskCase):
    """A line longer than the window stays in one row."""

    width = 22

    def test_fits(self) -> None:
        """A line that just fits is shown whole, and one more letter scrolls it."""
        self.desk.type("abcdefghijklmnopq")
        self.assertEqual(self.desk.rows, ["> abcdefghijklmnopq"])
        self.desk.type("r")
        self.assertEqual(self.desk.rows, ["> <hijklmnopqr"])
        self.assertEqual(self.desk.row, "> <hijklmnopqr|")

    def test_moving(self) -> None:
        """Marks at the edges tell where there is more."""
        self.desk.type("abcdefghijklmnopqrstuvwxyz")
        self.desk.type(HOME)
        self.assertEqual(self.desk.row, "> |abcdefghijklmnop>")
        self.desk.type(RIGHT * 15)
        self.assertEqual(self.desk.row, "> abcdefghijklmno|p>")
        self.desk.type(RIGHT)
        self.assertEqual(self.desk.row, "> <fghijklmnop|qrst>")
        self.desk.type(LEFT * 9)
        self.assertEqual(self.desk.row, "> <fg|hijklmnopqrst>")
        self.desk.type(LEFT * 3)
        self.assertEqual(self.desk.row, "> abcd|efghijklmnop>")
        self.desk.type(END)
        self.assertEqual(self.desk.row, "> <pqrstuvwxyz|")
        self.assertEqual(len(self.desk.rows), 1)

    def test_wide(self) -> None:
        """A wide letter that half fits is not drawn."""
        self.desk.type("你" * 9, HOME)
        self.assertEqual(self.desk.row, "> |" + "你" * 8 + ">")
        self.desk.type("a")
        self.assertEqual(self.desk.row, "> a|" + "你" * 7 + ">")

    def test_shrinking(self) -> None:
        """After the window was made narrower the line is in one row again."""
        self.desk.type("abcdefghijklmnop")
        self.desk.resize(13)
        self.assertEqual(self.desk.row, "> <klmnop|")
        self.desk.resize(40)
        self.assertEqual(self.desk.row, "> abcdefghijklmnop|")
        self.desk.type("q")
        self.assertEqual(self.desk.rows, ["> abcdefghijklmnopq"])

    def test_broken_row(self) -> None:
        """Rows into which a terminal broke the line are erased from the first on."""
        self.desk.type("abcdefghijklmnop")
        self.editor.resize(11)
        self.assertEqual(
            self.desk.look(),
            b"\x1b[1A\r\x1b7\x1b[K\x1b[B\x1b[K\x1b8" + b"\r> <mnop\x1b[K",
        )

    def test_dragging(self) -> None:
        """A window that is dragged narrower a little breaks no row that was drawn."""
        for width in (20, 40, 80, 160):
            desk = Desk(Editor(prompt="> ", width=width), columns=width)
            for _ in range(width):
                desk.type("x")
                self.assertLess(len(desk.rows[-1]), width - width // 8)

    def test_prompt_that_is_too_wide(self) -> None:
        """Where the prompt leaves no room it makes room."""
        self.editor.set_prompt("somebody in somewhere> ")
        self.desk.type("abc")
        self.assertEqual(self.desk.row, "abc|")

    def test_odd_widths(self) -> None:
        """An unknown width is 80; a silly one is made bearable."""
        for width, columns in {
            0: 80,
            1: MIN_WIDTH,
            MIN_WIDTH: MIN_WIDTH,
            MAX_WIDTH: MAX_WIDTH,
            65535: MAX_WIDTH,
        }.items():
            desk = Desk(Editor(width=width), columns=MAX_WIDTH + 10)
            desk.type("x" * 1000, HOME)
            self.assertEqual(desk.row, "|" + "x" * (columns - columns // 8 - 2) + ">")

    def test_wider_than_the_window(self) -> None:
        """An emoji that may be wider than the whole window is stepped over unseen."""
        desk = Desk(Editor(width=MIN_WIDTH), columns=MIN_WIDTH)
        family = "\u200d".join("👨👩👧👦👨👩")
        desk.type(f"a{family}{family}b", LEFT, LEFT)
        self.assertEqual(desk.rows, ["<>"])
        desk.type(END)
        self.assertEqual(desk.row, "<b|")


class ArrivingTests(SynchronousTestCase):
    """What arrives goes above the line being typed, which stays whole."""

    def test_arriving(self) -> None:
        """A message is above, the line below, the cursor where it was."""
        desk = Desk(Editor(prompt="> "))
        desk.type("hello", LEFT, LEFT)
        desk.show("[12:00:00] bob: hi")
        self.assertEqual(desk.rows, ["[12:00:00] bob: hi", "> hello"])
        self.assertEqual(desk.row, "> hel|lo")

    def test_several_lines(self) -> None:
        """Lines may end in LF or CR LF, or not at all, and may be empty."""
        desk = Desk(Editor(prompt="> "))
        desk.show("a\nb\r\n\nc\n")
        desk.show("d")
        self.assertEqual(desk.rows, ["a", "b", "", "c", "d", ">"])
        self.assertIn(b"a\r\nb\r\n\r\nc\r\n", desk.written)

    def test_bytes(self) -> None:
        """What was rendered for many is written as it is."""
        desk = Desk(Editor(prompt="> "))
        desk.type("x")
        desk.show("\x1b[31männ\x1b[0m: hi\r\nmore\r\n".encode())
        self.assertEqual(desk.rows, ["änn: hi", "more", "> x"])

    def test_typing_while_messages_arrive(self) -> None:
        """A line typed among a hundred messages is the line that was meant."""
        desk = Desk(Editor(prompt="> ", width=40), columns=40)
        text = "Grüße an alle 你好, wie geht es euch heute denn so?"
        for at, char in enumerate(text):
            desk.type(char)
            desk.show(f"bob: message {at} " + "x" * (at % 30))
            self.assertEqual(desk.rows[-1][:2], "> ")
            self.assertEqual(desk.row[-2:], f"{char}|" if char != " " else " |")
        self.assertEqual(desk.type(ENTER), [Line(text)])
        self.assertEqual(desk.rows[-1], ">")

    def test_one_redraw(self) -> None:
        """Ten messages in one turn redraw the line once."""
        desk = Desk(Editor(prompt="> "))
        desk.type("hello")
        for number in range(10):
            desk.editor.show(f"bob: {number}")
        self.assertEqual(desk.look().count(b"hello"), 1)

    def test_nothing_to_write(self) -> None:
        """Where nothing happened nothing is written."""
        desk = Desk(Editor(prompt="> "))
        self.assertEqual(desk.look(), b"")

    def test_before_and_after(self) -> None:
        """Before the start and after the end text is just written."""
        editor = Editor(prompt="> ")
        editor.show("welcome")
        self.assertEqual(list(editor.receive(b"ann\rx")), [Line("ann")])
        self.assertEqual(editor.take_output(), b"welcome\r\n")
        desk = Desk(editor)
        self.assertEqual(desk.row, "> x|")
        self.assertTrue(desk.written.startswith(b"\x1b[?2004h"))
        desk.editor.stop()
        desk.show("bye")
        self.assertEqual(desk.rows, ["bye"])
        self.assertTrue(desk.written.endswith(b"\x1b[?2004lbye\r\n"))

    def test_prompt(self) -> None:
        """A prompt may be coloured and may change."""
        desk = Desk(Editor(prompt="\x1b[1;31mann\x1b[0m> "))
        desk.type("hi", LEFT)
        self.assertEqual(desk.row, "ann> h|i")
        desk.editor.set_prompt("ops> ")
        desk.look()
        self.assertEqual(desk.row, "ops> h|i")

    def test_bell(self) -> None:
        """However often it rings in one turn, it rings once, and nothing moves."""
        desk = Desk(Editor(prompt="> "))
        desk.type("hi", LEFT)
        desk.editor.bell()
        desk.editor.bell()
        self.assertEqual(desk.look(), b"\a")
        self.assertEqual(desk.row, "> h|i")

    def test_surrogates(self) -> None:
        """Text that cannot be written as UTF-8 is shown with a replacement."""
        desk = Desk(Editor(prompt="> "))
        desk.show("a\ud800b")
        self.assertEqual(desk.rows, ["a?b", ">"])

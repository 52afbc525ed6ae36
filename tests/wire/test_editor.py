"""The line editor, typed at and looked at through an emulated terminal."""

import re

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.editor import (
    CHOICES_SHOWN,
    HISTORY_LINES,
    LINE_LIMIT,
    MAX_WIDTH,
    MIN_WIDTH,
    PASTE_LIMIT,
    PASTE_LINES,
    Editor,
    EndOfFile,
    Interrupt,
    Line,
    Outcome,
    TooLong,
)
from chatd.wire.recall import BYTES_LIMIT
from tests.wire.held import held

UP, DOWN, RIGHT, LEFT = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D"
HOME, END, DELETE, BACKSPACE = b"\x01", b"\x05", b"\x1b[3~", b"\x7f"
ENTER, TAB = b"\r", b"\t"


def paste(text: str) -> bytes:
    """Mark a paste as terminals do."""
    return b"\x1b[200~" + text.encode() + b"\x1b[201~"


class Desk:
    """
    Somebody at a terminal, with an editor at the other end.

    @ivar written: All that the editor wrote.
    """

    def __init__(self, editor: Editor, columns: int = 80, rows: int = 6) -> None:
        self.editor = editor
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        editor.start()
        self.look()

    def type(self, *keys: bytes | str) -> list[Outcome]:
        """Type, and wait for what is drawn."""
        outcomes: list[Outcome] = []
        for key in keys:
            data = key.encode() if isinstance(key, str) else key
            outcomes += self.editor.receive(data)
            self.look()
        return outcomes

    def show(self, text: str | bytes) -> None:
        """Let something arrive."""
        self.editor.show(text)
        self.look()

    def resize(self, columns: int) -> None:
        """Drag the window; this terminal cuts lines off instead of breaking them."""
        self.screen.resize(columns=columns)
        self.editor.resize(columns)
        self.look()

    def look(self) -> bytes:
        """Bring the screen up to date."""
        output = self.editor.take_output()
        self.written += output
        self._stream.feed(output)
        return output

    @property
    def rows(self) -> list[str]:
        """What is on the screen, without what is empty."""
        text = "\n".join(row.rstrip() for row in self.screen.display)
        return text.rstrip("\n").split("\n")

    @property
    def row(self) -> str:
        """The row in which the cursor is, the cursor being shown as a bar."""
        columns = [self.screen.buffer[self.screen.cursor.y][x].data for x in range(500)]
        return "".join([*columns[: self.screen.cursor.x], "|"]) + (
            "".join(columns[self.screen.cursor.x :]).rstrip()
        )


class TypingTests(SynchronousTestCase):
    """Keys move the cursor and change the line."""

    def setUp(self) -> None:
        self.editor = Editor(prompt="> ")
        self.desk = Desk(self.editor)

    def check(self, keys: bytes, row: str) -> None:
        """Type into an empty line and expect it to look so."""
        self.desk.type(b"\x05\x15", keys)
        self.assertEqual(self.desk.row, "> " + row)

    def test_typing(self) -> None:
        """What is typed is seen, and comes out at Enter."""
        self.assertEqual(self.desk.type("h", "i"), [])
        self.assertEqual(self.editor.text, "hi")
        self.assertEqual(self.desk.row, "> hi|")
        self.assertEqual(self.desk.type(ENTER), [Line("hi")])
        self.assertEqual(self.editor.text, "")
        self.assertEqual(self.desk.rows, [">"])

    def test_echo_is_short(self) -> None:
        """A letter at the end of the line costs one byte."""
        self.desk.type("hello")
        list(self.editor.receive(b"x"))
        self.assertEqual(self.editor.take_output(), b"x")

    def test_empty(self) -> None:
        """Enter in an empty line is an empty line."""
        self.assertEqual(self.desk.type(b"\r\n\r\0\n"), [Line("")] * 3)

    def test_many_lines(self) -> None:
        """Lines that arrive at once come out one by one."""
        found = self.desk.type(b"a\r\nb\rc\nd")
        self.assertEqual(found, [Line("a"), Line("b"), Line("c")])
        self.assertEqual(self.desk.row, "> d|")

    def test_moving(self) -> None:
        """Arrows, Home and End move the cursor and stop at both ends."""
        self.check(b"abc" + LEFT, "ab|c")
        self.check(b"abc" + LEFT * 5 + b"x", "x|abc")
        self.check(b"abc" + HOME + RIGHT, "a|bc")
        self.check(b"abc" + RIGHT, "abc|")
        self.check(b"abc" + HOME + END + b"x", "abcx|")
        self.check(b"abc\x02\x02\x06", "ab|c")

    def test_words(self) -> None:
        """Words are stepped over and deleted whole."""
        self.check(b"one two  three\x1bb", "one two  |three")
        self.check(b"one two  three\x1bb\x1bb\x1bb\x1bb", "|one two  three")
        self.check(b"one two  three\x01\x1bf\x1bf", "one two|  three")
        self.check(b"one two  three\x1bf", "one two  three|")
        self.check(b"one two  three\x17", "one two  |")
        self.check(b"one two  three\x01\x1bd", "| two  three")
        self.check(b"one two\x1b\x7f", "one |")

    def test_deleting(self) -> None:
        """Backspace and Delete take one letter, and ring when there is none."""
        self.check(b"abc" + BACKSPACE, "ab|")
        self.check(b"abc" + LEFT + b"\x08", "a|c")
        self.check(b"abc" + HOME + DELETE, "|bc")
        self.check(b"abc" + HOME + b"\x04", "|bc")
        for keys in (HOME + BACKSPACE, END + DELETE, HOME + b"\x17"):
            self.desk.type(b"\x05\x15abc", keys)
            self.assertTrue(self.desk.written.endswith(b"\a"))
            self.assertEqual(self.editor.text, "abc")

    def test_killing(self) -> None:
        """What is killed can be put back, also elsewhere."""
        self.check(b"one two\x1bb\x15", "|two")
        self.check(b"one two\x1bb\x0b", "one |")
        self.check(b"one two\x1bb\x15" + END + b" \x19", "two one |")

    def test_clear_screen(self) -> None:
        """Ctrl-L leaves the line alone on the screen."""
        self.desk.show("hello")
        self.desk.type("abc", LEFT, b"\x0c")
        self.assertEqual(self.desk.rows, ["> abc"])
        self.assertEqual(self.desk.row, "> ab|c")

    def test_interrupt(self) -> None:
        """Ctrl-C empties the line and says what was in it."""
        self.assertEqual(self.desk.type(b"abc\x03"), [Interrupt("abc")])
        self.assertEqual(self.desk.row, "> |")
        self.assertEqual(self.desk.type(b"\x03"), [Interrupt("")])

    def test_end_of_file(self) -> None:
        """Ctrl-D ends only in an empty line."""
        self.assertEqual(self.desk.type(b"a\x04\x01\x04"), [])
        self.assertEqual(self.desk.type(b"\x04"), [EndOfFile()])

    def test_controls(self) -> None:
        """Control characters and unknown keys neither reach the line nor the screen."""
        self.desk.type(b"a\x00\x07\x1bPx\x1b\\b\x1b[1;2P\x1b]0;evil\x07c\xc2\x9bd")
        self.assertEqual(self.editor.text, "abcd")
        self.assertNotIn(b"evil", self.desk.written)
        self.assertNotIn(b"\x07", self.desk.written)

    def test_keep(self) -> None:
        """A finished line stays on the screen where that was chosen."""
        desk = Desk(Editor(prompt="> ", keep=True))
        desk.type("one", ENTER, "two", LEFT, ENTER, "three", b"\x03", "x")
        self.assertEqual(desk.rows, ["> one", "> two", "> three", "> x"])

    def test_stop_in_between(self) -> None:
        """What the caller does not ask for now is kept for later."""
        found = self.editor.receive(b"one\rtwo\rthree")
        self.assertEqual(next(found), Line("one"))
        self.assertEqual(self.editor.text, "")
        self.assertEqual(list(self.editor.receive(b"")), [Line("two")])
        self.assertEqual(self.editor.text, "three")


class WideTests(SynchronousTestCase):
    """Letters that are not one byte, one code point and one column."""

    def setUp(self) -> None:
        self.editor = Editor(prompt="> ")
        self.desk = Desk(self.editor)

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


class NarrowTests(SynchronousTestCase):
    """A line longer than the window stays in one row."""

    def setUp(self) -> None:
        self.editor = Editor(prompt="> ", width=22)
        self.desk = Desk(self.editor, columns=22)

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


class SecretTests(SynchronousTestCase):
    """A password is not seen, not remembered, not completed."""

    def setUp(self) -> None:
        self.editor = Editor(prompt="Password: ", complete=lambda before: ["seen"])
        self.desk = Desk(self.editor)
        self.editor.secret = True

    def test_unseen(self) -> None:
        """Nothing typed is written, however it is edited."""
        self.desk.type("hunter3", LEFT, BACKSPACE, "x", TAB, UP, DOWN)
        self.desk.show("bob: hi")
        self.assertEqual(self.desk.rows, ["bob: hi", "Password:"])
        self.desk.type(BACKSPACE, END, BACKSPACE, "y")
        self.assertEqual(self.desk.type(ENTER), [Line("huntey")])
        self.assertNotIn(b"hunt", self.desk.written)

    def test_keep(self) -> None:
        """Where finished lines stay, a password does not."""
        desk = Desk(Editor(prompt="Password: ", keep=True))
        desk.editor.secret = True
        desk.type("hunter2", ENTER)
        self.assertEqual(desk.rows, ["Password:", "Password:"])
        self.assertNotIn(b"hunter2", desk.written)

    def test_forgotten(self) -> None:
        """A password is neither in the history nor can it be yanked or revealed."""
        self.desk.type("hunter2", ENTER, "hunter2", b"\x15", "hunter2")
        self.assertTrue(self.editor.secret)
        self.editor.secret = False
        self.desk.look()
        self.assertEqual(self.desk.row, "Password: |")
        self.desk.type(UP, b"\x19")
        self.assertEqual(self.editor.text, "")
        self.assertNotIn(b"hunter2", self.desk.written)

    def test_interrupt(self) -> None:
        """Ctrl-C does not tell what was typed."""
        self.assertEqual(self.desk.type(b"hunter2\x03"), [Interrupt("")])

    def test_typed_ahead(self) -> None:
        """A password sent together with the name is still not seen."""
        self.editor.secret = False
        for outcome in self.editor.receive(b"ann\rhunter2"):
            self.assertEqual(outcome, Line("ann"))
            self.editor.secret = True
        self.desk.look()
        self.assertEqual(self.editor.text, "hunter2")
        self.assertNotIn(b"hunter2", self.desk.written)

    def test_pasted(self) -> None:
        """Of a paste only the first line is taken, so that the rest is not said."""
        self.assertEqual(
            self.desk.type(paste("hunter2\na\nb\nc\nd\n")), [Line("hunter2")]
        )
        self.assertEqual(self.editor.text, "")
        self.assertEqual(self.desk.type(paste("hunter2")), [])
        self.assertEqual(self.editor.text, "hunter2")

    def test_not_handed_back(self) -> None:
        """A refused line is not put into the place of a password."""
        self.editor.hand_back("hello")
        self.assertEqual(self.editor.text, "")


class HistoryTests(SynchronousTestCase):
    """Lines typed before come back with the arrow keys."""

    def setUp(self) -> None:
        self.editor = Editor(prompt="> ")
        self.desk = Desk(self.editor)

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


class CompletionTests(SynchronousTestCase):
    """Tab finishes words."""

    def setUp(self) -> None:
        self.asked: list[str] = []
        self.words = ["/join", "/joke", "/leave", "Ann", "anna", "bob:", "bob-by"]
        self.editor = Editor(prompt="> ", width=40, complete=self.complete)
        self.desk = Desk(self.editor, columns=40)

    def complete(self, before: str) -> list[str]:
        """Name the words that begin so."""
        self.asked.append(before)
        word = before.rpartition(" ")[2].casefold()
        return [one for one in self.words if one.casefold().startswith(word)]

    def check(self, keys: bytes, row: str) -> None:
        """Type into an empty line and expect it to look so."""
        self.desk.type(b"\x05\x15", keys)
        self.assertEqual(self.desk.row, "> " + row)

    def test_one(self) -> None:
        """A word that can only become one thing becomes it, with a space."""
        self.check(b"/l\t", "/leave |")
        self.check(b"hi /L\t", "hi /leave |")
        self.check(b"x y" + LEFT + LEFT + b" /l\t", "x /leave| y")
        self.check(b"/lx" + LEFT + b"\t", "/leave |x")
        self.assertEqual(self.asked, ["/l", "hi /L", "x /l", "/l"])

    def test_several(self) -> None:
        """What several have in common is filled in, then they are listed."""
        self.check(b"/j\t", "/jo|")
        self.assertEqual(self.desk.rows, ["> /jo"])
        self.check(b"/jo\t", "/jo|")
        self.assertEqual(self.desk.rows, ["/join  /joke", "> /jo"])
        self.check(b"BO\t", "bob|")

    def test_nothing_in_common(self) -> None:
        """Words that differ only in case are listed, and nothing is changed."""
        self.check(b"an\t", "an|")
        self.assertEqual(self.desk.rows, ["Ann   anna", "> an"])

    def test_none(self) -> None:
        """Where nothing fits, Tab rings; where nothing can, it does nothing."""
        self.check(b"zz\t", "zz|")
        self.assertTrue(self.desk.written.endswith(b"\a"))
        desk = Desk(Editor())
        desk.type("x", TAB)
        self.assertEqual(desk.row, "x|")

    def test_columns(self) -> None:
        """The list uses the width of the window, wide letters included."""
        self.words = ["你好", "你们", "你们大家都好", "你a"]
        self.desk.type("你\t")
        listed = ["你好          你们", "你们大家都好  你a"]
        self.assertEqual(self.desk.rows, [*listed, "> 你"])

    def test_most_choices(self) -> None:
        """A long list is cut, and says so."""
        self.words = [f"w{number:02}" for number in range(CHOICES_SHOWN)]
        self.editor.show("")
        self.desk.type(b"w\t")
        self.assertNotIn(b"more", self.desk.written)
        self.words.append("wx")
        self.desk.type(TAB)
        self.assertEqual(self.desk.rows[-2:], ["... and 1 more", "> w"])

    def test_full(self) -> None:
        """A word for which there is no room is not filled in."""
        desk = Desk(Editor(limit=6, complete=self.complete))
        desk.type("/l", TAB)
        self.assertEqual(desk.editor.text, "/l")
        desk = Desk(Editor(limit=7, complete=self.complete))
        desk.type("/l", TAB)
        self.assertEqual(desk.editor.text, "/leave ")


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
        text = "\n".join(f"\tline {number}" for number in range(PASTE_LINES))
        self.assertEqual(
            self.desk.type("/pm bob  now", LEFT * 4, paste(text + "\n\n")),
            [Line(f"/pm bob {text} now", pasted=True)],
        )
        self.assertEqual(self.desk.row, "> |")
        self.desk.type(UP)
        self.assertEqual(self.editor.text, "")

    def test_edge(self) -> None:
        """Five lines are one piece, with or without an end; four are four."""
        lines = ["x"] * PASTE_LINES
        whole = "\n".join(lines)
        self.assertEqual(self.desk.type(paste(whole)), [Line(whole, pasted=True)])
        four = "x\n" * (PASTE_LINES - 1)
        self.assertEqual(self.desk.type(paste(four)), [Line("x")] * (PASTE_LINES - 1))
        self.assertEqual(self.editor.text, "")
        found = self.desk.type(paste(four + "\n"))
        self.assertEqual(found, [*[Line("x")] * (PASTE_LINES - 1), Line("")])

    def test_cut(self) -> None:
        """A paste that arrives in pieces is the same paste."""
        data = paste("äb\r\n" * PASTE_LINES)
        found = self.desk.type(*(bytes([byte]) for byte in data))
        whole = "\n".join(["äb"] * PASTE_LINES)
        self.assertEqual(found, [Line(whole, pasted=True)])

    def test_largest(self) -> None:
        """A paste at the limit is taken, one byte more is refused whole."""
        text = "x\n" * (PASTE_LIMIT // 2 - 1) + "xx"
        self.assertEqual(self.desk.type(paste(text)), [Line(text, pasted=True)])
        self.desk.type("typed")
        self.assertEqual(self.desk.type(paste(text + "x")), [TooLong(PASTE_LIMIT)])
        self.assertEqual(self.editor.text, "typed")

    def test_longest_line(self) -> None:
        """A short paste with a line over the limit is refused whole."""
        long = "x" * LINE_LIMIT
        self.assertEqual(self.desk.type(paste("a\n" + long)), [Line("a")])
        self.assertEqual(self.editor.text, long)
        self.desk.type(b"\x15")
        refused = [TooLong(LINE_LIMIT)]
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
        self.desk.type(b"\x1b[200~", b"x\n" * (PASTE_LIMIT // 2))
        before = held(self.editor)
        for _ in range(20):
            self.desk.type(b"x\n\x1b[A" * 1000)
        self.assertLess(held(self.editor), before + 1000)


class LimitTests(SynchronousTestCase):
    """How much is taken and held."""

    def test_longest_line(self) -> None:
        """A line at the limit is taken; what goes beyond rings and is not."""
        desk = Desk(Editor(limit=10))
        desk.type("0123456789")
        self.assertNotIn(b"\a", desk.written)
        desk.type("x" * 5)
        self.assertEqual(desk.written.count(b"\a"), 1)
        self.assertEqual(desk.type(ENTER), [Line("0123456789")])
        desk.type("xx", ENTER)
        self.assertEqual(desk.editor.text, "")

    def test_bytes_not_letters(self) -> None:
        """The limit counts bytes, and a letter is taken whole or not at all."""
        desk = Desk(Editor(limit=10))
        self.assertEqual(desk.type("äöüßä", ENTER), [Line("äöüßä")])
        self.assertEqual(desk.type("äöüß1ä2", ENTER), [Line("äöüß12")])
        found = desk.type("0123456789", HOME, "x", END, BACKSPACE, "9", ENTER)
        self.assertEqual(found, [Line("0123456789")])

    def test_room_again(self) -> None:
        """What is deleted makes room, whatever it was."""
        desk = Desk(Editor(limit=6))
        desk.type("你你", BACKSPACE, "abc")
        self.assertEqual(desk.editor.text, "你abc")
        desk.type(b"\x15", "e\u0301\u0301x", BACKSPACE, BACKSPACE, "abcdef")
        self.assertEqual(desk.editor.text, "abcdef")

    def test_idle(self) -> None:
        """Somebody who typed nothing costs little."""
        editor = Editor(prompt="> ")
        editor.start()
        editor.take_output()
        self.assertLess(held(editor), 5000)

    def test_flood(self) -> None:
        """A megabyte without an end of line holds no more than the line."""
        desk = Desk(Editor())
        for flood in ("x", "你", "\u0301", "👩\u200d"):
            for _ in range(20):
                list(desk.editor.receive(flood.encode() * 20_000))
                desk.editor.take_output()
            self.assertLessEqual(len(desk.editor.text.encode()), LINE_LIMIT)
            self.assertLess(held(desk.editor), 100 * LINE_LIMIT)
            list(desk.editor.receive(b"\x15"))


pieces = st.sampled_from(
    [
        *[UP, DOWN, RIGHT, LEFT, HOME, END, DELETE, BACKSPACE, ENTER, b"\n", b"\r\n"],
        *[
            b"\x1bb",
            b"\x1bf",
            b"\x1bd",
            b"\x17",
            b"\x15",
            b"\x0b",
            b"\x19",
            TAB,
            b"\x04",
        ],
        *[
            b"\x1b[200~",
            b"\x1b[201~",
            b"\x1b[200~a\nb\x1b[201~",
            b"\x1b",
            b"[",
            b"\x03",
        ],
        *[
            "é".encode(),
            "你".encode(),
            "e\u0301".encode(),
            b"\xe4\xbd",
            b"word ",
            b"abc",
        ],
        *[
            "👩\u200d👧".encode(),
            "🇩🇪".encode(),
            b"x" * 30,
            b"\0",
            b"1;5D",
            b"~",
            b"\x1b]",
        ],
    ]
)
anything = st.lists(pieces | st.binary(max_size=4), max_size=40)


class AnythingTests(SynchronousTestCase):
    """Bytes that nobody foresaw."""

    def editor(self) -> Editor:
        """Make an editor of small limits, so that they are met."""
        words = ["word", "worse", "abc", "wörter"]
        return Editor(
            prompt="> ", width=20, limit=60, history=3, complete=lambda _: words
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

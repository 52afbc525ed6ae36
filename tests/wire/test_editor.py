"""The line editor, typed at and looked at through an emulated terminal."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.editor import Editor
from chatd.wire.limits import LIMITS, Limits
from chatd.wire.outcome import EndOfFile, Interrupt, Line
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
    DeskCase,
    paste,
)
from tests.wire.held import held


class TypingTests(DeskCase):
    """Keys move the cursor and change the line."""

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


class LimitTests(SynchronousTestCase):
    """How much is taken and held."""

    def test_longest_line(self) -> None:
        """A line at the limit is taken; what goes beyond rings and is not."""
        desk = Desk(Editor(limits=Limits(line=10)))
        desk.type("0123456789")
        self.assertNotIn(b"\a", desk.written)
        desk.type("x" * 5)
        self.assertEqual(desk.written.count(b"\a"), 1)
        self.assertEqual(desk.type(ENTER), [Line("0123456789")])
        desk.type("xx", ENTER)
        self.assertEqual(desk.editor.text, "")

    def test_bytes_not_letters(self) -> None:
        """The limit counts bytes, and a letter is taken whole or not at all."""
        desk = Desk(Editor(limits=Limits(line=10)))
        self.assertEqual(desk.type("äöüßä", ENTER), [Line("äöüßä")])
        self.assertEqual(desk.type("äöüß1ä2", ENTER), [Line("äöüß12")])
        found = desk.type("0123456789", HOME, "x", END, BACKSPACE, "9", ENTER)
        self.assertEqual(found, [Line("0123456789")])

    def test_room_again(self) -> None:
        """What is deleted makes room, whatever it was."""
        desk = Desk(Editor(limits=Limits(line=6)))
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
            self.assertLessEqual(len(desk.editor.text.encode()), LIMITS.line)
            self.assertLess(held(desk.editor), 100 * LIMITS.line)
            list(desk.editor.receive(b"\x15"))

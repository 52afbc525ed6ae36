"""Typing for screen readers, looked at through an emulated terminal."""

import pyte
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.choices import CHOICES_SHOWN
from chatd.wire.limits import Limits
from chatd.wire.outcome import EndOfFile, Interrupt, Line, Outcome
from chatd.wire.typewriter import Typewriter

NAMES = ["/help", "/history", "Ann", "bob"]


def complete(before: str) -> list[str]:
    """Names, whatever their case."""
    word = before.rpartition(" ")[2].casefold()
    return [name for name in NAMES if name.casefold().startswith(word)]


class Desk:
    """Somebody at a terminal; C{written} is all that it was sent."""

    def __init__(self, **choices: Limits) -> None:
        self.typewriter = Typewriter(complete=complete, prompt="password: ", **choices)
        self.screen = pyte.Screen(60, 8)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.typewriter.start()

    def type(self, *keys: str) -> list[Outcome]:
        """Type, and wait for what is shown."""
        outcomes: list[Outcome] = []
        for key in keys:
            outcomes += self.typewriter.receive(key.encode())
            self.look()
        return outcomes

    def show(self, text: str) -> None:
        """Let something arrive."""
        self.typewriter.show(text.encode())
        self.look()

    def look(self) -> None:
        """Bring the screen up to date."""
        output = self.typewriter.take_output()
        self.written += output
        self._stream.feed(output)

    @property
    def rows(self) -> list[str]:
        """What can be read, without the empty rows at the end."""
        rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows


class TypewriterTests(SynchronousTestCase):
    """L{Typewriter}"""

    def test_line(self) -> None:
        """What is typed is echoed, stays, and comes out as one line."""
        desk = Desk()
        self.assertEqual(desk.type("grüß", " 你好", "\r"), [Line("grüß 你好")])
        desk.show("* ok\r\n")
        self.assertEqual(
            [row.replace(" ", "") for row in desk.rows], ["grüß你好", "*ok"]
        )

    def test_never_back(self) -> None:
        """No escape sequence is ever sent, whatever is typed and arrives."""
        desk = Desk()
        desk.type("one", "\x1b[D", "\x1b[H", "two\x7f", "\r", "\x1b[A", "\t", "x\x17")
        desk.show("ann: hi\r\n")
        desk.type("\x15", "\x0c", "\x1b[B", "\x1b[B", "\x04", "\x03")
        desk.typewriter.resize(20)
        desk.typewriter.stop()
        desk.look()
        self.assertNotIn(b"\x1b", desk.written)

    def test_arrival(self) -> None:
        """What arrives begins a new row; what was typed is kept and not repeated."""
        desk = Desk()
        desk.type("hel")
        desk.show("ann: hi\r\n")
        desk.show("ann: there\r\n")
        self.assertEqual(desk.type("lo\r"), [Line("hello")])
        self.assertEqual(desk.rows, ["hel", "ann: hi", "ann: there", "lo"])

    def test_repeat(self) -> None:
        """Ctrl-L shows what was typed so far once more."""
        desk = Desk()
        desk.type("hel")
        desk.show("ann: hi\r\n")
        desk.type("\x0c")
        self.assertEqual(desk.rows, ["hel", "ann: hi", "hel"])

    def test_backspace(self) -> None:
        """Backspace takes away whole characters, wide ones too, and then rings."""
        desk = Desk()
        desk.type("a", "好", "é\x7f", "\x7f")
        self.assertEqual((desk.typewriter.text, desk.rows), ("a", ["a"]))
        desk.type("\x7f", "\x7f")
        self.assertEqual(desk.typewriter.text, "")
        self.assertTrue(desk.written.endswith(b"\a"))

    def test_backspace_after_arrival(self) -> None:
        """What stands on an earlier row is taken away without touching this one."""
        desk = Desk()
        desk.type("abc")
        desk.show("ann: hi\r\n")
        desk.type("\x7f", "\x7f", "x")
        self.assertEqual(desk.typewriter.text, "ax")
        self.assertEqual(desk.rows, ["abc", "ann: hi", "x"])

    def test_kill(self) -> None:
        """Ctrl-W takes a word away, and Ctrl-U all of it."""
        desk = Desk()
        desk.type("one two\x17")
        self.assertEqual(desk.rows, ["one"])
        desk.type("\x15", "x")
        self.assertEqual((desk.typewriter.text, desk.rows), ("x", ["x"]))

    def test_secret(self) -> None:
        """A password is prompted for, never shown, and not remembered."""
        desk = Desk()
        desk.typewriter.secret = True
        desk.typewriter.secret = True
        self.assertEqual(desk.type("p\x7fpass", "\x1b[A\t\x0c", "\r"), [Line("pass")])
        desk.typewriter.secret = False
        desk.type("\x1b[A")
        self.assertEqual((desk.typewriter.text, desk.rows), ("", ["password:"]))
        desk.typewriter.secret = True
        self.assertEqual(desk.type("pass\x03"), [Interrupt("")])

    def test_history(self) -> None:
        """The arrows bring back what was typed, each on a row of its own."""
        desk = Desk()
        desk.type("one\r", "two\r", "/login a b\r")
        desk.typewriter.forget("/login a b")
        desk.type("\x1b[A", "\x1b[A")
        self.assertEqual(desk.rows[-2:], ["two", "one"])
        self.assertEqual(desk.type("\x1b[B", "\r"), [Line("two")])

    def test_complete(self) -> None:
        """Tab completes a word, lists the choices, or rings."""
        desk = Desk()
        desk.type("hi an\t")
        self.assertEqual(desk.rows, ["hi an", "hi Ann"])
        desk.type("b\t")
        self.assertEqual(desk.rows, ["hi an", "hi Ann bob"])
        desk.type("\x15/h\t")
        self.assertEqual(desk.rows[-2:], ["/help, /history", "/h"])
        desk.type("zz\t")
        self.assertTrue(desk.written.endswith(b"\a"))

    def test_many_choices(self) -> None:
        """Of very many choices the first are named, and how many more there are."""
        many = [f"n{number}" for number in range(CHOICES_SHOWN + 2)]
        typewriter = Typewriter(complete=lambda before: many)
        list(typewriter.receive(b"n\t"))
        self.assertIn(b" and 2 more", typewriter.take_output())

    def test_limit(self) -> None:
        """What does not fit any more is not taken, and rings."""
        desk = Desk(limits=Limits(line=4))
        desk.type("abcd", "e")
        self.assertEqual(desk.typewriter.text, "abcd")
        self.assertTrue(desk.written.endswith(b"\a"))

    def test_ends(self) -> None:
        """Ctrl-C gives the line up, and Ctrl-D ends only an empty one."""
        desk = Desk()
        self.assertEqual(desk.type("ab", "\x04", "\x03"), [Interrupt("ab")])
        self.assertEqual(desk.type("\x04"), [EndOfFile()])

    def test_stop(self) -> None:
        """What comes after it begins on a row of its own."""
        desk = Desk()
        desk.type("half")
        desk.typewriter.stop()
        desk.look()
        self.assertEqual(desk.written, b"half\r\n")

"""What a terminal sends, as text and keys."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.keys import STRING_LIMIT, Key, Keys
from tests.wire.held import held


def pressed(*chunks: bytes) -> list[str | Key]:
    """Feed chunks to a new terminal; neighbouring text is joined."""
    keys = Keys()
    result: list[str | Key] = []
    for chunk in chunks:
        for key in keys.receive(chunk):
            if isinstance(key, str) and result and isinstance(result[-1], str):
                result[-1] += key
            else:
                result.append(key)
    return result


pieces = st.sampled_from(
    [
        *[
            b"\x1b",
            b"[",
            b"]",
            b"O",
            b"1",
            b";5",
            b"~",
            b"A",
            b"200~",
            b"a",
            b" ",
            b"(",
        ],
        *[b"\r", b"\n", b"\0", b"\t", b"\x07", b"\x18", b"\x7f", b"\x03", b"\x1b\\"],
        *["é".encode(), "你".encode(), b"\xe4\xbd", b"\xa0", b"\xc2\x9b", b"\xff"],
        *[b"\x1b[200~", b"\x1b[201~", b"\x1b[A", b"\x1bOH", b"\x1b]0;title\x07"],
    ]
)
anything = st.lists(pieces | st.binary(max_size=4), max_size=30)


class KeysTests(SynchronousTestCase):
    """Keys of the terminals people have."""

    def test_text(self) -> None:
        """Text in UTF-8 passes, cut anywhere; what is not UTF-8 is replaced."""
        text = "hé 你👍🏽".encode()
        self.assertEqual(pressed(*(bytes([byte]) for byte in text)), ["hé 你👍🏽"])
        self.assertEqual(pressed(b"a\xffb\xe4\xbd", b"c"), ["a\ufffdb\ufffdc"])

    def test_enter(self) -> None:
        """CR, LF, CR LF and CR NUL are one Enter each, cut anywhere."""
        enter = Key.ENTER
        self.assertEqual(
            pressed(b"a\rb\nc\r\nd\r\0e"),
            ["a", enter, "b", enter, "c", enter, "d", enter, "e"],
        )
        self.assertEqual(pressed(b"\r", b"\n", b"\r", b"\0", b"\n"), [enter] * 3)
        self.assertEqual(pressed(b"\r\r\n\n"), [enter] * 3)
        self.assertEqual(pressed(b"\r", b"a", b"\n"), [enter, "a", enter])
        self.assertEqual(pressed(b"\r\x1b[Z\n"), [enter, enter])

    def test_control_keys(self) -> None:
        """Ctrl with a letter does what it does in a shell."""
        for byte, key in {
            b"\x01": Key.HOME,
            b"\x02": Key.LEFT,
            b"\x03": Key.INTERRUPT,
            b"\x04": Key.END_OF_FILE,
            b"\x05": Key.END,
            b"\x06": Key.RIGHT,
            b"\x08": Key.BACKSPACE,
            b"\x09": Key.TAB,
            b"\x0b": Key.KILL_RIGHT,
            b"\x0c": Key.CLEAR,
            b"\x0e": Key.DOWN,
            b"\x10": Key.UP,
            b"\x15": Key.KILL_LEFT,
            b"\x17": Key.KILL_WORD_LEFT,
            b"\x19": Key.YANK,
            b"\x7f": Key.BACKSPACE,
        }.items():
            self.assertEqual(pressed(b"a" + byte + b"b"), ["a", key, "b"])

    def test_other_controls(self) -> None:
        """Control characters without a meaning vanish, C1 among them."""
        self.assertEqual(pressed(b"a\0\x07\x1a\x1c\x1fb\xc2\x80\xc2\x9b1mc"), ["ab1mc"])

    def test_function_keys(self) -> None:
        """Arrows and the like are known as xterm, rxvt and the console send them."""
        for sequences, key in {
            (b"\x1b[A", b"\x1bOA"): Key.UP,
            (b"\x1b[B", b"\x1bOB"): Key.DOWN,
            (b"\x1b[C", b"\x1bOC"): Key.RIGHT,
            (b"\x1b[D", b"\x1bOD"): Key.LEFT,
            (b"\x1b[H", b"\x1bOH", b"\x1b[1~", b"\x1b[7~"): Key.HOME,
            (b"\x1b[F", b"\x1bOF", b"\x1b[4~", b"\x1b[8~"): Key.END,
            (b"\x1b[3~",): Key.DELETE,
            (b"\x1bOM",): Key.ENTER,
            (b"\x1bb", b"\x1b[1;5D", b"\x1b[1;3D"): Key.WORD_LEFT,
            (b"\x1bf", b"\x1b[1;5C", b"\x1b[1;3C"): Key.WORD_RIGHT,
            (b"\x1bd",): Key.KILL_WORD_RIGHT,
            (b"\x1b\x7f", b"\x1b\x08"): Key.KILL_WORD_LEFT,
            (b"\x1b[200~",): Key.PASTE_BEGINS,
            (b"\x1b[201~",): Key.PASTE_ENDS,
        }.items():
            for sequence in sequences:
                self.assertEqual(pressed(sequence + b"x"), [key, "x"], sequence)
                cut = [bytes([byte]) for byte in sequence + b"x"]
                self.assertEqual(pressed(*cut), [key, "x"], sequence)

    def test_unknown_sequences(self) -> None:
        """Sequences that mean nothing here vanish whole."""
        for sequence in (
            b"\x1b[5~",
            b"\x1b[1;2A",
            b"\x1b[?1;2c",
            b"\x1b[>0 q",
            b"\x1b[[A",  # F1 on the Linux console
            b"\x1b[[\xc2\xa0",
            b"\x1b[" + b"1;" * 1000 + b"m",
            b"\x1bOP",
            b"\x1bx",
            b"\x1b(B",
            b"\x1b#8",
            b"\x1b %G",
            b"\x1b]0;title\x07",
            b"\x1b]11;rgb:0000/0000/0000\x1b\\",
            "\x1b]0;tïtle\x1b\\".encode(),
            b"\x1bP1$r0m\x1b\\",
            b"\x1b_x\x18",
            b"\x1b\x1bx",
        ):
            self.assertEqual(pressed(sequence + b"y"), ["y"], sequence)

    def test_broken_sequences(self) -> None:
        """A sequence that was cut short takes nothing with it."""
        self.assertEqual(pressed(b"\x1b[1;\rx"), [Key.ENTER, "x"])
        self.assertEqual(pressed(b"\x1b]0;title\rx"), [Key.ENTER, "x"])
        self.assertEqual(pressed(b"\x1b]0;title\x03"), [Key.INTERRUPT])
        self.assertEqual(pressed(b"\x1b[1\x1b[A"), [Key.UP])
        self.assertEqual(pressed("\x1b[1éx".encode()), ["éx"])
        self.assertEqual(pressed("\x1béx".encode()), ["éx"])
        self.assertEqual(pressed(b"\x1b[\xc2\x9bx"), ["x"])

    def test_endless_string(self) -> None:
        """A title that never ends is given up at the limit."""
        begun = b"\x1b]"
        self.assertEqual(pressed(begun + b"x" * STRING_LIMIT), [])
        self.assertEqual(pressed(begun + b"x" * (STRING_LIMIT + 1)), ["x"])

    def test_bounded(self) -> None:
        """Whatever never ends, nothing is held."""
        for endless in (b"\x1b[1", b"\x1b]x", b"\x1b ", b"\r", b"\x1b", b"x", b"\xe4"):
            keys = Keys()
            list(keys.receive(b""))
            before = held(keys)
            for _ in range(10):
                list(keys.receive(endless + endless[-1:] * 1_000))
            self.assertLess(held(keys), before + 500, endless)

    def test_one_at_a_time(self) -> None:
        """What was not asked for waits, in order, together with what comes later."""
        keys = Keys()
        first = keys.receive(b"a\rb\r")
        self.assertEqual((next(first), next(first)), ("a", Key.ENTER))
        self.assertEqual(list(keys.receive(b"c")), ["b", Key.ENTER, "c"])
        self.assertEqual(list(first), [])

    def test_put_back(self) -> None:
        """Text that is put back is read next."""
        keys = Keys()
        reading = keys.receive(b"a\rz")
        self.assertEqual(next(reading), "a")
        keys.put_back("b\nc")
        self.assertEqual(list(reading), ["b", Key.ENTER, "c", Key.ENTER, "z"])

    @given(anything)
    @settings(max_examples=300)
    def test_chunks(self, chunks: list[bytes]) -> None:
        """The same bytes mean the same in whatever chunks; text has no controls."""
        data = b"".join(chunks)
        whole = pressed(data)
        self.assertEqual(pressed(*chunks), whole)
        self.assertEqual(pressed(*(bytes([byte]) for byte in data)), whole)
        for key in whole:
            if isinstance(key, str):
                self.assertNotRegex(key, r"[\x00-\x1f\x7f-\x9f]")

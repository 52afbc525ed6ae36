"""Telnet: negotiation, keys outside the data, and bytes from anybody."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.telnet import (
    BINARY,
    ECHO,
    SUBNEGOTIATION_LIMIT,
    SUPPRESS_GO_AHEAD,
    TERMINAL_TYPE,
    TERMINAL_TYPE_LIMIT,
    TIMING_MARK,
    WINDOW_SIZE,
    Command,
    Data,
    OptionChanged,
    Outcome,
    Telnet,
    TerminalType,
    WindowSize,
    escape,
)
from tests.wire.held import held

IAC, SE, SB = b"\xff", b"\xf0", b"\xfa"
WILL, WONT, DO, DONT = b"\xff\xfb", b"\xff\xfc", b"\xff\xfd", b"\xff\xfe"

# What makes telnet hard, and chance would not find.
pieces = st.sampled_from(
    [
        *[IAC, SE, SB, WILL, WONT, DO, DONT, IAC + SB, IAC + SE, IAC + IAC],
        *[bytes([option]) for option in (0, 1, 3, 6, 24, 31, 34, 255)],
        *[b"\r", b"\n", b"\0", b"a", "é".encode(), b"\xff\xf4", b"\xff\xf6"],
        *[
            IAC + SB + b"\x18\0xterm" + IAC + SE,
            IAC + SB + b"\x1f\0\x50\0\x18" + IAC + SE,
        ],
    ]
)
anything = st.lists(pieces | st.binary(max_size=5), max_size=40).map(b"".join)


def subnegotiation(data: bytes) -> bytes:
    """Frame what a peer tells about an option."""
    return IAC + SB + data + IAC + SE


def joined(outcomes: list[Outcome]) -> list[Outcome]:
    """Join neighbouring data, which is cut where the chunks were."""
    result: list[Outcome] = []
    for outcome in outcomes:
        last = result[-1] if result else None
        if isinstance(outcome, Data) and isinstance(last, Data):
            result[-1] = Data(last.data + outcome.data)
        else:
            result.append(outcome)
    return result


class DataTests(SynchronousTestCase):
    """What was typed comes out as it was meant."""

    def setUp(self) -> None:
        self.telnet = Telnet()

    def typed(self, *chunks: bytes) -> bytes:
        """Feed chunks and expect nothing but data."""
        typed = b""
        for chunk in chunks:
            for outcome in self.telnet.receive(chunk):
                assert isinstance(outcome, Data)
                typed += outcome.data
        return typed

    def test_plain(self) -> None:
        """Text passes through, in whatever coding."""
        self.assertEqual(self.typed("hé 你\r\n".encode()), "hé 你\r\n".encode())

    def test_iac_iac(self) -> None:
        """A doubled 0xFF is one, also when it is cut in two."""
        self.assertEqual(self.typed(b"a\xff\xffb", b"\xff", b"\xffc"), b"a\xffb\xffc")

    def test_cr_nul(self) -> None:
        """CR NUL is CR, also when it is cut in two; other NULs are the caller's."""
        self.assertEqual(self.typed(b"a\r\0b\r", b"\0c\0", b"\0"), b"a\rb\rc\0\0")

    def test_cr_nul_around_a_command(self) -> None:
        """What stands between CR and NUL does not change what they are."""
        self.assertEqual(self.typed(b"\r\xff\xf1\0x"), b"\rx")
        self.assertEqual(self.typed(b"\r\xff\xff\0"), b"\r\xff\0")

    def test_nothing(self) -> None:
        """No bytes, no outcome."""
        self.assertEqual(self.telnet.receive(b""), [])

    def test_unknown_command(self) -> None:
        """Commands nobody knows, NOP and go-ahead are ignored."""
        self.assertEqual(self.typed(b"a\xff\x01b\xff\xf1c\xff\xf9d\xff\xf0e"), b"abcde")
        self.assertEqual(self.telnet.take_output(), b"")

    def test_escape(self) -> None:
        """Written data survives the way back."""
        self.assertEqual(escape(b"a\xffb"), b"a\xff\xffb")
        self.assertEqual(self.typed(escape(b"\xff\xff\xf4x")), b"\xff\xff\xf4x")


class CommandTests(SynchronousTestCase):
    """Keys that the client sends beside the data."""

    def test_commands(self) -> None:
        """Each key comes out in its place between the data."""
        data = b"a\xff\xf4b\xff\xf3\xff\xee\xff\xf7\xff\xf8\xff\xec\xff\xf6c"
        self.assertEqual(
            Telnet().receive(data),
            [
                Data(b"a"),
                Command.INTERRUPT,
                Data(b"b"),
                Command.INTERRUPT,
                Command.INTERRUPT,
                Command.ERASE_CHARACTER,
                Command.ERASE_LINE,
                Command.END_OF_FILE,
                Command.ARE_YOU_THERE,
                Data(b"c"),
            ],
        )

    def test_timing_mark(self) -> None:
        """Output flows again after ctrl-C, since the mark sent with it is answered."""
        telnet = Telnet()
        self.assertEqual(telnet.receive(b"\xff\xf4\xff\xfd\x06"), [Command.INTERRUPT])
        self.assertEqual(telnet.take_output(), WILL + bytes([TIMING_MARK]))


class NegotiationTests(SynchronousTestCase):
    """Options: asked for once, agreed to once, refused once for each request."""

    def setUp(self) -> None:
        self.telnet = Telnet()

    def answer(self, data: bytes) -> bytes:
        """Feed bytes and take what is written in answer."""
        self.telnet.receive(data)
        return self.telnet.take_output()

    def test_start(self) -> None:
        """The server speaks first, for the client waits for it."""
        self.assertEqual(
            self.telnet.start(),
            b"\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x18\xff\xfd\x1f\xff\xfd\x00",
        )
        self.assertEqual(self.telnet.take_output(), b"")
        self.assertEqual(self.telnet.start(), b"")

    def test_inetutils(self) -> None:
        """What inetutils telnet answers makes it a terminal of known size and type."""
        self.telnet.start()
        self.assertFalse(self.telnet.answered)
        self.assertEqual(
            self.telnet.receive(
                b"\xff\xfd\x01\xff\xfd\x03\xff\xfd\x00\xff\xfb\x18\xff\xfb\x1f"
                b"\xff\xfa\x1f\x00P\x00\n\xff\xf0\xff\xfb\x00"
            ),
            [
                OptionChanged(ECHO, ours=True, on=True),
                OptionChanged(SUPPRESS_GO_AHEAD, ours=True, on=True),
                OptionChanged(BINARY, ours=True, on=True),
                OptionChanged(TERMINAL_TYPE, ours=False, on=True),
                OptionChanged(WINDOW_SIZE, ours=False, on=True),
                WindowSize(80, 10),
                OptionChanged(BINARY, ours=False, on=True),
            ],
        )
        self.assertEqual(self.telnet.take_output(), b"\xff\xfa\x18\x01\xff\xf0")
        self.assertEqual(
            self.telnet.receive(b"\xff\xfa\x18\x00TMUX-256COLOR\xff\xf0"),
            [TerminalType("tmux-256color")],
        )
        self.assertTrue(self.telnet.answered)
        self.assertTrue(self.telnet.character_mode)

    def test_not_a_telnet(self) -> None:
        """A client that only sends lines has not answered."""
        self.telnet.start()
        self.telnet.receive(b"hello\r\n\xff\xf4")
        self.assertFalse(self.telnet.answered)

    def test_character_mode(self) -> None:
        """Both echo and no go-ahead make character mode; either alone does not."""
        self.telnet.start()
        self.telnet.receive(DO + b"\x01")
        self.assertFalse(self.telnet.character_mode)
        self.telnet.receive(DO + b"\x03")
        self.assertTrue(self.telnet.character_mode)
        self.telnet.receive(DONT + b"\x03")
        self.assertFalse(self.telnet.character_mode)

    def test_refused(self) -> None:
        """A client that wants none of it stays in line mode, and is not asked again."""
        self.telnet.start()
        refusals = DONT + b"\x01" + DONT + b"\x03" + WONT + b"\x1f"
        self.assertEqual(
            self.telnet.receive(refusals),
            [
                OptionChanged(ECHO, ours=True, on=False),
                OptionChanged(SUPPRESS_GO_AHEAD, ours=True, on=False),
                OptionChanged(WINDOW_SIZE, ours=False, on=False),
            ],
        )
        self.assertEqual(self.telnet.take_output(), b"")
        self.assertFalse(self.telnet.character_mode)
        self.assertTrue(self.telnet.answered)

    def test_half_refused(self) -> None:
        """A client that takes only one half of character mode is left in line mode."""
        self.telnet.start()
        self.assertEqual(self.answer(DO + b"\x01" + DONT + b"\x03"), WONT + b"\x01")
        self.assertEqual(self.answer(DONT + b"\x01"), b"")
        self.telnet = Telnet()
        self.telnet.start()
        self.assertEqual(self.answer(DO + b"\x03" + DONT + b"\x01"), WONT + b"\x03")
        self.assertEqual(self.answer(DONT + b"\x03"), b"")
        self.assertFalse(self.telnet.character_mode)

    def test_password_in_character_mode(self) -> None:
        """Where each key comes to us anyway, hiding one changes nothing."""
        self.telnet.start()
        self.assertEqual(self.telnet.echo(True), b"")
        self.assertEqual(self.telnet.echo(False), b"")
        self.telnet.receive(DO + b"\x01" + DO + b"\x03")
        self.assertEqual(self.telnet.echo(True), b"")
        self.assertEqual(self.telnet.echo(False), b"")
        self.assertTrue(self.telnet.character_mode)

    def test_password_while_character_mode_is_refused(self) -> None:
        """A password being typed stays hidden until it is finished."""
        self.telnet.start()
        self.assertEqual(self.telnet.echo(True), b"")
        self.assertEqual(self.answer(DO + b"\x01" + DONT + b"\x03"), b"")
        self.assertEqual(self.telnet.echo(False), WONT + b"\x01")

    def test_password_cannot_be_hidden(self) -> None:
        """A client that keeps its echo is asked again for the next password only."""
        self.assertEqual(self.telnet.echo(True), WILL + b"\x01")
        self.assertEqual(self.answer(DONT + b"\x01"), b"")
        self.assertEqual(self.telnet.echo(False), b"")
        self.assertEqual(self.telnet.echo(True), WILL + b"\x01")

    def test_unknown_options(self) -> None:
        """An option that we have not is refused once for each time it is asked for."""
        self.assertEqual(self.answer(DO + b"\x22"), WONT + b"\x22")
        self.assertEqual(self.answer(WILL + b"\x27"), DONT + b"\x27")
        self.assertEqual(self.answer(WILL + b"\xff"), DONT + b"\xff")
        self.assertEqual(self.answer(DONT + b"\x22" + WONT + b"\x27"), b"")

    def test_offered(self) -> None:
        """What a client offers by itself and we can use is agreed to, once."""
        self.assertEqual(self.answer(WILL + b"\x1f"), DO + b"\x1f")
        self.assertEqual(self.answer(WILL + b"\x1f"), b"")
        self.assertEqual(self.answer(DO + b"\x03"), WILL + b"\x03")
        self.assertEqual(self.answer(DO + b"\x01"), WONT + b"\x01")

    def test_offered_type(self) -> None:
        """A client that offers its terminal type is asked for it."""
        asked = subnegotiation(b"\x18\x01")
        self.assertEqual(self.answer(WILL + b"\x18"), DO + b"\x18" + asked)

    def test_ended(self) -> None:
        """An option the client ends is ended, and that is confirmed."""
        self.telnet.start()
        self.telnet.receive(DO + b"\x01")
        self.assertEqual(
            self.telnet.receive(DONT + b"\x01"),
            [OptionChanged(ECHO, ours=True, on=False)],
        )
        self.assertEqual(self.telnet.take_output(), WONT + b"\x01")

    def test_password(self) -> None:
        """For a password the echo is taken over, and given back after it."""
        self.assertEqual(self.telnet.echo(True), WILL + b"\x01")
        self.assertEqual(self.telnet.echo(True), b"")
        self.assertEqual(self.answer(DO + b"\x01"), b"")
        self.assertEqual(self.telnet.echo(False), WONT + b"\x01")
        self.assertEqual(self.telnet.echo(False), b"")
        self.assertEqual(
            self.telnet.receive(DONT + b"\x01"),
            [OptionChanged(ECHO, ours=True, on=False)],
        )
        self.assertEqual(self.telnet.echo(True), WILL + b"\x01")

    def test_quick_password(self) -> None:
        """Taking back a request that is not answered yet waits for the answer."""
        self.assertEqual(self.telnet.echo(True), WILL + b"\x01")
        self.assertEqual(self.telnet.echo(False), b"")
        self.assertEqual(self.answer(DO + b"\x01"), WONT + b"\x01")
        self.assertEqual(self.telnet.echo(True), b"")
        self.assertEqual(self.answer(DONT + b"\x01"), WILL + b"\x01")
        self.assertEqual(self.telnet.echo(False), b"")
        self.assertEqual(self.telnet.echo(True), b"")
        self.assertEqual(
            self.telnet.receive(DO + b"\x01"), [OptionChanged(ECHO, ours=True, on=True)]
        )

    def test_refused_after_all(self) -> None:
        """A request that was taken back and is refused is simply over."""
        self.telnet.echo(True)
        self.telnet.echo(False)
        self.assertEqual(
            self.telnet.receive(DONT + b"\x01"),
            [OptionChanged(ECHO, ours=True, on=False)],
        )
        self.assertEqual(self.telnet.take_output(), b"")

    def test_contradiction(self) -> None:
        """A client that says yes to an end is taken to have ended it."""
        self.telnet.echo(True)
        self.telnet.receive(DO + b"\x01")
        self.telnet.echo(False)
        self.telnet.echo(True)
        self.telnet.echo(False)
        self.assertEqual(self.answer(DO + b"\x01"), b"")
        self.assertEqual(self.telnet.echo(True), WILL + b"\x01")

    def test_contradiction_that_suits(self) -> None:
        """A client that says yes to an end that was taken back goes on."""
        self.telnet.echo(True)
        self.telnet.receive(DO + b"\x01")
        self.telnet.echo(False)
        self.telnet.echo(True)
        self.assertEqual(
            self.telnet.receive(DO + b"\x01"), [OptionChanged(ECHO, ours=True, on=True)]
        )

    def test_no_loop(self) -> None:
        """Two servers connected to each other soon have nothing more to say."""
        one, two = Telnet(), Telnet()
        to_two, to_one = one.start(), two.start()
        for _ in range(5):
            two.receive(to_two)
            one.receive(to_one)
            to_two, to_one = one.take_output(), two.take_output()
        self.assertEqual((to_two, to_one), (b"", b""))


class SubnegotiationTests(SynchronousTestCase):
    """What a client tells about its window and its terminal."""

    def told(self, data: bytes) -> list[Outcome]:
        """Feed one subnegotiation to a new connection."""
        return Telnet().receive(subnegotiation(data))

    def test_window_size(self) -> None:
        """The window's size is told, 255 columns (a doubled byte) and 0 included."""
        self.assertEqual(self.told(b"\x1f\x00\x50\x00\x18"), [WindowSize(80, 24)])
        self.assertEqual(self.told(b"\x1f\x00\xff\xff\x00\x0a"), [WindowSize(255, 10)])
        self.assertEqual(self.told(b"\x1f\0\0\0\0"), [WindowSize(0, 0)])
        self.assertEqual(
            self.told(b"\x1f" + b"\xff" * 8), [WindowSize(width=65535, height=65535)]
        )

    def test_wrong_window_size(self) -> None:
        """A size of three or five bytes is none."""
        self.assertEqual(self.told(b"\x1f\0\x50\0"), [])
        self.assertEqual(self.told(b"\x1f\0\x50\0\x18\0"), [])

    def test_terminal_type(self) -> None:
        """A type has up to 40 printable ASCII characters."""
        longest = b"x" * TERMINAL_TYPE_LIMIT
        self.assertEqual(self.told(b"\x18\0XTERM"), [TerminalType("xterm")])
        self.assertEqual(
            self.told(b"\x18\0" + longest + b"y"), [TerminalType("x" * 40)]
        )
        for wrong in (b"", b"x\x1b[2J", "xtérm".encode(), b"a\nb", b"\x7f"):
            self.assertEqual(self.told(b"\x18\0" + wrong), [], wrong)
        self.assertEqual(self.told(b"\x18\x01"), [])

    def test_others(self) -> None:
        """What is told about other options, or nothing, is dropped."""
        self.assertEqual(self.told(b"\x27\0\0USER\x01ann"), [])
        self.assertEqual(self.told(b""), [])

    def test_longest(self) -> None:
        """What is too long is cut off, and what follows it is read."""
        name = b"\x18\0" + b"x" * SUBNEGOTIATION_LIMIT
        self.assertEqual(self.told(name), [TerminalType("x" * 40)])
        telnet = Telnet()
        self.assertEqual(
            telnet.receive(subnegotiation(b"\x1f" * 10_000) + b"hi"), [Data(b"hi")]
        )

    def test_endless(self) -> None:
        """One that never ends holds no memory."""
        telnet = Telnet()
        telnet.receive(IAC + SB + b"\x18\0")
        before = held(telnet)
        for _ in range(100):
            self.assertEqual(telnet.receive(b"x" * 10_000 + IAC + IAC), [])
        self.assertLess(held(telnet), before + 2 * SUBNEGOTIATION_LIMIT)

    def test_lost_end(self) -> None:
        """A command ends a subnegotiation whose end was lost."""
        telnet = Telnet()
        self.assertEqual(
            telnet.receive(IAC + SB + b"\x18\0xt" + b"\xff\xf4" + b"hi"),
            [Command.INTERRUPT, Data(b"hi")],
        )
        self.assertEqual(
            telnet.receive(IAC + SB + b"\x18\0xt" + subnegotiation(b"\x18\0vt100")),
            [TerminalType("vt100")],
        )


class AnythingTests(SynchronousTestCase):
    """Bytes that nobody foresaw."""

    @given(st.booleans(), anything, st.lists(st.integers(0, 200), max_size=20))
    def test_chunks(self, started: bool, data: bytes, cuts: list[int]) -> None:
        """The same bytes mean the same in whatever chunks, and never fail."""
        whole, pieces = Telnet(), Telnet()
        if started:
            self.assertEqual(whole.start(), pieces.start())
        expected = whole.receive(data)
        edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
        found: list[Outcome] = []
        answered = b""
        for start, end in pairwise(edges):
            found += pieces.receive(data[start:end])
            answered += pieces.take_output()
        self.assertEqual(joined(found), joined(expected))
        self.assertEqual(answered, whole.take_output())
        self.assertEqual(pieces.character_mode, whole.character_mode)
        self.assertNotIn(Data(b""), found)

    @given(anything)
    def test_answers_are_no_longer(self, data: bytes) -> None:
        """Nobody can make us write much more than they write."""
        telnet = Telnet()
        telnet.receive(data)
        self.assertLessEqual(len(telnet.take_output()), 3 * len(data))

    @given(st.binary())
    def test_escaped(self, data: bytes) -> None:
        """What is escaped is read back as it was, CR NUL aside."""
        outcomes = joined(Telnet().receive(escape(data)))
        expected = data.replace(b"\r\0", b"\r")
        self.assertEqual(outcomes, [Data(expected)] if expected else [])

"""Tests for L{chatd.doors.telnet} and L{chatd.doors.terminal}, as clients see them."""

import re
from dataclasses import replace

import pyte

from chatd.chat.events import Said
from chatd.chat.rules import Rules
from chatd.doors.person import KEYS_BURST
from chatd.doors.text import Telnet, TextFactory
from chatd.testing import join, nobody_is_exempt, turn, type_in
from chatd.wire.telnet import BINARY, ECHO, SUPPRESS_GO_AHEAD
from tests.chatting import PASSWORD
from tests.doors.wire import DoorCase, Peer

IAC, SB, SE = b"\xff", b"\xff\xfa", b"\xff\xf0"
WILL, WONT, DO, DONT = b"\xff\xfb", b"\xff\xfc", b"\xff\xfd", b"\xff\xfe"
TERMINAL_TYPE, WINDOW_SIZE = b"\x18", b"\x1f"
ECHO_ON, ECHO_OFF = WILL + bytes([ECHO]), WONT + bytes([ECHO])
KEYS = (DO, ECHO), (DO, SUPPRESS_GO_AHEAD), (DO, BINARY)

ENTER, TAB, UP, LEFT = b"\r\0", b"\t", b"\x1b[A", b"\x1b[D"

_NEGOTIATION = re.compile(
    rb"\xff\xfa.*?\xff\xf0|\xff[\xfb-\xfe].|\xff(\xff)", re.DOTALL
)


class Client(Peer):
    """
    A telnet client with a screen.

    @ivar told: All that the server sent, as it came.
    """

    def __init__(self, factory: TextFactory, columns: int = 60) -> None:
        self.told = b""
        self.screen = pyte.Screen(columns, 12)
        self._stream = pyte.ByteStream(self.screen)
        super().__init__(factory.hub, factory)
        self.read()

    def read(self) -> bytes:
        data = super().read()
        self.told += data
        self._stream.feed(_NEGOTIATION.sub(rb"\1", data))
        return data

    def agree(self, name: bytes = b"xterm-256color") -> None:
        """Send keys, and say what the terminal is."""
        size = bytes([0, self.screen.columns, 0, self.screen.lines])
        self.send(
            *(verb + bytes([option]) for verb, option in KEYS),
            WILL + WINDOW_SIZE + SB + WINDOW_SIZE + size + SE,
            WILL + TERMINAL_TYPE,
            SB + TERMINAL_TYPE + b"\0" + name + SE,
        )

    def refuse(self) -> None:
        """Go on to send whole lines."""
        self.send(*(DONT + bytes([option]) for _, option in KEYS), WONT + WINDOW_SIZE)

    @property
    def rows(self) -> list[str]:
        """What stands on the screen."""
        rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows


class TelnetCase(DoorCase):
    """A hub with a door for people, some of whom use telnet."""

    telnet: Telnet = "auto"

    def setUp(self) -> None:
        super().setUp()
        self.factory = TextFactory(
            self.hub, exempt=nobody_is_exempt, telnet=self.telnet
        )
        self.ann, self.ann_door = join(self.hub, "ann")

    def enter(self, name: str = "bob", terminal: bytes = b"xterm") -> Client:
        """Somebody who has come in, and sends keys."""
        client = Client(self.factory)
        client.send(name.encode() + b"\r\n")
        client.agree(terminal)
        client.send(b"/set timestamps off" + ENTER)
        client.screen.reset()
        client.send(b"\x0c")  # Ctrl-L draws anew
        self.ann_door.take()
        return client

    def heard(self) -> list[str]:
        """What ann was told since the last time."""
        return [getattr(event, "text", "") or "" for event in self.ann_door.take()]


class RecognisedTests(TelnetCase):
    """telnet says nothing at first: it is known by how its first line ends."""

    def test_line_end(self) -> None:
        """CR LF and CR NUL are telnet's, wherever they are cut; LF is nc's."""
        for first, telnet in (
            ([b"bob\r\n"], True),
            ([b"bob\r\0"], True),
            ([b"bob\r", b"\n"], True),
            ([b"bo", b"b\r", b"\0"], True),
            ([b"bob\n"], False),
            ([b"bob\nhello\r\n"], False),
            ([b"bob\r", b"hello\r"], False),
        ):
            client = Client(self.factory)
            client.send(*first)
            self.assertIs(ECHO_ON in client.told, telnet, first)
            self.assertIn(b"You are bob, a guest.", client.told)
            client.lose()

    def test_negotiation(self) -> None:
        """A client that negotiates first is one, too."""
        client = Client(self.factory)
        client.send(DO + bytes([SUPPRESS_GO_AHEAD]))
        self.assertIn(ECHO_ON, client.told)

    def test_encrypted(self) -> None:
        """Inside TLS there is no telnet: openssl may send CR LF as well."""
        peer = Peer(self.hub, self.factory, secure=True)
        self.assertNotIn(IAC, peer.send(b"bob\r\n"))

    def test_no_answer(self) -> None:
        """Whoever sends CR LF and knows nothing of telnet goes on in lines."""
        client = Client(self.factory)
        client.send(b"bob\r\n")
        client.told = b""
        client.send(b"hello\r\n", b"and again\r", b"\n")
        self.assertEqual(self.heard()[-2:], ["hello", "and again"])
        type_in(self.hub, self.ann, "hi bob")
        self.assertTrue(client.read().endswith(b"] ann: hi bob\r\n"))
        self.assertNotIn(b"\x1b", client.told)


class AlwaysTests(TelnetCase):
    """The operator may have a port for telnet alone."""

    telnet = "on"

    def test_at_once(self) -> None:
        """There it is negotiated before anything is said."""
        client = Client(self.factory)
        self.assertTrue(client.told.startswith(ECHO_ON))
        self.assertIn(b"* Welcome", client.told)


class NeverTests(TelnetCase):
    """Or none at all."""

    telnet = "off"

    def test_never(self) -> None:
        """Then a telnet client is spoken to as if it were nc."""
        client = Client(self.factory)
        client.send(b"bob\r\n")
        self.assertNotIn(IAC, client.told)
        self.assertIn(b"You are bob", client.told)


class KeysTests(TelnetCase):
    """A client that sends each key."""

    def test_line(self) -> None:
        """What is typed is seen, and then stands among the others' words."""
        client = self.enter()
        client.send(b"hel", b"lo")
        self.assertEqual(client.rows, ["lobby> hello"])
        client.send(ENTER)
        self.assertEqual(client.rows, ["bob: hello", "lobby>"])
        self.assertEqual(self.heard(), ["hello"])

    def test_whole(self) -> None:
        """What arrives does not break the line that is being typed."""
        client = self.enter()
        for number, piece in enumerate(["grüß ", "euch, ", "日本", "の人 ", "fin"]):
            for byte in piece.encode():
                client.send(bytes([byte]))
            type_in(self.hub, self.ann, f"message {number}")
            client.read()
        self.assertEqual(
            client.rows[:-1], [f"ann: message {number}" for number in range(5)]
        )
        # pyte puts an empty cell behind each wide character.
        self.assertEqual(client.rows[-1].replace(" ", ""), "lobby>grüßeuch,日本の人fin")
        client.send(ENTER)
        self.assertEqual(self.heard()[-1], "grüß euch, 日本の人 fin")

    def test_edit(self) -> None:
        """Backspace, arrows and history do what they should."""
        client = self.enter()
        client.send(b"helo\x7fxo" + LEFT + LEFT + b"\x7fl" + ENTER)
        self.assertEqual(self.heard(), ["hello"[:3] + "xo"])
        client.send(UP)
        self.assertEqual(client.rows[-1], "lobby> helxo")

    def test_complete(self) -> None:
        """Tab completes commands, names and rooms."""
        client = self.enter()
        client.send(b"/whosonl" + TAB)
        self.assertEqual(client.rows, ["lobby> /whosonline"])
        client.send(b"\x15an" + TAB + b"\x15@an" + TAB)
        self.assertEqual(client.rows[-1].split(">")[1].strip(), "@ann")
        client.send(b"\x15/join lob" + TAB)
        self.assertEqual(client.rows[-1], "lobby> /join lobby")

    def test_complete_outside(self) -> None:
        """Who has not come in is told no names."""
        client = Client(self.factory)
        client.send(DO + bytes([SUPPRESS_GO_AHEAD]))
        client.agree()
        client.send(b"an" + TAB)
        self.assertEqual(client.rows[-1], "name: an")

    def test_room(self) -> None:
        """The prompt says where one speaks."""
        client = self.enter()
        client.send(b"/join ops" + ENTER)
        self.assertEqual(client.rows[-1], "ops>")
        client.send(b"/leave" + ENTER, b"/leave" + ENTER)
        self.assertEqual(client.rows[-1], ">")

    def test_other_room(self) -> None:
        """One's own words in another room name it, as others' do."""
        client = self.enter()
        client.send(b"/join ops" + ENTER)
        client.screen.reset()
        client.send(b"\x0c/msg #lobby hello" + ENTER)
        self.assertEqual(client.rows, ["#lobby bob: hello", "ops>"])

    def test_paste(self) -> None:
        """What the terminal marks as pasted is one message; too much is refused."""
        client = self.enter()
        text = b"\r".join(b"line %d" % number for number in range(6))
        client.send(b"\x1b[200~" + text + b"\x1b[201~" + ENTER)
        self.assertEqual(self.heard()[0].count("\n"), 5)
        client.send(b"\x1b[200~" + b"x" * 70_000 + b"\x1b[201~" + ENTER)
        self.assertIn("! A paste has at most", "\n".join(client.rows))

    def test_limits(self) -> None:
        """The operator's limits hold for what is typed and pasted, as they are now."""
        self.factory.paste_from = 7
        client = self.enter()
        client.send(b"\x1b[200~" + b"a\r" * 6 + b"\x1b[201~")
        self.assertEqual(self.heard(), ["a"] * 6, "no paste yet")
        self.hub.rules = replace(self.hub.rules, line_bytes=100, paste_bytes=200)
        client.send(b"\x1b[200~" + b"b\r" * 100 + b"\x1b[201~")
        self.assertEqual(len(self.heard()), 1)
        client.send(b"\x1b[200~" + b"b\r" * 100 + b"c\x1b[201~")
        self.assertIn("! A paste has at most 200 bytes.", "\n".join(client.rows))
        client.send(b"\x1b[200~" + b"d" * 101 + b"\x1b[201~")
        self.assertIn("! A line has at most 100 bytes.", "\n".join(client.rows))
        client.send(b"e" * 101 + ENTER)
        self.assertEqual(self.heard(), ["e" * 100])

    def test_limits_before(self) -> None:
        """Strangers may type and paste little."""
        most = self.hub.rules.line_bytes_before
        client = Client(self.factory)
        client.send(b"bob?x\r\n")
        client.agree(b"xterm")
        client.send(b"\x1b[200~" + b"x" * (most + 1) + b"\x1b[201~")
        self.assertIn(f"! A paste has at most {most} bytes.", "\n".join(client.rows))

    def test_narrow(self) -> None:
        """Long lines fit into a small window, and the prompt stays on one row."""
        client = self.enter()
        client.screen.resize(columns=20)
        client.send(SB + WINDOW_SIZE + b"\x00\x14\x00\x0c" + SE)
        type_in(self.hub, self.ann, "word " * 8)
        client.send(b"y" * 50)
        self.assertTrue(all(len(row) <= 20 for row in client.rows))
        self.assertEqual(len([row for row in client.rows if "y" in row]), 1)

    def test_no_width(self) -> None:
        """A window of whatever size harms nobody, not those who write to it either."""
        _, other = join(self.hub, "cho")
        clients = [self.enter(f"bob{columns}") for columns in range(6)]
        for columns, client in enumerate(clients):
            client.send(SB + WINDOW_SIZE + bytes([0, columns, 0, 0]) + SE)
        type_in(self.hub, self.ann, "words " * 8, "y" * 50)
        self.assertEqual(len(other.of(Said)), 2)
        for client in clients:
            self.assertIn(b"y", client.told)

    def test_colour(self) -> None:
        """Such a client is shown colours, unless it or its owner wants none."""
        self.enter()
        client = self.enter("cho")
        client.told = b""
        type_in(self.hub, self.ann, "hi")
        self.assertIn(b"\x1b[38;5;", client.read())
        client.send(b"/set colour off" + ENTER)
        type_in(self.hub, self.ann, "hi")
        self.assertNotIn(b"\x1b[38;5;", client.read())

    def test_bytes(self) -> None:
        """A byte that telnet uses for itself is doubled, and undone."""
        client = self.enter()
        client.send(b"/set zone utc" + ENTER)
        client.screen.reset()
        client.send(IAC + IAC + b"x" + ENTER)
        self.assertEqual(self.heard(), ["�x"])

    def test_there(self) -> None:
        """Are you there? Yes."""
        client = self.enter()
        client.send(b"half", IAC + b"\xf6")
        self.assertEqual(client.rows, ["* Yes.", "lobby> half"])

    def test_erase(self) -> None:
        """Clients may send their erase keys as commands."""
        client = self.enter()
        client.send(b"abc", IAC + b"\xf7")
        self.assertEqual(client.rows, ["lobby> ab"])
        client.send(IAC + b"\xf8")
        self.assertEqual(client.rows, ["lobby>"])
        client.send(b"abc", IAC + b"\xf4")
        self.assertEqual(client.rows, ["lobby>"])

    def test_leave(self) -> None:
        """Ctrl-D in an empty line leaves, and the terminal is as it was before."""
        for leave in (b"\x04", IAC + b"\xec"):
            client = self.enter()
            client.told = b""
            client.send(leave)
            self.assertIn(b"* Bye.", client.told)
            self.assertIn(b"\x1b[?2004l", client.told)
            self.assertTrue(client.wire.disconnecting)
            client.lose()


class FloodTests(TelnetCase):
    """Keys by the thousand, each of which is answered."""

    rules = Rules()

    def setUp(self) -> None:
        super().setUp()
        self.client = self.enter()
        self.clock.advance(60)
        self.client.read()

    def test_keys(self) -> None:
        """Reading stops at too many, and goes on when they had their turn."""
        self.client.send(LEFT * (2 * KEYS_BURST) + b"hi" + ENTER)
        self.assertEqual(self.client.wire.producerState, "paused")
        self.clock.pump([1] * 4)
        self.assertEqual(self.heard(), [])
        self.clock.pump([1] * 2)
        self.assertEqual(self.heard(), ["hi"])
        self.assertEqual(self.client.wire.producerState, "producing")

    def test_letters(self) -> None:
        """A long text without such keys is taken within a moment."""
        self.client.protocol.dataReceived(b"hello " * 1000)
        self.assertEqual(self.client.wire.producerState, "paused")
        turn(self.hub)
        self.assertEqual(self.client.wire.producerState, "producing")

    def test_unthrottled(self) -> None:
        """Where the server trusts everybody, all keys are taken."""
        self.hub.rules = Rules(throttle=False)
        self.client.send(LEFT * (2 * KEYS_BURST))
        self.assertEqual(self.client.wire.producerState, "producing")

    def test_not_read(self) -> None:
        """Nobody is answered who does not read the answers."""
        self.client.wire.producer.pauseProducing()
        self.assertEqual(self.client.send((IAC + b"\xf6") * 100), b"")
        self.assertEqual(self.client.wire.producerState, "paused")
        self.client.wire.producer.resumeProducing()
        self.assertIn(b"* Yes.", self.client.read())
        self.assertEqual(self.client.wire.producerState, "producing")

    def test_gone(self) -> None:
        """With who is gone, the keys are forgotten."""
        self.client.send(LEFT * 5000)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.client.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_let_go(self) -> None:
        """So are they with who was let go."""
        self.client.send(LEFT * 1000 + b"/quit" + ENTER + LEFT * 1000)
        self.clock.pump([0.1] * 60)
        self.assertTrue(self.client.wire.disconnecting)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SimpleTests(TelnetCase):
    """A terminal that cannot move its cursor."""

    def test_dumb(self) -> None:
        """It is never sent an escape, and its line is not drawn again."""
        client = self.enter(terminal=b"dumb")
        client.told = b""
        client.send(b"hel")
        type_in(self.hub, self.ann, "hi bob")
        client.send(b"lo" + ENTER)
        self.assertEqual(self.heard()[-1], "hello")
        self.assertNotIn(b"\x1b", client.told)
        self.assertIn("ann: hi bob", client.rows)

    def test_reader(self) -> None:
        """/set reader on is for who hears the screen: nothing is written over."""
        client = self.enter()
        client.send(b"/set reader on" + ENTER)
        client.told = b""
        client.send(b"hello" + ENTER)
        self.assertIn(b"hello\r\n", client.told)
        self.assertNotIn(b"\x1b[K", client.told)


class LinesTests(TelnetCase):
    """A client that goes on to send whole lines."""

    def enter_lines(self) -> Client:
        """Somebody who has come in with such a client."""
        client = Client(self.factory)
        client.send(b"bob\r\n")
        client.refuse()
        client.told = b""
        self.ann_door.take()
        return client

    def test_lines(self) -> None:
        """Lines are said, and what arrives is just written."""
        client = self.enter_lines()
        client.send(b"hello\r\n", b"again\r\0")
        self.assertEqual(self.heard(), ["hello", "again"])
        type_in(self.hub, self.ann, "hi")
        self.assertTrue(client.read().endswith(b"hi\r\n"))
        self.assertNotIn(b"\x1b[?2004h", client.told)

    def test_many(self) -> None:
        """Many lines at once are all carried out, also when reading had to stop."""
        client = self.enter_lines()
        self.factory.paste_from = 1000
        client.protocol.dataReceived(
            b"".join(b"/me %d\r\n" % number for number in range(100))
        )
        client.read()
        self.assertEqual(self.heard(), [str(number) for number in range(100)])


class PasswordTests(TelnetCase):
    """A password is not seen."""

    def setUp(self) -> None:
        super().setUp()
        join(self.hub, "bob", password=PASSWORD)

    def test_keys(self) -> None:
        """Typed key by key, it leaves no trace on the screen or in the history."""
        client = Client(self.factory)
        client.send(b"bob\r\n")
        client.agree()
        self.assertEqual(client.rows[-1], "password:")
        client.send(PASSWORD[:10].encode())
        self.assertEqual(client.rows[-1], "password:")
        client.send(PASSWORD[10:].encode() + ENTER)
        self.assertIn("* You are bob, a member.", client.rows)
        self.assertEqual(client.rows[-1], "lobby>")
        client.send(UP)
        self.assertEqual(client.rows[-1], "lobby>")
        self.assertNotIn(PASSWORD.encode(), client.told)

    def test_lines(self) -> None:
        """In line mode, the client is told to hide it, and then not to any more."""
        client = Client(self.factory)
        client.send(b"x\r\n")
        client.refuse()
        client.send(b"/quit\r\n")
        client = Client(self.factory)
        client.send(DONT + bytes([ECHO]), DONT + bytes([SUPPRESS_GO_AHEAD]))
        client.told = b""
        client.send(b"bob\r\n")
        self.assertIn(ECHO_ON, client.told)
        client.send(DO + bytes([ECHO]))
        client.told = b""
        client.send(PASSWORD.encode() + b"\r\n")
        self.assertIn(ECHO_OFF, client.told)
        self.assertIn(b"* You are bob, a member.", client.told)

    def test_command(self) -> None:
        """A line with a password in it is not offered again."""
        client = self.enter("cho")
        client.send(b"/login bob " + PASSWORD.encode() + ENTER)
        self.assertIn("* You are bob, a member.", client.rows)
        client.send(UP)
        self.assertNotIn("rain", client.rows[-1])

    def test_leave(self) -> None:
        """Ctrl-D instead of a password leaves, and is not taken for one."""
        client = Client(self.factory)
        client.send(b"bob\r\n")
        client.agree()
        client.send(b"\x04")
        self.assertIn(b"* Bye.", client.told)
        self.assertNotIn(b"do not belong together", client.told)


class ChoiceTests(TelnetCase):
    """/set telnet, for the odd client."""

    def test_off(self) -> None:
        """Off: the client edits its lines itself from now on."""
        client = self.enter()
        client.told = b""
        client.send(b"/set telnet off" + ENTER)
        self.assertIn(ECHO_OFF, client.told)
        client.send(DONT + bytes([ECHO]), DONT + bytes([SUPPRESS_GO_AHEAD]))
        client.told = b""
        client.send(b"hello\r\n")
        self.assertEqual(self.heard(), ["hello"])
        self.assertNotIn(b"lobby>", client.told)

    def test_kept(self) -> None:
        """A member's choice holds at the next login."""
        client = self.enter()
        client.send(b"/register " + PASSWORD.encode() + ENTER)
        client.send(b"/set telnet off" + ENTER)
        client.lose()
        client = Client(self.factory)
        client.send(b"bob\r\n")
        client.agree()
        client.told = b""
        client.send(PASSWORD.encode() + ENTER)
        self.assertIn(ECHO_OFF, client.told)

    def test_on(self) -> None:
        """On: it is negotiated although the first line ended like nc's."""
        client = Client(self.factory)
        client.send(b"bob\n")
        self.assertNotIn(IAC, client.told)
        client.send(b"/set telnet on\n")
        self.assertIn(ECHO_ON, client.told)
        client.send(b"/set telnet off\n", b"/set telnet on\n")
        client.agree()
        self.assertEqual(client.rows[-1], "lobby>")

    def test_refused(self) -> None:
        """A client that does not want to is asked once."""
        client = Client(self.factory)
        client.send(b"bob\n", b"/set telnet on\n")
        client.refuse()
        self.assertEqual(client.told.count(ECHO_ON), 1)
        client.send(b"/set timestamps off\r\n")
        self.assertEqual(client.told.count(ECHO_ON), 1)

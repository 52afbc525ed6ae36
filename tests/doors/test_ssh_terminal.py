"""Sitting at a terminal by SSH."""

import pyte

from chatd.testing import join, type_in
from tests.chatting import PASSWORD
from tests.doors.ssh import Channel, SshCase
from tests.doors.wire import plain


class Screen:
    """What the terminal of a channel shows."""

    def __init__(self, channel: Channel, columns: int = 80) -> None:
        self.channel = channel
        self.screen = pyte.Screen(columns, 24)
        self._stream = pyte.ByteStream(self.screen)

    def rows(self) -> list[str]:
        """What can be read now, without the empty rows below."""
        self.channel.peer.pump()
        self._stream.feed(self.channel.take())
        rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows


class TerminalTests(SshCase):
    """The line editor, at the other end of SSH."""

    def test_talk(self) -> None:
        """What is typed becomes a message, for the sender as for the others."""
        _, door = join(self.hub, "bob")
        shell = self.peer("ann").shell()
        screen = Screen(shell)
        shell.write("grüß dich\r".encode())
        shell.peer.pump()
        self.assertIn("grüß dich", door.events[-1].text)  # type: ignore[union-attr]
        self.assertIn("ann: grüß dich", "\n".join(screen.rows()))
        shell.write(b"half")
        self.assertEqual(screen.rows()[-1], "lobby> half")

    def test_arrival(self) -> None:
        """What arrives does not break the line being typed."""
        bob, _ = join(self.hub, "bob")
        shell = self.peer("ann").shell()
        screen = Screen(shell)
        shell.write("ein halber Satz 你好".encode())
        screen.rows()
        type_in(self.hub, bob, "one", "two")
        rows = screen.rows()
        self.assertTrue(rows[-1].startswith("lobby> ein halber Satz"))
        self.assertTrue(rows[-2].endswith("bob: two"))

    def test_long_line(self) -> None:
        """Long lines go on below their text, in the width the window has by then."""
        bob, _ = join(self.hub, "bob")
        shell = self.peer("ann").shell(width=80)
        screen = Screen(shell)
        type_in(self.hub, bob, "words " * 20)
        self.assertEqual(screen.rows()[-2][:34], " " * 27 + "words w"[:7])
        shell.resize(40)
        self.assertEqual(shell.type("x").count(b"\n"), 0)
        type_in(self.hub, bob, "words " * 12)
        shell.peer.pump()
        shown = plain(shell.take()).splitlines()
        self.assertTrue(all(len(line) < 40 for line in shown), shown)

    def test_prompt(self) -> None:
        """The prompt tells the room."""
        shell = self.peer("ann").shell()
        self.assertIn("ops> ", plain(shell.type("/join ops\r")))

    def test_complete(self) -> None:
        """Tab completes names and commands."""
        join(self.hub, "barbara")
        shell = self.peer("ann").shell()
        self.assertIn(b"barbara", shell.type("barb\t"))
        shell.type("\x15")
        self.assertIn(b"/whois", shell.type("/whoi\t"))

    def test_quit(self) -> None:
        """/quit, or Ctrl-D in an empty line, ends it with status 0."""
        for keys in ("/quit\r", "\x04"):
            shell = self.peer("ann").shell()
            shell.type(keys)
            self.assertTrue(shell.ended)
            self.assertEqual(shell.status, 0)
            self.assertEqual(list(self.hub.presence), [])

    def test_leaves_terminal_as_it_was(self) -> None:
        """At the end pastes are not marked any more."""
        shell = self.peer("ann").shell()
        self.assertIn(b"\x1b[?2004h", shell.take())
        self.assertIn(b"\x1b[?2004l", shell.type("/quit\r"))

    def test_line_lost(self) -> None:
        """When the connection breaks, the person is seen to leave."""
        peer = self.peer("ann")
        peer.shell()
        peer.lose(clean=False)
        self.assertEqual(list(self.hub.presence), [])

    def test_channel_closed(self) -> None:
        """So it is when the client closes the terminal, and the connection waits."""
        peer = self.peer("ann")
        shell = peer.shell()
        peer.conversation.sendClose(shell)  # type: ignore[union-attr]
        peer.pump()
        self.assertEqual(list(self.hub.presence), [])
        self.assertFalse(peer.wire.disconnecting)

    def test_hang_up_by_client(self) -> None:
        """A client that is told to end says so, and nobody is left behind."""
        peer = self.peer("ann")
        shell = peer.shell()
        shell.ask(b"signal", b"\0\0\0\3HUP")
        self.assertTrue(shell.ended)
        self.assertEqual(list(self.hub.presence), [])

    def test_registering_is_not_remembered(self) -> None:
        """A line with a password does not come back with the arrow keys."""
        shell = self.peer("ann").shell()
        shell.type(f"/register {PASSWORD}\r")
        self.assertNotIn(PASSWORD.encode(), shell.type("\x1b[A"))

    def test_server_stops(self) -> None:
        """When the server stops, people are told why and the terminal is left."""
        peer = self.peer("ann")
        shell = peer.shell()
        from twisted.internet.defer import Deferred

        Deferred.fromCoroutine(self.hub.close("New disk."))
        peer.pump()
        self.assertIn(b"* New disk.", shell.out)
        self.assertTrue(shell.ended)


class LookTests(SshCase):
    """How things look, and who decides."""

    def look(self, term: str = "xterm", **environment: str) -> bytes:
        """What somebody with this terminal sees of bob's words."""
        bob, _ = join(self.hub, "bob")
        channel = self.peer("ann").open()
        channel.terminal(term, **environment)
        channel.take()
        type_in(self.hub, bob, "hi ann")
        channel.peer.pump()
        bob.end("")
        channel.peer.lose()
        return channel.take()

    def test_colour(self) -> None:
        """A terminal has colours."""
        self.assertIn(b"\x1b[38;5;", self.look())

    def test_no_color(self) -> None:
        """NO_COLOR switches them off, and other variables are not taken."""
        shown = self.look(NO_COLOR="1", HOME="/root")
        self.assertNotIn(b"\x1b[38;5;", shown)
        self.assertIn(b"\x1b[", shown)

    def test_dumb(self) -> None:
        """To a terminal that can nothing no escape is sent at all."""
        for term in ("dumb", ""):
            shown = self.look(term)
            self.assertNotIn(b"\x1b", shown)
            self.assertIn(b"bob: hi ann", shown)

    def test_theme(self) -> None:
        """/set theme changes the colours at once."""
        shell = self.peer("ann").shell()
        shell.type("/set theme mono\r")
        self.assertNotIn(b"38;5;", shell.type("hello\r"))

    def test_reader(self) -> None:
        """/set reader on: nothing is written over, and one's own words not twice."""
        bob, _ = join(self.hub, "bob")
        shell = self.peer("ann").shell()
        shell.type("/set reader on\r")
        self.assertEqual(shell.type("hello\r"), b"hello\r\n")
        shell.type("half")
        type_in(self.hub, bob, "hi")
        shell.peer.pump()
        shown = shell.take()
        self.assertTrue(shown.startswith(b"\r\n"))
        self.assertNotIn(b"\x1b[K", shown)
        self.assertIn(b"\x1b[?2004h", shell.type("\r/set reader off\r"))

    def test_two_shells(self) -> None:
        """A channel has one door only."""
        shell = self.peer("ann").shell()
        self.assertFalse(shell.ask(b"shell"))

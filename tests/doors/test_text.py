"""Tests for L{chatd.doors.text}."""

import gc
from dataclasses import replace

from chatd.chat.events import Arrived, Departed, Said
from chatd.chat.request import Typed
from chatd.chat.rules import Rules
from chatd.testing import join, turn, type_in
from tests.chatting import PASSWORD
from tests.doors.texting import TextCase
from tests.doors.wire import Peer
from tests.zone import be_in


class TranscriptTests(TextCase):
    """What a person with nc sees."""

    def setUp(self) -> None:
        super().setUp()
        be_in(self, "UTC")

    def test_transcript(self) -> None:
        """Coming in, talking, looking, a private word, a slip, and leaving."""
        self.hub.rules = replace(
            self.rules,
            encrypt="openssl s_client -quiet -connect chat.example:5050",
            history_shown=0,
        )
        ann, _ = join(self.hub, "ann")
        bob, _ = join(self.hub, "bob")
        join(self.hub, "cho")
        dan = Peer(self.hub, self.factory)
        self.assertEqual(
            dan.read().decode(),
            "* Welcome to chatd at chat.example. 3 people are here: ann, bob, cho.\r\n"
            "* This line is NOT encrypted. To encrypt: "
            "openssl s_client -quiet -connect chat.example:5050\r\n"
            "* Type a name to come in, or /login NAME PASSWORD, "
            "or /register NAME PASSWORD. /help for more.\r\n",
        )
        self.clock.advance(3)
        self.assertEqual(
            dan.send(b"dan\n").decode(),
            "* You are dan, a guest.\r\n"
            "* 4 people in lobby: ann, bob, cho, dan\r\n"
            "[2026-11-21 12:00:03] dan has joined the chat.\r\n",
        )
        self.assertEqual(dan.send(b"hello\n"), b"")
        self.clock.advance(17)
        type_in(self.hub, ann, "hi dan")
        self.assertEqual(dan.read(), b"[2026-11-21 12:00:20] ann: hi dan\r\n")
        self.assertEqual(
            dan.send(b"/whosonline\n"),
            b"* 4 people in lobby: ann, bob, cho, dan\r\n",
        )
        self.clock.advance(40)
        type_in(self.hub, bob, "/pm dan psst")
        self.assertEqual(dan.read(), b"[2026-11-21 12:01:00] bob -> you: psst\r\n")
        self.assertEqual(
            dan.send(b"/pm bob what?\n"),
            b"[2026-11-21 12:01:00] you -> bob: what?\r\n",
        )
        self.assertEqual(
            dan.send(b"/jion ops\n"),
            b"! There is no command /jion. Did you mean /join? "
            b"Your line was not sent: /jion ops\r\n",
        )
        self.clock.advance(60)
        self.assertEqual(
            dan.send(b"/quit\n"), b"* Bye. You were here for 2 minutes.\r\n"
        )
        self.assertTrue(dan.wire.disconnecting)

    def test_crowd(self) -> None:
        """Of a crowd others see how many come and go, and who of those before it."""
        self.hub.rules = replace(self.rules, crowd=3)
        ann = self.enter("ann")
        people = [self.hub.entrance.guest(f"u{n}x") for n in range(5)]
        for person in people[:2]:
            self.hub.delivery.show(Arrived(person=person, rooms=("lobby",)))
        self.clock.advance(0)
        self.assertEqual(len(ann.lines()), 2)
        for person in people[2:]:
            self.hub.delivery.show(Arrived(person=person, rooms=("lobby",)))
        self.hub.delivery.show(Departed(person=people[0], rooms=("lobby",)))
        self.clock.advance(0)
        self.assertEqual(
            ann.lines(),
            ["[..] 3 people have joined the chat, and 1 person has left the chat."],
        )

    def test_crowd_and_words(self) -> None:
        """What is said between two crowds stands between them; 0 names everybody."""
        for crowd, lines in (2, 3), (0, 5):
            self.hub.rules = replace(self.rules, crowd=crowd)
            ann = self.enter(f"ann{crowd}")
            bob, _ = join(self.hub, f"bob{crowd}")
            ann.lines()
            for words in ("hello", ""):
                for number in range(2):
                    person = self.hub.entrance.guest(f"u{crowd}{words}{number}")
                    arrived = Arrived(person=person, rooms=("lobby",))
                    self.hub.delivery.show(arrived)
                if words:
                    said = Said(room="lobby", sender=bob.somebody(), text=words)
                    self.hub.delivery.show(said)
            self.clock.advance(0)
            shown = ann.lines()
            self.assertEqual(len(shown), lines)
            self.assertTrue(shown[lines // 2].endswith(": hello"), shown)

    def test_others(self) -> None:
        """Others see who comes, what is said, and who goes."""
        ann, bob = self.enter("ann"), self.enter("bob")
        self.assertEqual(ann.lines(), ["[..] bob has joined the chat."])
        self.assertEqual(bob.type("hello"), [])
        self.assertEqual(ann.lines(), ["[..] bob: hello"])
        bob.lose(clean=False)
        self.assertEqual(ann.lines(), ["[..] bob has left the chat: connection lost"])


class LateTests(TextCase):
    """A slow client of another door is let go, so that it tries again."""

    def test_late(self) -> None:
        """TLS, HTTP, SSH, JSON and IRC after the greeting end the connection."""
        for data in (
            b"\x16\x03\x01\x02\x00\x01",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.2p1\r\n",
            b'{"do":"enter","name":"ann"}\n',
            b"NICK ann\r\nUSER a 0 * :a\r\n",
        ):
            peer = self.connect()
            self.assertIn(b"because programs speak first, at once", peer.send(data))
            self.assertTrue(peer.wire.disconnecting, data)
            self.assertEqual(len(self.hub.presence), 0)

    def test_later(self) -> None:
        """Behind the first line it is just words."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        bob.type("GET / HTTP/1.1", '{"do":"ping"}')
        self.assertEqual(
            ann.lines(), ["[..] bob: GET / HTTP/1.1", '[..] bob: {"do":"ping"}']
        )


class PasswordTests(TextCase):
    """A name that belongs to somebody asks for the password."""

    def setUp(self) -> None:
        super().setUp()
        join(self.hub, "ann", password=PASSWORD)

    def test_prompt(self) -> None:
        """The next line is the password, whatever it looks like."""
        peer = self.connect(secure=True)
        (asked,) = peer.type("ann")
        self.assertTrue(asked.startswith("* ann belongs to somebody."), asked)
        lines = peer.type(PASSWORD)
        self.assertIn("* You are ann, a member.", lines)

    def test_wrong(self) -> None:
        """A wrong one is not shown; Enter alone leads back to the name."""
        peer = self.connect()
        peer.type("ann")
        self.assertEqual(
            peer.type("wrong-password"),
            [
                "! Name and password do not belong together. "
                "Type the password again, or press Enter to take another name."
            ],
        )
        peer.type("")
        self.assertIn("* You are bob, a guest.", peer.type("bob"))

    def test_typed_ahead(self) -> None:
        """Name and password may come in one piece, with what is said then."""
        bob = self.enter("bob")
        peer = Peer(self.hub, self.factory)
        peer.send(f"ann\n{PASSWORD}\nhello\n".encode())
        self.assertEqual(bob.lines(), ["[..] ann: hello"])


class RefusedTests(TextCase):
    """A server that takes nobody says so."""

    def test_closing(self) -> None:
        """While it stops, a newcomer is told and turned away."""
        self.hub.closing = "The server is stopping."
        peer = Peer(self.hub, self.factory)
        self.assertEqual(peer.lines(), ["! The server is stopping."])
        self.assertTrue(peer.wire.disconnecting)
        self.assertEqual(peer.send(b"ann\r\n"), b"")

    def test_full(self) -> None:
        """Where there is no room, a name is refused politely, and one may wait."""
        self.hub.rules = replace(self.rules, max_people=1)
        self.enter("ann")
        peer = self.connect()
        (line,) = peer.type("bob")
        self.assertTrue(line.startswith("! "), line)
        self.assertFalse(peer.wire.disconnecting)

    def test_in_time(self) -> None:
        """Who does not come in within a minute is let go, whatever was typed."""
        peer = self.connect()
        for _ in range(59):
            self.clock.advance(1)
            peer.send(b"?\n")
        self.assertFalse(peer.wire.disconnecting)
        self.clock.advance(1)
        self.assertEqual(
            peer.lines()[-1:],
            ["* This connection ends, because nobody came in by it in time."],
        )
        self.assertTrue(peer.wire.disconnecting)


class ColourTests(TextCase):
    """A plain pipe has no colours unless somebody asks for them."""

    def test_off(self) -> None:
        """nc is shown none."""
        ann, bob = self.enter("ann"), self.enter("bob")
        bob.type("hello ann")
        self.assertNotIn(b"\x1b", ann.read())

    def test_on(self) -> None:
        """/set colour on shows them, to this one only."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.type("/set colour on")
        bob.type("hello")
        self.assertIn(b"\x1b[38;5;", ann.read())
        ann.send(b"hello\n")
        self.assertNotIn(b"\x1b", bob.read())

    def test_bell(self) -> None:
        """/set bell on rings for one's name."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.type("/set bell on")
        bob.type("hello ann")
        self.assertTrue(ann.read().endswith(b"hello ann\a\r\n"))


class RoomTests(TextCase):
    """A person in several rooms."""

    def test_label(self) -> None:
        """What is said in another room than the current one names it."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.type("/join ops")
        bob.type("hello")
        self.assertEqual(ann.lines(), ["[..] #lobby bob: hello"])
        bob.type("/join ops")
        ann.read()
        bob.type("fire")
        self.assertEqual(ann.lines(), ["[..] bob: fire"])


class HalfCloseTests(TextCase):
    """What was asked before the end of the input is carried out, as by C{nc -N}."""

    def test_carried_out(self) -> None:
        """What was asked before the end is carried out and answered."""
        ann = self.enter("ann")
        peer = Peer(self.hub, self.factory)
        peer.protocol.dataReceived(b"bob\nhello\n/whosonline\nhalf a li")
        peer.finish()
        lines = peer.lines()
        self.assertIn("* You are bob, a guest.", lines)
        self.assertEqual(
            lines[-2:],
            [
                "* 2 people in lobby: ann, bob",
                "! The last line has no end. Your line was not sent: half a li",
            ],
        )
        self.assertTrue(peer.wire.disconnecting)
        self.assertEqual(
            ann.lines(),
            [
                "[..] bob has joined the chat.",
                "[..] bob: hello",
                "[..] bob has left the chat.",
            ],
        )

    def test_slow_store(self) -> None:
        """Also when the store takes its time."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        self.store.hold()
        bob.send(b"hello\n")
        bob.finish()
        self.assertEqual(ann.lines(), [])
        self.assertFalse(bob.wire.disconnecting)
        self.store.release()
        self.assertEqual(
            ann.lines(), ["[..] bob: hello", "[..] bob has left the chat."]
        )
        self.assertTrue(bob.wire.disconnecting)

    def test_nothing(self) -> None:
        """Who says nothing at all is hung up."""
        peer = self.connect()
        peer.finish()
        turn(self.hub)
        self.assertTrue(peer.wire.disconnecting)


class SlowTests(TextCase):
    """Typing faster than one may."""

    rules = Rules(server="chat.example")

    def test_told(self) -> None:
        """Who is slowed is told so, reading stops, and every line is said in order."""
        self.factory.paste_from = 100
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        lines = [f"line {number}" for number in range(60)]
        for line in lines:
            bob.protocol.dataReceived(f"{line}\n".encode())
        self.assertEqual(bob.wire.producerState, "paused")
        said = ann.lines()
        self.assertLess(len(said), 30)
        for _ in range(60):
            self.clock.advance(0.2)
            said += ann.lines()
        self.assertEqual(said, [f"[..] bob: {line}" for line in lines])
        self.assertEqual(bob.wire.producerState, "producing")
        self.assertIn("Slow down", "".join(bob.lines()))

    def test_many(self) -> None:
        """Of many commands at once most wait as bytes: as requests they are larger."""
        ann = self.enter("ann")
        ann.protocol.dataReceived(b"/x\n" * 20_000)
        self.assertEqual(ann.wire.producerState, "paused")
        waiting = sum(isinstance(found, Typed) for found in gc.get_objects())
        self.assertLess(waiting, 1000)

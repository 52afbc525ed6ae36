"""Tests for L{chatd.doors.text}."""

import gc
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.chat.events import Arrived, Departed, Said
from chatd.chat.request import Typed
from chatd.chat.rules import Rules
from chatd.doors.connection import nobody_is_exempt
from chatd.doors.lines import ENDLESS
from chatd.doors.text import TextFactory
from chatd.testing import join, result, turn, type_in
from tests.chatting import PASSWORD
from tests.doors.wire import DoorCase, Peer
from tests.zone import be_in

WORDS = ("one", "two", "three", "four", "five", "six")


class TextCase(DoorCase):
    """A hub with a door for people."""

    def setUp(self) -> None:
        super().setUp()
        self.factory = TextFactory(self.hub, exempt=nobody_is_exempt)

    def connect(self, *, secure: bool = False) -> Peer:
        """Somebody who has read the greeting."""
        peer = Peer(self.hub, self.factory, secure=secure)
        peer.read()
        return peer

    def enter(self, name: str) -> Peer:
        """Somebody who has come in."""
        peer = self.connect()
        peer.type(name)
        self.assertIsNotNone(peer.protocol.session.person, name)
        return peer


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


class LineTests(TextCase):
    """What was typed becomes lines, however it comes."""

    def test_ends(self) -> None:
        """CR LF, LF, CR NUL and CR end a line, wherever the pieces are cut."""
        self.factory.paste_from = 100
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        data = b"one\r\ntwo\nthree\r\0four\rfive\r\n\r\nsix\n"
        for cut in range(len(data) + 1):
            bob.send(data[:cut], data[cut:])
            self.assertEqual(
                ann.lines(),
                [f"[..] bob: {word}" for word in WORDS],
                cut,
            )

    def test_single_bytes(self) -> None:
        """Nor does it matter when every byte comes alone."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        data = "grüß\r\neuch\r\0\n日本\r\n".encode()
        bob.send(*(data[at : at + 1] for at in range(len(data))))
        self.assertEqual(
            ann.lines(), ["[..] bob: grüß", "[..] bob: euch", "[..] bob: 日本"]
        )

    def test_first_line(self) -> None:
        """The same holds for the first line, the name."""
        for end in (b"\n", b"\r\n", b"\r\0", b"\r"):
            peer = self.connect(secure=True)
            lines = peer.send(b"ann" + end)
            self.assertIn(b"* You are ann, a guest.", lines, end)
            peer.lose()

    def test_not_utf8(self) -> None:
        """What is not UTF-8 is said with replacement characters."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        bob.send(b"gr\xfc\xdf\n")
        self.assertEqual(ann.lines(), ["[..] bob: gr��"])

    def test_control(self) -> None:
        """Escapes and other control bytes reach nobody."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        bob.send(b"a\x1b[2Jb\x07\x00\x9bc\td\x08\n")
        self.assertEqual(ann.lines(), ["[..] bob: a[2Jb�c d"])

    def test_control_in_a_name(self) -> None:
        """A name with them is refused, and is not silently another one."""
        ann, bob = self.enter("ann"), self.enter("bob")
        stranger = self.connect()
        for name in ("c\u202eat", "c\x1bat", "\u202ecat"):
            self.assertIn("cannot have invisible", stranger.type(name)[0])
            self.assertIn("cannot have invisible", bob.type(f"/nick {name}")[0])
            self.assertIn("cannot have invisible", bob.type(f"/join {name}")[0])
            self.assertIn("There is nobody", bob.type(f"/msg {name} hi")[0])
        ann.read()
        self.assertEqual(bob.type("/me a\x1b[1mb"), ["[..] ** bob a[1mb"])
        self.assertEqual(bob.type("/msg ann a\u202eb"), ["[..] you -> ann: ab"])

    def test_slashes(self) -> None:
        """Two slashes say one."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        bob.type("//etc is a folder", "///x")
        self.assertEqual(ann.lines(), ["[..] bob: /etc is a folder", "[..] bob: //x"])

    def test_at(self) -> None:
        """An at sign begins a command where a command's word follows, else words."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        self.assertEqual(bob.type("@getlist"), ["* 2 people in lobby: ann, bob"])
        self.assertEqual(bob.type("@ann hello"), [])
        self.assertEqual(ann.lines(), ["[..] bob: @ann hello"])

    def test_case(self) -> None:
        """Commands and names are found whatever their case."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        self.assertEqual(bob.type("/PM Ann psst"), ["[..] you -> ann: psst"])
        self.assertEqual(ann.lines(), ["[..] bob -> you: psst"])

    def test_handed_back(self) -> None:
        """A refused line is handed back; one that may hold a password is not."""
        bob = self.enter("bob")
        self.assertEqual(
            bob.type("/tpoic tea"),
            [
                "! There is no command /tpoic. Did you mean /topic? "
                "Your line was not sent: /tpoic tea"
            ],
        )
        for line in ("login ann secret99", "/lgoin ann secret99", "/rigester a b c"):
            (refusal,) = bob.type(line)
            self.assertTrue(refusal.startswith("! "), refusal)
            self.assertNotIn("secret99", refusal)
            self.assertNotIn("b c", refusal)

    def test_before_name(self) -> None:
        """Who has not come in can ask for help, and is told what comes first."""
        peer = self.connect()
        self.assertIn("* Type a name to come in.", peer.type("/help")[0])
        self.assertEqual(
            peer.type("/me waves"),
            [
                "! Type a name to come in first, then /me. "
                "Your line was not sent: /me waves"
            ],
        )

    @given(st.lists(st.binary(max_size=80), max_size=20))
    @settings(max_examples=100, deadline=None)
    def test_any(self, pieces: list[bytes]) -> None:
        """Whatever bytes come, the door answers with whole lines or hangs up."""
        peer = self.connect(secure=True)
        data = peer.send(b"x\n", *pieces)
        self.assertTrue(data.endswith(b"\r\n"))
        peer.lose()


class LongLineTests(TextCase):
    """Lines have a limit, which says so."""

    def test_edge(self) -> None:
        """A name may be followed by so much and no more, in any pieces."""
        for length, answer in ((1024, "! A name has"), (1025, "! A line has at most")):
            peer = self.connect()
            data = b"x" * length + b"\n"
            for step in (1, 100, 10_000):
                pieces = [data[at : at + step] for at in range(0, len(data), step)]
                (line,) = [
                    line for line in peer.send(*pieces).decode().split("\r\n") if line
                ]
                self.assertTrue(line.startswith(answer), line)

    def test_edge_inside(self) -> None:
        """Inside, a line may be longer; the message in it has its own limit."""
        bob = self.enter("bob")
        for length, answer in (
            (4000, ""),
            (4001, "! A message has at most 4000 characters, and yours 4001."),
            (8192, "! A message has at most 4000 characters, and yours 8192."),
            (8193, "! A line has at most 8192 bytes, and yours 8193."),
        ):
            said = bob.type("x" * length)
            if answer:
                (line,) = said
                self.assertTrue(line.startswith(answer), line[:80])
            else:
                self.assertEqual(said, [])

    def test_handed_back(self) -> None:
        """The beginning of what was too long is handed back."""
        bob = self.enter("bob")
        (line,) = bob.type("abc" + "x" * 9000)
        self.assertIn("Your line was not sent: abcxxx", line)
        self.assertLess(len(line), 8400)

    def test_streaming(self) -> None:
        """A line that does not end takes no memory, and later lines are not lost."""
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.read()
        for _ in range(20):
            bob.protocol.dataReceived(b"x" * 40_000)
            held = len(bob.protocol.clearLineBuffer())
            self.assertLess(held, 10_000)
        bob.protocol.dataReceived(b"x\nstill here\n")
        self.assertEqual(ann.lines(), ["[..] bob: still here"])
        (line,) = bob.lines()
        self.assertIn("A line has at most 8192 bytes, and yours 800001.", line)

    def test_endless(self) -> None:
        """One that does not end at all is a flood."""
        bob = self.enter("bob")
        for _ in range(65):
            self.assertFalse(bob.wire.disconnecting)
            bob.protocol.dataReceived(b"x" * ENDLESS)
        self.assertEqual(
            bob.lines(),
            ["* This connection ends, because it sends a line without an end."],
        )
        self.assertTrue(bob.wire.disconnecting)

    def test_password(self) -> None:
        """A password that is too long is not shown."""
        join(self.hub, "ann", password=PASSWORD)
        peer = self.connect()
        peer.type("ann")
        (line,) = peer.type("secret" * 1000)
        self.assertIn("A line has at most 1024 bytes", line)
        self.assertNotIn("secret", line)


class PasteTests(TextCase):
    """Many lines at once are one message."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.enter("ann"), self.enter("bob")
        self.ann.read()

    def test_edge(self) -> None:
        """Five lines in one read are one, four are four."""
        self.bob.send(b"1\n2\n3\n4\n")
        self.assertEqual(
            self.ann.lines(), [f"[..] bob: {number}" for number in range(1, 5)]
        )
        self.bob.send(b"1\n2\n3\n4\n5\n")
        (line,) = self.ann.lines()
        self.assertTrue(line.startswith("[..] bob pasted 5 lines — /show "), line)
        _, _, show = line.partition(" — ")
        self.assertEqual(
            self.ann.type(show),
            ["[..] bob (guest):", "    1", "    2", "    3", "    4", "    5"],
        )

    def test_code(self) -> None:
        """A program stays whole: its comments and decorators are no commands."""
        code = [
            "// a comment",
            "/* another */",
            "@property",
            "def path(self):",
            "    return '/etc'",
            "/usr/bin/env",
        ]
        self.bob.send("".join(f"{line}\n" for line in code).encode())
        self.assertEqual(self.bob.lines(), [])
        (line,) = self.ann.lines()
        self.assertIn("pasted 6 lines", line)
        self.assertEqual(
            self.ann.type("/show"),
            ["[..] bob (guest):", *(f"    {line}" for line in code)],
        )

    def test_commands(self) -> None:
        """A command among pasted lines is carried out where it stands."""
        answers = self.bob.type("1\n2\n/join ops\n3\n@join lobby\n/jion x")
        self.assertEqual(
            self.ann.lines(), ["[..] bob: 1", "[..] bob: 2"], "3 was said in ops"
        )
        room = self.hub.rooms.get("ops")
        assert room is not None
        events = result(self.hub.store.history("ops", limit=10))
        self.assertEqual([getattr(event, "text", "") for event in events][-1], "3")
        self.assertIn("! There is no command /jion.", answers[-1])

    def test_secret(self) -> None:
        """A password in a misspelt command is not pasted."""
        self.bob.send(b"1\n2\n3\n4\n/lgoin bob secret99\n5\n6\n7\n8\n")
        said = self.ann.lines()
        self.assertEqual(len(said), 8)
        self.assertNotIn("secret99", "".join(said + self.bob.lines()))

    def test_coming_in(self) -> None:
        """Lines typed ahead are the name, and then what one wants to say."""
        peer = Peer(self.hub, self.factory)
        peer.send(b"cho\n1\n2\n")
        self.assertEqual(
            self.ann.lines(),
            ["[..] cho has joined the chat.", "[..] cho: 1", "[..] cho: 2"],
        )

    def test_blank(self) -> None:
        """Empty lines alone say nothing."""
        self.bob.send(b"\n" * 10)
        self.assertEqual((self.ann.lines(), self.bob.lines()), ([], []))

    def test_large(self) -> None:
        """What is longer than a paste may be becomes several."""
        self.bob.send(b"".join(b"%d\n" % number for number in range(501 + 5)))
        folded, single = self.ann.lines()[:1], self.ann.lines()[1:]
        self.assertIn("pasted 500 lines", folded[0])
        self.assertEqual(single, [])

    def test_setting(self) -> None:
        """The operator decides how many lines are many."""
        self.factory.paste_from = 2
        peer = self.enter("cho")
        self.ann.read()
        peer.send(b"1\n2\n")
        self.assertIn("pasted 2 lines", self.ann.lines()[0])


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

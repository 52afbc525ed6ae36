"""What people type, line by line, and what they paste."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.doors.lines import ENDLESS
from chatd.testing import join, result
from tests.chatting import PASSWORD
from tests.doors.texting import TextCase
from tests.doors.wire import Peer

WORDS = ("one", "two", "three", "four", "five", "six")


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

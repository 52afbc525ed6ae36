"""Which door do the first bytes mean?"""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.wire.sniff import FIRST_LINE_LIMIT, Guess, sniff

# Bytes that are nearly something, so that chance finds the edges.
pieces = st.sampled_from(
    [
        *[
            b"GET",
            b" ",
            b"/",
            b"HTTP/1.1",
            b"HTTP/",
            b"1",
            b"\r",
            b"\n",
            b"\r\n",
            b"\0",
        ],
        *[
            b"CAP",
            b"cap",
            b"LS",
            b"302",
            b"NICK",
            b"nick",
            b"USER",
            b"PASS",
            b":",
            b"a",
        ],
        *[
            b"{",
            b"}",
            b'"do":"say"',
            b"SSH-2.0-",
            b"SSH-1.99-",
            b"SSH-",
            b"\x16",
            b"\x03",
        ],
        *[b"\xff", b"\xc3\xa9", b"[" * 3000, b"x" * FIRST_LINE_LIMIT],
    ]
)
nearly = st.lists(pieces, max_size=9).map(b"".join)


class SniffTests(SynchronousTestCase):
    """The answer for whole first lines."""

    def check(self, guess: Guess | None, *beginnings: bytes) -> None:
        """Expect the same answer for each of the beginnings."""
        for data in beginnings:
            with self.subTest(data[:40]):
                self.assertIs(sniff(data), guess)

    def test_nothing(self) -> None:
        """Who has said nothing may still be anybody."""
        self.check(None, b"")

    def test_tls(self) -> None:
        """A TLS client is known by two bytes."""
        self.check(None, b"\x16")
        self.check(Guess.TLS, b"\x16\x03", b"\x16\x03\x01\x02\x00\x01")
        self.check(Guess.TEXT, b"\x16\x02", b"\x16\n")

    def test_ssh(self) -> None:
        """An SSH client is known by its version, old ones included."""
        self.check(None, b"S", b"SSH", b"SSH-2", b"SSH-1")
        self.check(Guess.SSH, b"SSH-2.0-", b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-1.99-x")
        self.check(Guess.SSH, b"SSH-1.5-x")
        self.check(Guess.TEXT, b"SSH-3.0-x\n", b"SSH is fine\n")

    def test_telnet(self) -> None:
        """A telnet client that negotiates first is known by one byte."""
        self.check(Guess.TELNET, b"\xff", b"\xff\xfb\x1f", b"\xff\n")

    def test_http(self) -> None:
        """A browser is known by the whole request line, not by the method alone."""
        self.check(None, b"GET", b"GET / HTTP/1.1", b"GET / HTTP/1.1\r", b"OPTIONS *")
        self.check(
            Guess.HTTP,
            b"GET / HTTP/1.1\r\n",
            b"GET / HTTP/1.0\n",
            b"POST /files?x=1 HTTP/1.1\r\nHost: a\r\n",
            b"OPTIONS * HTTP/1.1\r\n",
            b"PRI * HTTP/2.0\r\n",
            "GET /ä HTTP/1.1\r\n".encode(),
        )
        self.check(
            Guess.TEXT,
            b"GET well soon\n",
            b"GET / HTTP/1.1x",
            b"GET /  HTTP/1.1\n",
            b"GET / HTTP\n",
            b"GET\n",
            b"get / HTTP/1.1\r\n",
            b"A" * 21,
        )

    def test_json(self) -> None:
        """A program is known by a whole first line that is a JSON object."""
        self.check(None, b"{", b'{"do":"enter"}', b'{"do":"enter"}\r', b"{ :-)")
        self.check(
            Guess.JSON,
            b'{"do":"enter","name":"ann"}\n',
            b'{"do":"enter"}\r\n{"do":"say"}\r\n',
            b'{"hello":1}\n',
            b"{}\n",
        )
        self.check(
            Guess.TEXT,
            b"{ :-)\n",
            b"{\n",
            b'{"do":"enter"\n',
            b'{"do":"enter"} x\n',
            b'{"a":' + b"[" * 4000 + b"\n",
            b'{"\xff":1}\n',
            b'["do"]\n',
        )

    def test_irc(self) -> None:
        """An IRC client is known by its first command with its arguments."""
        self.check(None, b"N", b"NICK", b"NICK bob", b"CAP LS", b"cap", b"PASS :x\r")
        self.check(
            Guess.IRC,
            b"CAP LS 302\r\nNICK bob\r\n",
            b"CAP LS\n",
            b"cap ls 302\r\n",
            b"CAP LIST\r\n",
            b"CAP REQ :sasl server-time\r\n",
            b"CAP END\r\n",
            b"NICK bob\r\n",
            b"NICK :bob\r\n",
            b"PASS secret\r\n",
            b"PASS :two words\r\n",
            b"USER bob 0 * :Bob B.\r\n",
            b"USER bob bob localhost Bob\r\n",
        )

    def test_people_are_not_irc_clients(self) -> None:
        """Who happens to begin a sentence like an IRC command is still a person."""
        self.check(
            Guess.TEXT,
            b"nick bob\n",
            b"nick",
            b"Nick is here\n",
            b"NICK AND ANN ARE HERE\n",
            b"pass the salt\n",
            b"PASS THE SALT\n",
            b"user friendly\n",
            b"USER FRIENDLY IS WHAT IT IS NOT\n",
            b"USER\n",
            b"cap it\n",
            b"CAP IN HAND\n",
            b"captain\n",
            b"capt",
            b"NICK\n",
        )

    def test_text(self) -> None:
        """Everything else is a person, known at once."""
        self.check(
            Guess.TEXT, b"h", b"ann\n", b"\n", b"\r", b" ", b"@help\n", b"/who\n"
        )
        self.check(Guess.TEXT, "é".encode(), b"\0", b"HEllo", b"Hi all\n")

    def test_longest_line(self) -> None:
        """A first line is waited for up to the limit and not a byte more."""
        fits = b"GET /".ljust(FIRST_LINE_LIMIT - len(b" HTTP/1.1"), b"x") + b" HTTP/1.1"
        self.assertEqual(len(fits), FIRST_LINE_LIMIT)
        self.check(None, fits, b"{".ljust(FIRST_LINE_LIMIT))
        self.check(Guess.HTTP, fits + b"\n")
        self.check(Guess.TEXT, b"{".ljust(FIRST_LINE_LIMIT + 1))
        self.check(Guess.TEXT, b"{".ljust(FIRST_LINE_LIMIT + 1, b" ") + b"}\n")

    @given(nearly | st.binary())
    @settings(max_examples=300)
    def test_chunks(self, data: bytes) -> None:
        """An answer is the same however the bytes arrive, and never taken back."""
        whole = sniff(data)
        steps = range(len(data)) if len(data) < 200 else range(0, len(data), 997)
        early = {sniff(data[:end]) for end in steps} - {None}
        self.assertLessEqual(early, {whole})

# ruff: noqa: N802, N803 (the spelling tells that Conch calls)
"""Whoever is refused reads why, in the language that was begun."""

import json
import ssl

from twisted.conch.ssh.transport import SSHClientTransport
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides

from chatd.chat.errors import Banned, Full, TooFast
from chatd.doors import refusal
from chatd.doors.refusal import PATIENCE, Refusal, in_words
from chatd.wire.sniff import Guess

TEXT = "There are too many. Try again in 3 s."


class WordsTests(SynchronousTestCase):
    """The same refusal, for each kind of client."""

    def test_people(self) -> None:
        """People in terminals read a line."""
        for guess in (Guess.TEXT, Guess.TELNET):
            self.assertEqual(in_words(guess, Full(TEXT)), f"! {TEXT}\r\n".encode())

    def test_programs(self) -> None:
        """Programs get an event with the code of the reason."""
        line = in_words(Guess.JSON, TooFast(TEXT))
        self.assertTrue(line.endswith(b"\n"))
        self.assertEqual(
            json.loads(line),
            {"event": "failed", "ref": None, "code": "too-fast", "text": TEXT},
        )

    def test_browsers(self) -> None:
        """Browsers get a status that says what kind of refusal it is."""
        for error, status in (
            (TooFast(TEXT), b"429 Too Many Requests"),
            (Banned(TEXT), b"403 Forbidden"),
            (Full(TEXT), b"503 Service Unavailable"),
        ):
            head, _, body = in_words(Guess.HTTP, error).partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 " + status + b"\r\n"))
            self.assertIn(b"Content-Length: %d\r\n" % len(body), head)
            self.assertEqual(body, f"{TEXT}\n".encode())

    def test_irc(self) -> None:
        """IRC clients show an ERROR."""
        self.assertEqual(in_words(Guess.IRC, Full(TEXT)), f"ERROR :{TEXT}\r\n".encode())

    def test_ssh(self) -> None:
        """SSH clients show why the server disconnects."""
        for length in range(20):
            text = TEXT + "!" * length
            client = _SshClient()
            client.makeConnection(StringTransport())
            client.dataReceived(in_words(Guess.SSH, Full(text)))
            self.assertEqual(client.told, text)

    def test_tls(self) -> None:
        """TLS clients get an alert, without a handshake: access is denied."""
        self.assertEqual(_tls_error(in_words(Guess.TLS, Banned(TEXT))), "ACCESS_DENIED")

    def test_no_tls(self) -> None:
        """Where TLS is off, its clients are told that there is no handshake."""
        self.assertEqual(_tls_error(refusal.TLS), "HANDSHAKE_FAILURE")


class RefusalTests(SynchronousTestCase):
    """A door that is not there says so, and hangs up."""

    def test_said(self) -> None:
        """The words are sent, and then the connection ends."""
        transport = StringTransport()
        door = Refusal(refusal.IRC, Clock()).buildProtocol(None)
        door.makeConnection(transport)
        self.assertEqual(transport.value(), refusal.IRC)
        self.assertTrue(transport.disconnecting)

    def test_not_read(self) -> None:
        """A peer that never reads the refusal is cut off."""
        clock, transport = Clock(), StringTransport()
        door = Refusal(refusal.TEXT, clock).buildProtocol(None)
        door.makeConnection(transport)
        alsoProvides(transport, ITCPTransport)
        clock.advance(PATIENCE - 0.1)
        self.assertFalse(transport.disconnected)
        clock.advance(0.1)
        self.assertTrue(transport.disconnected)

    def test_read(self) -> None:
        """When the peer is gone, nothing is left to be done."""
        clock, transport = Clock(), StringTransport()
        door = Refusal(refusal.TEXT, clock).buildProtocol(None)
        door.makeConnection(transport)
        door.connectionLost()
        self.assertEqual(clock.getDelayedCalls(), [])


class _SshClient(SSHClientTransport):
    told = ""

    def receiveError(self, reasonCode: int, description: bytes) -> None:
        self.told = description.decode()


def _tls_error(answer: bytes) -> str:
    """What a TLS client makes of these bytes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        incoming.write(answer)
    try:
        client.do_handshake()
    except ssl.SSLError as error:
        return error.reason.removeprefix("SSLV3_ALERT_").removeprefix("TLSV1_ALERT_")
    return ""

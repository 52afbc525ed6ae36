"""Clear words, in their own language, for clients whose door is not there."""

import json
import struct

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol

from chatd.chat.errors import Banned, ChatError, TooFast
from chatd.doors.transport import abort
from chatd.wire.sniff import Guess

# Seconds that a peer has to read the refusal.
PATIENCE = 2.0


class Refused(Protocol):
    """Says why, and hangs up."""

    def __init__(self, words: bytes, clock: IReactorTime) -> None:
        self._words = words
        self._clock = clock

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._words)
        self.transport.loseConnection()
        # A peer that never reads would otherwise keep the connection for ever.
        self._end = self._clock.callLater(PATIENCE, abort, self.transport)

    def connectionLost(self, reason: object = None) -> None:
        if self._end.active():
            self._end.cancel()


class Refusal(Factory):
    """
    Refuses every connection.

    @param words: What is said, complete with line ends and headers.
    """

    noisy = False

    def __init__(self, words: bytes, clock: IReactorTime) -> None:
        self._words = words
        self._clock = clock

    def buildProtocol(self, addr: IAddress | None) -> Refused:
        return Refused(self._words, self._clock)


def in_words(guess: Guess, error: ChatError) -> bytes:
    """
    Say why a connection is refused, in the language it speaks.

    In TLS nothing can be said: the handshake would cost more than the refusal saves.
    """
    text = error.text.encode()
    match guess:
        case Guess.TLS:
            return _alert(_ACCESS_DENIED)
        case Guess.HTTP:
            return _http(_STATUS.get(type(error), b"503 Service Unavailable"), text)
        case Guess.JSON:
            failed = {"event": "failed", "ref": None, "code": error.code}
            return json.dumps(failed | {"text": error.text}).encode() + b"\n"
        case Guess.IRC:
            return b"ERROR :%s\r\n" % text
        case Guess.SSH:
            return _ssh(text)
        case Guess.TEXT | Guess.TELNET:
            return b"! %s\r\n" % text


def _alert(number: int) -> bytes:
    """A fatal alert of TLS; see RFC 8446, section 6."""
    return bytes((0x15, 3, 1, 0, 2, 2, number))


def _ssh(text: bytes) -> bytes:
    """
    A version, and a disconnect; see RFC 4253, section 11.1.

    Lines before the version are shown by few clients, and not by OpenSSH.
    """
    payload = struct.pack(">BLL", 1, 11, len(text)) + text + struct.pack(">L", 0)
    padding = 4 + -(len(payload) + 9) % 8
    packet = struct.pack(">LB", 1 + len(payload) + padding, padding) + payload
    return b"SSH-2.0-chatd\r\n" + packet + bytes(padding)


def _http(status: bytes, text: bytes, kind: bytes = b"text/plain") -> bytes:
    return (
        b"HTTP/1.1 %s\r\n"
        b"Content-Type: %s; charset=utf-8\r\n"
        b"Content-Length: %d\r\n"
        b"X-Content-Type-Options: nosniff\r\n"
        b"Connection: close\r\n\r\n%s" % (status, kind, len(text) + 1, text + b"\n")
    )


_STATUS = {Banned: b"403 Forbidden", TooFast: b"429 Too Many Requests"}
_ACCESS_DENIED, _HANDSHAKE_FAILURE = 49, 40

_PAGE = b"""<!doctype html><title>chatd</title>
<h1>The page of this server is closed</h1>
<p>Behind it is a chat. Join it from a terminal with <code>nc</code> or
<code>telnet</code>, on the host and port that you typed just now.</p>"""

HTTP = _http(b"501 Not Implemented", _PAGE, b"text/html")
IRC = (
    b"ERROR :Closing link: this server does not speak IRC yet. "
    b"Join from a terminal with nc or telnet.\r\n"
)
SSH = _ssh(
    b"The door for SSH is closed on this server. Join with nc, telnet or openssl."
)
JSON = (
    b'{"event":"failed","ref":null,"code":"closed",'
    b'"text":"The JSON door of this server is closed."}\n'
)
TEXT = b"! The door for terminals is closed on this server.\r\n"
TLS = _alert(_HANDSHAKE_FAILURE)

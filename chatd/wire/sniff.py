"""Which door the first bytes of a connection mean."""

import json
import re
from enum import Enum, auto

# A first line that is not finished after so many bytes is nobody's protocol. The
# longest honest one is an HTTP request for a long address.
FIRST_LINE_LIMIT = 4096


class Guess(Enum):
    """What the peer speaks."""

    TLS = auto()
    SSH = auto()
    HTTP = auto()
    JSON = auto()
    IRC = auto()
    TELNET = auto()
    TEXT = auto()


def sniff(data: bytes) -> Guess | None:
    """
    Tell from its first bytes what a peer speaks.

    HTTP, JSON and IRC count only when the whole first line looks right: a person may
    well begin with C{GET} or C{{}. An answer never changes when more bytes arrive.

    @param data: Everything the peer has sent so far.
    @return: None while it could still become several things.
    """
    first = data[:1]
    if first not in _WORTH_A_LOOK:
        return Guess.TEXT
    if first == b"\xff":
        return Guess.TELNET
    if first == b"\x16":
        return _whole(data, (b"\x16\x03",), Guess.TLS)
    if first == b"S" and (guess := _whole(data, _SSH, Guess.SSH)) is not Guess.TEXT:
        return guess
    end = data.find(b"\n", 0, FIRST_LINE_LIMIT + 1)
    if end >= 0:
        return _line(data[:end].removesuffix(b"\r"))
    if len(data) <= FIRST_LINE_LIMIT and (
        first == b"{" or _HTTP_BEGUN.fullmatch(data) or _irc_begun(data)
    ):
        return None
    return Guess.TEXT


def _whole(data: bytes, marks: tuple[bytes, ...], guess: Guess) -> Guess | None:
    """Compare with marks that decide by themselves, without a whole line."""
    if data.startswith(marks):
        return guess
    return None if any(mark.startswith(data) for mark in marks) else Guess.TEXT


def _line(line: bytes) -> Guess:
    if line.startswith(b"{"):
        return Guess.JSON if _is_object(line) else Guess.TEXT
    if _HTTP.fullmatch(line):
        return Guess.HTTP
    if _IRC.fullmatch(line):
        return Guess.IRC
    return Guess.TEXT


def _is_object(line: bytes) -> bool:
    # Without "do" as well: the door explains what is missing, in JSON.
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _irc_begun(data: bytes) -> bool:
    return any(
        data.startswith(word) or word.startswith(data) for word in _IRC_WORDS
    ) or (data[:4].upper() == b"CAP "[: len(data)])


# Old versions too: the door refuses them, and they are nobody's name.
_SSH = (b"SSH-2.", b"SSH-1.")

_HTTP = re.compile(rb"[A-Z]{1,20} [^\x00-\x20\x7f]+ HTTP/[0-9]\.[0-9]")
_HTTP_BEGUN = re.compile(
    rb"[A-Z]{1,20}(?: (?:[^\x00-\x20\x7f]+(?: (?:H[TP/0-9.]{0,7}\r?)?)?)?)?"
)

# IRC clients send these words in capitals, and the arguments below. People in nc
# type mostly in lower case, and "nick bob" or "pass the salt" must not end in a door
# that answers with numerics. CAP with one of its subcommands nobody says: any case.
_IRC = re.compile(
    rb"(?i:CAP +(?:LS(?: +:?[0-9]+)?|LIST|END|REQ +[^ ].*)) *"
    rb"|(?:NICK|PASS) +(?::[^\x00]+|[^ :\x00][^ \x00]*) *"
    rb"|USER +[^ :\x00][^ \x00]*(?: +[^ :\x00][^ \x00]*){2} +(?::[^\x00]*|[^ \x00]+) *"
)
_IRC_WORDS = (b"NICK ", b"PASS ", b"USER ")

_WORTH_A_LOOK = frozenset(
    [b"", b"\x16", b"\xff", b"{", b"c"] + [bytes([c]) for c in range(65, 91)]
)

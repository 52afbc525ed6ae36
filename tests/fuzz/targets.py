"""
What must hold for any bytes at all: one function for each thing that is fed with them.

C{tests.fuzz.test_targets} tries each with random bytes in the normal run;
C{python -m benchmarks.fuzz} looks for bytes that reach code which no others reached.
A target returns if all is well, and raises C{AssertionError} or anything else if not.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IProtocolFactory
from twisted.logger import LogEvent, globalLogPublisher
from twisted.protocols.tls import TLSMemoryBIOFactory

from chatd.chat.clean import clean, clean_block
from chatd.chat.errors import BadName, ChatError
from chatd.chat.names import person_name, room_name
from chatd.chat.request import Refused, Request
from chatd.doors import refusal
from chatd.doors.gate import Gate
from chatd.doors.json import JSONFactory
from chatd.doors.person import _COSTLY
from chatd.doors.port import OnePort
from chatd.doors.program import Programs
from chatd.doors.refusal import Refusal
from chatd.doors.ssh.factory import SSHFactory
from chatd.doors.text import TextFactory
from chatd.doors.web.site import WebSite, make_root
from chatd.secrets.certificate import ReloadingContext, ensure_certificate
from chatd.testing import make_hub, nobody_is_exempt
from chatd.wire.editor import Editor
from chatd.wire.fold import fold
from chatd.wire.jsonline import read_request
from chatd.wire.keys import Keys
from chatd.wire.limits import Limits
from chatd.wire.order import read_order
from chatd.wire.outcome import Line
from chatd.wire.ranges import disposition, read_content_range, read_range
from chatd.wire.sniff import FIRST_LINE_LIMIT, Guess, sniff
from chatd.wire.telnet import Data, Telnet
from chatd.wire.typewriter import Typewriter
from chatd.wire.websocket import Broken, Closed, Frames, Incoming, Message
from tests.doors.ssh import HOST_KEY
from tests.doors.wire import Peer

LIMIT = 200  # bytes in a line, for editors
LIMITS = Limits(line=LIMIT)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_HARM = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def pieces(data: bytes) -> Iterator[bytes]:
    """Cut data as its first byte says, as networks do."""
    size = data[0] if data else 0
    rest = data[1:]
    for start in range(0, len(rest), size or len(rest) or 1):
        yield rest[start : start + (size or len(rest))]


def sniffing(data: bytes) -> None:
    """The answer is the same however the bytes come, and there always is one."""
    seen, first = b"", None
    for piece in pieces(data):
        seen += piece
        guess = sniff(seen)
        if first is not None:
            assert guess is first, "the answer changed"
        first = guess
    if seen:
        last = sniff(seen + b"\n" + bytes(FIRST_LINE_LIMIT + 1))
        assert last is not None, "there is no answer"
        assert first in (None, last), "the answer changed"


def requests(data: bytes) -> None:
    """A line is a request or refused, and no text in it is harmful."""
    request = read_request(data.decode("utf-8", "replace"))
    if isinstance(request, Refused):
        assert isinstance(request.error, ChatError)
        assert len(request.error.text) < 500, "a long refusal"
        shown = request.error.text
        assert not _HARM.search(shown), "harm in a refusal"
        return
    for text in _texts(request):
        assert not _HARM.search(text.replace("\n", "")), "harm in a request"


def orders(data: bytes) -> None:
    """What follows ssh HOST is understood, or refused in a sentence."""
    try:
        read_order(data.decode("utf-8", "replace"), lambda word: word == "me")
    except ChatError as refused:
        assert len(refused.text) < 500, "a long refusal"


def _texts(request: Request) -> Iterator[str]:
    for name in request.__slots__:
        value = getattr(request, name)
        if isinstance(value, str) and name != "ref":
            yield value


def telnet(data: bytes) -> None:
    """Telnet is taken apart in the same way however it comes, in bounded memory."""
    whole, cut = Telnet(), Telnet()
    whole.start()
    cut.start()
    all_at_once = _joined(whole.receive(data[1:]))
    in_pieces = _joined([one for p in pieces(data) for one in cut.receive(p)])
    assert all_at_once == in_pieces, "pieces make a difference"
    assert len(cut._subnegotiation) < 5_000, "a long subnegotiation is kept"
    assert len(cut.take_output()) <= 10 * len(data) + 100, "it answers too much"


def _joined(outcomes: list[Any]) -> list[Any]:
    joined: list[Any] = []
    for one in outcomes:
        if isinstance(one, Data) and joined and isinstance(joined[-1], Data):
            joined[-1] = Data(joined[-1].data + one.data)
        elif not isinstance(one, Data) or one.data:
            joined.append(one)
    return joined


def keys(data: bytes) -> None:
    """Keys and text come of it, and no control character in the text."""
    terminal = Keys()
    for piece in pieces(data):
        for key in terminal.receive(piece):
            assert not (isinstance(key, str) and _CONTROLS.search(key))
    assert len(terminal._sequence) < 100, "a long sequence is kept"


def editor(data: bytes) -> None:
    """A line never grows beyond its limit, and holds no control characters."""
    _type(Editor(limits=LIMITS, width=20, prompt="> ", complete=_complete), data)


def typewriter(data: bytes) -> None:
    """The same for those who cannot see."""
    _type(Typewriter(limits=LIMITS, prompt="> ", complete=_complete), data)


def _type(editor: Editor | Typewriter, data: bytes) -> None:
    editor.start()
    for piece in pieces(data):
        for outcome in editor.receive(piece):
            if isinstance(outcome, Line):
                text = outcome.text.replace("\n", "").replace("\t", "")
                assert not _CONTROLS.search(text), "a control in a line"
        assert len(editor.text.encode()) <= LIMIT, "a line that is too long"
        # Keys that write the line anew are counted, and slowed, by the door.
        anew = sum(byte in _COSTLY for byte in piece)
        most = 50 * len(piece) + 2 * LIMIT * anew + 5_000
        assert len(editor.take_output()) <= most, "it answers too much"
        editor.secret = len(piece) % 7 == 6
        editor.show(b"somebody: something\r\n")
    editor.stop()


def _complete(before: str) -> list[str]:
    return [word for word in ("ann", "anna", "bob") if word.startswith(before[-1:])]


def folding(data: bytes) -> None:
    """Nothing is lost by breaking lines."""
    text = clean(data[1:].decode("utf-8", "replace"))
    folded = fold(f"{text}\r\n".encode(), data[0] if data else 10).decode()
    assert folded.endswith("\r\n")
    kept = re.sub(r"\s", "", folded)
    assert kept == re.sub(r"\s", "", text), "something was lost"


def frames(data: bytes) -> None:
    """A WebSocket is read the same however it comes, and never more than allowed."""
    whole, cut = Frames(LIMIT), Frames(LIMIT)
    whole.feed(data[1:])
    expected = list(whole.incoming())
    found: list[Incoming] = []
    for piece in pieces(data):
        cut.feed(piece)
        found += cut.incoming()
        assert sum(map(len, cut._parts)) <= LIMIT, "too much is kept"
    # A frame may break two rules: which one is seen first depends on the pieces.
    kinds = [
        [type(one) if isinstance(one, Broken) else one for one in several]
        for several in (found, expected)
    ]
    assert kinds[0] == kinds[1], "pieces make a difference"
    for one in found:
        assert not isinstance(one, Message) or len(one.text.encode()) <= LIMIT
        assert not isinstance(one, Broken | Closed) or one is found[-1], "it goes on"


def ranges(data: bytes) -> None:
    """A part of a file lies within it, and the header of a name is one line."""
    text = data[1:].decode("latin-1")
    size = data[0] if data else 0
    part = read_range(text, size)
    if part is not None:
        assert part.length is not None
        assert 0 <= part.first <= part.first + part.length <= size
    sent = read_content_range(text)
    assert sent is None or sent.length, "an empty part"
    header = disposition(data.decode("utf-8", "replace")).decode()
    assert header.startswith('attachment; filename="')
    assert not re.search("[\x00-\x1f\x7f/\\\\]", header), "harm in a name"
    assert header.count('"') == 2, "the name goes on outside of it"


def names(data: bytes) -> None:
    """A name is refused, or is the same name again, and harmless."""
    text = data.decode("utf-8", "replace")
    for read in (person_name, room_name):
        try:
            name = read(text)
        except BadName as error:
            assert not _HARM.search(error.text.replace(text, "")), "harm in a refusal"
            continue
        assert not _HARM.search(name.shown)
        assert not re.search(r"\s", name.shown)
        assert read(name.shown) == name, "the name changes"
        assert read(name.shown).key == read(name.key).key, "the key is another name"


def cleaning(data: bytes) -> None:
    """What was cleaned is harmless, and stays as it is."""
    text = data.decode("utf-8", "surrogateescape")
    line, block = clean(text), clean_block(text)
    assert not _HARM.search(line)
    assert not _HARM.search(block.replace("\n", ""))
    assert (clean(line), clean_block(block)) == (line, block)


def port(data: bytes) -> None:
    """Whatever a connection sends, no error is logged, and it can be closed."""
    hub, one_port = _server()
    with _errors() as errors:
        peer = Peer(hub, one_port)
        for piece in pieces(data):
            if peer.wire.disconnecting or peer.wire.aborted:
                break
            peer.send(piece)
        hub.clock.advance(1.0)  # type: ignore[attr-defined]
        sent = peer.read()
        assert len(sent) < 100_000, "it answers too much"
        peer.lose(clean=len(data) % 2 == 0)
        hub.clock.advance(15.0)  # type: ignore[attr-defined]
    assert not errors, errors
    assert not len(one_port.gate.admission), "the connection is still counted"
    assert not hub.connections, "the session is still there"


@cache
def _server() -> tuple[Any, OnePort]:
    hub = make_hub()
    text = TextFactory(hub, exempt=nobody_is_exempt)
    programs = Programs(hub, exempt=nobody_is_exempt)
    doors: dict[Guess, IProtocolFactory] = {
        Guess.TEXT: text,
        Guess.TELNET: text,
        Guess.JSON: JSONFactory(hub, exempt=nobody_is_exempt),
        Guess.HTTP: WebSite(make_root(programs, tuple), hub.clock),
        Guess.IRC: Refusal(refusal.IRC, hub.clock),
        Guess.SSH: SSHFactory(hub, HOST_KEY, exempt=nobody_is_exempt),
        Guess.TLS: Refusal(refusal.TLS, hub.clock),
    }
    gate = Gate(hub.admission, hub.clock, nobody_is_exempt)
    return hub, OnePort(doors, hub.clock, lambda: 0.5, lambda: 10.0, gate)


def tls(data: bytes) -> None:
    """Whatever is no TLS ends the connection, without an error in the log."""
    hub, factory = _encrypted()
    with _errors() as errors:
        peer = Peer(hub, factory)
        for piece in pieces(data):
            if peer.wire.disconnecting or peer.wire.aborted:
                break
            peer.send(piece)
        peer.lose(clean=len(data) % 2 == 0)
        hub.clock.advance(15.0)
    assert not errors, errors


@cache
def _encrypted() -> tuple[Any, TLSMemoryBIOFactory]:
    hub, one_port = _server()
    folder = Path(tempfile.mkdtemp(prefix="chatd-fuzz-"))
    certificate, key = folder / "tls.crt", folder / "tls.key"
    ensure_certificate(certificate, key, ["localhost"])
    context = ReloadingContext(certificate, key)
    for file in (certificate, key):
        file.unlink()
    folder.rmdir()
    return hub, TLSMemoryBIOFactory(context, False, one_port)


class _errors:  # noqa: N801
    """Collects what is logged as an error."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def __enter__(self) -> list[str]:
        globalLogPublisher.addObserver(self._note)
        return self._found

    def __exit__(self, *problem: object) -> None:
        globalLogPublisher.removeObserver(self._note)

    def _note(self, event: LogEvent) -> None:
        if "log_failure" in event:
            self._found.append(event["log_failure"].getTraceback())


# Each with bytes from which to begin; and the modules of chatd/wire/ that it reaches.
TARGETS: dict[str, Callable[[bytes], None]] = {
    "sniff": sniffing,
    "requests": requests,
    "ranges": ranges,
    "orders": orders,
    "telnet": telnet,
    "keys": keys,
    "editor": editor,
    "typewriter": typewriter,
    "fold": folding,
    "frames": frames,
    "names": names,
    "clean": cleaning,
    "port": port,
    "tls": tls,
}
REACHES = {
    "sniff": "sniff",
    "jsonline": "requests",
    "order": "orders",
    "ranges": "ranges",
    "telnet": "telnet",
    "keys": "keys",
    "editor": "editor",
    "outcome": "editor",
    "limits": "editor",
    "row": "editor",
    "paste": "editor",
    "choices": "editor",
    "recall": "editor",
    "typed": "editor",
    "typewriter": "typewriter",
    "fold": "fold",
    "websocket": "frames",
}
_SSH = (
    b"\x00SSH-2.0-x\r\n\x00\x00\x00\xbc\x04\x14"
    + bytes(16)
    + b"".join(
        len(names).to_bytes(4, "big") + names
        for names in (
            b"curve25519-sha256",
            b"ssh-ed25519",
            *[b"aes128-ctr"] * 2,
            *[b"hmac-sha2-256"] * 2,
            *[b"none"] * 2,
            *[b""] * 2,
        )
    )
    + bytes(40)
)
_ENTER = b'{"do":"enter","name":"eve"}'
_FRAMES = (
    b"\x01\x83\x00\x00\x00\x00{} \x89\x81\x01\x02\x03\x04a\x80\x80\x00\x00\x00\x00"
    + bytes((0x81, 0x80 + len(_ENTER), 0, 0, 0, 0))
    + _ENTER
    + b"\x88\x82\x00\x00\x00\x00\x03\xe8"
)
SEEDS = {
    "sniff": [b"\x00GET / HTTP/1.1\r\n", b"\x03SSH-2.0-x\r\n", b"\x00CAP LS 302\r\n"],
    "orders": [
        b"say '#ops' it works",
        b"tail -n 50 -f #ops",
        b"--json /who lobby --json",
    ],
    "requests": [
        b'{"do":"enter","name":"ann","password":"x","resume":"1"}',
        b'{"do":"say","room":"ops","text":"a\\nb","key":"k","ref":1e3}',
        b'{"do":"history","person":"bob","before":"12","limit":20}',
        b'{"do":"seen","id":"9","room":"lobby","ref":[{}]}',
        b'{"do":"command","line":"/topic tea"}',
    ],
    "telnet": [
        b"\x00\xff\xfb\x18\xff\xfa\x18\x00xterm\xff\xf0a\r\x00",
        b"\x02\xff\xfa\x1f\x00\x50\xff\xff\x00\xff\xf0\xff\xfd\x01\xff\xec",
    ],
    "keys": [b"\x00a\x1b[A\x1b[1;5C\x1bOH\x7f\x15\r\n", b"\x01\xc3\xa4\x1b]0;x\x07"],
    "editor": [
        b"\x00abc\x1b[D\x1b[3~\x17\t\x1b[200~a\nb\n\x1b[201~\r",
        b"\x04\xc3\xa4e\xcc\x81\x12\r",
    ],
    "typewriter": [b"\x00abc\x7f\t\x15\x0c\x1b[A\r", b"\x04\xc3\xa4e\xcc\x81\r"],
    "fold": [b"\x00[21:45] #ops ann -> bob: " + b"a long line of words " * 4],
    "frames": [b"\x00" + _FRAMES, b"\x03" + _FRAMES],
    "ranges": [
        b"\x64bytes=10-19",
        b"\x64bytes 0-9/100",
        b"\x09bytes 0-3/*",
        b'../../a"; b\r\nc',
        b'\x09a "b" \xc3\xa4.txt',
    ],
    "names": ["Ännchen".encode(), b"bob_2.x", "Ωmega".encode(), "アリス".encode()],
    "clean": ["a\x1b[0m\r\n\u202eb\u2028".encode(), b"\xff\xed\xa0\x80"],
    "port": [
        b"\x00ann\n/join ops\nhello\n/who\n/quit\n",
        b"\x05/register ann seven-small-rain-clouds\nhello\n/set colour on\n",
        b"\x00ann\r\n\xff\xfb\x18\xff\xfd\x01\xff\xfd\x03abc\x1b[D\r/history\r",
        b'\x00{"do":"enter","name":"eve"}\n{"do":"say","text":"x"}\n',
        b"\x00GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x07GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket"
        b"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
        b"\r\n\r\n" + _FRAMES,
        b"\x00POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nab\r\n0\r\n\r\nHEAD /x HTTP/1.0\r\nExpect: 100-continue\r\n"
        b"Content-Length: 3\r\n\r\nabc",
        b"\x00NICK a\r\nUSER a a a a\r\n",
        b"\x00\x16\x03\x01",
        _SSH,
    ],
    "tls": [b"\x00\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + bytes(41)],
}

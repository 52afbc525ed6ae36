"""Tests for L{chatd.doors.web.websocket}."""

import json
from typing import Any, cast

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.web.resource import Resource
from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode

from chatd.chat.queue import LAST_WORDS
from chatd.chat.rules import Rules
from chatd.doors.connection import PATIENCE
from chatd.doors.program import ABUSE, DEAD, ROUND, SILENCE, longest_line
from chatd.doors.web.page import Folder
from chatd.doors.web.websocket import FRAMES_BURST, WebSocket
from chatd.testing import join, result, turn, type_in
from tests.doors.web.browser import Browser, Response, WebCase, request

Fields = dict[str, Any]

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = {
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "WebSocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": KEY,
}


class Socket(Browser):
    """
    A page at the other end of a WebSocket.

    @ivar closed: The code and reason with which the server closed it.
    @ivar asked: What it was pinged with.
    @ivar answered: What its own pings were answered with.
    """

    def __init__(self, *given: Any, **how: Any) -> None:
        super().__init__(*given, **how)
        self.frames = FrameProtocol(client=True, extensions=[])
        self.closed: tuple[int, str] | None = None
        self.asked: list[bytes] = []
        self.answered: list[bytes] = []

    def open(self, rest: bytes = b"", **headers: str) -> list[Fields]:
        """Open it, and read what comes at once."""
        given = {**HANDSHAKE, **headers}
        data = self.send(request("GET", "/ws", **given) + rest)
        top, _, data = data.partition(b"\r\n\r\n")
        assert top.startswith(b"HTTP/1.1 101 "), top
        return self.take(data)

    def do(self, *requests: Fields) -> list[Fields]:
        """Send requests in one piece, and read what comes back."""
        return self.raw(b"".join(self.message(one) for one in requests))

    def raw(self, *pieces: bytes) -> list[Fields]:
        """Send bytes, and read what comes back."""
        return self.take(self.send(*pieces))

    def events(self) -> list[Fields]:
        """What came since the last time."""
        return self.take(self.read())

    def message(self, fields: Fields | str) -> bytes:
        """A frame for it."""
        text = fields if isinstance(fields, str) else json.dumps(fields)
        return bytes(self.frames.send_data(text))

    def take(self, data: bytes) -> list[Fields]:
        """The events of frames."""
        self.frames.receive_bytes(data)
        found = []
        for frame in self.frames.received_frames():
            if frame.opcode is Opcode.TEXT:
                assert frame.message_finished
                found.append(json.loads(str(frame.payload)))
            elif frame.opcode is Opcode.CLOSE:
                code, reason = cast(tuple[int, str], frame.payload)
                self.closed = int(code), reason
            elif frame.opcode is Opcode.PING:
                self.asked.append(cast(bytes, frame.payload))
            elif frame.opcode is Opcode.PONG:
                self.answered.append(cast(bytes, frame.payload))
        return found


class SocketCase(WebCase):
    """A site with a WebSocket."""

    def make_root(self) -> Resource:
        root = Folder()
        self.origins: list[str] = []
        self.all = self.programs()
        root.putChild(b"ws", WebSocket(self.all, lambda: self.origins))
        return root

    def socket(self, *, secure: bool = True, **headers: str) -> Socket:
        """A page that has read the hello."""
        socket = Socket(self.hub, self.site, secure=secure)
        (hello,) = socket.open(**headers)
        self.assertEqual((hello["event"], hello["secure"]), ("hello", secure))
        return socket

    def enter(self, name: str) -> Socket:
        """A page by which somebody has come in."""
        socket = self.socket()
        done, *_ = socket.do({"do": "enter", "name": name, "ref": 1})
        self.assertEqual((done["event"], done["ref"]), ("done", 1))
        return socket


class OpeningTests(SocketCase):
    """A WebSocket is opened by those who may, and say so rightly."""

    def refused(self, status: int, **headers: str | None) -> Response:
        """Ask for it in a way that is refused."""
        given = {**HANDSHAKE, **headers}
        browser = self.browser()
        response = browser.ask(
            "GET", "/ws", **{name: value for name, value in given.items() if value}
        )
        self.assertEqual(response.status, status, response)
        self.assertFalse(self.hub.connections)
        return response

    def test_opened(self) -> None:
        """The answer proves that the server has understood; see RFC 6455."""
        browser = self.browser()
        data = browser.send(request("GET", "/ws", **HANDSHAKE))
        self.assertTrue(data.startswith(b"HTTP/1.1 101 Switching Protocols\r\n"))
        self.assertIn(b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", data)
        (session,) = self.hub.connections
        self.assertEqual((session.kind, session.address), ("web", "192.0.2.1"))

    def test_on_an_open_connection(self) -> None:
        """Also on a connection that was used for other things before."""
        socket = Socket(self.hub, self.site, secure=True)
        self.assertEqual(socket.ask("GET", "/nothing").status, 404)
        (hello,) = socket.open()
        self.assertEqual(hello["event"], "hello")

    def test_at_once(self) -> None:
        """What comes together with the request is not lost."""
        socket = Socket(self.hub, self.site)
        hello, done, _ = socket.open(
            socket.message({"do": "enter", "name": "ann", "ref": 1})
        )
        self.assertEqual((hello["event"], done["name"]), ("hello", "ann"))

    def test_no_upgrade(self) -> None:
        """Who opens the address in a browser is told what it is."""
        response = self.refused(426, Upgrade=None)
        self.assertEqual(response.headers["upgrade"], "websocket")
        self.refused(426, Connection="close")
        self.refused(426, Upgrade="h2c")

    def test_version(self) -> None:
        """Other versions are refused, and the right one is named."""
        response = self.refused(426, Sec_WebSocket_Version="8")
        self.assertEqual(response.headers["sec-websocket-version"], "13")
        self.refused(426, Sec_WebSocket_Version=None)

    def test_key(self) -> None:
        """The key must be one."""
        self.refused(400, Sec_WebSocket_Key=None)
        self.refused(400, Sec_WebSocket_Key="dG9vIHNob3J0")
        self.refused(400, Sec_WebSocket_Key="not base64!!")
        self.refused(400, Sec_WebSocket_Key="ä" * 10)

    def test_old(self) -> None:
        """HTTP/1.0 cannot."""
        data = request("GET", "/ws", **HANDSHAKE).replace(b"HTTP/1.1", b"HTTP/1.0")
        answer = self.browser().send(data)
        self.assertIn(b"426 Upgrade Required", answer)

    def test_method_and_path(self) -> None:
        """It is at its address, and it is got."""
        self.assertEqual(self.browser().ask("POST", "/ws", **HANDSHAKE).status, 405)
        self.assertEqual(self.browser().ask("GET", "/ws/x", **HANDSHAKE).status, 404)

    def test_head(self) -> None:
        """Who asks for the headers only opens nothing."""
        response = self.browser().ask("HEAD", "/ws", **HANDSHAKE)
        self.assertEqual((response.status, response.headers["allow"]), (405, "GET"))
        self.assertFalse(self.hub.connections)

    def test_own_origin(self) -> None:
        """A page of this server may come, and what is no page at all."""
        for origin in (
            "https://chat.example",
            "http://chat.example",
            "HTTP://CHAT.example",
        ):
            self.socket(Origin=origin)
        self.socket()

    def test_foreign_origin(self) -> None:
        """Pages of other sites may not: they would act for whoever looks at them."""
        for origin in (
            "https://evil.example",
            "https://chat.example.evil.example",
            "https://chat.example:8443",
            "https://evil.example/chat.example",
            "null",
            "file://chat.example",
            "chat.example",
        ):
            response = self.refused(403, Origin=origin)
            self.assertIn("Pages of other sites may not come in", response.text)

    def test_allowed_origin(self) -> None:
        """Unless the operator allows them."""
        self.origins.append("https://Intranet.example/")
        self.refused(403, Origin="http://intranet.example")
        self.socket(Origin="https://intranet.example")

    def test_closed(self) -> None:
        """A server that stops says so, and closes."""
        self.hub.closing = "Good night."
        socket = Socket(self.hub, self.site)
        (failed,) = socket.open()
        self.assertEqual((failed["event"], failed["text"]), ("failed", "Good night."))
        self.assertEqual(socket.closed, (1001, "Good night."))
        self.assertEqual(socket.do({"do": "ping"}), [])
        self.clock.advance(PATIENCE)
        self.assertTrue(socket.wire.aborted)


class TalkingTests(SocketCase):
    """The JSON protocol, a message a frame."""

    def test_talk(self) -> None:
        """Two people talk, one of them with nc."""
        ann = self.enter("ann")
        bob, door = join(self.hub, "bob")
        door.take()
        (joined, *_) = ann.events()
        self.assertEqual(joined["event"], "arrived")
        (done,) = ann.do({"do": "say", "text": "hä?", "ref": "r"})
        self.assertEqual((done["event"], done["ref"]), ("done", "r"))
        (said,) = cast(Any, door.take())
        self.assertEqual((said.sender.name, said.text), ("ann", "hä?"))
        type_in(self.hub, bob, "ja")
        (said,) = ann.events()
        self.assertEqual((said["event"], said["text"]), ("said", "ja"))

    def test_rendered_once(self) -> None:
        """Readers share what is rendered and framed."""
        pages = [self.enter(name) for name in ("ann", "bob", "cho")]
        for page in pages:
            page.events()
        written: list[bytes] = []
        for session in self.hub.connections:
            send = session.door.send

            def write(data: bytes, send: Any = send) -> None:
                written.append(data)
                send(data)

            session.door.send = write  # type: ignore[method-assign]
        dan, _ = join(self.hub, "dan")
        written.clear()
        type_in(self.hub, dan, "one")
        self.assertEqual(len(written), 3)
        self.assertIs(written[0], written[1])
        self.assertIs(written[1], written[2])

    def test_one_write(self) -> None:
        """All that happens in a turn is one write of several frames."""
        ann = self.enter("ann")
        bob, _ = join(self.hub, "bob")
        ann.events()
        for text in ("one", "two", "three"):
            bob.receive(text)
        self.assertEqual(
            [said["text"] for said in ann.events()], ["one", "two", "three"]
        )

    def test_nonsense(self) -> None:
        """What is no request is answered; what is never one ends the connection."""
        page = self.enter("ann")
        (failed,) = page.raw(page.message("hello"))
        self.assertEqual(failed["code"], "bad-request")
        page.do({"do": "ping"})
        (*answers, closing) = page.raw(*[page.message("[]")] * ABUSE)
        self.assertEqual(closing["event"], "closing")
        self.assertEqual(page.closed, (1008, ""))
        self.assertEqual({one["code"] for one in answers}, {"bad-request"})

    def test_too_long(self) -> None:
        """A message is as long as a line may be, and no longer."""
        page = self.socket()
        limit = longest_line(self.hub.rules, entered=False)
        fits = json.dumps({"do": "ping", "x": ""})[:-2]
        fits += "a" * (limit - len(fits) - 2) + '"}'
        (done,) = page.raw(page.message(fits))
        self.assertEqual(done["event"], "done")
        (closing,) = page.raw(page.message(f"{fits} "))
        self.assertEqual(closing["event"], "closing")
        self.assertEqual(
            page.closed, (1009, f"a message has at most {limit} bytes here")
        )

    def test_longer_inside(self) -> None:
        """Whoever has come in may say more."""
        page = self.enter("ann")
        limit = longest_line(self.hub.rules, entered=True)
        fits = json.dumps({"do": "ping", "x": "a" * (limit - 23)})
        self.assertEqual(len(fits), limit)
        (done,) = page.raw(page.message(fits))
        self.assertEqual(done["event"], "done")
        page.raw(page.message(f"{fits} "))
        self.assertEqual(cast(Any, page.closed)[0], 1009)

    def test_bytes(self) -> None:
        """Messages of bytes are refused."""
        page = self.socket()
        page.raw(bytes(page.frames.send_data(b"\x00")))
        self.assertEqual(page.closed, (1003, "messages are text here, not bytes"))

    def test_not_utf8(self) -> None:
        """So is what is no text."""
        page = self.socket()
        data = bytearray(page.frames.send_data(b"\xff"))
        data[0] = 0x81
        page.raw(bytes(data))
        self.assertEqual(page.closed, (1007, "it sent a message that is not UTF-8"))

    def test_garbage(self) -> None:
        """And what does not speak WebSocket."""
        page = self.socket()
        page.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(cast(Any, page.closed)[0], 1002)
        self.clock.advance(PATIENCE)
        self.assertTrue(page.wire.aborted)


class ControlTests(SocketCase):
    """Whether the other side is there, and the end."""

    def test_pinged(self) -> None:
        """A question is answered with what it holds."""
        page = self.socket()
        self.assertEqual(page.raw(bytes(page.frames.ping(b"?"))), [])
        self.assertEqual(page.answered, [b"?"])

    def test_flood_of_pings(self) -> None:
        """Of many in one read the last is answered, and none to who does not read."""
        page = self.socket()
        pings = [bytes(page.frames.ping(b"%d" % number)) for number in range(100)]
        page.raw(b"".join(pings))
        self.assertEqual(page.answered, [b"99"])
        page.wire.producer.pauseProducing()
        page.raw(b"".join(pings))
        self.assertEqual(page.answered, [b"99"])

    def test_flood_of_frames(self) -> None:
        """So many frames are read at once, and the others a little later."""
        page = self.enter("ann")
        self.hub.rules = Rules()
        empty = b"\x80\x80" + bytes(4)
        begun = b"\x01\x80" + bytes(4)
        page.raw(begun + (b"\x00\x80" + bytes(4)) * 2 * FRAMES_BURST)
        self.assertEqual(page.wire.producerState, "paused")
        ping = bytes(page.frames.ping(b"?"))
        page.raw(empty + ping)
        self.assertEqual(page.answered, [])
        for _ in range(50):
            self.clock.advance(0.1)
        page.events()
        self.assertEqual(page.answered, [b"?"])
        self.assertEqual(page.wire.producerState, "producing")
        page.raw(begun + (b"\x00\x80" + bytes(4)) * 2 * FRAMES_BURST)
        page.lose()

    def test_silent(self) -> None:
        """A silent page is asked whether it is there; browsers answer by themselves."""
        page = self.enter("ann")
        self.clock.advance(SILENCE)
        for _ in range(3):
            self.clock.advance(ROUND)
        self.assertEqual(page.events(), [])
        self.assertEqual(page.asked, [b""])
        page.raw(bytes(page.frames.pong(b"")))
        self.clock.advance(DEAD - ROUND)
        self.assertIsNone(page.closed)

    def test_dead(self) -> None:
        """One that does not answer is let go, and seen to leave."""
        page = self.enter("ann")
        for _ in range(int(DEAD / ROUND) + 1):
            self.clock.advance(ROUND)
        page.events()
        self.assertEqual(page.closed, (1008, ""))
        self.assertEqual(len(self.hub.presence), 0)
        self.clock.advance(PATIENCE)
        self.assertTrue(page.wire.aborted)

    def test_page_closes(self) -> None:
        """A page that closes is answered in kind, after what it has asked for."""
        page = self.enter("ann")
        _, door = join(self.hub, "bob")
        end = bytes(page.frames.close(CloseReason.GOING_AWAY))
        got = page.raw(page.message({"do": "say", "text": "bye"}) + end)
        self.assertIn("done", [one["event"] for one in got])
        self.assertEqual(page.closed, (1001, ""))
        self.assertTrue(page.wire.disconnecting)
        self.assertIn("bye", [getattr(one, "text", "") for one in door.events])
        page.lose()
        self.assertEqual(len(self.hub.presence), 1)

    def test_page_closes_without_a_code(self) -> None:
        """A code need not be given."""
        page = self.socket()
        page.raw(bytes(page.frames.close()))
        self.assertEqual(page.closed, (1000, ""))

    def test_server_closes(self) -> None:
        """The server says why, waits a moment for the page, and ends it."""
        page = self.enter("ann")
        (closing,) = [
            one
            for one in page.do({"do": "command", "line": "/quit"})
            if one["event"] == "closing"
        ]
        self.assertTrue(closing["text"].startswith("Bye."))
        self.assertEqual(page.closed, (1000, ""))
        self.assertFalse(page.wire.disconnecting)
        page.send(page.message({"do": "say", "text": "too late"}))
        page.send(bytes(page.frames.close(1000)))
        self.assertTrue(page.wire.disconnecting)
        page.lose()
        self.clock.advance(PATIENCE)
        self.assertFalse(page.wire.aborted)

    def test_server_stops(self) -> None:
        """When the server stops, the code says so."""
        page = self.enter("ann")
        result(self.hub.close("Good night.", 3.0))
        (closing,) = page.events()
        self.assertEqual(
            (closing["event"], closing["text"]), ("closing", "Good night.")
        )
        self.assertEqual(page.closed, (1001, "Good night."))

    def test_lost(self) -> None:
        """A connection that breaks is seen as one that left."""
        page = self.enter("ann")
        page.lose(clean=False)
        self.assertFalse(self.hub.connections)
        self.assertEqual(len(self.hub.presence), 0)

    def test_half_closed(self) -> None:
        """A half-closed connection has nothing more to say."""
        page = self.enter("ann")
        IHalfCloseableProtocol(page.protocol).readConnectionLost()
        turn(self.hub)
        page.events()
        self.assertEqual(page.closed, (1000, ""))


class PressureTests(SocketCase):
    """Nobody waits for a slow page, and a fast one is slowed."""

    rules = Rules(throttle=False, server="chat.example", outbox_bytes=20_000)

    def test_slow_reader(self) -> None:
        """A page that does not read is told so, and let go."""
        page = self.enter("ann")
        bob, _ = join(self.hub, "bob")
        page.wire.producer.pauseProducing()
        for _ in range(30):
            type_in(self.hub, bob, "a" * 1_000)
        *_, closing = page.events()
        self.assertIn("does not read", closing["text"])
        self.assertEqual(page.closed, (1008, ""))

    def test_drained(self) -> None:
        """One that reads on gets all of it."""
        page = self.enter("ann")
        bob, _ = join(self.hub, "bob")
        page.events()
        page.wire.producer.pauseProducing()
        type_in(self.hub, bob, "one", "two")
        self.assertEqual(page.events(), [])
        page.wire.producer.resumeProducing()
        self.assertEqual([said["text"] for said in page.events()], ["one", "two"])

    def test_slowed(self) -> None:
        """Who sends too fast is slowed: reading stops, and nothing is lost."""
        for several in (True, False):
            page = self.enter(f"ann{several:d}")
            page.events()
            self.hub.rules = Rules()
            frames = [
                page.message({"do": "ping", "ref": number}) for number in range(100)
            ]
            got = page.raw(*frames) if several else page.raw(b"".join(frames))
            self.assertEqual(page.wire.producerState, "paused")
            self.assertLess(len(got), 30)
            for _ in range(100):
                self.clock.advance(0.2)
                got += page.events()
            answers = [one["ref"] for one in got if one["event"] == "done"]
            self.assertEqual(answers, list(range(100)))
            self.assertEqual(page.wire.producerState, "producing")

    def test_last_words(self) -> None:
        """What was sent before the connection went is still said."""
        page = self.enter("ann")
        _, door = join(self.hub, "bob")
        door.take()
        page.protocol._door.pause()
        page.send(page.message({"do": "say", "text": "bye"}))
        self.assertEqual(door.take(), [])
        page.lose()
        self.assertIn("bye", [getattr(one, "text", "") for one in door.events])

    def test_many_last_words(self) -> None:
        """Of one who is gone so many frames are looked at: others wait meanwhile."""
        _, door = join(self.hub, "bob")
        heard = []
        for name, before in (("ann", LAST_WORDS - 1), ("cho", LAST_WORDS)):
            page = self.enter(name)
            door.take()
            page.protocol._door.pause()
            pongs = b"".join(bytes(page.frames.pong(b"")) for _ in range(before))
            page.send(pongs + page.message({"do": "say", "text": "bye"}))
            page.lose()
            heard.append("bye" in [getattr(one, "text", "") for one in door.events])
        self.assertEqual(heard, [True, False])

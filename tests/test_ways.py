"""Tests for L{chatd.ways}: the settings decide which doors there are, and where."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.protocols.tls import TLSMemoryBIOFactory

from chatd.operate.listening import Place
from chatd.operate.settings import Settings, load
from chatd.secrets.certificate import ReloadingContext, ensure_certificate
from chatd.ways import Ways
from chatd.wire.sniff import Guess
from tests.doors.wire import DoorCase, Peer

# What is loaded too early, and what too late.
LAZINESS = """
import sys
from importlib import import_module
from pathlib import Path
from twisted.internet.task import Clock
import chatd.service
from chatd.operate.settings import load
from chatd.secrets.host_key import host_key
from chatd.testing import make_hub
key, _ = host_key(Path(sys.argv[1]))
ways = chatd.service.Ways(make_hub(), load({}, {}), None, Clock(), key)
ways.places(), ways.console()
heavy = ("twisted.web", "twisted.conch", "wsproto", "h11", "wcwidth", "chatd.doors.web",
         "chatd.doors.ssh")
print("before", [name for name in sys.modules if name.startswith(heavy)])
for name in ways.modules:
    import_module(name)
loaded = set(sys.modules)
ways.complete()
print("more", set(sys.modules) - loaded)
"""


def given(**options: Any) -> Settings:
    """Settings as on the command line."""
    options = {name.replace("_", "-"): value for name, value in options.items()}
    return load(options, {})


class WaysCase(DoorCase):
    """A hub with ways in."""

    def setUp(self) -> None:
        super().setUp()
        folder = Path(self.mktemp())
        folder.mkdir()
        crt, key = folder / "tls.crt", folder / "tls.key"
        ensure_certificate(crt, key)
        self.context = ReloadingContext(crt, key)

    def ways(self, **options: Any) -> Ways:
        """Those that the settings make."""
        settings = given(**options)
        context = self.context if settings.doors.tls else None
        return Ways(self.hub, settings, context, self.clock)

    def places(self, **options: Any) -> list[Place]:
        """Where is listened."""
        return self.ways(**options).places()

    def peer(self, place: Place, address: str = "192.0.2.1") -> Peer:
        """Somebody who comes there."""
        return Peer(self.hub, place.factory, address=address)


class PlacesTests(WaysCase):
    """Where the server listens."""

    def test_one(self) -> None:
        """One port is enough."""
        (place,) = self.places()
        self.assertEqual((place.where, place.interface), (5050, ""))

    def test_more(self) -> None:
        """More ports and endpoints are added to it."""
        places = self.places(
            port="6000",
            interface="192.0.2.7",
            listen=["tcp:6001", "haproxy:tcp:6002", "tls:6005:interface=192.0.2.7"],
            tls_port="6003",
            telnet_port="6004",
        )
        self.assertEqual(
            [(place.where, place.interface) for place in places],
            [
                (6000, "192.0.2.7"),
                ("tcp:6001", ""),
                ("haproxy:tcp:6002", ""),
                ("tcp:6005:interface=192.0.2.7", ""),
                (6003, "192.0.2.7"),
                (6004, "192.0.2.7"),
            ],
        )
        one, same, proxied, *_ = [place.factory for place in places]
        self.assertIs(one, same)
        self.assertTrue(getattr(proxied, "proxied", False))

    def test_tls_port(self) -> None:
        """A port for TLS says in clear words that it takes nothing else."""
        for options in ({"tls_port": "6003"}, {"listen": ["tls:6003"]}):
            with self.subTest(options=options):
                self.check_tls_port(**options)

    def check_tls_port(self, **options: Any) -> None:
        """One that the settings open beside the one port."""
        _, place = self.places(**options)
        peer = self.peer(place)
        self.assertEqual(
            peer.send(b"ann\n"),
            b"! This port takes encrypted connections only (TLS).\r\n",
        )
        self.assertTrue(peer.wire.disconnecting)
        silent = self.peer(place)
        self.clock.advance(9.9)
        self.assertEqual(silent.read(), b"")
        self.clock.advance(0.2)
        self.assertTrue(silent.wire.aborted)
        doors: Any = place.factory
        self.assertIsInstance(doors.doors[Guess.TLS], TLSMemoryBIOFactory)

    def test_telnet_port(self) -> None:
        """A port for telnet begins to negotiate at once."""
        _, place = self.places(telnet_port="6004")
        peer = self.peer(place)
        self.clock.advance(0)
        self.assertTrue(peer.read().startswith(b"\xff\xfb\x01"))


class ConsoleTests(WaysCase):
    """The console's own listener."""

    def test_off(self) -> None:
        """It can be switched off."""
        self.assertIsNone(self.ways(console="off").console())

    def test_alone(self) -> None:
        """By default it is on this machine alone; there is the console, and no chat."""
        place = self.ways().console()
        assert place is not None
        self.assertEqual(place.where, "tcp:5051:interface=127.0.0.1")
        peer = self.peer(place, "127.0.0.1")
        answer = peer.send(b"GET /console HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b" 200 OK", answer)
        peer = self.peer(place, "127.0.0.1")
        answer = peer.send(b"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b" 404 ", answer)
        for said in (b"ann\n", b'{"do":"ping"}\n'):
            answer = self.peer(place, "127.0.0.1").send(said)
            self.assertIn(b"This is the operator's console", answer)
        self.assertFalse(self.hub.connections)

    def test_late(self) -> None:
        """A browser that says nothing for a while is answered all the same."""
        place = self.ways().console()
        assert place is not None
        peer = self.peer(place, "127.0.0.1")
        self.clock.advance(9)
        self.assertEqual(peer.read(), b"")
        answer = peer.send(b"GET /console HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b" 200 OK", answer)

    def test_crowded(self) -> None:
        """Who floods the chat does not lock the operator out."""
        ways = self.ways()
        self.hub.admission.most = 1
        (chat, *_), place = ways.places(), ways.console()
        assert place is not None
        for _ in range(3):
            answer = self.peer(chat, "198.51.100.7").send(b"ann\n")
        self.assertIn(b"all the connections it can have", answer)
        peer = self.peer(place, "127.0.0.1")
        answer = peer.send(b"GET /console HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b" 200 OK", answer)


class DoorsTests(WaysCase):
    """Which doors there are."""

    def answer(self, data: bytes, **options: Any) -> bytes:
        """What somebody is told who comes to the one port and says this."""
        peer = self.peer(self.places(**options)[0])
        answer = peer.send(data)
        peer.lose()
        return answer

    def test_open(self) -> None:
        """People and programs come in by the same port."""
        self.assertIn(b"* You are ann, a guest.", self.answer(b"ann\n"))
        self.assertIn(b'"event":"done"', self.answer(b'{"do":"ping"}\n'))

    def test_closed(self) -> None:
        """A door that was switched off says so in its language."""
        self.assertEqual(
            self.answer(b"ann\n", doors_text="false"),
            b"! The door for terminals is closed on this server.\r\n",
        )
        self.assertIn(
            b'"code":"closed"', self.answer(b'{"do":"ping"}\n', doors_json="false")
        )
        self.assertEqual(
            self.answer(b"\x16\x03\x01", doors_tls="false")[:1], b"\x15", "an alert"
        )
        self.assertIn(
            b"HTTP/1.1 501 ", self.answer(b"GET / HTTP/1.1\r\n", doors_web="false")
        )

    def test_browsers(self) -> None:
        """Browsers get the page, and machines what they look after."""
        for path, words in (
            (b"/", b"<!doctype html>"),
            (b"/health", b"well\n"),
            (b"/ws", b"Here is a WebSocket"),
            (b"/metrics", b"Figures are shown to"),
        ):
            request = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path
            self.assertIn(words, self.answer(request))

    def test_laziness(self) -> None:
        """What only SSH or the web needs is loaded when the server listens, and all."""
        loaded = subprocess.run(
            [sys.executable, "-c", LAZINESS, self.mktemp()],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(loaded.stdout, "before []\nmore set()\n")

    def test_complete(self) -> None:
        """Doors that were built in time are the ones that are used."""
        ways = self.ways()
        (place,) = ways.places()
        ways.complete()
        answer = self.peer(place).send(b"GET / HTTP/1.0\r\n\r\n")
        self.assertIn(b"<!doctype html>", answer)

    def test_no_telnet(self) -> None:
        """Without the telnet door, telnet is spoken to as nc."""
        self.assertIn(b"\xff\xfb", self.answer(b"ann\r\n"))
        self.assertNotIn(b"\xff", self.answer(b"ann\r\n", doors_telnet="false"))
        self.assertNotIn(b"\xff", self.answer(b"ann\r\n", telnet="off"))

    def test_inside(self) -> None:
        """Inside TLS there is no TLS."""
        (place,) = self.places()
        tls: Any = place.factory
        inside = tls.doors[Guess.TLS].wrappedFactory
        peer = Peer(self.hub, inside, secure=True)
        self.assertEqual(peer.send(b"\x16\x03\x01")[:1], b"\x15")
        peer = Peer(self.hub, inside, secure=True)
        self.assertIn(b"* This line is encrypted.", peer.send(b"ann\n"))


class AdoptTests(WaysCase):
    """A reload changes what it can."""

    def test_live(self) -> None:
        """Times, telnet and pastes change for those who come after it."""
        ways = self.ways()
        (place,) = ways.places()
        ways.adopt(given(text_greet_after="5", telnet="off", limits_paste_from="2"))
        peer = self.peer(place)
        self.clock.advance(4.9)
        self.assertEqual(peer.read(), b"")
        self.clock.advance(0.1)
        self.assertIn(b"* Welcome", peer.read())
        self.assertNotIn(b"\xff", peer.send(b"ann\r\n"))
        bob = self.peer(place)
        bob.send(b"bob\n")
        bob.send(b"1\n2\n")
        self.assertIn(b"bob pasted 2 lines", peer.read())

    def test_web(self) -> None:
        """Who may see figures, which pages may come, and how much is a request."""
        ways = self.ways()
        (place,) = ways.places()
        ways.adopt(
            given(
                web_metrics_from=["192.0.2.0/24"],
                web_origins=["https://intranet.example"],
                web_header_bytes="1500",
                web_body_bytes="2000",
                web_idle="5",
                web_request_within="2",
            )
        )
        head = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
        self.assertIn(b"chatd_people 0", self.peer(place).send(head + b"\r\n"))
        long = b"X: " + b"a" * 1_500 + b"\r\n\r\n"
        self.assertIn(b"HTTP/1.1 431 ", self.peer(place).send(head + long))
        body = b"Content-Length: 2001\r\n\r\n"
        self.assertIn(b"HTTP/1.1 413 ", self.peer(place).send(head + body))
        slow = self.peer(place)
        slow.send(head)
        self.clock.advance(2.1)
        self.assertIn(b"HTTP/1.1 408 ", slow.read())
        idle = self.peer(place)
        idle.send(head + b"\r\n")
        self.clock.advance(5.1)
        self.assertTrue(idle.wire.disconnecting)
        socket = (
            b"GET /ws HTTP/1.1\r\nHost: x\r\nOrigin: https://intranet.example\r\n"
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
            b"\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        self.assertIn(b"HTTP/1.1 101 ", self.peer(place).send(socket))

    def test_exempt(self) -> None:
        """Limits per address do not hold for these networks, and UNIX sockets."""
        ways = self.ways(limits_exempt=["192.0.2.0/24"])
        (place,) = ways.places()
        for address, exempt in (
            ("192.0.2.9", True),
            ("198.51.100.1", False),
            ("/run/chatd", True),
        ):
            peer = self.peer(place, address)
            peer.send(b"ann\n")
            (session,) = self.hub.connections
            self.assertIs(session.exempt, exempt, address)
            peer.lose()
        ways.adopt(given(limits_exempt=["198.51.100.0/24"]))
        peer = self.peer(place, "198.51.100.1")
        peer.send(b"ann\n")
        self.assertTrue(next(iter(self.hub.connections)).exempt)

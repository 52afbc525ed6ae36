"""Strangers at every listener of a real server, who do no harm."""

import contextlib
import os
import socket
import ssl
import struct
import time
from pathlib import Path

from tests.e2e.running import HOST, Program, ServerCase, free_port

STRANGER = "203.0.113.9"

# What connects to a port that is not its own, or knows no port at all.
GARBAGE = (
    b"\x16\x03\x01",
    b"\x16\x03\x01\x02\x00" + os.urandom(600),
    b"\x15\x03\x01\x00\x02\x02\x28",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"SSH-2.0-x\r\n" + os.urandom(300),
    b"NICK a\r\nUSER a a a a\r\n",
    b'{"do":"enter"',
    b'{"do":"enter","name":"a"}\n' + b"[" * 10_000 + b"\n",
    b"\xff\xfa" + bytes(70_000),
    b"\xff\xfb\x01" * 5_000,
    b"\xfe\xff\x00\x01\r\n" + os.urandom(2_000),
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    b"half a line",
)


class HostileTests(ServerCase):
    """One server with listeners of all kinds."""

    def begin(self, *options: str) -> Program:
        """Start it, with a port for each kind of client."""
        ports = {self.port}
        while len(ports) < 4:  # what is free may come twice
            ports.add(free_port())
        self.tls, self.telnet, self.proxied = ports - {self.port}
        return self.start(
            f"--tls-port={self.tls}",
            f"--telnet-port={self.telnet}",
            f"--listen=haproxy:tcp:{self.proxied}:interface={HOST}",
            *options,
        )

    def say(self, port: int, data: bytes) -> bytes:
        """What comes back before the connection ends."""
        with socket.create_connection((HOST, port), 20) as connection:
            connection.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while more := connection.recv(65_536):
                    answer += more
        return answer

    def proxy(self, address: str, data: bytes) -> bytes:
        """The same by a proxy, for somebody who comes from there."""
        head = f"PROXY TCP4 {address} {HOST} 50000 {self.proxied}\r\n".encode()
        return self.say(self.proxied, head + data)

    def test_listeners(self) -> None:
        """Everybody gets in by the listener that is meant for them."""
        self.begin()
        ann = self.connect(port=self.tls, encrypted=True)
        ann.type("ann")
        ann.expect("ann has joined")
        telnet = self.say(self.telnet, b"/quit\r\n")
        self.assertTrue(telnet.startswith(b"\xff\xfb\x01"), telnet)
        self.assertIn(b"Welcome to chatd", telnet)
        proxied = self.proxy(STRANGER, b"bob\n/quit\n")
        self.assertIn(b"bob has joined", proxied)

    def test_plain_on_tls(self) -> None:
        """What is not encrypted is told so, on the port of TLS, in its language."""
        self.begin()
        words = b"This port takes encrypted connections only (TLS)."
        self.assertEqual(self.say(self.tls, b"ann\n"), b"! %s\r\n" % words)
        browser = self.say(self.tls, b"GET / HTTP/1.1\r\n\r\n")
        self.assertTrue(browser.startswith(b"HTTP/1.1 503 "), browser)
        self.assertIn(words, browser)

    def test_old_tls(self) -> None:
        """TLS 1.1 is refused."""
        self.begin()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        for port in (self.port, self.tls):
            with socket.create_connection((HOST, port), 20) as connection:
                error = self.assertRaises(ssl.SSLError, context.wrap_socket, connection)
                self.assertIn("PROTOCOL_VERSION", error.reason)

    def test_ban(self) -> None:
        """Who is banned is refused in the own language, whatever that is."""
        server = self.begin()
        code = self.claim_code(server)
        ann = self.register("ann")
        ann.type(f"/claim {code}", f"/serverban {STRANGER} 1h spam")
        ann.expect(f"{STRANGER} is shut out for 1 hour")
        banned = b"You are banned from this server for 59 minutes: spam"
        self.assertEqual(self.proxy(STRANGER, b"bob\n"), b"! %s\r\n" % banned)
        self.assertEqual(self.proxy(STRANGER, b"NICK a\r\n"), b"ERROR :%s\r\n" % banned)
        self.assertIn(banned, self.proxy(STRANGER, b'{"do":"ping"}\n'))
        self.assertIn(b"403 Forbidden", self.proxy(STRANGER, b"GET / HTTP/1.1\r\n\r\n"))
        self.assertTrue(self.proxy(STRANGER, b"\x16\x03\x01").startswith(b"\x15\x03"))
        self.assertIn(b"bob has joined", self.proxy("203.0.113.10", b"bob\n/quit\n"))
        self.stop(server)
        # One line for all of them: the others are summed up a minute later.
        self.assertEqual(server.heard.count("(banned)"), 1, server.heard)

    def test_limit(self) -> None:
        """The address that a proxy tells has its limit, as any other."""
        self.begin("--limits-new-address=2")
        for _ in range(2):
            self.assertIn(b"Welcome", self.proxy(STRANGER, b"/quit\n"))
        self.assertIn(b"too many new connections", self.proxy(STRANGER, b"/quit\n"))
        self.assertIn(b"Welcome", self.proxy("203.0.113.10", b"/quit\n"))

    def test_garbage(self) -> None:
        """Garbage, half lines and resets at every listener are no errors."""
        server = self.begin()
        head = f"PROXY TCP4 {STRANGER} {HOST} 1 2\r\n".encode()
        for port in (self.port, self.tls, self.telnet, self.proxied):
            for garbage in GARBAGE:
                for before in (b"", head) if port == self.proxied else (b"",):
                    for reset in (False, True):
                        self.throw(port, before + garbage, reset=reset)
        for port in (self.port, self.tls):
            for stage in range(4):
                self.break_off(port, stage)
        ann = self.enter("ann")
        ann.type("/who")
        ann.expect("1 person in lobby: ann")
        self.stop(server)
        log = (Path(self.folder) / "data" / "log" / "chatd.log").read_text()
        for word in ("Traceback", "Unhandled", "error "):
            self.assertNotIn(word, server.heard + log)

    def throw(self, port: int, data: bytes, *, reset: bool) -> None:
        """Send garbage, and be gone."""
        with (
            contextlib.suppress(ConnectionError),
            socket.create_connection((HOST, port)) as peer,
        ):
            peer.sendall(data)
            if reset:
                linger = struct.pack("ii", 1, 0)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def break_off(self, port: int, stage: int) -> None:
        """Begin with TLS, and break off or send garbage at some stage of it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing)
        with (
            contextlib.suppress(ConnectionError),
            socket.create_connection((HOST, port)) as peer,
        ):
            for _ in range(stage):
                with contextlib.suppress(ssl.SSLWantReadError):
                    client.do_handshake()
                peer.sendall(outgoing.read())
                peer.settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    incoming.write(peer.recv(65_536))
            peer.sendall(os.urandom(50))
            time.sleep(0.05)
            linger = struct.pack("ii", 1, 0)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

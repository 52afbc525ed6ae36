"""Programs come by HTTP and by a WebSocket; abuse of both is refused in words."""

import re
import socket
import subprocess
import time
from pathlib import Path

from tests.e2e.running import HOST, PATIENCE, Program, ServerCase, need
from tests.e2e.websocket import Page


class WebCase(ServerCase):
    """A server, and curl."""

    def curl(self, path: str, *options: str, scheme: str = "http") -> tuple[str, str]:
        """
        Fetch something.

        @return: The headers, the last of several, and the body.
        """
        need("curl")
        ran = subprocess.run(
            [
                *("curl", "-sik", "--max-time", f"{PATIENCE:.0f}"),
                *options,
                f"{scheme}://{HOST}:{self.port}{path}",
            ],
            cwd=self.folder,
            capture_output=True,
            check=True,
        )
        headers, _, body = (
            ran.stdout.decode("utf-8", "replace").replace("\r", "").partition("\n\n")
        )
        while headers.startswith("HTTP/1.1 100 "):
            headers, _, body = body.partition("\n\n")
        return headers, body

    def memory(self, server: Program) -> int:
        """Bytes that a server has in memory."""
        status = Path(f"/proc/{server.process.pid}/status")
        if not status.exists():
            self.skipTest("this system has no /proc")
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
        assert found is not None
        return int(found[1]) * 1024

    def page(self, *, encrypted: bool = False, origin: str = "") -> Page:
        """A program that has been greeted."""
        page = Page(self.port, encrypted=encrypted, origin=origin)
        self.addCleanup(page.close)
        self.assertEqual(page.expect("hello")["secure"], encrypted)
        return page


class CurlTests(WebCase):
    """What people and machines fetch."""

    def test_page(self) -> None:
        """The page is on the same port, plain and encrypted, and says what it may."""
        server = self.start()
        for scheme in ("http", "https"):
            headers, body = self.curl("/", scheme=scheme)
            self.assertTrue(headers.startswith("HTTP/1.1 200 OK\n"), headers)
            self.assertIn("<!doctype html>", body.lower())
            self.assertIn("\nContent-Security-Policy: default-src 'none';", headers)
            self.assertIn("frame-ancestors 'none'", headers)
            self.assertIn("\nX-Content-Type-Options: nosniff", headers)
            self.assertIn("\nReferrer-Policy: no-referrer", headers)
            self.assertNotIn("Twisted", headers)
        packed, _ = self.curl("/", "--compressed")
        self.assertIn("\nContent-Encoding: gzip", packed)
        headers, body = self.curl("/no/such")
        self.assertTrue(headers.startswith("HTTP/1.1 404 Not Found\n"), headers)
        self.assertEqual(body, "There is nothing at this address.\n")
        headers, _ = self.curl("/", "-X", "DELETE")
        self.assertTrue(headers.startswith("HTTP/1.1 405 Method Not Allowed\n"))
        self.stop(server)

    def test_machines(self) -> None:
        """Machines see whether the server is well, and figures."""
        server = self.start()
        chat = self.enter("ann")
        chat.type("hello", "/who")
        chat.expect("1 person")
        headers, body = self.curl("/health")
        self.assertTrue(headers.startswith("HTTP/1.1 200 OK\n"), headers)
        self.assertEqual(body, "well\n")
        _, body = self.curl("/metrics")
        for line in ("chatd_people 1", 'chatd_events_total{kind="said"} 1'):
            self.assertIn(f"\n{line}\n", body)
        headers, _ = self.curl("/metrics", "-H", "X-Forwarded-For: 192.0.2.1")
        self.assertTrue(headers.startswith("HTTP/1.1 403 Forbidden\n"), headers)
        self.stop(server)

    def test_off(self) -> None:
        """Without the door, browsers are told how else to come."""
        server = self.start("--doors-web=false")
        headers, body = self.curl("/")
        self.assertTrue(headers.startswith("HTTP/1.1 501 Not Implemented\n"), headers)
        self.assertIn("Join it from a terminal", body)
        self.stop(server)


class AbuseTests(WebCase):
    """What is too much, too slow or from elsewhere."""

    def test_ten_gigabytes(self) -> None:
        """A promise of 10 GB is refused before anything of it is kept."""
        server = self.start()
        before = self.memory(server)
        headers, body = self.curl(
            "/ws", "-X", "POST", "-H", "Content-Length: 10737418240"
        )
        self.assertTrue(headers.startswith("HTTP/1.1 413 "), headers)
        self.assertIn("at most 65536 bytes", body)
        with socket.create_connection((HOST, self.port), PATIENCE) as sender:
            sender.sendall(
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10737418240\r\n\r\n"
            )
            sent = 0
            end = time.monotonic() + PATIENCE
            try:
                while sent < 2_000_000_000 and time.monotonic() < end:
                    sent += sender.send(b"a" * 65_536)
            except OSError:
                pass  # cut off
            self.assertLess(time.monotonic(), end, "it goes on")
        self.assertLess(self.memory(server) - before, 20_000_000)
        self.enter("ann")
        self.stop(server)

    def test_large_headers(self) -> None:
        """So are headers that are too many or too large."""
        server = self.start()
        for options in (
            [f"-HX-{number}: {'a' * 1_000}" for number in range(20)],
            [f"-HX-{number}: a" for number in range(200)],
            [f"-HX: {'a' * 20_000}"],
        ):
            headers, _ = self.curl("/", *options)
            self.assertTrue(headers.startswith("HTTP/1.1 431 "), headers)
        self.stop(server)

    def test_slow_headers(self) -> None:
        """A byte now and then does not keep a connection open."""
        server = self.start("--web-request-within=1s")
        with socket.create_connection((HOST, self.port), PATIENCE) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            slow.settimeout(0.1)
            began = time.monotonic()
            answer = b""
            while time.monotonic() - began < PATIENCE:
                try:
                    slow.sendall(b"X")
                    if not (more := slow.recv(4_096)):
                        break
                    answer += more
                except TimeoutError:
                    continue
                except OSError:
                    break
            self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer)
            self.assertLess(time.monotonic() - began, 8)
        self.stop(server)

    def test_foreign_origin(self) -> None:
        """Pages of other sites cannot come in by the WebSocket."""
        server = self.start()
        socket_key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        upgrade = [
            *("-H", "Connection: Upgrade", "-H", "Upgrade: websocket"),
            *("-H", "Sec-WebSocket-Version: 13", "-H", socket_key),
        ]
        headers, body = self.curl("/ws", *upgrade, "-H", "Origin: https://evil.example")
        self.assertTrue(headers.startswith("HTTP/1.1 403 "), headers)
        self.assertIn("Pages of other sites may not come in", body)
        self.page(origin=f"http://{HOST}:{self.port}")
        self.stop(server)


class WebSocketTests(WebCase):
    """The JSON protocol over a WebSocket."""

    def test_talk(self) -> None:
        """Programs with and without TLS talk with somebody who has nc."""
        server = self.start()
        ann, bob = self.page(), self.page(encrypted=True)
        for page, name in ((ann, "ann"), (bob, "bob")):
            self.assertEqual(page.do(do="enter", name=name)["name"], name)
        cho = self.enter("cho")
        done = ann.do(do="say", text="hello, 你好")
        said = bob.expect("said")
        self.assertEqual((said["id"], said["text"]), (done["id"], "hello, 你好"))
        cho.expect("] ann: hello, 你好\r\n")
        cho.type("hi ann")
        for page in (ann, bob):
            self.assertEqual(page.expect("said")["text"], "hi ann")
        bob.do(do="say", text="a line\n" * 400)
        self.assertEqual(len(ann.expect("said")["text"]), 2_799)
        bob.leave()
        cho.expect("bob has left the chat.\r\n")
        self.assertEqual(ann.expect("departed")["person"], "bob")
        self.stop(server)
        self.assertEqual(ann.expect("closing")["text"], "The server is stopping.")
        self.assertEqual(ann.expect_end(), (1001, "The server is stopping."))

    def test_too_large(self) -> None:
        """A message that is too large ends it, and says so."""
        server = self.start()
        ann = self.page()
        # A header alone: 1 GB is to follow.
        ann.socket.sendall(b"\x81\xff\x00\x00\x00\x00\x40\x00\x00\x00abcd")
        code, reason = ann.expect_end()
        self.assertEqual(code, 1009)
        self.assertIn("at most", reason)
        self.stop(server)

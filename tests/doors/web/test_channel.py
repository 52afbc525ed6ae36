"""Tests for L{chatd.doors.web.channel}."""

from twisted.internet.interfaces import IHalfCloseableProtocol

from chatd.doors.web.channel import HEADERS, LINGER, REQUESTS_BURST
from chatd.doors.web.request import Request
from tests.doors.web.browser import Browser, WebCase, request, responses

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


class ChannelCase(WebCase):
    """A site with one page."""

    def setUp(self) -> None:
        super().setUp()
        self.hang(
            b"x",
            render_GET=lambda request: b"hello",
            render_POST=lambda request: request.content.read(),
        )

    def refused(self, *pieces: bytes) -> tuple[int, str]:
        """Send something that ends the connection, and read what is said."""
        browser = self.browser()
        (response,) = browser.responses(*pieces)
        self.assertEqual(response.headers["connection"], "close")
        self.assertIn("content-security-policy", response.headers)
        self.assertEqual(browser.send(GET), b"")
        self.clock.advance(LINGER)
        self.assertTrue(browser.wire.disconnecting)
        return response.status, response.text


class ConnectionTests(ChannelCase):
    """Connections carry requests, one after another."""

    def test_several(self) -> None:
        """Requests that come together are answered in order."""
        browser = self.browser()
        found = browser.responses(GET + request("POST", "/x", b"two") + GET)
        self.assertEqual([r.body for r in found], [b"hello", b"two", b"hello"])

    def test_old(self) -> None:
        """Old clients, and those who say so, are hung up on after the answer."""
        for data in (
            b"GET /x HTTP/1.0\r\n\r\n",
            request("GET", "/x", Connection="close"),
        ):
            browser = self.browser()
            data = browser.send(data).replace(b"HTTP/1.0 200", b"HTTP/1.1 200")
            (response,) = responses(data)
            self.assertEqual(response.body, b"hello")
            self.assertEqual(response.headers["connection"], "close")
            self.assertTrue(browser.wire.disconnecting)

    def test_half_closed(self) -> None:
        """Who says nothing more still gets an answer."""
        kept: list[Request] = []
        self.hang(b"later", render_GET=kept.append)
        browser = self.browser()
        browser.send(request("GET", "/later"))
        IHalfCloseableProtocol(browser.protocol).readConnectionLost()
        self.assertFalse(browser.wire.disconnecting)
        kept[0].answer(b"here")
        (response,) = responses(browser.read())
        self.assertEqual(response.body, b"here")
        self.assertTrue(browser.wire.disconnecting)

    def test_half_a_request(self) -> None:
        """Half a request is not carried out."""
        browser = self.browser()
        browser.send(request("POST", "/x", Content_Length="3"), b"ab")
        IHalfCloseableProtocol(browser.protocol).readConnectionLost()
        self.assertEqual(browser.read(), b"")
        self.assertTrue(browser.wire.disconnecting)


class LimitTests(ChannelCase):
    """Each limit explains itself."""

    def test_header_bytes(self) -> None:
        """Headers at the limit pass, together; one byte more is too many."""
        start = b"GET /x HTTP/1.1\r\nHost: a\r\n"
        fit = 2_000 - len(start) - len(b"x: \r\n") - len(b"\r\n")
        (response,) = self.browser().responses(
            start + b"x: " + b"a" * fit + b"\r\n\r\n"
        )
        self.assertEqual(response.status, 200)
        status, words = self.refused(start + b"x: " + b"a" * (fit + 1) + b"\r\n\r\n")
        self.assertEqual(status, 431)
        self.assertEqual(
            words, "The headers of a request are at most 100, and 2000 bytes."
        )

    def test_each_request(self) -> None:
        """The limit is for each request, not for the connection."""
        browser = self.browser()
        for _ in range(5):
            response = browser.ask("GET", "/x", X="a" * 1_000)
            self.assertEqual(response.status, 200)

    def test_headers(self) -> None:
        """So many headers, and not one more."""
        more = b"x: y\r\n" * (HEADERS - 1)
        start = b"GET /x HTTP/1.1\r\nHost: a\r\n"
        (response,) = self.browser().responses(start + more + b"\r\n")
        self.assertEqual(response.status, 200)
        self.assertEqual(self.refused(start + more + b"x: y\r\n\r\n")[0], 431)

    def test_endless_header(self) -> None:
        """A header without an end is not kept."""
        status, words = self.refused(
            b"GET /x HTTP/1.1\r\nHost: a\r\nx: ", *[b"a" * 1_000] * 20
        )
        self.assertEqual((status, words), (431, "A header has at most 16384 bytes."))

    def test_endless_address(self) -> None:
        """Nor is an address."""
        status, words = self.refused(b"GET /", *[b"a" * 1_000] * 20)
        self.assertEqual((status, words), (414, "An address has at most 16384 bytes."))

    def test_slow_headers(self) -> None:
        """A byte every few seconds does not keep a connection open."""
        browser = self.browser()
        data = b""
        for place in range(21):
            data += browser.send(GET[place : place + 1])
            self.clock.advance(1.0)
        (response,) = responses(data + browser.read())
        self.assertEqual(response.status, 408)
        self.assertEqual(response.text, "A request is complete within 20 s.")
        self.clock.advance(LINGER)
        self.assertTrue(browser.wire.disconnecting)

    def test_slow_second(self) -> None:
        """Each request has its time, from its first byte on."""
        browser = self.browser()
        self.assertEqual(browser.ask("GET", "/x").status, 200)
        self.clock.advance(50.0)
        browser.send(b"GET ")
        self.clock.advance(19.0)
        browser.send(b"/x HTT")
        self.assertFalse(browser.wire.disconnecting)
        self.clock.advance(2.0)
        (response,) = responses(browser.read())
        self.assertEqual(response.status, 408)

    def test_slow_body(self) -> None:
        """Nor does a small body that comes slowly."""
        browser = self.browser()
        browser.send(request("POST", "/x", Content_Length="100"))
        for _ in range(20):
            browser.send(b"a")
            self.clock.advance(1.0)
        (response,) = responses(browser.read())
        self.assertEqual(response.status, 408)

    def test_idle(self) -> None:
        """A connection without a request is closed after a while, without a word."""
        browser = self.browser()
        browser.ask("GET", "/x")
        self.clock.advance(59.0)
        self.assertFalse(browser.wire.disconnecting)
        self.clock.advance(2.0)
        self.assertTrue(browser.wire.disconnecting)
        self.assertEqual(browser.read(), b"")

    def test_thinking(self) -> None:
        """But never while the server makes up its mind."""
        kept: list[Request] = []
        self.hang(b"later", render_GET=kept.append)
        browser = self.browser()
        browser.send(request("GET", "/later"))
        self.clock.advance(600.0)
        self.assertFalse(browser.wire.disconnecting)
        kept[0].answer(b"here")
        self.assertEqual(len(responses(browser.read())), 1)


class SlowReaderTests(ChannelCase):
    """Who does not read what was asked for is not waited for."""

    def test_cut_off(self) -> None:
        """A connection that takes nothing ends after a while."""
        browser = self.browser()
        browser.send(GET)
        browser.wire.producer.pauseProducing()
        self.clock.advance(59.0)
        self.assertFalse(browser.wire.aborted)
        self.clock.advance(2.0)
        self.assertTrue(browser.wire.aborted)

    def test_reads_again(self) -> None:
        """One that was only slow does not."""
        browser = self.browser()
        browser.send(GET)
        browser.wire.producer.pauseProducing()
        self.clock.advance(50.0)
        browser.wire.producer.resumeProducing()
        self.clock.advance(50.0)
        self.assertFalse(browser.wire.aborted)

    def test_requests_wait(self) -> None:
        """Requests are not carried out while nobody reads the answers."""
        browser = self.browser()
        browser.wire.producer.pauseProducing()
        self.assertEqual(browser.send(GET * 20), b"")
        browser.wire.producer.resumeProducing()
        self.assertEqual(len(responses(browser.read())), 20)

    def test_flood(self) -> None:
        """Many that come together are answered a few at a time, and in order."""
        browser = self.browser()
        found = browser.responses(GET * (REQUESTS_BURST + 40) + request("POST", "/x"))
        self.assertEqual(len(found), REQUESTS_BURST)
        for _ in range(11):
            self.clock.advance(0.1)
        self.assertIn(len(responses(browser.read())), range(15, 25))
        for _ in range(15):
            self.clock.advance(0.1)
        self.assertEqual(responses(browser.read())[-1].body, b"")

    def test_flood_and_gone(self) -> None:
        """Nothing is answered any more to who is gone meanwhile."""
        browser = self.browser()
        browser.send(GET * 2 * REQUESTS_BURST)
        browser.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_producer(self) -> None:
        """A resource that sends much is told when to wait."""
        told: list[str] = []

        class Much:
            def pauseProducing(self) -> None:
                told.append("pause")

            def resumeProducing(self) -> None:
                told.append("resume")

            def stopProducing(self) -> None:
                told.append("stop")

        self.hang(b"much", render_GET=lambda r: r.registerProducer(Much(), True))
        browser = self.browser()
        browser.send(request("GET", "/much"))
        browser.wire.producer.pauseProducing()
        browser.wire.producer.resumeProducing()
        self.assertEqual(told, ["pause", "resume"])

    def test_hung_up(self) -> None:
        """At the end there is no waiting for ever either."""
        browser = self.browser()
        browser.send(request("GET", "/x", Connection="close"))
        self.assertTrue(browser.wire.disconnecting)
        self.clock.advance(61.0)
        self.assertTrue(browser.wire.aborted)

    def test_gone(self) -> None:
        """When it is gone, nothing is left that waits for it."""
        for data in (GET, b"GE", request("GET", "/x", Connection="close")):
            browser = self.browser()
            browser.send(data)
            browser.lose()
        refused = self.browser()
        refused.send(b"\r\n\r\n\r\n")
        refused.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SmugglingTests(ChannelCase):
    """What two programs might read differently is read by neither."""

    def check(self, *lines: bytes, body: bytes = b"0\r\n\r\n") -> None:
        """It is refused, and nothing that follows is taken for a request."""
        head = b"\r\n".join([b"POST /x HTTP/1.1", b"Host: a", *lines, b"", b""])
        status, words = self.refused(head + body + GET)
        self.assertEqual((status, words), (400, "That is no request of HTTP/1.1."))

    def test_two_lengths(self) -> None:
        """Two lengths, even if they are the same."""
        self.check(b"Content-Length: 5", b"Content-Length: 6")
        self.check(b"Content-Length: 5", b"Content-Length: 5")
        self.check(b"Content-Length: 5, 5")

    def test_length_and_chunks(self) -> None:
        """A length, and chunks as well."""
        self.check(b"Content-Length: 5", b"Transfer-Encoding: chunked")
        self.check(b"Transfer-Encoding: chunked", b"Content-Length: 5")

    def test_odd_lengths(self) -> None:
        """Lengths that are no plain numbers."""
        for length in (b"+5", b"-5", b"0x5", b"5 5", b"", b"five", b"5\x0b"):
            self.check(b"Content-Length: " + length)

    def test_odd_encodings(self) -> None:
        """Other transfers than in chunks."""
        for encoding in (b"gzip, chunked", b"xchunked", b"chunked, chunked", b"\x0b"):
            self.check(b"Transfer-Encoding: " + encoding)

    def test_odd_names(self) -> None:
        """Names of headers with a space, or with what is no part of a name."""
        self.check(b"Transfer-Encoding : chunked")
        self.check(b"Content Length: 5")
        self.check(b": 5")
        self.check(b"no colon")

    def test_odd_values(self) -> None:
        """Line ends inside a value."""
        self.check(b"X: a\nContent-Length: 5")
        self.check(b"X: a\rb")
        self.check(b"X: a\0b")

    def test_odd_chunks(self) -> None:
        """Chunks whose size or end is not right."""
        for body in (b"5x\r\nhello\r\n", b"-1\r\n", b"5\r\nhelloXX0\r\n\r\n"):
            self.check(b"Transfer-Encoding: chunked", body=body)

    def test_odd_first_lines(self) -> None:
        """First lines that are no request."""
        for line in (
            b"GET  /x HTTP/1.1",
            b"GET /x HTTP/2.0",
            b"GET /x",
            b"GET /x HTTP/1.1 x",
            b"G\x01T /x HTTP/1.1",
        ):
            status, _ = self.refused(line + b"\r\nHost: a\r\n\r\n" + GET)
            self.assertEqual(status, 400)

    def test_body_like_a_request(self) -> None:
        """What stands in a body is no request."""
        browser = self.browser()
        (response,) = browser.responses(request("POST", "/x", GET))
        self.assertEqual(response.body, GET)

    def test_get_with_a_body(self) -> None:
        """Also where nobody expects a body."""
        (response,) = self.browser().responses(request("GET", "/x", GET))
        self.assertEqual(response.body, b"hello")


class LingeringTests(ChannelCase):
    """A client that still sends gets to read why nobody wants it."""

    def test_reads_on(self) -> None:
        """What comes meanwhile is thrown away."""
        browser: Browser = self.browser()
        (response,) = browser.responses(request("POST", "/x", Content_Length="5000"))
        self.assertEqual(response.status, 413)
        self.assertEqual(browser.send(b"a" * 2_500), b"")
        self.assertFalse(browser.wire.disconnecting)
        self.assertEqual(browser.wire.producerState, "producing")
        self.clock.advance(LINGER)
        self.assertTrue(browser.wire.disconnecting)

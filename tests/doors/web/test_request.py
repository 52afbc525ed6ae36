"""Tests for L{chatd.doors.web.request}."""

import json
from http import HTTPStatus
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.resource import Resource as Page

from chatd.chat.errors import ChatError, NotAllowed, TooFast
from chatd.doors.gate import Gate
from chatd.doors.port import OnePort
from chatd.doors.web.errors import HTTPError
from chatd.doors.web.headers import STRICT
from chatd.doors.web.request import Request
from chatd.testing import nobody_is_exempt
from chatd.wire.sniff import Guess
from tests.doors.web.browser import Browser, WebCase, request, responses

TEA = HTTPError(HTTPStatus.IM_A_TEAPOT, "Tea only.", [(b"x-tea", b"green")])


def fail(error: Exception) -> Any:
    """A page that raises."""

    def render(request: Request) -> bytes:
        raise error

    return render


class AnswerTests(WebCase):
    """Resources answer."""

    def test_bytes(self) -> None:
        """What a resource returns is the body, and text unless it says otherwise."""
        self.hang(b"x", render_GET=lambda request: b"hello\n")
        response = self.browser().ask("GET", "/x")
        self.assertEqual((response.status, response.text), (200, "hello"))
        self.assertEqual(response.headers["content-type"], "text/plain; charset=utf-8")
        self.assertEqual(response.headers["content-length"], "6")

    def test_strict_headers(self) -> None:
        """Every response tells browsers to do nothing else with it, errors as well."""
        self.hang(b"x", render_GET=lambda request: b"")
        browser = self.browser()
        for path in ("/x", "/nothing"):
            headers = browser.ask("GET", path).headers
            for name, value in STRICT:
                self.assertEqual(headers[name.decode()], value.decode())
            self.assertNotIn("server", headers)
            self.assertIn("date", headers)
        policy = headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotIn("unsafe", policy)

    def test_own_headers(self) -> None:
        """A resource may say otherwise."""

        def render(request: Request) -> bytes:
            request.setHeader(b"cache-control", b"no-cache")
            request.setHeader(b"content-type", b"image/png")
            return b"x"

        self.hang(b"x", render_GET=render)
        headers = self.browser().ask("GET", "/x").headers
        self.assertEqual(headers["cache-control"], "no-cache")
        self.assertEqual(headers["content-type"], "image/png")

    def test_later(self) -> None:
        """A resource may wait for something first."""
        waiting: Deferred[bytes] = Deferred()

        async def render(request: Request) -> bytes:
            return await waiting

        self.hang(b"x", render_GET=render)
        browser = self.browser()
        self.assertEqual(browser.send(request("GET", "/x")), b"")
        waiting.callback(b"at last")
        (response,) = responses(browser.read())
        self.assertEqual(response.body, b"at last")

    def test_later_to_nobody(self) -> None:
        """Nobody is answered who has left meanwhile, and nothing is logged."""
        waiting: Deferred[bytes] = Deferred()

        async def render(request: Request) -> bytes:
            return await waiting

        self.hang(b"x", render_GET=render)
        browser = self.browser()
        browser.send(request("GET", "/x"))
        browser.lose()
        waiting.callback(b"at last")
        self.assertEqual(browser.read(), b"")

    def test_alone(self) -> None:
        """A resource may answer by itself, a piece at a time."""
        kept: list[Request] = []
        self.hang(b"x", render_GET=kept.append)
        browser = self.browser()
        browser.send(request("GET", "/x"))
        kept[0].write(b"one ")
        kept[0].write(b"two")
        kept[0].finish()
        (response,) = responses(browser.read())
        self.assertEqual(response.body, b"one two")

    def test_json(self) -> None:
        """An answer may have a kind, a status and headers."""

        def render(request: Request) -> None:
            body = json.dumps({"a": 1}).encode()
            request.answer(
                body, b"application/json", HTTPStatus.CREATED, {b"location": b"/y"}
            )
            request.answer(b"not a second time")

        self.hang(b"x", render_POST=render)
        response = self.browser().ask("POST", "/x")
        self.assertEqual((response.status, response.body), (201, b'{"a": 1}'))
        self.assertEqual(response.headers["content-type"], "application/json")
        self.assertEqual(response.headers["location"], "/y")

    def test_head(self) -> None:
        """HEAD has the headers of GET, and no body."""
        self.hang(b"x", render_GET=lambda request: b"hello")
        browser = self.browser()
        response = browser.ask("HEAD", "/x")
        self.assertEqual((response.status, response.body), (200, b""))
        self.assertEqual(response.headers["content-length"], "5")
        self.assertEqual(browser.ask("HEAD", "/nothing").status, 404)

    def test_query(self) -> None:
        """What follows the question mark is taken apart."""

        def render(request: Request) -> bytes:
            return repr((request.path, request.args, request.postpath)).encode()

        self.hang(b"x", render_GET=render)
        response = self.browser().ask("GET", "/x/a%2Fb/c?k=1&k=2&e=")
        self.assertEqual(
            response.text,
            repr(
                (
                    b"/x/a%2Fb/c",
                    {b"k": [b"1", b"2"], b"e": [b""]},
                    [b"a/b", b"c"],
                )
            ),
        )

    def test_who(self) -> None:
        """A resource knows where a request comes from, and whether it is encrypted."""
        found: list[object] = []

        def render(request: Request) -> bytes:
            found.extend((request.address, request.secure, request.header("x-a")))
            found.append(request.header("x-b"))
            return b""

        self.hang(b"x", render_GET=render)
        self.browser("192.0.2.7", secure=True).ask("GET", "/x", X_A="1")
        self.assertEqual(found, ["192.0.2.7", True, "1", ""])

    def test_came_in(self) -> None:
        """Who is known by a request need not make room for strangers."""
        gate = Gate(self.hub.admission, self.hub.clock, nobody_is_exempt)
        doors = dict.fromkeys(Guess, self.site)
        port = OnePort(doors, self.hub.clock, lambda: 0.5, lambda: 10.0, gate)

        def render(request: Request) -> bytes:
            request.came_in()
            return b""

        self.hang(b"x", render_GET=render)
        browser = Browser(self.hub, port)
        browser.ask("GET", "/nothing")
        self.assertEqual(self.hub.admission.waiting, 1)
        browser.ask("GET", "/x")
        self.assertEqual(self.hub.admission.waiting, 0)


class RefusalTests(WebCase):
    """What cannot be answered is refused in words, on a connection that goes on."""

    def refused(self, status: int, *request: str, **headers: str) -> str:
        """Ask for something that is refused, and then for something else."""
        browser = self.browser()
        response = browser.ask(*request, **headers)
        self.assertEqual(response.status, status)
        self.assertEqual(response.headers["content-type"], "text/plain; charset=utf-8")
        self.assertFalse(browser.wire.disconnecting)
        self.hang(b"fine", render_GET=lambda request: b"")
        self.assertEqual(browser.ask("GET", "/fine").status, 200)
        return response.text

    def test_nothing_there(self) -> None:
        """404."""
        self.assertEqual(
            self.refused(404, "GET", "/no/such"), "There is nothing at this address."
        )

    def test_method(self) -> None:
        """405 says what one can do instead."""
        self.hang(b"x", render_GET=lambda r: b"", render_POST=lambda r: b"")
        response = self.browser().ask("DELETE", "/x")
        self.assertEqual(response.status, 405)
        self.assertEqual(response.headers["allow"], "GET, HEAD, POST")
        self.assertEqual(response.text, "Here one can GET, HEAD, POST.")

    def test_head(self) -> None:
        """What cannot be got has no HEAD either."""
        self.hang(b"x", render_POST=lambda request: b"")
        response = self.browser().ask("HEAD", "/x")
        self.assertEqual((response.status, response.headers["allow"]), (405, "POST"))

    def test_method_of_a_taker(self) -> None:
        """A resource may name the methods that it does not render."""
        page: Any = Page()
        page.allowedMethods = (b"PUT",)
        self.root.putChild(b"x", page)
        response = self.browser().ask("DELETE", "/x")
        self.assertEqual(response.headers["allow"], "PUT")

    def test_error(self) -> None:
        """A resource refuses with a status, words and headers."""
        self.hang(b"x", render_GET=fail(TEA))
        response = self.browser().ask("GET", "/x")
        self.assertEqual((response.status, response.text), (418, "Tea only."))
        self.assertEqual(response.headers["x-tea"], "green")

    def test_chat_error(self) -> None:
        """What the chat refuses has a status, too."""
        for error, status in (
            (NotAllowed("No."), 403),
            (TooFast("Slow."), 429),
            (ChatError("What?"), 400),
        ):
            self.hang(b"x", render_GET=fail(error))
            self.assertEqual(self.refused(status, "GET", "/x"), error.text)

    def test_chat_error_later(self) -> None:
        """Also if it takes a while."""

        async def render(request: Request) -> bytes:
            raise NotAllowed("No.")

        self.hang(b"x", render_GET=render)
        self.assertEqual(self.refused(403, "GET", "/x"), "No.")

    def test_bug(self) -> None:
        """A bug is logged once, and shown to nobody."""
        self.hang(b"x", render_GET=fail(ZeroDivisionError("secret")))
        words = self.refused(500, "GET", "/x")
        self.assertIn("Something went wrong", words)
        self.assertNotIn("secret", words)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_bug_in_the_middle(self) -> None:
        """Half an answer is never taken for a whole one."""

        def render(request: Request) -> None:
            request.write(b"the beginning")
            raise ZeroDivisionError

        self.hang(b"x", render_GET=render)
        browser = self.browser()
        browser.send(request("GET", "/x"))
        self.assertTrue(browser.wire.aborted)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_host(self) -> None:
        """A request has one Host; see RFC 9112."""
        browser = self.browser()
        (response,) = browser.responses(request("GET", "/", host=None))
        self.assertEqual(response.status, 400)
        (response,) = browser.responses(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        self.assertEqual(response.status, 400)
        self.assertIn("Host", response.text)

    def test_path(self) -> None:
        """What is asked for is a path, or a whole address of the web."""
        for path in ("x", "ftp://a.example/", "http://", "http:///x", "http://a@b/"):
            self.assertEqual(
                self.refused(400, "GET", path), "A path begins with a slash."
            )

    def test_whole_address(self) -> None:
        """
        Its host counts in place of the header; see RFC 9112, section 3.2.2.

        Paths within stay as they are.
        """
        found: list[tuple[bytes, str, object]] = []

        def answer(request: Request) -> None:
            found.append((request.uri, request.header("host"), request.args))
            request.answer(b"")

        self.hang(b"", render_GET=answer)
        self.hang(b"x", render_GET=answer)
        for address in ("http://a.example:80/x?q=//b", "HTTPS://A", "http://a?q=1"):
            self.assertEqual(self.browser().ask("GET", address, host="b").status, 200)
        self.assertEqual(
            found,
            [
                (b"/x?q=//b", "a.example:80", {b"q": [b"//b"]}),
                (b"/", "A", {}),
                (b"/?q=1", "a", {b"q": [b"1"]}),
            ],
        )
        self.refused(400, "OPTIONS", "*")


class BodyTests(WebCase):
    """Small bodies are read first."""

    def setUp(self) -> None:
        super().setUp()
        self.hang(b"x", render_POST=lambda request: request.content.read())

    def test_whole(self) -> None:
        """A body may come in pieces."""
        data = request("POST", "/x", b"hello")
        browser = self.browser()
        (response,) = browser.responses(*(data[i : i + 1] for i in range(len(data))))
        self.assertEqual(response.body, b"hello")

    def test_chunked(self) -> None:
        """Or in chunks, of a size that nobody knows before."""
        (response,) = self.browser().responses(
            request("POST", "/x", Transfer_Encoding="chunked"),
            b"2\r\nhe\r\n3\r\nllo\r\n",
            b"0\r\n\r\n",
        )
        self.assertEqual(response.body, b"hello")

    def test_limit(self) -> None:
        """A body at the limit passes; a larger one is refused before it is read."""
        browser = self.browser()
        self.assertEqual(len(browser.ask("POST", "/x", b"a" * 1_000).body), 1_000)
        (response,) = browser.responses(request("POST", "/x", Content_Length="1001"))
        self.assertEqual(response.status, 413)
        self.assertEqual(
            response.text, "The body of this request has at most 1000 bytes."
        )
        self.assertEqual(response.headers["connection"], "close")

    def test_limit_of_a_resource(self) -> None:
        """A resource may have another one."""
        page: Any = self.root.children[b"x"]
        page.body_limit = 5
        self.assertEqual(self.browser().ask("POST", "/x", b"12345").status, 200)
        self.assertEqual(self.browser().ask("POST", "/x", b"123456").status, 413)

    def test_chunked_limit(self) -> None:
        """Nor do chunks go beyond the limit."""
        browser = self.browser()
        browser.send(request("POST", "/x", Transfer_Encoding="chunked"))
        piece = b"64\r\n" + b"a" * 100 + b"\r\n"
        self.assertEqual(browser.send(piece * 10), b"")
        (response,) = browser.responses(piece)
        self.assertEqual(response.status, 413)
        self.assertEqual(browser.send(piece * 10, b"0\r\n\r\n"), b"")

    def test_ten_gigabytes(self) -> None:
        """A promise of 10 GB is refused at once, and nothing of it is kept."""
        browser = self.browser()
        response = browser.ask("POST", "/x", Content_Length="10737418240")
        self.assertEqual(response.status, 413)
        for _ in range(100):
            self.assertEqual(browser.send(b"a" * 65_536), b"")
        self.clock.advance(2.0)
        self.assertTrue(browser.wire.disconnecting)

    def test_form(self) -> None:
        """Forms are not taken apart behind a resource's back."""
        kind = "application/x-www-form-urlencoded"
        seen: list[object] = []
        self.hang(b"f", render_POST=lambda r: seen.append(r.args) or r.content.read())
        response = self.browser().ask("POST", "/f", b"a=1", Content_Type=kind)
        self.assertEqual((response.body, seen), (b"a=1", [{}]))

    def test_go_on(self) -> None:
        """Who asks whether to send the body is told to, once."""
        (first, second) = self.browser().responses(
            request("POST", "/x", b"hello", Expect="100-continue")
        )
        self.assertEqual((first.status, second.body), (100, b"hello"))

    def test_do_not_go_on(self) -> None:
        """And is not, if it is refused."""
        (response,) = self.browser().responses(
            request("POST", "/x", Content_Length="1001", Expect="100-continue")
        )
        self.assertEqual(response.status, 413)

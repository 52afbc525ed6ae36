"""Tests for L{chatd.doors.web.taking}: bodies that are taken piece by piece."""

from http import HTTPStatus
from typing import Any

from twisted.python.failure import Failure

from chatd.chat.errors import NotAllowed
from chatd.doors.web.errors import HTTPError
from chatd.doors.web.request import Request
from chatd.doors.web.taking import Taker
from tests.doors.web.browser import Browser, WebCase, request, responses

TEA = HTTPError(HTTPStatus.IM_A_TEAPOT, "Tea only.", [(b"x-tea", b"green")])


class Inbox:
    """
    A resource that takes bodies as they come.

    @ivar told: What it was told, in order.
    @ivar request: The latest one.
    @ivar hold: Whether it reads on only when told to.
    """

    isLeaf = True

    def __init__(self) -> None:
        self.told: list[object] = []
        self.request: Any = None
        self.hold = False
        self.problem: Exception | None = None

    def begin(self, request: Request) -> Taker | None:
        if request.method != b"PUT":
            return None
        if self.problem is not None:
            raise self.problem
        self.request = request
        self.told.append(request.length)
        if self.hold:
            request.pause()
        return self

    def data(self, data: bytes) -> None:
        self.told.append(data)
        if data == b"bug":
            raise ZeroDivisionError
        if data == b"no":
            self.request.refuse(TEA)
        if self.hold:
            self.request.pause()

    def end(self) -> None:
        self.told.append("end")
        self.request.answer(b"thanks")

    def lost(self) -> None:
        self.told.append("lost")

    def render(self, request: Request) -> bytes:
        return b"rendered"


class TakingTests(WebCase):
    """Large bodies are taken as they come."""

    def setUp(self) -> None:
        super().setUp()
        self.inbox = Inbox()
        self.root.putChild(b"up", self.inbox)

    def put(self, *pieces: bytes, **headers: str) -> Browser:
        """Begin to send a body."""
        browser = self.browser()
        browser.send(request("PUT", "/up", **headers), *pieces)
        return browser

    def test_pieces(self) -> None:
        """A resource sees the headers, then each piece, then the end."""
        browser = self.browser()
        browser.send(request("PUT", "/up", Content_Length="6"))
        self.assertEqual(self.inbox.told, [6])
        browser.send(b"abc")
        (response,) = browser.responses(b"def")
        self.assertEqual(self.inbox.told, [6, b"abc", b"def", "end"])
        self.assertEqual(response.body, b"thanks")
        self.assertEqual(browser.ask("GET", "/up").body, b"rendered")

    def test_chunks(self) -> None:
        """Or chunks, of which nobody knows how many come."""
        browser = self.browser()
        (response,) = browser.responses(
            request("PUT", "/up", Transfer_Encoding="chunked"),
            b"3\r\nabc\r\n0\r\n\r\n",
        )
        self.assertEqual(self.inbox.told, [None, b"abc", "end"])
        self.assertEqual(response.body, b"thanks")

    def test_empty(self) -> None:
        """An empty body has an end as well."""
        (response,) = self.browser().responses(request("PUT", "/up"))
        self.assertEqual((self.inbox.told, response.body), ([0, "end"], b"thanks"))

    def test_no_limit(self) -> None:
        """The limit for other bodies does not apply."""
        browser = self.browser()
        browser.send(request("PUT", "/up", Content_Length="100000"))
        (response,) = browser.responses(b"a" * 100_000)
        self.assertEqual(response.body, b"thanks")

    def test_held(self) -> None:
        """While a resource is busy nothing is read, and nothing is lost."""
        self.inbox.hold = True
        browser = self.browser()
        browser.send(request("PUT", "/up", Content_Length="6", Expect="100-continue"))
        self.assertEqual(browser.wire.producerState, "paused")
        self.assertEqual(browser.read(), b"")
        self.inbox.request.resume()
        self.assertEqual(browser.wire.producerState, "producing")
        self.assertEqual([r.status for r in responses(browser.read())], [100])
        browser.send(b"ab")
        self.assertEqual(browser.wire.producerState, "paused")
        browser.send(b"cd", b"ef")  # read already
        self.assertEqual(self.inbox.told, [6, b"ab"])
        self.inbox.request.resume()
        self.assertEqual(self.inbox.told, [6, b"ab", b"cd"])
        self.inbox.request.resume()
        self.inbox.request.resume()
        self.assertEqual(self.inbox.told, [6, b"ab", b"cd", b"ef", "end"])
        self.assertEqual([r.body for r in responses(browser.read())], [b"thanks"])

    def test_refused(self) -> None:
        """What is refused by its headers is not read, and the client not asked on."""
        self.inbox.problem = TEA
        browser = self.browser()
        response = browser.ask(
            "PUT", "/up", Content_Length="10737418240", Expect="100-continue"
        )
        self.assertEqual((response.status, response.text), (418, "Tea only."))
        self.assertEqual(browser.send(b"a" * 100_000), b"")
        self.assertEqual(self.inbox.told, [])

    def test_refused_in_the_middle(self) -> None:
        """So is what is refused later."""
        browser = self.browser()
        (response,) = browser.responses(
            request("PUT", "/up", Content_Length="1000"), b"no", b"more"
        )
        self.assertEqual(response.status, 418)
        self.assertEqual(self.inbox.told, [1000, b"no", "lost"])

    def test_refused_at_the_end(self) -> None:
        """Also with its last piece."""
        browser = self.browser()
        (response,) = browser.responses(
            request("PUT", "/up", Content_Length="2"), b"no"
        )
        self.assertEqual(response.status, 418)
        self.assertEqual(self.inbox.told, [2, b"no", "lost"])

    def test_bug(self) -> None:
        """A bug is logged, and answered."""
        (response,) = self.browser().responses(
            request("PUT", "/up", Content_Length="1000"), b"bug"
        )
        self.assertEqual(response.status, 500)
        self.assertEqual(self.inbox.told[-1], "lost")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_bug_at_the_beginning(self) -> None:
        """Wherever it is."""
        self.inbox.problem = ZeroDivisionError()
        self.assertEqual(self.browser().ask("PUT", "/up", b"abc").status, 500)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_broken(self) -> None:
        """What fails while nothing comes is answered as well."""
        self.inbox.hold = True
        browser = self.put(Content_Length="1000")
        self.inbox.request.broken(Failure(NotAllowed("No.")))
        (response,) = responses(browser.read())
        self.assertEqual((response.status, response.text), (403, "No."))
        self.assertEqual(self.inbox.told, [1000, "lost"])

    def test_lost(self) -> None:
        """A resource is told when the rest will never come."""
        browser = self.put(b"abc", Content_Length="1000")
        browser.lose(clean=False)
        self.assertEqual(self.inbox.told, [1000, b"abc", "lost"])
        self.inbox.request.answer(b"to nobody")
        self.inbox.request.refuse(TEA)
        self.inbox.request.resume()

    def test_slow(self) -> None:
        """A large body may take long, but not stop."""
        browser = self.put(Content_Length="1000")
        for _ in range(10):
            self.clock.advance(59.0)
            browser.send(b"a")
        self.assertFalse(browser.wire.disconnecting)
        self.clock.advance(61.0)
        self.assertTrue(browser.wire.disconnecting)
        browser.lose()
        self.assertEqual(self.inbox.told[-1], "lost")

    def test_slow_resource(self) -> None:
        """Nor is a client to blame when the server takes its time."""
        self.inbox.hold = True
        browser = self.put(Content_Length="1000")
        self.clock.advance(61.0)
        self.clock.advance(61.0)
        self.assertFalse(browser.wire.disconnecting)

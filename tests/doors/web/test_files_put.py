"""Tests for L{chatd.doors.web.files}: sharing by PUT."""

import json
from dataclasses import replace
from hashlib import sha256

from twisted.internet.defer import fail

from chatd.chat.events import Handed, Shared
from chatd.chat.store import StoreDown
from chatd.testing import turn
from tests.doors.web.browser import Browser, request, responses
from tests.doors.web.sharing import CONTENT, FileCase


class PutTests(FileCase):
    """A file is put by a ticket, as it comes."""

    def test_put(self) -> None:
        """It is shared, and the answer says so in words, with its SHA-256."""
        response = self.put(self.up())
        self.assertEqual(response.status, 201)
        self.assertEqual(
            response.text,
            "report.txt (256 kB) is shared in ops.\n"
            f"SHA-256 {sha256(CONTENT).hexdigest()}",
        )
        (event,) = self.bob_door.of(Shared)
        self.assertEqual(event.sha256, sha256(CONTENT).hexdigest())
        self.assertEqual(list(self.files.kept.values()), [CONTENT])

    def test_json(self) -> None:
        """Programs are told as an object."""
        response = self.put(self.up(), Accept="application/json")
        told = json.loads(response.body)
        (event,) = self.bob_door.of(Shared)
        self.assertEqual(
            told,
            {
                "id": str(event.id),
                "file": event.file,
                "name": "report.txt",
                "size": len(CONTENT),
                "type": "text/plain",
                "sha256": event.sha256,
                "url": self.url(event, self.ann),
            },
        )
        self.assertEqual(response.headers["location"], told["url"])

    def test_pieces(self) -> None:
        """However it comes, in chunks or byte by byte, it is the same file."""
        whole = request("PUT", self.up(), CONTENT[:500])
        (one,) = self.browser().responses(
            *(whole[i : i + 1] for i in range(len(whole)))
        )
        chunked = request("PUT", self.up(), Transfer_Encoding="chunked")
        chunked += b"64\r\n" + CONTENT[:100] + b"\r\n0\r\n\r\n"
        (two,) = self.browser().responses(chunked)
        self.assertEqual((one.status, two.status), (201, 201))
        kept = list(self.files.kept.values())
        self.assertEqual(kept, [CONTENT[:500], CONTENT[:100]])

    def test_empty(self) -> None:
        """A file may be empty."""
        self.assertEqual(self.share(b"").size, 0)

    def test_handed(self) -> None:
        """It may be for one person."""
        response = self.put(self.up(self.bob.somebody()))
        self.assertTrue(
            response.text.startswith("report.txt (256 kB) is shared with bob.")
        )
        self.assertEqual(len(self.bob_door.of(Handed)), 1)

    def test_curl_name(self) -> None:
        """Curl adds the name to a line that ends in a slash; it is data, no path."""
        for name, called in (
            ("a.txt", "a.txt"),
            ("my%20plan.txt", "my plan.txt"),
            ("..%2f..%2fx", "x"),
            ("a%0d%0ab.txt", "a b.txt"),
            ("%e2%80%aetxt.exe", "txt.exe"),
            ("a%00b", "ab"),
        ):
            response = self.put(f"{self.up(name='')}/{name}", b"x")
            self.assertEqual(response.status, 201, response.text)
            self.assertEqual(self.bob_door.of(Shared)[-1].name, called)

    def test_bad_name(self) -> None:
        """What is no name for a file is refused in words."""
        for name in ("", "..", "%00", "x" * 300):
            response = self.put(f"{self.up(name='')}/{name}", b"x")
            self.assertEqual(response.status, 400, name)
            self.assertIn("name", response.text)
        self.assertEqual((self.files.open_files, self.files.kept), (0, {}))

    def test_unknown(self) -> None:
        """Without a ticket there is nothing."""
        for path in ("/up/nothing", "/up/nothing/x", "/up/", "/up", "/up/a/b/c"):
            self.assertEqual(self.put(path, b"x").status, 404, path)

    def test_used(self) -> None:
        """A ticket is good for one file."""
        path = self.up()
        self.assertEqual(self.put(path, b"x").status, 201)
        self.assertEqual(self.put(path, b"y").status, 404)
        self.assertEqual(len(self.files.kept), 1)

    def test_not_there(self) -> None:
        """Who has left shares nothing."""
        path = self.up()
        self.ann.end("")
        turn(self.hub)
        response = self.put(path, b"x")
        self.assertEqual(response.status, 401)
        self.assertIn("ann is not here", response.text)
        self.assertEqual((self.files.open_files, self.files.kept), (0, {}))


class LimitTests(FileCase):
    """What is too much is refused before it comes."""

    def head(self, path: str, length: int, *, expect: bool = False) -> Browser:
        """Somebody who has sent the headers alone."""
        browser = self.browser()
        headers = {"Content_Length": str(length)}
        if expect:
            headers["Expect"] = "100-continue"
        browser.protocol.dataReceived(request("PUT", path, **headers))
        return browser

    def test_edge(self) -> None:
        """The limit may be met, and not passed."""
        self.assertEqual(self.put(self.up(), bytes(300_000)).status, 201)
        browser = self.head(self.up(), 300_001)
        (response,) = responses(browser.read())
        self.assertEqual(response.status, 413)
        self.assertEqual(
            response.text, "A file has at most 300 kB; report.txt has more."
        )

    def test_huge(self) -> None:
        """10 GB are refused as soon as they are announced."""
        (response,) = responses(self.head(self.up(), 10**10).read())
        self.assertEqual(response.status, 413)
        self.assertEqual(self.files.open_files, 0)

    def test_expect(self) -> None:
        """Who asks before sending is told to go on, or why not."""
        browser = self.head(self.up(), 5, expect=True)
        self.assertEqual(browser.read(), b"HTTP/1.1 100 Continue\r\n\r\n")
        (response,) = responses(browser.send(b"hello"))
        self.assertEqual(response.status, 201)
        (response,) = responses(self.head(self.up(), 10**10, expect=True).read())
        self.assertEqual(response.status, 413)

    def test_quota(self) -> None:
        """Neither is what there is no room for."""
        self.share(bytes(300_000))
        self.share(bytes(300_000))
        (response,) = responses(self.head(self.up(), 100_001).read())
        self.assertEqual(response.status, 413)
        self.assertIn("your files would take more than 700 kB", response.text)

    def test_unannounced(self) -> None:
        """What says no length is cut off where it is too much, and nothing is left."""
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (300_001, bytes(300_001))
        sent = request("PUT", self.up(), Transfer_Encoding="chunked") + body
        pieces = [sent[at : at + 50_000] for at in range(0, len(sent), 50_000)]
        (response,) = self.browser().responses(*pieces)
        self.assertEqual(response.status, 413)
        self.assertEqual((self.files.open_files, self.files.kept), (0, {}))

    def test_at_once(self) -> None:
        """One person puts so many at the same time."""
        self.hub.rules = replace(self.hub.rules, files_transfers_person=2)
        self.head(self.up(), 100)
        second = self.head(self.up(), 100)
        (response,) = responses(self.head(self.up(), 100).read())
        self.assertEqual(response.status, 429)
        second.lose(clean=False)
        self.assertEqual(self.head(self.up(), 100).read(), b"")

    def test_disk(self) -> None:
        """A disk that takes nothing is said to."""
        self.files.full = True
        response = self.put(self.up())
        self.assertEqual(response.status, 503)
        self.assertEqual(self.files.open_files, 0)

    def test_store_full(self) -> None:
        """Nor a database that takes nothing."""
        path = self.up()
        self.store.full = True
        response = self.put(path)
        self.assertEqual(response.status, 503)
        self.assertEqual(self.files.open_files, 0)

    def test_unsure(self) -> None:
        """If nobody knows whether it is shared, that is said, and it is kept."""
        waiting = self.head(self.up(), len(CONTENT))
        self.store.unsure = True
        for question in ("stored", "file"):
            self.patch(self.store, question, lambda asked: fail(StoreDown()))
        self.assertEqual(waiting.send(CONTENT), b"")
        self.clock.pump([1] * 12)
        (response,) = responses(waiting.read())
        self.assertEqual(response.status, 504)
        self.assertIn("nobody knows", response.text)
        self.assertEqual(len(self.files.kept), 1)

    def test_closing(self) -> None:
        """A server that stops takes nothing."""
        path = self.up()
        self.hub.closing = "Good night."
        response = self.put(path)
        self.assertEqual((response.status, response.text), (503, "Good night."))


class ResumeTests(FileCase):
    """A file that broke off is gone on with, or leaves nothing behind."""

    def half(self, path: str, size: int = 100_000) -> None:
        """Put so much of the file, and break off."""
        browser = self.browser()
        browser.send(request("PUT", path, Content_Length=str(len(CONTENT))))
        for at in range(0, size, 50_000):
            browser.send(CONTENT[at : min(size, at + 50_000)])
        browser.lose(clean=False)

    def state(self, path: str) -> tuple[str, str]:
        """How much is there, and whether that is all."""
        response = self.browser().ask("HEAD", path)
        self.assertEqual(response.status, 200)
        return response.headers["upload-offset"], response.headers["upload-complete"]

    def test_go_on(self) -> None:
        """The server says where; what follows makes it whole."""
        path = self.up()
        self.assertEqual(self.state(path), ("0", "?0"))
        self.half(path)
        self.assertEqual(self.state(path), ("100000", "?0"))
        rest = f"bytes 100000-{len(CONTENT) - 1}/{len(CONTENT)}"
        response = self.put(path, CONTENT[100_000:], Content_Range=rest)
        self.assertEqual(response.status, 201, response.text)
        self.assertEqual(list(self.files.kept.values()), [CONTENT])
        self.assertEqual(self.state(path), (str(len(CONTENT)), "?1"))

    def test_anew(self) -> None:
        """Without a place it begins anew."""
        path = self.up()
        self.half(path)
        self.assertEqual(self.put(path).status, 201)
        self.assertEqual(list(self.files.kept.values()), [CONTENT])

    def test_pieces(self) -> None:
        """A file may be put in pieces."""
        path = self.up()
        for first in (0, 100_000, 200_000):
            piece = CONTENT[first : first + 100_000]
            place = f"bytes {first}-{first + len(piece) - 1}/{len(CONTENT)}"
            response = self.put(path, piece, Content_Range=place)
            if first < 200_000:
                self.assertEqual(response.status, 202)
                self.assertEqual(
                    response.headers["upload-offset"], str(first + 100_000)
                )
        self.assertEqual(response.status, 201)
        self.assertEqual(list(self.files.kept.values()), [CONTENT])

    def test_elsewhere(self) -> None:
        """What does not go on where it must is refused, and said where it must."""
        path = self.up()
        self.half(path)
        for first in (99_999, 100_001):
            place = f"bytes {first}-{first + 9}/{len(CONTENT)}"
            response = self.put(path, bytes(10), Content_Range=place)
            self.assertEqual(response.status, 409)
            self.assertEqual(response.headers["upload-offset"], "100000")
        self.assertEqual(self.state(path), ("100000", "?0"))

    def test_nonsense(self) -> None:
        """A place that does not fit what comes is refused."""
        path = self.up()
        for place in ("bytes 0-9", "bytes 9-0/10", "bytes 0-10/11", "10-20/30"):
            response = self.put(path, bytes(10), Content_Range=place)
            self.assertEqual(response.status, 400, place)

    def test_left(self) -> None:
        """What nobody goes on with is gone after a while."""
        path = self.up()
        self.half(path)
        self.assertEqual(self.files.open_files, 1)
        self.clock.advance(self.hub.rules.files_resume)
        turn(self.hub)
        self.assertEqual((self.files.open_files, self.files.kept), (0, {}))
        self.assertEqual(self.browser().ask("HEAD", path).status, 404)
        self.assertEqual(self.bob_door.of(Shared), [])

    def test_given_up(self) -> None:
        """Who gives up leaves nothing behind at once."""
        path = self.up()
        self.half(path)
        self.assertEqual(self.browser().ask("DELETE", path).status, 200)
        self.assertEqual(self.files.open_files, 0)
        self.assertEqual(self.browser().ask("DELETE", path).status, 404)

    def test_two(self) -> None:
        """Of two who put by one ticket the later one does; the other is told."""
        path = self.up()
        first = self.browser()
        first.send(request("PUT", path, Content_Length="100"), b"x" * 50)
        second = self.browser()
        second.send(request("PUT", path, Content_Length="5"))
        (response,) = responses(first.read())
        self.assertEqual(response.status, 409)
        (response,) = responses(second.send(b"hello"))
        self.assertEqual(response.status, 201)
        self.assertEqual(list(self.files.kept.values()), [b"hello"])

    def test_silent(self) -> None:
        """Who sends nothing more is let go; what came waits for a while."""
        path = self.up()
        browser = self.browser()
        browser.send(request("PUT", path, Content_Length="100"), b"x" * 50)
        self.clock.advance(60)
        turn(self.hub)
        self.assertTrue(browser.wire.disconnecting or browser.wire.aborted)
        browser.lose()
        self.assertEqual(len(self.hub.sharing.transfers), 0)
        self.assertEqual(self.state(path), ("50", "?0"))

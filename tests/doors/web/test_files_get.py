"""Tests for L{chatd.doors.web.files}: fetching what was shared."""

import re
from dataclasses import replace

from chatd.chat.events import Handed, Shared
from chatd.chat.links import Links
from chatd.chat.look import look
from chatd.chat.session import Session
from chatd.doors.web.files import CHUNK
from chatd.render.text import render
from chatd.testing import FakeDoor, join, result, turn, type_in
from tests.chatting import PASSWORD
from tests.doors.web.browser import Browser, request
from tests.doors.web.sharing import CONTENT, FileCase


class GetTests(FileCase):
    """A file is fetched by a link, whole or in part."""

    def test_get(self) -> None:
        """It comes as it was, to be saved and not shown."""
        event = self.share()
        response = self.get(self.url(event, self.bob))
        self.assertEqual((response.status, response.body), (200, CONTENT))
        self.assertEqual(response.headers["content-length"], str(len(CONTENT)))
        self.assertEqual(response.headers["etag"], f'"{event.sha256}"')
        self.assertEqual(self.files.open_files, 0)
        self.assertEqual(len(self.hub.sharing.transfers), 0)

    def test_harmless(self) -> None:
        """Whatever it is, a browser runs nothing of it."""
        event = self.share(b"<script>alert(1)</script>", "x.html")
        headers = self.get(self.url(event, self.bob)).headers
        self.assertTrue(headers["content-disposition"].startswith("attachment;"))
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        policy = headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("sandbox", policy)
        self.assertNotIn("script-src", policy)
        self.assertEqual(headers["cache-control"], "no-store")

    def test_head(self) -> None:
        """All about it, without it."""
        event = self.share()
        response = self.get(self.url(event, self.bob), "HEAD")
        self.assertEqual((response.status, response.body), (200, b""))
        self.assertEqual(response.headers["content-length"], str(len(CONTENT)))
        self.assertEqual(self.files.open_files, 0)

    def test_empty(self) -> None:
        """An empty file is empty."""
        response = self.get(self.url(self.share(b""), self.bob))
        self.assertEqual((response.status, response.body), (200, b""))

    def test_part(self) -> None:
        """Who was cut off asks for the rest alone."""
        url = self.url(self.share(), self.bob)
        for text, first, last in (
            ("bytes=100000-", 100_000, 255_999),
            (f"bytes={CHUNK - 1}-{CHUNK}", CHUNK - 1, CHUNK),
            ("bytes=-5", 255_995, 255_999),
        ):
            response = self.get(url, Range=text)
            self.assertEqual(response.status, 206)
            self.assertEqual(response.body, CONTENT[first : last + 1])
            self.assertEqual(
                response.headers["content-range"], f"bytes {first}-{last}/256000"
            )

    def test_outside(self) -> None:
        """Behind the end there is nothing."""
        response = self.get(self.url(self.share(), self.bob), Range="bytes=256000-")
        self.assertEqual(response.status, 416)
        self.assertEqual(response.headers["content-range"], "bytes */256000")

    def test_if_range(self) -> None:
        """A part of what it is no more is not given: then it is the whole."""
        event = self.share()
        url = self.url(event, self.bob)
        for tag, status in ((f'"{event.sha256}"', 206), ('"other"', 200)):
            response = self.get(url, Range="bytes=5-", If_Range=tag)
            self.assertEqual(response.status, status)

    def test_known(self) -> None:
        """Who has it need not fetch it again."""
        event = self.share()
        url = self.url(event, self.bob)
        response = self.get(url, If_None_Match=f'"{event.sha256}"')
        self.assertEqual((response.status, response.body), (304, b""))


class StallTests(FileCase):
    """Who reads slowly waits, and makes nobody else wait."""

    def begin(self) -> Browser:
        """Somebody who has begun to fetch, and reads nothing."""
        self.hub.rules = replace(self.hub.rules, file_bytes=10**7, files_account=10**8)
        url = self.url(self.share(CONTENT * 10), self.bob)
        browser = self.browser()
        write = browser.wire.write

        def stop(data: bytes) -> None:
            write(data)
            if browser.wire.producer and browser.wire.producerState == "producing":
                browser.wire.producerState = "paused"
                browser.wire.producer.pauseProducing()

        browser.wire.write = stop  # type: ignore[method-assign]
        browser.protocol.dataReceived(request("GET", url))
        return browser

    def test_waits(self) -> None:
        """Nothing more is read from the disk than is taken."""
        browser = self.begin()
        sent = len(browser.read())
        self.assertLess(sent, 2 * CHUNK)
        self.assertEqual(browser.read(), b"")
        browser.wire.producerState = "producing"
        browser.wire.producer.resumeProducing()
        self.assertLessEqual(len(browser.read()), CHUNK)

    def test_at_once(self) -> None:
        """One person fetches so many at the same time."""
        self.hub.rules = replace(self.hub.rules, files_transfers_person=1)
        slow = self.begin()
        url = self.url(self.bob_door.of(Shared)[-1], self.bob)
        self.assertEqual(self.get(url).status, 429)
        slow.lose()
        self.assertEqual(self.get(url).status, 200)

    def test_let_go(self) -> None:
        """Who takes nothing for a minute is let go, and the file closed."""
        browser = self.begin()
        self.assertEqual(self.files.open_files, 1)
        self.clock.advance(60)
        self.assertTrue(browser.wire.aborted)
        browser.lose(clean=False)
        self.assertEqual(self.files.open_files, 0)
        self.assertEqual(len(self.hub.sharing.transfers), 0)


class SightTests(FileCase):
    """Only those who may see the message may fetch the file."""

    def refused(self, url: str) -> str:
        """Why nothing comes."""
        response = self.get(url)
        self.assertEqual(response.status, 404, response.text)
        self.assertNotIn(b"\x00\x01", response.body)
        return response.text

    def private(self) -> Shared:
        """A file in a room that is private, with bob in it."""
        type_in(self.hub, self.ann, "/join ops", "/private")
        self.assertTrue(self.room.private)
        return self.share()

    def test_forged(self) -> None:
        """A link is good as it was made, and in no other way."""
        event = self.share()
        url = self.url(event, self.bob)
        other = self.url(self.share(), self.bob)
        _, _, id, grant, name = url.split("/")
        _, _, other_id, other_grant, _ = other.split("/")
        for forged in (
            f"/file/{other_id}/{grant}/{name}",
            f"/file/{id}/{other_grant}/{name}",
            f"/file/{id}/{grant}0/{name}",
            f"/file/{id}/{grant.partition('.')[0]}.{'0' * 24}/{name}",
            f"/file/{id}//{name}",
            f"/file/{event.file}/{grant}/{name}",
            f"/file/{id}",
            "/file/",
            f"/file/{id}/{grant}/x/y",
            "/file/%ff/%00/..",
        ):
            self.refused(forged)
        self.assertEqual(self.get(f"/file/{id}/{grant}/other.txt").status, 200)
        self.assertEqual(self.get(f"/file/{id}/{grant}").status, 200)

    def test_put_out(self) -> None:
        """Who is put out of a private room fetches nothing more from it."""
        url = self.url(self.private(), self.bob)
        self.assertEqual(self.get(url).status, 200)
        type_in(self.hub, self.ann, "/ban bob")
        self.assertIn("not for you", self.refused(url))

    def test_left(self) -> None:
        """A guest who left a private room is nobody there."""
        guest, _ = join(self.hub, "gus")
        type_in(self.hub, self.ann, "/join ops", "/private", "/invite gus")
        type_in(self.hub, guest, "/join ops")
        url = self.url(self.share(), guest)
        self.assertEqual(self.get(url).status, 200)
        guest.end("")
        turn(self.hub)
        self.refused(url)

    def test_never(self) -> None:
        """Also a link that was made for somebody who never was there."""
        event = self.private()
        cho, _ = join(self.hub, "cho", password=PASSWORD)
        self.refused(self.url(event, cho))

    def test_handed(self) -> None:
        """What two people share is for these two."""
        self.put(self.up(self.bob.somebody()))
        (event,) = self.bob_door.of(Handed)
        cho, _ = join(self.hub, "cho", password=PASSWORD)
        for session, status in ((self.ann, 200), (self.bob, 200), (cho, 404)):
            self.assertEqual(self.get(self.url(event, session)).status, status)

    def test_offline(self) -> None:
        """Who has an account fetches also when they are not here."""
        url = self.url(self.private(), self.bob)
        self.bob.end("")
        turn(self.hub)
        self.assertEqual(self.get(url).status, 200)

    def test_removed(self) -> None:
        """What was removed, or is over, is gone."""
        event = self.share()
        url = self.url(event, self.bob)
        file = result(self.hub.sharing.find(self.ann, event.file))
        type_in(self.hub, self.ann, f"/files remove {file.id}")
        self.refused(url)
        url = self.url(self.share(), self.bob)
        self.clock.advance(self.hub.rules.files_keep + 1)
        self.refused(url)

    def test_banned(self) -> None:
        """Who is shut out of the server fetches nothing."""
        url = self.url(self.share(), self.bob)
        code = result(self.hub.login.open_claim())
        type_in(self.hub, self.ann, f"/claim {code}", "/serverban bob")
        self.assertEqual(self.get(url).status, 403)

    def test_unregistered(self) -> None:
        """Nor an account that is no more."""
        url = self.url(self.share(), self.bob)
        type_in(self.hub, self.bob, f"/unregister {PASSWORD}")
        self.bob.end("")
        turn(self.hub)
        self.refused(url)


class ShownTests(FileCase):
    """Everybody who is told of a file is told it with a link of their own."""

    def test_each(self) -> None:
        """The lines of two people differ, and each is good."""
        shown = [self.watch(session) for session in (self.ann, self.bob)]
        self.put(self.up())
        urls = set()
        for data in shown:
            text = b"".join(data).decode()
            (url,) = re.findall(r"curl -OJ http://host(/\S+) -f\r\n", text)
            self.assertEqual(self.get(url).status, 200)
            urls.add(url)
        self.assertEqual(len(urls), 2)

    def watch(self, session: Session) -> list[bytes]:
        """What a session is sent as text, from now on."""
        shown: list[bytes] = []
        links = Links(self.hub.sharing.key, "http://host")
        session.look = look(render, links=links)
        door = session.door
        assert isinstance(door, FakeDoor)
        door.send = shown.append  # type: ignore[method-assign]
        return shown

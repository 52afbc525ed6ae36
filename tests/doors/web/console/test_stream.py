"""Tests for L{chatd.doors.web.console.stream}."""

import json

from twisted.internet.interfaces import IHalfCloseableProtocol

from chatd.chat.account import Role
from chatd.doors.web.console.stream import SIGN, STREAMS
from tests.doors.web.browser import Browser, request
from tests.doors.web.console.case import ConsoleCase, FakeLines


class LogTests(ConsoleCase):
    """The log, live."""

    def follow(
        self, query: str = "", cookie: str = "", **headers: str
    ) -> tuple[Browser, bytes]:
        """A browser that follows, and what it is sent at first."""
        browser = self.browser()
        path = f"/console/api/log{query}"
        asked = request("GET", path, Cookie=cookie or self.cookie, **headers)
        return browser, browser.send(asked)

    def lines(self, data: bytes) -> list[str]:
        """The texts of the lines in a piece of the stream."""
        found = []
        for line in data.decode().splitlines():
            if line.startswith("data: ["):
                found += [
                    one["text"] for one in json.loads(line.removeprefix("data: "))
                ]
        return found

    @property
    def log(self) -> FakeLines:
        """The server's."""
        return self.instruments.log

    def test_live(self) -> None:
        """The last lines come first, and then each at once."""
        self.log.add("one", "two", "three")
        browser, data = self.follow("?last=2")
        self.assertIn(b"Content-Type: text/event-stream", data)
        self.assertEqual(self.lines(data), ["two", "three"])
        self.log.add("four")
        self.assertEqual(self.lines(browser.read()), ["four"])
        browser.lose()
        self.assertEqual(self.log.followers, [])

    def test_none(self) -> None:
        """Who wants no old lines gets none."""
        self.log.add("one")
        browser, data = self.follow("?last=0")
        self.assertEqual(self.lines(data), [])
        self.log.add("two")
        self.assertEqual(self.lines(browser.read()), ["two"])

    def test_back(self) -> None:
        """A browser that comes back gets what it has not seen; of this run only."""
        self.log.add("one", "two", "three")
        run = f"{self.hub.started:.0f}"
        _, data = self.follow("?last=5", Last_Event_ID=f"{run}-1")
        self.assertEqual(self.lines(data), ["two", "three"])
        _, data = self.follow(f"?last=5&after={run}-2")
        self.assertEqual(self.lines(data), ["three"])
        _, data = self.follow(f"?last=5&after={run}-1", Last_Event_ID=f"{run}-2")
        self.assertEqual(self.lines(data), ["three"])
        _, data = self.follow("?last=5", Last_Event_ID="1234-2")
        self.assertEqual(self.lines(data), ["one", "two", "three"])

    def test_turned_away(self) -> None:
        """A tab that is closed or hidden makes room for others at once."""
        for _ in range(2 * STREAMS):
            browser, data = self.follow()
            self.assertIn(b" 200 OK", data)
            IHalfCloseableProtocol(browser.protocol).readConnectionLost()
            self.assertTrue(browser.wire.aborted)
            browser.lose()
            self.assertEqual(self.log.followers, [])

    def test_slow(self) -> None:
        """Who does not read misses lines, which is said; nothing is kept for them."""
        self.log.add("one")
        browser, _ = self.follow()
        producer = browser.wire.producer
        producer.pauseProducing()
        self.log.add("two")
        self.assertEqual(self.lines(browser.read()), [])
        del self.log.lines[:]
        self.log.lines += [{"number": 9, "text": "nine", "level": "info"}]
        producer.resumeProducing()
        data = browser.read()
        self.assertIn(b"event: missing\ndata: 7\n", data)
        self.assertEqual(self.lines(data), ["nine"])

    def test_alive(self) -> None:
        """While nothing is logged there are signs of life."""
        browser, _ = self.follow()
        for _ in range(3):
            self.clock.advance(SIGN)
            self.assertIn(b": here", browser.read())
        self.assertFalse(browser.wire.disconnecting)

    def test_put_out(self) -> None:
        """It ends at once for who is no operator any more, or logs out."""
        browser, _ = self.follow()
        self.set_role(self.olga, Role.MEMBER)
        self.assertIn(b"event: end", browser.read())
        self.assertEqual(self.log.followers, [])
        self.set_role(self.olga, Role.OPERATOR)
        cookie = self.log_in()
        browser, _ = self.follow(cookie=cookie)
        self.post(self.browser(), "log-out", cookie)
        self.assertIn(b"event: end", browser.read())

    def test_expiry(self) -> None:
        """It ends with the operator's time."""
        browser, _ = self.follow()
        for _ in range(4):
            self.clock.advance(900)
        self.assertIn(b"event: end", browser.read())

    def test_many(self) -> None:
        """One operator follows so often at most."""
        for _ in range(STREAMS):
            self.assertIn(b"200 OK", self.follow()[1])
        self.assertIn(b"507", self.follow()[1].partition(b"\r\n")[0])

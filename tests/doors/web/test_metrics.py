"""Tests for L{chatd.doors.web.metrics} and L{chatd.doors.web.health}."""

import re

from twisted.web.resource import Resource

from chatd.chat.errors import TooFast
from chatd.chat.spread import Spread
from chatd.doors.web.health import Health
from chatd.doors.web.metrics import Metrics
from chatd.doors.web.page import Folder
from chatd.testing import FakeServer, connect, join, type_in
from tests.doors.web.browser import WebCase

# Of https://prometheus.io/docs/instrumenting/exposition_formats/
_LINE = re.compile(
    r"# HELP [a-z_]+ [^\n]+"
    r"|# TYPE [a-z_]+ (?:gauge|counter|histogram)"
    r'|[a-z_]+(?:\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"\})? [0-9.e+-]+'
)


class MetricsCase(WebCase):
    """A site for machines."""

    def make_root(self) -> Resource:
        root = Folder()
        root.putChild(b"health", Health(self.hub))
        self.token = ""
        root.putChild(
            b"metrics",
            Metrics(
                self.hub,
                lag=Spread(),
                process=lambda: {"process_open_fds": 7, "process_cpu_seconds_total": 1},
                may_look=lambda address: address == "127.0.0.1",
                token=lambda: self.token,
            ),
        )
        return root


class FiguresTests(MetricsCase):
    """How many and how fast."""

    def figures(self) -> dict[str, str]:
        """What is shown, by name and label."""
        response = self.browser("127.0.0.1").ask("GET", "/metrics")
        self.assertEqual(response.status, 200)
        self.assertEqual(
            response.headers["content-type"],
            "text/plain; version=0.0.4; charset=utf-8",
        )
        lines = response.text.splitlines()
        for line in lines:
            self.assertTrue(_LINE.fullmatch(line), line)
        shown = [line.rpartition(" ") for line in lines if line[0] != "#"]
        self.assertEqual(len(shown), len({name for name, _, _ in shown}))
        return {name: value for name, _, value in shown}

    def test_counted(self) -> None:
        """People, sessions, messages, refusals: all that one would want to see."""
        ann, _ = join(self.hub, "ann")
        connect(self.hub)
        type_in(self.hub, ann, "hello", "/me waves", "hello again")
        self.hub.refusals.note(TooFast("slow"))
        self.hub.admission.refused["full"] += 2
        self.hub.connections.backlog = 123
        found = self.figures()
        for name, value in {
            "chatd_people": "1",
            'chatd_sessions{door="fake"}': "2",
            "chatd_rooms": "1",
            'chatd_events_total{kind="said"}': "2",
            'chatd_events_total{kind="emoted"}': "1",
            'chatd_limits_met_total{limit="too-fast"}': "1",
            'chatd_connections_refused_total{code="full"}': "2",
            "chatd_unread_bytes": "123",
            "chatd_journal_waiting": "0",
            "chatd_store_up": "1",
            "chatd_connections": "0",
            "chatd_connections_waiting": "0",
            "chatd_lag_seconds_count": "0",
            "process_open_fds": "7",
            "process_cpu_seconds_total": "1",
        }.items():
            self.assertEqual(found.get(name), value, name)
        self.assertIn("chatd_info", str(found))
        self.assertGreaterEqual(int(found["chatd_commit_seconds_count"]), 3)

    def test_nobody_named(self) -> None:
        """Nobody and nothing is named in them."""
        ann, _ = join(self.hub, "annabella", "secretroom")
        type_in(self.hub, ann, "secretwords")
        text = str(self.figures())
        for word in ("annabella", "secretroom", "secretwords"):
            self.assertNotIn(word, text)

    def test_responses(self) -> None:
        """What was answered by HTTP is counted as well, whoever refused it."""
        browser = self.browser()
        browser.ask("GET", "/nothing")
        browser.ask("GET", "/health")
        self.browser().send(b"nonsense\r\n")
        found = self.figures()
        for status in ("404", "200", "400"):
            self.assertEqual(
                found[f'chatd_http_responses_total{{status="{status}"}}'], "1"
            )


class MayLookTests(MetricsCase):
    """Not everybody may look."""

    def status(self, address: str = "192.0.2.1", **headers: str) -> int:
        """What somebody gets who asks from there."""
        return self.browser(address).ask("GET", "/metrics", **headers).status

    def test_networks(self) -> None:
        """Only those networks that the operator chose."""
        self.assertEqual(self.status("127.0.0.1"), 200)
        self.assertEqual(self.status("192.0.2.1"), 403)

    def test_proxied(self) -> None:
        """And not who comes through a proxy of this machine."""
        for header in ("X_Forwarded_For", "Forwarded", "Via", "X_Real_IP"):
            self.assertEqual(self.status("127.0.0.1", **{header: "192.0.2.9"}), 403)

    def test_token(self) -> None:
        """But whoever has the token, from anywhere."""
        self.assertEqual(self.status(Authorization="Bearer "), 403)
        self.token = "s3cret"
        self.assertEqual(self.status(Authorization="Bearer s3cret"), 200)
        self.assertEqual(self.status(Authorization="Bearer s3cre"), 403)
        self.assertEqual(self.status(Authorization="Bearer \xe4"), 403)
        self.assertEqual(self.status(Authorization="Basic s3cret"), 403)
        self.assertEqual(self.status(), 403)


class HealthTests(MetricsCase):
    """Whether the server is well."""

    def health(self) -> tuple[int, str]:
        """What a machine is told, from anywhere."""
        response = self.browser().ask("GET", "/health")
        return response.status, response.text

    def test_well(self) -> None:
        """People can come in and talk."""
        self.assertEqual(self.health(), (200, "well"))
        self.hub.server = FakeServer()
        self.assertEqual(self.health(), (200, "well"))

    def test_store(self) -> None:
        """Nothing can be stored, as on a full disk."""
        self.hub.journal.well = False
        self.assertEqual(self.health(), (503, "nothing can be stored"))

    def test_stopped(self) -> None:
        """The chat is stopped, or the server is stopping."""
        server = FakeServer()
        server.running = False
        self.hub.server = server
        self.assertEqual(self.health(), (503, "nobody can come in"))
        self.hub.server = None
        self.hub.closing = "Good night."
        self.assertEqual(self.health(), (503, "nobody can come in"))

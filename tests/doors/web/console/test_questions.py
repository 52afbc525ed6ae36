"""Tests for L{chatd.doors.web.console.questions}: what operators see."""

from chatd.testing import join
from tests.chatting import PASSWORD
from tests.doors.web.console.case import OLGA, ConsoleCase


class QuestionTests(ConsoleCase):
    """What operators see."""

    def test_glances(self) -> None:
        """The dials are read when they are asked for."""
        self.assertEqual(
            self.data("minutes", self.cookie),
            {"minutes": [{"time": 60.0, "people": 3, "messages": 12}]},
        )
        self.assertEqual(self.data("health", self.cookie), {"well": True})

    def test_sessions(self) -> None:
        """Who is connected, how, since when, and how long idle."""
        join(self.hub, "ann", "ops")
        self.clock.advance(30)
        join(self.hub, "bob", password=PASSWORD)
        self.clock.advance(5)
        found = self.data("sessions", self.cookie)
        self.assertEqual(found["total"], 2)
        ann, bob = found["rows"]
        self.assertEqual(
            {key: ann[key] for key in ("name", "role", "door", "address", "room")},
            {
                "name": "ann",
                "role": "guest",
                "door": "fake",
                "address": "192.0.2.1",
                "room": "ops",
            },
        )
        self.assertEqual((bob["role"], round(bob["idle"])), ("member", 5))
        self.assertEqual(round(bob["since"] - ann["since"]), 30)

    def test_pages(self) -> None:
        """Lists come in pages, and are searched."""
        for number in range(5):
            join(self.hub, f"guest{number}")
        found = self.data("sessions?offset=2&limit=2", self.cookie)
        self.assertEqual([row["name"] for row in found["rows"]], ["guest2", "guest3"])
        self.assertEqual(found["total"], 5)
        found = self.data("sessions?find=GUEST4", self.cookie)
        self.assertEqual((found["total"], found["rows"][0]["name"]), (1, "guest4"))
        for bad in ("offset=-1", "limit=x", "offset=99999999999"):
            self.assertEqual(self.get(f"sessions?{bad}", self.cookie).status, 400)
        self.assertEqual(self.data("sessions?offset=9999", self.cookie)["rows"], [])

    def test_rooms(self) -> None:
        """Which rooms there are, the busiest first."""
        join(self.hub, "ann", "ops")
        rows = self.data("rooms", self.cookie)["rows"]
        self.assertEqual([row["name"] for row in rows], ["lobby", "ops"])
        self.assertEqual(rows[1]["people"], 1)

    def test_accounts(self) -> None:
        """Accounts, page by page, and never what opens them."""
        for name in ("ann", "bob", "cho"):
            join(self.hub, name, password=PASSWORD)
        found = self.data("accounts?limit=2", self.cookie)
        self.assertEqual([row["name"] for row in found["rows"]], ["ann", "bob"])
        self.assertEqual((found["more"], found["total"]), (True, 4))
        found = self.data("accounts?limit=2&after=bob", self.cookie)
        self.assertEqual([row["name"] for row in found["rows"]], ["cho", OLGA])
        self.assertEqual([row["here"] for row in found["rows"]], [True, False])
        self.assertFalse(found["more"])
        self.assertNotIn("hash", self.get("accounts", self.cookie).text)
        found = self.data("accounts?find=O", self.cookie)
        self.assertEqual([row["name"] for row in found["rows"]], ["bob", "cho", OLGA])

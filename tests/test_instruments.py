"""Tests for L{chatd.instruments}: what operators are shown of the process."""

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed

from chatd import instruments
from chatd.instruments import Instruments
from chatd.operate.tail import Tail
from chatd.testing import join, type_in
from tests.test_control import ControlCase


class InstrumentsTests(ControlCase):
    """The dials show how things are."""

    def setUp(self) -> None:
        super().setUp()
        self.data = Path(self.mktemp())
        self.data.mkdir()
        self.patch(instruments, "deferToThread", lambda what: succeed(what()))
        self.instruments = Instruments(
            hub=self.hub,
            control=self.control,
            tail=Tail(lambda what: what()),
            reactor=self.clock,
            data=self.data,
            fingerprints=lambda: {"SSH": "SHA256:x"},
            console=lambda: "http://127.0.0.1:5051/console",
        )

    def health(self) -> Any:
        """How the store is."""
        return self.successResultOf(Deferred.fromCoroutine(self.instruments.health()))

    def test_status(self) -> None:
        """State, port, people and the rest are those of the moment."""
        join(self.hub, "ann")
        status = self.instruments.status()
        for name, value in {
            "state": "running",
            "port": 5050,
            "people": 1,
            "connections": 1,
            "fingerprints": {"SSH": "SHA256:x"},
            "server": "chat.example",
            "lockdown": False,
        }.items():
            self.assertEqual(status[name], value, name)
        self.assertTrue(status["ways"])
        self.stop()
        status = self.instruments.status()
        self.assertEqual((status["state"], status["ways"]), ("stopped", []))

    def test_minutes(self) -> None:
        """Messages are counted, and nothing else that happens."""
        ann, _ = join(self.hub, "ann", "ops")
        type_in(self.hub, ann, "one", "/me waves", "/topic x", "/who")
        ((_, people, messages),) = self.instruments.minutes()
        self.assertEqual((people, messages), (1, 2))

    def test_health(self) -> None:
        """How large it is, and when it last took something."""
        (self.data / "chatd.db").write_bytes(b"x" * 100)
        (self.data / "chatd.db-wal").write_bytes(b"x" * 11)
        health = self.health()
        self.assertEqual((health["well"], health["waiting"]), (True, 0))
        self.assertEqual((health["database"], health["files"]), (111, 0))
        self.assertIsNone(health["stored_ago"])
        self.assertGreater(health["free"], 0)
        ann, _ = join(self.hub, "ann")
        type_in(self.hub, ann, "hello")
        self.clock.advance(7)
        self.assertEqual(self.health()["stored_ago"], 7)

    def test_store_down(self) -> None:
        """While the store does not answer, that is shown, and what else is known."""
        self.store.failing = True
        health = self.health()
        self.assertEqual((health["well"], health["files"]), (False, None))
        self.assertGreater(health["free"], 0)

    def test_public_address(self) -> None:
        """Where the settings name nobody, nobody is asked."""
        self.options["public-address-url"] = ""
        self.control.reload()
        failure = self.failureResultOf(
            Deferred.fromCoroutine(self.instruments.public_address())
        )
        self.assertIn("names none", failure.getErrorMessage())

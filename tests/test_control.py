"""Tests for L{chatd.control}: what operators do to the running process."""

import errno
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs

from chatd.chat.errors import BadRequest, ChatError, Closed, NotAllowed
from chatd.chat.events import Closing, Notice, Said
from chatd.control import Control, certificate_files
from chatd.operate.kept import KeptPort
from chatd.operate.settings import Settings, SettingsError, load
from chatd.secrets.files import SecretsError
from chatd.testing import connect, join, result, turn, type_in
from chatd.ways import Ways
from tests.doors.wire import DoorCase
from tests.operate.test_listening import Reactor

HERE = "192.0.2.7"


class Log:
    """The log, as far as a reload is concerned."""

    def configure(self, settings: object) -> None:
        """Nothing to do."""


class Both(Clock, Reactor):
    """A clock on which ports can be listened on."""

    def __init__(self) -> None:
        Reactor.__init__(self)
        Clock.__init__(self)


class ControlCase(DoorCase):
    """A chat that runs."""

    def setUp(self) -> None:
        super().setUp()
        self.reactor = Both()
        # The clock of the hub is the one that the tests move.
        self.reactor.callLater = self.clock.callLater  # type: ignore[method-assign]
        self.reactor.seconds = self.clock.seconds  # type: ignore[method-assign]
        self.options = {"port": "5050", "interface": HERE, "doors-ssh": "false"}
        settings = self.load()
        self.file = Path(self.mktemp()) / "console.toml"
        kept = KeptPort(self.file)
        kept.applied(settings)
        self.ended = 0
        log: Any = Log()
        self.control = Control(
            hub=self.hub,
            reactor=self.reactor,
            settings=settings,
            load=self.load,
            kept=kept,
            ways=Ways(self.hub, settings, None, self.reactor),
            log=log,
            context=None,
            end=self.end,
        )
        self.hub.server = self.control
        self.control.open()
        self.control.begin()

    def load(self) -> Settings:
        """The settings as they are now."""
        return load(self.options, {})

    def end(self) -> None:
        """What stops the process."""
        self.ended += 1

    def ports(self) -> list[int]:
        """Where people can come in."""
        ports = [port for port in self.reactor.ports if port.open and port.reading]
        return [port.number for port in ports]

    def stop(self, reason: str = "") -> None:
        """Stop the chat, and see everybody gone."""
        stopping = Deferred.fromCoroutine(self.control.stop(reason))
        turn(self.hub)
        for session in list(self.hub.connections._doors):
            session.end("")
        self.successResultOf(stopping)

    def refused(self, doing: Any) -> ChatError:
        """Why something cannot be done."""
        failure = self.failureResultOf(Deferred.fromCoroutine(doing), ChatError)
        problem = failure.value
        assert isinstance(problem, ChatError)
        return problem


class StopTests(ControlCase):
    """The chat stops, and the process goes on."""

    def test_stop(self) -> None:
        """Everybody is told why and disconnected; nobody can join or even connect."""
        _, door = join(self.hub, "ann")
        self.stop("Back at ten.")
        self.assertEqual([e.text for e in door.of(Closing)], ["Back at ten."])
        self.assertFalse(door.open)
        self.assertEqual(self.ports(), [])
        self.assertEqual(self.control.state, "stopped")
        self.assertFalse(self.control.running)
        problem = self.assertRaises(Closed, connect, self.hub)
        self.assertEqual(problem.text, "Back at ten.")
        self.assertEqual(self.ended, 0)

    def test_why(self) -> None:
        """Without a reason there is a sentence all the same."""
        _, door = join(self.hub, "ann")
        self.stop()
        (closing,) = door.of(Closing)
        self.assertEqual(closing.text, "The chat is stopped for now.")

    def test_start(self) -> None:
        """It starts again on the same port, and what was said is still there."""
        ann, _ = join(self.hub, "ann")
        type_in(self.hub, ann, "hello")
        self.stop()
        self.control.start()
        self.assertEqual(self.ports(), [5050])
        _, door = join(self.hub, "bob")
        (latest,) = [event for event in door.events if hasattr(event, "events")]
        self.assertEqual(
            [e.text for e in latest.events if isinstance(e, Said)], ["hello"]
        )

    def test_not_twice(self) -> None:
        """What is stopped is not stopped, and what runs is not started."""
        self.assertRaises(BadRequest, self.control.start)
        self.stop()
        self.assertIsInstance(self.refused(self.control.stop("")), BadRequest)

    def test_while_stopping(self) -> None:
        """Until everybody is gone it can neither be started nor moved."""
        join(self.hub, "ann")
        Deferred.fromCoroutine(self.control.stop(""))
        turn(self.hub)
        self.assertEqual(self.control.state, "stopping")
        self.assertRaises(BadRequest, self.control.start)
        self.assertIsInstance(self.refused(self.control.move(6060)), BadRequest)
        # Whoever does not go is not waited for.
        self.clock.advance(3)
        self.assertEqual(self.control.state, "stopped")
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_start_fails(self) -> None:
        """If another program has the port by now, it stays stopped and says so."""
        self.stop()
        self.reactor.problems[HERE, 5050] = errno.EADDRINUSE
        problem = self.assertRaises(NotAllowed, self.control.start)
        self.assertIn("port 5050 on 192.0.2.7 is in use", problem.text)
        self.assertEqual(self.control.state, "stopped")
        self.assertRaises(Closed, connect, self.hub)
        del self.reactor.problems[HERE, 5050]
        self.control.start()
        self.assertEqual(self.ports(), [5050])


class MoveTests(ControlCase):
    """The port changes while people talk."""

    def test_move(self) -> None:
        """The new port is listened on and kept; who is here stays, and is told."""
        _, door = join(self.hub, "ann")
        words = result(self.control.move(6060))
        self.assertEqual(words, "The port is 6060, also after the next start.")
        self.assertEqual(self.ports(), [6060])
        turn(self.hub)
        self.assertTrue(door.open)
        (notice,) = [e for e in door.of(Notice) if "6060" in e.text]
        self.assertIn("You stay connected", notice.text)
        self.assertIn("port = 6060\ninstead_of = 5050\n", self.file.read_text())
        self.assertEqual(self.control.settings.port, 6060)

    def test_taken(self) -> None:
        """A port that another program has is refused, and nothing changes."""
        self.reactor.problems[HERE, 6060] = errno.EADDRINUSE
        problem = self.refused(self.control.move(6060))
        self.assertIn("The port stays 5050: port 6060 on 192.0.2.7", problem.text)
        self.assertEqual(self.ports(), [5050])
        self.assertFalse(self.file.exists())
        self.assertEqual(self.control.settings.port, 5050)

    def test_same(self) -> None:
        """The port that it is cannot be chosen."""
        self.assertIn("already", self.refused(self.control.move(5050)).text)

    def test_stopped(self) -> None:
        """While stopped, the port is chosen for the next start."""
        self.stop()
        result(self.control.move(6060))
        self.assertEqual(self.ports(), [])
        self.control.start()
        self.assertEqual(self.ports(), [6060])

    def test_not_kept(self) -> None:
        """If it cannot be kept, it changes all the same, and that is said."""

        def fail(port: int) -> None:
            raise SecretsError("console.toml cannot be written: the disk is full.")

        self.patch(KeptPort, "keep", lambda self, port: fail(port))
        words = result(self.control.move(6060))
        self.assertIn("only until the next start: console.toml cannot", words)
        self.assertEqual(self.ports(), [6060])

    def test_reload(self) -> None:
        """A reload does not ask for a restart because of it."""
        result(self.control.move(6060))
        self.assertEqual(self.control.reload(), "Nothing is different.")
        self.options["port"] = "7070"
        self.assertEqual(self.control.reload(), "These wait for a restart: port.")


class ReloadTests(ControlCase):
    """Settings are read again."""

    def test_live(self) -> None:
        """What can change does, what is wrong changes nothing."""
        self.options["motd"] = "Tea at four."
        self.assertEqual(self.control.reload(), "Changed: motd.")
        self.assertEqual(self.hub.motd, "Tea at four.")

        def fail() -> Settings:
            raise SettingsError("motd: no")

        self.control._load = fail
        with capturedLogs() as logged:
            self.assertEqual(self.control.reload(), "Nothing was changed: motd: no")
        self.assertEqual([one["log_level"] for one in logged], [LogLevel.warn])

    def test_stopped(self) -> None:
        """A reload does not open a chat that is stopped."""
        self.stop()
        self.control.reload()
        self.assertEqual(self.ports(), [])

    def test_files(self) -> None:
        """A certificate of the operator's is used where it is."""
        given = load({"tls-certificate": "a.pem", "tls-key": "b.pem"}, {})
        self.assertEqual(certificate_files(given), (Path("a.pem"), Path("b.pem")))
        made = certificate_files(load({"keys": "/srv/keys"}, {}))
        self.assertEqual(made, (Path("/srv/keys/tls.crt"), Path("/srv/keys/tls.key")))


class EndTests(ControlCase):
    """The process ends."""

    def test_stats(self) -> None:
        """What /stats tells of the process is not what it tells of the chat."""
        self.hub.server = None
        chat = self.hub.operators.stats()
        process = self.control.stats()
        self.assertEqual(process["port"], self.control.port)
        self.assertFalse(set(chat) & set(process))

    def test_now(self) -> None:
        """Without a delay it ends at once."""
        self.control.shut_down(0, "Enough.")
        self.clock.advance(0)
        self.assertEqual(self.ended, 1)
        self.assertEqual(self.control.why, "Enough.")

    def test_later(self) -> None:
        """With one, everybody is told; a second one replaces the first."""
        _, door = join(self.hub, "ann")
        self.control.shut_down(60, "Later.")
        self.control.shut_down(5, "")
        turn(self.hub)
        self.assertEqual(
            [e.text for e in door.of(Notice)],
            ["The server stops in 1 minute: Later.", "The server stops in 5 seconds."],
        )
        self.clock.advance(5)
        self.clock.advance(60)
        self.assertEqual(self.ended, 1)

    def test_after_all_not(self) -> None:
        """It can be ended until then, which everybody is told."""
        _, door = join(self.hub, "ann")
        with self.assertRaises(BadRequest):
            self.control.go_on()
        self.control.shut_down(60, "Later.")
        self.clock.advance(20)
        self.assertEqual(self.control.ending_in, 40)
        self.control.go_on()
        turn(self.hub)
        self.assertIn("does not stop after all", door.of(Notice)[-1].text)
        self.clock.advance(60)
        self.assertEqual((self.ended, self.control.ending_in), (0, None))
        self.assertEqual(self.control.why, "The server is stopping.")

"""The server's log."""

import json
import sys
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from twisted.application.service import Application, IServiceCollection
from twisted.internet.task import Clock
from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    formatEvent,
    globalLogPublisher,
)
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate import logline
from chatd.operate.declared import Log as Settings
from chatd.operate.log import AUDIT, EARLY_EVENTS, Log, is_ours
from chatd.operate.repeats import WINDOW


class Reactor(Clock):
    """A clock that can be asked from threads."""

    def callFromThread(self, what: Any, *arguments: Any) -> None:
        what(*arguments)


class LogTests(SynchronousTestCase):
    """Operators find in the log what they ask about."""

    def setUp(self) -> None:
        self.clock = Reactor()
        self.folder = Path(self.mktemp())

    def make(self, stdout: TextIO | None = None, **settings: Any) -> Log:
        """A log that is not started yet."""
        log = Log(replace(Settings(), **settings), self.folder, self.clock, stdout)
        self.addCleanup(log.stop)
        return log

    def lines(self) -> list[str]:
        """What is in the file, without the time."""
        text = (self.folder / "chatd.log").read_text()
        return [line.partition(" ")[2] for line in text.splitlines()]

    def say(self, log: Log, level: str, namespace: str = "chatd.x") -> None:
        """Log something of this level."""
        logger = Logger(namespace, observer=log)
        logger.emit(LogLevel.levelWithName(level), "{word}", word=f"some {level}")

    def test_started(self) -> None:
        """What Twisted's logger is told ends up in the file."""
        self.make().start()
        Logger("chatd.x").info("{name} came in", name="ann")
        self.assertIn("info  chatd.x: ann came in", self.lines())

    def test_elsewhere(self) -> None:
        """Where twistd has the log, there is no file, but it can be followed."""
        log = Log(Settings(), self.folder, self.clock, None, keep=False)
        self.addCleanup(log.stop)
        log.start()
        Logger("chatd.x").info("{name} came in", name="ann")
        self.assertFalse(self.folder.exists())
        self.assertEqual(log.tail.last(1)[0]["text"], "ann came in")

    def test_stopped(self) -> None:
        """Once stopped, nothing is written any more."""
        log = self.make()
        log.start()
        self.say(log, "info")
        log.stop()
        Logger("chatd.x").info("late")
        self.assertEqual(self.lines(), ["info  chatd.x: some info"])

    def test_early(self) -> None:
        """What is logged before the start is kept, and comes first."""
        log = self.make()
        self.say(log, "info")
        self.assertFalse(self.folder.exists())
        log.start()
        self.say(log, "warn")
        self.assertEqual(
            self.lines(), ["info  chatd.x: some info", "warn  chatd.x: some warn"]
        )

    def test_early_bound(self) -> None:
        """Only so much is kept before the start."""
        log = self.make()
        for _ in range(EARLY_EVENTS + 1):
            self.clock.advance(1)  # not too fast for the log
            self.say(log, "info")
        log.start()
        self.assertEqual(len(self.lines()), EARLY_EVENTS)

    def test_twistd(self) -> None:
        """An application of twistd logs to it, in place of twistd's own file."""
        log = self.make()
        application = Application("chatd")
        log.attach(application)
        self.assertIs(ILogObserver(application), log)

    def test_other_parents(self) -> None:
        """A parent that is no application is left alone."""
        log = self.make()
        log.attach(IServiceCollection(Application("x")))
        log.attach(None)
        log.start()
        self.assertIn(log, globalLogPublisher._observers)

    def test_once(self) -> None:
        """A log that twistd observes already writes each line once."""
        log = self.make()
        globalLogPublisher.addObserver(log)
        log.start()
        Logger("chatd.x").info("hello")
        self.assertEqual(self.lines().count("info  chatd.x: hello"), 1)

    def test_terminal(self) -> None:
        """In the foreground people see the same lines."""
        out = StringIO()
        log = self.make(out)
        self.say(log, "info")
        self.assertIn("chatd.x: some info\n", out.getvalue())

    def test_words(self) -> None:
        """A line is put into words once, for terminal, file and followers."""
        put: list[LogEvent] = []

        def counting(event: LogEvent) -> str:
            put.append(event)
            return formatEvent(event)

        self.patch(logline, "formatEvent", counting)
        log = self.make(StringIO())
        log.start()
        self.say(log, "info")
        self.assertEqual(self.lines(), ["info  chatd.x: some info"])
        self.assertEqual(log.tail.last(1)[0]["text"], "some info")
        self.assertEqual(len(put), 1)

    def test_poor_terminal(self) -> None:
        """A terminal without Unicode shows what it can."""
        raw = BytesIO()
        log = self.make(TextIOWrapper(raw, "ascii"))
        Logger("chatd.x", observer=log).info("Jürgen")
        self.assertIn(rb"J\xfcrgen", raw.getvalue())

    def test_closed_terminal(self) -> None:
        """When the terminal is gone, the file goes on."""
        out = StringIO()
        out.close()
        log = self.make(out)
        log.start()
        self.say(log, "info")
        self.assertEqual(self.lines(), ["info  chatd.x: some info"])

    def test_levels(self) -> None:
        """Lines less important than the setting are left out."""
        log = self.make(level="warn")
        log.start()
        for level in ("debug", "info", "warn", "error", "critical"):
            self.say(log, level)
        self.assertEqual(
            [line.split()[0] for line in self.lines()], ["warn", "error", "critical"]
        )

    def test_twisted(self) -> None:
        """What Twisted tells about itself is seen only in debugging."""
        log = self.make()
        log.start()
        self.say(log, "info", "twisted.internet.protocol.Factory")
        self.say(log, "error", "twisted.x")
        self.assertEqual(self.lines(), ["error twisted.x: some error"])
        log.configure(replace(Settings(), level="debug"))
        self.say(log, "info", "twisted.x")
        self.assertEqual(self.lines()[1:], ["info  twisted.x: some info"])

    def test_audit(self) -> None:
        """What operators did is logged whatever the level, and however often."""
        log = self.make(level="error")
        log.start()
        for _ in range(150):
            self.say(log, "info", AUDIT)
        self.assertEqual(len(self.lines()), 150)

    def test_repeats(self) -> None:
        """A flood of the same is summed up after a while."""
        log = self.make()
        log.start()
        for _ in range(150):
            self.say(log, "info")
        self.assertEqual(len(self.lines()), 100)
        self.clock.advance(WINDOW)
        self.assertEqual(
            self.lines()[100:], ["info  chatd.x: 50 more like this: some info"]
        )

    def test_json(self) -> None:
        """For programs, each line is an object."""
        log = self.make(format="json")
        log.start()
        self.say(log, "info")
        found = json.loads((self.folder / "chatd.log").read_text())
        self.assertEqual(found["word"], "some info")

    def test_reconfigured(self) -> None:
        """Level, format and size can be changed while it runs."""
        log = self.make()
        log.start()
        self.say(log, "debug")
        log.configure(replace(Settings(), level="debug", format="json", size=4096))
        self.say(log, "debug")
        self.assertEqual(len(self.lines()), 1)
        self.assertIn('"level": "debug"', self.lines()[0])

    def test_missing(self) -> None:
        """After a trouble with the disk the log says what is missing."""
        self.patch(sys, "__stderr__", None)
        self.folder.write_text("in the way")
        log = self.make()
        log.start()
        self.say(log, "info")
        self.folder.unlink()
        self.clock.advance(10)
        self.say(log, "info")
        self.assertEqual(
            self.lines(),
            [
                "warn  chatd.operate.log: 1 lines are missing here",
                "info  chatd.x: some info",
            ],
        )


class IsOursTests(SynchronousTestCase):
    """Whoever tells twistd where to log is obeyed."""

    def test_nothing_told(self) -> None:
        """Without options of twistd's the log is ours."""
        self.assertTrue(is_ours(None))
        self.assertTrue(is_ours({"logfile": None, "logger": None, "syslog": 0}))

    def test_told(self) -> None:
        """With one of them, it is not."""
        self.assertFalse(is_ours({"logfile": "x"}))
        self.assertFalse(is_ours({"syslog": 1}))

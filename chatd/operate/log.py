"""The server's log: a rotating file, and the terminal under C{twistd -n}."""

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from threading import RLock
from time import time
from typing import Any, TextIO

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    PredicateResult,
    globalLogPublisher,
)
from twisted.python.components import Componentized
from zope.interface import implementer

from chatd.operate import declared
from chatd.operate.logfile import SturdyFile
from chatd.operate.logline import Line, json_line, parts, text_line
from chatd.operate.repeats import AUDIT, RepeatFilter
from chatd.operate.tail import Tail

__all__ = ["AUDIT", "Log", "is_ours"]

# Events kept until there is a file.
EARLY_EVENTS = 1_000


def is_ours(twistd: Mapping[str, Any] | None) -> bool:
    """
    Whether the log is left to us, or else twistd was told what to do with it.

    @param twistd: The options of twistd: C{options.parent}.
    """
    return not any((twistd or {}).get(name) for name in ("logfile", "logger", "syslog"))


@implementer(ILogObserver)
class Log:
    """
    Observes everything that Twisted's logger is told, from any thread.

    @ivar tail: The last lines, for those who follow it.

    twistd opens its own log before it becomes a daemon and changes folder and user.
    This one therefore keeps the first events until L{start}.
    """

    def __init__(
        self,
        settings: declared.Log,
        folder: Path,
        clock: Any,
        stdout: TextIO | None,
        *,
        keep: bool = True,
    ) -> None:
        """
        @param folder: Where C{chatd.log} is; made when missing.
        @param clock: The reactor.
        @param stdout: Where people watch, too.
        @param keep: Whether there is a file; C{tail} follows it all the same.
        """
        self.tail = Tail(clock.callFromThread)
        self._keep = keep
        self._clock = clock
        self._stdout = stdout
        self._lock = RLock()
        self._early: list[str] = []
        self._started = False
        self._file = SturdyFile(
            folder / "chatd.log",
            settings.size,
            settings.files,
            clock.seconds,
            self._missing,
        )
        self.configure(settings)

    def configure(self, settings: declared.Log) -> None:
        """Use these settings from now on."""
        self._json = settings.format == "json"
        self._file.size = settings.size
        self._file.files = settings.files
        level = LogLevel.levelWithName(settings.level)
        levels = LogLevelFilterPredicate(defaultLogLevel=level)
        levels.setLogLevelForNamespace(AUDIT, LogLevel.debug)
        if level in (LogLevel.debug, LogLevel.info):
            # Factories that start and stop, twistd's own comings and goings.
            quiet = LogLevel.info if level is LogLevel.debug else LogLevel.warn
            levels.setLogLevelForNamespace("twisted", quiet)
            levels.setLogLevelForNamespace("log_legacy", quiet)
        # As Twisted's own filter, which looks at all parts of a namespace each time.
        self._wanted = lru_cache(1024)(
            lambda namespace, level: (
                levels({"log_namespace": namespace, "log_level": level})
                is not PredicateResult.no
            )
        )
        self._observe = RepeatFilter(self._write, self._clock.seconds, self._later)

    def attach(self, application: object) -> None:
        """
        Become what twistd logs to, in place of its own, ever growing file.

        @param application: What C{setServiceParent} is given.
        """
        if isinstance(application, Componentized):
            application.setComponent(ILogObserver, self)

    def start(self) -> None:
        """Write to the file from now on, and to it what was kept for it."""
        with self._lock:
            self._started = True
            for line in self._early:
                self._file.write(line)
            self._early.clear()
        # Does nothing if twistd did so already.
        globalLogPublisher.addObserver(self)

    def stop(self) -> None:
        """Observe no more; for tests."""
        globalLogPublisher.removeObserver(self)
        self._file.close()

    def __call__(self, event: LogEvent) -> None:
        """Log an event."""
        if self._wanted(event.get("log_namespace"), event.get("log_level")):
            with self._lock:
                self._observe(event)

    def _later(self, delay: float, what: Any) -> None:
        # An event may come from any thread.
        self._clock.callFromThread(
            self._clock.callLater, delay, partial(self._locked, what)
        )

    def _locked(self, what: Any) -> None:
        with self._lock:
            what()

    def _write(self, event: LogEvent) -> None:
        told = parts(event)
        self.tail.add(told)
        if not self._keep:
            return
        line = self._line(event, told)
        if self._stdout is not None:
            _show(line, self._stdout)
        if self._started:
            self._file.write(line)
        elif len(self._early) < EARLY_EVENTS:
            self._early.append(line)

    def _line(self, event: LogEvent, told: Line) -> str:
        return json_line(event) if self._json else text_line(told)

    def _missing(self, count: int) -> str:
        event: LogEvent = {
            "log_time": time(),
            "log_level": LogLevel.warn,
            "log_namespace": __name__,
            "log_format": "{count} lines are missing here",
            "count": count,
        }
        return self._line(event, parts(event))


def _show(line: str, stdout: TextIO) -> None:
    encoding = stdout.encoding or "utf-8"
    try:
        stdout.write(line.encode(encoding, "backslashreplace").decode(encoding))
        stdout.flush()
    except (OSError, ValueError):
        pass  # nobody watches any more: the file has it all

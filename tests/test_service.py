"""
Tests for L{chatd.service}, as far as it can be tried without a process of its own.

The rest is in C{tests/e2e}: there it starts, reloads and stops for real.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from twisted.application.service import IService, IServiceMaker
from twisted.internet import reactor
from twisted.plugin import getPlugins
from twisted.python.usage import Options as TwistedOptions
from twisted.trial.unittest import SynchronousTestCase

from chatd.service import ChatService, Options, makeService


class MakeTests(SynchronousTestCase):
    """What twistd is given."""

    def make(self, *words: str) -> ChatService:
        """The service, for these words of the command line."""
        before = reactor.seconds  # type: ignore[attr-defined]
        self.addCleanup(setattr, reactor, "seconds", before)
        options = Options()
        options.parseOptions(words)
        return makeService(options)

    def test_plugin(self) -> None:
        """twistd finds it by name."""
        (maker,) = [
            plugin for plugin in getPlugins(IServiceMaker) if plugin.tapname == "chatd"
        ]
        self.assertIs(maker.options, Options)
        self.assertIs(maker.makeService, makeService)
        self.assertTrue(issubclass(maker.options, TwistedOptions))

    def test_nothing_yet(self) -> None:
        """Before it starts there is no file and no thread: twistd forks in between."""
        folder = Path(self.mktemp())
        threads = threading.active_count()
        service = self.make(f"--data={folder}/data", f"--keys={folder}/keys")
        self.assertTrue(IService.providedBy(service))
        self.assertEqual(threading.active_count(), threads)
        self.assertFalse(folder.exists())

    def test_clock(self) -> None:
        """Timers go by a clock that nobody sets."""
        self.make()
        any_reactor: Any = reactor
        self.assertIs(any_reactor.seconds, time.monotonic)

    def test_settings(self) -> None:
        """It goes by its options."""
        self.assertEqual(self.make("--port", "6000").settings.port, 6000)
        self.assertEqual(self.make("-p", "0").settings.port, 0)

    def test_reactor(self) -> None:
        """Importing it installs no reactor: whoever runs it may choose one."""
        code = (
            "import sys, chatd.service\n"
            "sys.exit('twisted.internet.reactor' in sys.modules)"
        )
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], env=environ, timeout=60)
        self.assertEqual(done.returncode, 0)


class UnitTests(SynchronousTestCase):
    """contrib/chatd.service, under which systemd runs it."""

    def test_allowed(self) -> None:
        """Hashing may take a lower priority, and what is forbidden ends nothing."""
        unit = Path(__file__).parent.parent / "contrib" / "chatd.service"
        lines = unit.read_text().splitlines()
        denied = lines.index("SystemCallFilter=~@privileged @resources")
        # Filters are applied one after another; setpriority is one of @resources.
        self.assertGreater(lines.index("SystemCallFilter=setpriority"), denied)
        self.assertIn("SystemCallErrorNumber=EPERM", lines)

"""Terminals with people at them, by tmux."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

from twisted.trial.unittest import SynchronousTestCase

from tests.e2e.running import need, wait_until


class Screen:
    """One terminal."""

    def __init__(self, screens: "Screens", name: str) -> None:
        self._screens = screens
        self._name = name

    def _run(self, *words: str) -> str:
        return self._screens.run(words[0], "-t", self._name, *words[1:])

    def rows(self) -> list[str]:
        """What stands on the screen, as lines without the spaces behind them."""
        return self._run("capture-pane", "-p").rstrip().split("\n")

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.rows())

    def all(self) -> str:
        """What stands on the screen, and what has left it at the top."""
        return self._run("capture-pane", "-p", "-J", "-S", "-").rstrip()

    def painted(self) -> str:
        """What stands on the screen, with its colours."""
        return self._run("capture-pane", "-p", "-e")

    def expect(self, text: str) -> None:
        """Wait until a text is on the screen."""
        wait_until(
            lambda: text in self.text(),
            lambda: f"no {text!r} on the screen of {self._name}:\n{self.text()}",
        )

    def type(self, text: str, *keys: str) -> None:
        """Type characters, and then press keys by name."""
        if text:
            self._run("send-keys", "-l", text)
        if keys:
            self._run("send-keys", *keys)

    def say(self, text: str) -> None:
        """Type a line."""
        self.type(text, "Enter")

    def resize(self, width: int, height: int = 24) -> None:
        """Drag the window."""
        self._run("resize-window", "-x", str(width), "-y", str(height))

    @property
    def rang(self) -> bool:
        """Whether the bell has rung in it."""
        return self._run("display-message", "-p", "#{window_bell_flag}").strip() == "1"


class Screens:
    """A server of tmux, which ends with a test."""

    def __init__(self, case: SynchronousTestCase) -> None:
        need("tmux")
        # Not in the folder of the test: the path of a socket must be short.
        self._home = tempfile.mkdtemp()
        case.addCleanup(shutil.rmtree, self._home)
        self._environ = {
            **os.environ,
            "TMUX_TMPDIR": self._home,
            "TMUX": "",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
        }
        self.run("start-server", ";", "new-session", "-d", "-s", "idle", "cat")
        case.addCleanup(self.run, "kill-server")
        # The bell is noted of windows that nobody looks at.
        self.run("set-option", "-g", "bell-action", "any")

    def run(self, *words: str) -> str:
        """Run a command of tmux."""
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", *words],
            capture_output=True,
            text=True,
            timeout=20,
            env=self._environ,
        )
        if done.returncode:
            raise AssertionError(f"tmux {shlex.join(words)}: {done.stderr}")
        return done.stdout

    def open(
        self,
        name: str,
        command: Sequence[str],
        *,
        width: int = 80,
        height: int = 24,
        environ: Mapping[str, str] = {},
    ) -> Screen:
        """Somebody runs a program at a terminal, and sees how it ended."""
        given = [f"{name}={value}" for name, value in environ.items()]
        line = shlex.join(["env", *given, *command]) + "; echo status $?; exec cat"
        size = ("-x", str(width), "-y", str(height))
        self.run("new-session", "-d", "-s", name, *size, line)
        return Screen(self, name)

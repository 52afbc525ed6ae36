"""A real server in a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Hashing is not what is measured here; a password costs what it must elsewhere.
CHEAP = ("--passwords-memory=8 KiB", "--passwords-passes=1")

PATIENCE = 30.0  # seconds: a loaded machine is slow


class Failed(Exception):
    """Something is not as promised."""


def check(holds: object, words: str) -> None:
    """Go on only if it holds."""
    if not holds:
        raise Failed(words)


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Server:
    """
    C{twistd -n chatd} in a folder of its own.

    @ivar started: Seconds that the last start took, until it let people in.
    """

    def __init__(self, folder: Path, *options: str, path: Path | None = None) -> None:
        """
        @param path: A folder of modules that the server finds before all others.
        """
        self.folder = folder
        self.data = folder / "data"
        self.keys = folder / "keys"
        self.port = free_port()
        self.options = [*CHEAP, *options]
        self.started = 0.0
        self._path = [str(path)] if path else []
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def launch(self) -> None:
        """Start it, and do not wait for it."""
        self.port = free_port()
        twistd = Path(sys.executable).with_name("twistd")
        words = [twistd, "-n", "--pidfile=", "chatd", "--interface=127.0.0.1"]
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [*map(str, words), f"--port={self.port}", *self.options],
                cwd=self.folder,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([*self._path, str(ROOT)]),
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def start(self) -> None:
        """Start it, and wait until it lets people in."""
        begun = time.monotonic()
        self.launch()
        while time.monotonic() < begun + PATIENCE:
            if self.process.poll() is not None:
                raise Failed(f"the server does not start:\n{self.output()}")
            try:
                self._greeting()
                self.started = time.monotonic() - begun
                return
            except OSError:
                time.sleep(0.02)
        raise Failed(f"the server does not listen:\n{self.output()}")

    def _greeting(self) -> None:
        address = ("127.0.0.1", self.port)
        with socket.create_connection(address, PATIENCE) as connection:
            connection.sendall(b'{"do":"ping"}\n')
            if not connection.recv(1):
                raise ConnectionError

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process, running or ended."""
        assert self._process is not None
        return self._process

    def output(self) -> str:
        """What it printed since its last start."""
        return _text(self.folder / "output")

    def kill(self) -> None:
        """End it without warning, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """
        Wait until it ends by itself.

        @return: Its exit status.
        """
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"the server does not end in {seconds:.0f} s") from None

    def stop(self) -> None:
        """Stop it as an operator does."""
        self.signal()
        status = self.wait()
        check(status == 0, f"the server ended with status {status}:\n{self.output()}")

    def refuses(self, pattern: str) -> str:
        """
        Start it, and see it refuse in one line.

        @return: The line.
        """
        self.launch()
        status = self.wait()
        lines = self.output().splitlines()
        check(status == 1, f"exit status {status} instead of 1:\n{self.output()}")
        check(len(lines) == 1, f"not one line, but:\n{self.output()}")
        check(
            re.match("chatd: ", lines[0]) and re.search(pattern, lines[0]),
            f"the line does not say {pattern!r}: {lines[0]}",
        )
        return lines[0]

    def code(self) -> str:
        """What makes somebody the first operator."""
        return (self.keys / "claim-code").read_text().strip()

    def check_log(self) -> None:
        """See that nothing went wrong that nobody thought of."""
        # A log on a full disk is short of lines; the process prints them as well.
        files = (self.data / "log").glob("chatd.log*")
        for text in (self.output(), *(_text(file) for file in files)):
            start = text.find("Traceback")
            check(start < 0, f"the log has a traceback: {text[start : start + 2000]}")


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace")

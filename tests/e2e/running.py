"""
What end-to-end tests share: real servers in folders of their own, and real clients.

Nothing here imports chatd: the server is the one that is installed, or else the one of
this copy of the project.
"""

import contextlib
import faulthandler
import hashlib
import os
import random
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
PASSWORD = "seven-small-rain-clouds"
PATIENCE = 20.0  # seconds: a loaded machine is slow
LONGEST = 240.0  # seconds of one test: what hangs ends the run, and shows where


def need(*programs: str) -> None:
    """Skip a test where a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            raise SkipTest(f"there is no {program} on this machine")


def wait_until(
    what: Callable[[], object], why: Callable[[], str], pause: float = 0.01
) -> None:
    """
    Wait for something to become true.

    @param pause: Seconds between two looks: the dearer a look, the longer.
    @raise AssertionError: if it does not; C{why} says more.
    """
    end = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > end:
            raise AssertionError(why())
        time.sleep(pause)


class Heard:
    """
    Text that somebody sends, read while it comes.

    @ivar heard: All of it so far.
    """

    name = ""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self.heard = ""
        self.over = False
        self._seen = 0
        self._read = read
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        data = b""
        try:
            while more := self._read():
                data += more
                self.heard = data.decode("utf-8", "replace")
        except (OSError, ValueError):
            pass
        self.over = True
        self.close()

    def close(self) -> None:
        """End it from this side; as clients do when the other has ended."""

    def expect(self, text: str) -> str:
        """
        Wait for a text, behind what was waited for before.

        @return: All that came up to it.
        """
        wait_until(
            lambda: self.heard.find(text, self._seen) >= 0 or self.over,
            lambda: f"{self.name} does not show {text!r}:\n{self.heard}",
        )
        at = self.heard.find(text, self._seen)
        if at < 0:
            raise AssertionError(
                f"{self.name} ends without showing {text!r}:\n{self.heard}"
            )
        before, self._seen = self._seen, at + len(text)
        return self.heard[before : self._seen]

    def expect_end(self) -> None:
        """Wait until nothing more can come."""
        wait_until(
            lambda: self.over, lambda: f"{self.name} does not end:\n{self.heard}"
        )


class Program(Heard):
    """A program, with a pipe on both sides."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        folder: Path | None = None,
        environ: dict[str, str] | None = None,
    ) -> None:
        self.name = words[0]
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        number = self.process.stdout.fileno()
        super().__init__(lambda: os.read(number, 65_536))

    def type(self, *lines: str) -> None:
        """Type lines."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def end(self) -> int:
        """Wait until it ends by itself; its exit status."""
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end:\n{self.heard}") from None
        self.expect_end()
        return status

    def kill(self) -> None:
        """End it now, if it has not ended."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


class Chat(Heard):
    """Somebody at a socket, as with nc or openssl but quicker to start."""

    def __init__(self, port: int, *, encrypted: bool = False) -> None:
        self.name = f"the client at port {port}"
        self.socket = socket.create_connection((HOST, port), PATIENCE)
        self.certificate = b""
        if encrypted:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            encrypting = context.wrap_socket(self.socket)
            self.certificate = encrypting.getpeercert(binary_form=True) or b""
            self.socket = encrypting
        self.socket.settimeout(None)
        self._using = threading.Lock()
        super().__init__(self._receive)

    def _receive(self) -> bytes:
        # Two threads at once in one TLS connection lose bytes, now and then.
        while isinstance(self.socket, ssl.SSLSocket):
            if not self.socket.pending():
                select.select([self.socket], [], [])
            with self._using:
                self.socket.settimeout(0)
                try:
                    return self.socket.recv(65_536)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.socket.settimeout(None)
        return self.socket.recv(65_536)

    def type(self, *lines: str) -> None:
        """Type lines."""
        with self._using:
            self.socket.sendall("".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


class ServerCase(SynchronousTestCase):
    """
    A folder, in which servers run one after another.

    @ivar folder: Where C{keys} and C{data} are made.
    @ivar port: Free when the test begins.
    """

    def setUp(self) -> None:
        # At what was stderr: trial reads what goes there now.
        faulthandler.dump_traceback_later(LONGEST, exit=True, file=sys.__stderr__)
        self.addCleanup(faulthandler.cancel_dump_traceback_later)
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)
        self.port = free_port()

    def run_it(self, *words: str, environ: dict[str, str] | None = None) -> Program:
        """Run a program in the folder; it is ended with the test."""
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        own = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
        program = Program(words, folder=self.folder, environ={**own, **(environ or {})})
        self.addCleanup(program.kill)
        return program

    def serve(self, *options: str, environ: dict[str, str] | None = None) -> Program:
        """A server in the foreground, that may or may not begin to listen."""
        return self.run_it(
            *twistd(),
            *("-n", "--pidfile=", "chatd", f"--port={self.port}", "--console=off"),
            *options,
            environ=environ,
        )

    def start(self, *options: str, environ: dict[str, str] | None = None) -> Program:
        """A server that listens."""
        server = self.serve(*options, environ=environ)
        server.expect("is running. Join it by:")
        return server

    def claim_code(self, server: Program) -> str:
        """What the first operator types, as the server prints it."""
        server.expect(", then type: /claim ")
        return server.expect("\n").strip()

    def stop(self, server: Program) -> None:
        """End a server gracefully."""
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.end(), 0, server.heard)

    def connect(self, *lines: str, encrypted: bool = False, port: int = 0) -> Chat:
        """Somebody who has been greeted; who types at once is so without a wait."""
        chat = Chat(port or self.port, encrypted=encrypted)
        self.addCleanup(chat.close)
        chat.type(*lines)
        chat.expect("/help for more.\r\n")
        return chat

    def enter(self, *lines: str, encrypted: bool = False) -> Chat:
        """Somebody who has come in, by a name or with a command."""
        chat = self.connect(*lines, encrypted=encrypted)
        chat.expect("has joined the chat.\r\n")
        return chat

    def register(self, name: str) -> Chat:
        """Somebody with an account."""
        chat = self.connect(f"/register {name} {PASSWORD}")
        chat.expect("is yours from now on")
        return chat

    def assert_refused(self, server: Program, *words: str) -> None:
        """It ends with status 1 and one line, in which these words occur."""
        self.assertEqual(server.end(), 1, server.heard)
        (line,) = server.heard.splitlines()
        self.assertTrue(line.startswith("chatd: "), line)
        for word in words:
            self.assertIn(word, line)

    def contents(self) -> dict[str, str]:
        """Names and hashes of all files in the folder."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }


def twistd() -> list[str]:
    """How twistd is run here."""
    script = Path(sys.executable).with_name("twistd")
    if script.exists():
        return [str(script)]
    return [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]


def free_port() -> int:
    """
    A port that nobody uses at the moment.

    It is none of those that systems give to clients: one of them, of another test,
    could have it before the server does.
    """
    for _ in range(100):
        port = random.randrange(10_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port
    raise AssertionError("there is no free port")

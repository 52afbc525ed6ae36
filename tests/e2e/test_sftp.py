"""Tests for files with the real scp and sftp of OpenSSH."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]

# No trust is asked for, and nothing of this machine's settings is used.
OPTIONS = [
    *("-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"),
    *("-o", f"UserKnownHostsFile={os.devnull}", "-o", "LogLevel=ERROR"),
]


def missing() -> str:
    """Why these tests cannot be done here; C{""} if they can."""
    for program in ("ssh", "scp", "sftp"):
        if shutil.which(program) is None:
            return f"there is no {program} (OpenSSH) on this machine"
    words = subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr
    version = words.partition("OpenSSH_")[2].partition(".")[0]
    if not version.isdecimal() or int(version) < 9:
        return f"scp uses sftp from OpenSSH 9 on; this is {words.strip()}"
    return ""


class OpenSSHTests(SynchronousTestCase):
    """Files go there and back."""

    def setUp(self) -> None:
        why = missing()
        if why:
            raise SkipTest(why)
        self.here = Path(self.mktemp()).absolute()
        self.here.mkdir()
        self.kept = self.here / "kept"
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.sftp_server", str(self.kept)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.addCleanup(self.stop)
        assert self.server.stdout is not None
        self.port = self.server.stdout.readline().strip()

    def stop(self) -> None:
        """End the server; it has nothing to complain about."""
        self.server.terminate()
        _, errors = self.server.communicate(timeout=10)
        self.assertNotIn("Traceback", errors)

    def run_it(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of OpenSSH."""
        program, *rest = words
        return subprocess.run(
            [program, *OPTIONS, "-P", self.port, *rest],
            cwd=self.here,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def make(self, name: str, size: int) -> str:
        """Make a file, and tell the hash of its content."""
        content = os.urandom(size)
        (self.here / name).write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def hash(self, name: str) -> str:
        """The hash of a file's content."""
        return hashlib.sha256((self.here / name).read_bytes()).hexdigest()

    def files(self) -> list[str]:
        """What the server keeps."""
        return os.listdir(self.kept) if self.kept.exists() else []

    def wait(self, what: str) -> None:
        """Wait until the server keeps something, or nothing."""
        until = time.monotonic() + 10
        while bool(self.files()) is not (what == "something"):
            self.assertLess(time.monotonic(), until, self.files())
            time.sleep(0.02)

    def memory(self) -> int:
        """Bytes that the server has in memory."""
        status = Path(f"/proc/{self.server.pid}/status")
        if not status.exists():
            raise SkipTest("this system does not tell how much memory a process has")
        for line in status.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def test_scp(self) -> None:
        """20 MB go to the room by scp and back, and are the same."""
        digest = self.make("report.bin", 20_000_000)
        put = self.run_it("scp", "report.bin", f"ann@{HOST}:ops/")
        self.assertEqual((put.returncode, put.stderr), (0, ""))
        get = self.run_it("scp", f"bob@{HOST}:ops/report.bin", "back.bin")
        self.assertEqual((get.returncode, get.stderr), (0, ""))
        self.assertEqual(self.hash("back.bin"), digest)
        assert self.server.stdout is not None
        told = self.server.stdout.readline().split()
        self.assertEqual(told[:3], ["report.bin", "20000000", digest])

    def test_sftp(self) -> None:
        """sftp lists, puts, gets and removes; what is refused is explained."""
        digest = self.make("a.bin", 300_000)
        (self.here / "batch").write_text(
            "put a.bin ops/\nls -l ops\nget ops/a.bin b.bin\n-mkdir ops/new\n"
            "-get ../../etc/passwd\nrm ops/a.bin\nls ops\n"
        )
        done = self.run_it("sftp", "-b", "batch", f"ann@{HOST}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"-rw-r--r-- .* ann +300000 .* a\.bin")
        self.assertEqual(self.hash("b.bin"), digest)
        self.assertIn("/join NAME opens a room", done.stderr)
        self.assertFalse((self.here / "passwd").exists())
        self.assertEqual(self.files(), [])

    def test_too_large(self) -> None:
        """A file that is too large is refused, with the reason, and not kept."""
        with (self.here / "big").open("wb") as file:
            file.truncate(26_000_000)
        put = self.run_it("scp", "big", f"ann@{HOST}:ops/")
        self.assertEqual(put.returncode, 1)
        self.assertIn("! A file has at most 25 MB; big has more.", put.stderr)
        self.wait("nothing")

    def test_broken(self) -> None:
        """An scp that is killed on the way leaves nothing behind."""
        self.make("a.bin", 20_000_000)
        slow = subprocess.Popen(
            [
                "scp",
                *OPTIONS,
                "-l",
                "8000",
                "-P",
                self.port,
                *("a.bin", f"ann@{HOST}:ops/"),
            ],
            cwd=self.here,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.wait("something")
        os.killpg(slow.pid, signal.SIGKILL)
        slow.wait()
        self.wait("nothing")

    def test_stopped_reader(self) -> None:
        """Somebody who stops reading costs little memory."""
        self.make("a.bin", 20_000_000)
        put = self.run_it("scp", "a.bin", f"ann@{HOST}:ops/")
        self.assertEqual(put.returncode, 0, put.stderr)
        before = self.memory()
        stuck = subprocess.Popen(
            [
                "scp",
                *OPTIONS,
                "-P",
                self.port,
                *(f"bob@{HOST}:ops/a.bin", "/dev/stdout"),
            ],
            cwd=self.here,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(1.0)
        os.killpg(stuck.pid, signal.SIGSTOP)
        time.sleep(0.5)
        after = self.memory()
        os.killpg(stuck.pid, signal.SIGKILL)
        stuck.communicate()
        self.assertLess(after - before, 6_000_000)

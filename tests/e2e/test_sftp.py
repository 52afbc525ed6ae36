"""Files come and go by the scp and sftp of OpenSSH."""

import os
import signal
import subprocess
import time
from hashlib import sha256

from twisted.trial.unittest import SkipTest

from tests.e2e.openssh import SshCase
from tests.e2e.running import HOST, wait_until

# One of everything that a path could try.
OUTSIDE = (
    "../../etc/passwd",
    "/etc/passwd",
    "lobby/../../../etc/passwd",
    "lobby/../keys/files.key",
    "..",
    "@ann/../../data/chatd.db",
)


class SftpTests(SshCase):
    """Ann is a member, whose key is known."""

    def begin(self, *options: str) -> None:
        words = subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr
        version = words.partition("OpenSSH_")[2].partition(".")[0]
        if not version.isdecimal() or int(version) < 9:
            raise SkipTest(f"scp uses sftp from OpenSSH 9 on; this is {words.strip()}")
        super().begin(*options)
        self.owner("ann")

    def make(self, name: str, size: int) -> str:
        """Make a file, and tell the hash of its content."""
        content = os.urandom(size)
        (self.folder / name).write_bytes(content)
        return sha256(content).hexdigest()

    def hash(self, name: str) -> str:
        """The hash of a file's content."""
        return sha256((self.folder / name).read_bytes()).hexdigest()

    def kept(self) -> set[str]:
        """What the server keeps of files."""
        return {name for name in self.contents() if name.startswith("data/files/")}

    def batch(self, *lines: str) -> "subprocess.CompletedProcess[str]":
        """Ann types lines into sftp."""
        typed = "\n".join(lines) + "\n"
        return self.run_ssh("sftp", "-b", "-", f"ann@{HOST}", typed=typed)

    def test_there_and_back(self) -> None:
        """A file of 20 MB goes in and comes back unchanged, by scp and by sftp."""
        self.begin()
        before = self.kept()
        digest = self.make("report.bin", 20_000_000)
        place = f"ann@{HOST}:lobby/"
        sent = self.run_ssh("scp", "report.bin", place)
        self.assertEqual((sent.returncode, sent.stderr), (0, ""))
        got = self.run_ssh("scp", f"gus@{HOST}:lobby/report.bin", "by-scp")
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        done = self.batch(
            "put report.bin lobby/second.bin",
            "get lobby/second.bin by-sftp",
            "ls -l lobby",
            "rm lobby/report.bin",
            "rm lobby/second.bin",
            "-mkdir lobby/new",
            "ls -1 lobby",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(
            done.stdout, r"-rw-r--r-- .*ann +20000000 \w+ +\d+ [\d:]+ \S*second\.bin"
        )
        self.assertTrue(done.stdout.endswith("ls -1 lobby\n"), done.stdout)
        self.assertIn("/join NAME opens a room", done.stderr)
        self.assertEqual(self.kept(), before)
        for name in ("by-scp", "by-sftp"):
            self.assertEqual(self.hash(name), digest, name)

    def test_new_keys_on_the_way(self) -> None:
        """New keys every megabyte do not disturb a transfer."""
        self.begin()
        digest = self.make("a.bin", 8_000_000)
        limit = "-oRekeyLimit=1M"
        for words in (
            ("a.bin", f"ann@{HOST}:lobby/"),
            (f"ann@{HOST}:lobby/a.bin", "b.bin"),
        ):
            done = self.run_ssh("scp", limit, *words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.hash("b.bin"), digest)

    def test_refused(self) -> None:
        """What is too large, a guest's, or by the old protocol is told why."""
        self.begin("--files-size=1 MB")
        before = self.kept()
        self.make("a", 10)
        self.make("big", 1_100_000)
        for words, told in (
            (("big", f"ann@{HOST}:lobby/"), "A file has at most 1.0 MB; big has more."),
            (("a", f"gus@{HOST}:lobby/"), "/register NAME PASSWORD makes you a member"),
            (("-O", "a", f"ann@{HOST}:lobby/"), "without -O"),
        ):
            done = self.run_ssh("scp", *words)
            self.assertEqual(done.returncode, 1)
            self.assertIn(told, done.stderr)
        wait_until(lambda: self.kept() == before, lambda: "something is left")

    def test_stopped_reader(self) -> None:
        """Somebody who stops reading in the middle costs little memory."""
        self.begin()
        self.make("a.bin", 20_000_000)
        put = self.run_ssh("scp", "a.bin", f"ann@{HOST}:lobby/")
        self.assertEqual(put.returncode, 0, put.stderr)
        before = self.memory()
        command = self.command("scp", f"ann@{HOST}:lobby/a.bin", "/dev/stdout")
        # Its output is a pipe that nobody reads.
        stuck = subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert stuck.stdout is not None
        stuck.stdout.read(1)
        time.sleep(1.0)
        after = self.memory()
        os.killpg(stuck.pid, signal.SIGKILL)
        stuck.communicate()
        self.assertLess(after - before, 6_000_000)

    def test_nothing_outside(self) -> None:
        """No path, link or new name leads to anything that was not shared."""
        self.begin()
        (self.folder / "mine.txt").write_text("mine")
        before = {name for name in self.contents() if name.startswith("keys/")}
        lines = ["put mine.txt lobby/mine.txt"]
        for number, path in enumerate(OUTSIDE):
            lines += [f"-get {path} stolen{number}", f"-put mine.txt {path}x"]
        lines += [
            "-symlink /etc/passwd lobby/link",
            "-get lobby/link stolen-link",
            "-ln lobby/mine.txt lobby/hard",
            "-rename lobby/mine.txt ../../tmp/mine.txt",
            "-rename lobby/mine.txt /mine.txt",
            "-mkdir ../new",
            "-rmdir lobby",
            "-chmod 777 lobby/mine.txt",
            "-rm ../../etc/passwd",
            "ls -1 /",
            "ls -1 /../..",
            "ls -1 lobby",
        ]
        done = self.batch(*lines)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(self.folder.glob("stolen*")), [])
        shown = [line for line in done.stdout.splitlines() if "sftp>" not in line]
        self.assertIn("lobby/mine.txt", shown)
        self.assertNotIn("keys", done.stdout.split("ls -1 /")[-1])
        after = {name for name in self.contents() if name.startswith("keys/")}
        self.assertEqual(before, after)
        kept = self.kept()
        self.assertEqual(len(kept - {"data/files/key-check"}), 1, kept)

    def test_broken_off(self) -> None:
        """An upload that breaks off leaves nothing behind."""
        self.begin()
        self.make("a.bin", 8_000_000)
        kept = self.folder / "data/files"
        before = set(kept.iterdir())
        command = self.command("scp", "-l", "8000", "a.bin", f"ann@{HOST}:lobby/")
        slow = subprocess.Popen(command, cwd=self.folder, start_new_session=True)
        wait_until(lambda: set(kept.iterdir()) - before, lambda: "nothing is sent")
        os.killpg(slow.pid, signal.SIGKILL)
        slow.wait()
        wait_until(lambda: set(kept.iterdir()) == before, lambda: "something is left")
        files = self.ssh("ann", "/files")
        self.assertNotIn("a.bin", files.stdout)

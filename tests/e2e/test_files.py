"""Files go up and down with the curl that people have."""

import hashlib
import os
import re
import shlex
import subprocess
import time
from pathlib import Path

from tests.e2e.running import PASSWORD, Chat, ServerCase, need, wait_until

SIZE = 20_000_000

# As fast as a transfer goes that is to be cut off in its middle.
SLOW = "--limit-rate 4M --max-time 1.5"


class CurlTests(ServerCase):
    """A member and a guest, at a real server."""

    def setUp(self) -> None:
        super().setUp()
        need("curl")
        self.server = self.start()
        self.source = self.folder / "report.bin"
        self.source.write_bytes(os.urandom(1_000_000) * (SIZE // 1_000_000))

    def curl(self, line: str, where: Path | None = None) -> str:
        """Run a line as somebody who pastes it; what it says, with its status."""
        done = subprocess.run(
            line.replace("curl ", "curl -sS ", 1),
            shell=True,
            cwd=where or self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return f"{done.stdout}{done.stderr}[{done.returncode}]"

    def line(self, chat: Chat, mark: str) -> str:
        """The next line of curl that somebody is shown."""
        chat.expect(mark)
        return f"curl {mark.removeprefix('curl ')}" + chat.expect("\r\n").rstrip()

    def ticket(self, chat: Chat) -> str:
        """A line by which somebody puts a file into the lobby."""
        chat.type(f"/send-file lobby {self.source}")
        return self.line(chat, "curl -T ")

    def address(self, line: str) -> str:
        """The address in a line."""
        (found,) = re.findall(r"https?://\S+", line)
        return str(found)

    def digest(self, path: Path) -> str:
        """The SHA-256 of a file."""
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def test_lines(self) -> None:
        """The line that is answered puts a file; the one that is shown fetches it."""
        ann = self.register("ann")
        bob = self.enter("bob")
        said = self.curl(self.ticket(ann))
        self.assertIn("report.bin (20 MB) is shared in lobby.", said)
        self.assertIn(self.digest(self.source), said)
        shown = self.line(bob, "curl -OJ ")
        there = self.folder / "there"
        there.mkdir()
        self.assertEqual(self.curl(shown, there), "[0]")
        self.assertEqual(self.digest(there / "report.bin"), self.digest(self.source))

    def test_encrypted(self) -> None:
        """Who comes in encrypted moves files so, and only with this server."""
        ann = self.enter(f"/register ann {PASSWORD}", encrypted=True)
        line = self.ticket(ann)
        self.assertIn(" https://", line)
        self.assertIn("is shared", self.curl(line))
        shown = self.line(ann, "curl -OJ ")
        there = self.folder / "there"
        there.mkdir()
        wrong = re.sub(r"sha256//\S+", f"sha256//{'A' * 43}=", shown)
        self.assertIn("pinned", self.curl(wrong, there))
        self.assertEqual(list(there.iterdir()), [])
        self.assertEqual(self.curl(shown, there), "[0]")
        self.assertEqual(self.digest(there / "report.bin"), self.digest(self.source))

    def test_resumed(self) -> None:
        """A file that was cut off is gone on with, up and down."""
        ann = self.register("ann")
        line = self.ticket(ann)
        address = self.address(line)
        self.assertTrue(self.curl(f"{line} {SLOW}").endswith("[28]"))
        headers = self.curl(f"curl -I {address}")
        offset = int(re.findall(r"(?i)upload-offset: (\d+)", headers)[0])
        self.assertGreater(offset, 0)
        self.assertLess(offset, SIZE)
        rest = f"curl -C {offset} -T {shlex.quote(str(self.source))} {address}"
        self.assertIn(self.digest(self.source), self.curl(rest))

        address = self.address(self.line(ann, "curl -OJ "))
        part = self.folder / "part"
        get = f"curl -C - -o part {address}"
        self.assertTrue(self.curl(f"{get} {SLOW}").endswith("[28]"))
        self.assertLess(0, part.stat().st_size)
        self.assertLess(part.stat().st_size, SIZE)
        self.assertEqual(self.curl(get), "[0]")
        self.assertEqual(self.digest(part), self.digest(self.source))

    def test_left(self) -> None:
        """A file that broke off leaves nothing behind, after a while."""
        self.stop(self.server)
        self.start("--files-resume=1 s")
        ann = self.register("ann")
        self.assertTrue(self.curl(f"{self.ticket(ann)} {SLOW}").endswith("[28]"))
        files = self.folder / "data" / "files"
        wait_until(
            lambda: {path.name for path in files.iterdir()} == {"key-check"},
            lambda: f"these are left: {[*files.iterdir()]}",
        )

    def test_too_large(self) -> None:
        """What is too large is refused before it is sent."""
        huge = self.folder / "huge.bin"
        with huge.open("wb") as file:
            file.truncate(10**10)
        ann = self.register("ann")
        address = self.address(self.ticket(ann))
        began = time.monotonic()
        said = self.curl(f"curl -T huge.bin {address}")
        self.assertIn("A file has at most 100 MB; huge.bin has more.", said)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual([*(self.folder / "data" / "files").glob("*.new")], [])

    def test_gone(self) -> None:
        """What was removed is not fetched, and nothing is saved in its place."""
        ann = self.register("ann")
        self.curl(self.ticket(ann))
        shown = self.line(ann, "curl -OJ ")
        ann.type("/files")
        ann.expect("1 file shared in lobby:")
        id = ann.expect("  report.bin").split()[1]
        ann.type(f"/files remove {id}")
        ann.expect("report.bin is removed.")
        there = self.folder / "there"
        there.mkdir()
        self.assertIn("404", self.curl(shown, there))
        self.assertEqual(list(there.iterdir()), [])
        self.assertIn("There is no such file", self.curl(f"curl {self.address(shown)}"))

    def test_kept(self) -> None:
        """A link is good also after the server was started again."""
        ann = self.register("ann")
        self.curl(self.ticket(ann))
        shown = self.line(ann, "curl -OJ ")
        self.stop(self.server)
        self.start()
        self.assertEqual(self.curl(shown.replace("-OJ", "-o back")), "[0]")
        self.assertEqual(self.digest(self.folder / "back"), self.digest(self.source))

"""The server starts, or says in one line why not."""

import contextlib
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

from tests.e2e.running import (
    HOST,
    PASSWORD,
    ROOT,
    ServerCase,
    free_port,
    twistd,
    wait_until,
)

COMMAND = '''"""Fun."""

from chatd.api import Call, command


@command("shout", usage="TEXT...")
async def shout(call: Call) -> None:
    """Say something loudly."""
    call.say(call.rest.upper())
'''

# What is in a wheel; building one would need what need not be installed.
WHEEL = {
    "chatd_shout.py": COMMAND,
    "chatd_shout-1.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: chatd-shout\nVersion: 1\n"
    ),
    "chatd_shout-1.dist-info/WHEEL": (
        "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    "chatd_shout-1.dist-info/entry_points.txt": (
        "[chatd.commands]\nshout = chatd_shout\n"
    ),
    "chatd_shout-1.dist-info/RECORD": "",
}


class FirstTests(ServerCase):
    """The first start makes what is needed and says how to join."""

    def test_first(self) -> None:
        """Secrets are for the owner alone; how to join, and the code, are printed."""
        server = self.start()
        server.expect("openssl s_client -quiet -connect ")
        server.expect(f":{self.port}\n")
        server.expect("nc ")
        server.expect("Fingerprint of the certificate (SHA-256):")
        match = re.search(
            r"([0-9A-F]{2}(:[0-9A-F]{2}){31})", server.expect("There is no operator")
        )
        assert match, server.heard
        ann = self.connect(encrypted=True)
        seen = sha256(ann.certificate).hexdigest()
        self.assertEqual(match[1].replace(":", "").lower(), seen)
        code = self.claim_code(server)
        for path in (self.folder / "keys").iterdir():
            if path.name != "README":
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
        ann.type("/register ann seven-small-rain-clouds", "/claim 2222-2222")
        ann.expect("! This is not the code")
        ann.type(f"/claim {code}")
        ann.expect("ann is an operator now")
        self.stop(server)
        self.assertNotIn(code, (self.folder / "data/log/chatd.log").read_text())
        # There is an operator now: no code is made any more.
        server = self.start()
        self.stop(server)
        self.assertNotIn("/claim", server.heard)
        self.assertFalse((self.folder / "keys/claim-code").exists())

    def test_plain(self) -> None:
        """Without encryption of anything: allowed, and said at each start."""
        options = (
            "--store-encrypted=false",
            "--doors-tls=false",
            "--name=chat.example",
        )
        for _ in range(2):
            server = self.start(*options)
            server.expect(f"nc chat.example {self.port}\n")
            self.assertIn("the database is NOT encrypted", server.heard)
            self.assertNotIn("openssl", server.heard)
            self.assertIn("* Welcome to chatd at chat.example.", self.connect().heard)
            self.stop(server)
        self.assertNotIn("Fingerprint of the certificate", server.heard)
        self.assertFalse((self.folder / "keys/tls.key").exists())
        # What was begun in the open is not encrypted in silence.
        self.assert_refused(self.serve(), "is not encrypted")

    def test_everywhere(self) -> None:
        """IPv4 and IPv6 are listened on, unless an address is given."""
        if not socket.has_ipv6:
            self.skipTest("this machine has no IPv6")
        server = self.start()
        for host in (HOST, "::1"):
            socket.create_connection((host, self.port), 5).close()
        self.stop(server)
        self.start(f"--interface={HOST}")
        socket.create_connection((HOST, self.port), 5).close()
        self.assertRaises(OSError, socket.create_connection, ("::1", self.port), 5)

    def test_unix(self) -> None:
        """People come in by a UNIX socket as well."""
        path = Path("/tmp") / f"chatd-socket-{os.getpid()}"  # a short path
        self.addCleanup(path.unlink, missing_ok=True)
        self.start(f"--listen=unix:{path}")
        with socket.socket(socket.AF_UNIX) as ann:
            ann.settimeout(20)
            ann.connect(str(path))
            ann.sendall(b"ann\n/quit\n")
            heard = b""
            while more := ann.recv(65_536):
                heard += more
        self.assertIn(b"ann has joined the chat.", heard)
        self.assertIn(b"Bye", heard)

    def test_ready(self) -> None:
        """systemd is told when the server is ready, and when it stops."""
        path = Path("/tmp") / f"chatd-notify-{os.getpid()}"  # a short path
        self.addCleanup(path.unlink, missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(str(path))
            systemd.settimeout(20)
            server = self.start(environ={"NOTIFY_SOCKET": str(path)})
            self.assertIn(b"READY=1", systemd.recv(4096))
            self.connect()
            server.process.send_signal(signal.SIGHUP)
            self.assertIn(b"RELOADING=1", systemd.recv(4096))
            self.assertIn(b"READY=1", systemd.recv(4096))
            self.stop(server)
            self.assertIn(b"STOPPING=1", systemd.recv(4096))


class WaysTests(ServerCase):
    """There are several ways to start it."""

    def test_module(self) -> None:
        """python -m chatd, with the settings that --write-config wrote."""
        writer = self.run_it(
            *(sys.executable, "-m", "chatd", "--write-config"),
            *(f"--port={self.port}", "--motd=Tea at four."),
        )
        self.assertEqual(writer.end(), 0, writer.heard)
        self.assertEqual(self.contents(), {})
        (self.folder / "chatd.toml").write_text(writer.heard)
        server = self.run_it(*(sys.executable, "-m", "chatd", "--config", "chatd.toml"))
        server.expect("is running. Join it by:")
        self.enter("ann")
        ann = self.connect()
        ann.type("/motd")
        ann.expect("* Tea at four.")
        self.stop(server)

    def test_script(self) -> None:
        """The program chatd takes the same options."""
        script = Path(sys.executable).with_name("chatd")
        if not script.exists():
            self.skipTest("the program chatd is not installed here")
        server = self.run_it(str(script), f"--port={self.port}")
        server.expect("is running. Join it by:")
        self.enter("ann")
        self.stop(server)

    def test_daemon(self) -> None:
        """twistd chatd goes to the background, and its pid is in twistd.pid."""
        starter = self.run_it(*twistd(), "chatd", f"--port={self.port}")
        self.assertEqual(starter.end(), 0, starter.heard)
        pid = int((self.folder / "twistd.pid").read_text())
        self.addCleanup(_end, pid)
        log = self.folder / "data/log/chatd.log"
        wait_until(
            lambda: log.exists() and "is running" in log.read_text(),
            lambda: log.read_text() if log.exists() else "there is no log",
        )
        self.assertEqual(self.enter("ann").over, False)
        wait_until((self.folder / "keys/claim-code").exists, log.read_text)
        code = (self.folder / "keys/claim-code").read_text().strip()
        self.assertNotIn(code, log.read_text())
        again = self.run_it(
            *twistd(), "--pidfile=other.pid", "chatd", f"--port={self.port}"
        )
        self.assertEqual(again.end(), 1)
        self.assertIn("is in use", again.heard)
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not _runs(pid), log.read_text)
        self.assertFalse((self.folder / "twistd.pid").exists())

    def test_command_of_a_stranger(self) -> None:
        """A package with a command, installed by pip, works and shows in /help."""
        wheel = self.folder / "chatd_shout-1-py3-none-any.whl"
        with ZipFile(wheel, "w") as file:
            for name, text in WHEEL.items():
                file.writestr(name, text)
        target = self.folder / "installed"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
                *("--no-index", "--target", str(target), str(wheel)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        paths = f"{target}{os.pathsep}{ROOT}"
        self.start(environ={"PYTHONPATH": paths})
        ann, bob = self.enter("ann"), self.enter("bob")
        ann.type("/help")
        ann.expect("* Fun: /shout TEXT...")
        ann.type("/shout hello")
        bob.expect("] ann: HELLO\r\n")

    def test_broken_command(self) -> None:
        """A broken module of commands is named in the log and left out."""
        server = self.start("--commands=chatd_missing")
        self.enter("ann")
        self.assertIn(
            "the commands of chatd_missing are left out: No module named", server.heard
        )

    def test_command_beside(self) -> None:
        """A module of commands may lie in the current folder."""
        (self.folder / "chatd_shout.py").write_text(COMMAND)
        self.start("--commands=chatd_shout")
        ann = self.enter("ann")
        ann.type("/help")
        ann.expect("* Fun: /shout TEXT...")


class RefusedTests(ServerCase):
    """What is wrong is said in one line, and nothing is touched."""

    def test_busy_port(self) -> None:
        """A port that another program uses."""
        with socket.create_server((HOST, 0)) as other:
            self.port = other.getsockname()[1]
            self.assert_refused(
                self.serve(f"--interface={HOST}"),
                f"port {self.port} on {HOST} is in use by another program",
            )

    def test_wrong_setting(self) -> None:
        """A setting that is not allowed, or does not exist; nothing is made."""
        self.assert_refused(self.serve("--max-people=many"), "max-people", '"many"')
        self.assert_refused(self.serve("--max-peple=1"), "--max-people?")
        self.assert_refused(self.serve("--config=none.toml"), "none.toml")
        self.assertEqual(self.contents(), {})

    def test_secrets_and_data(self) -> None:
        """Keys removed or swapped, a damaged database: nothing is changed."""
        server = self.start()
        self.register("ann").type("hello")
        self.stop(server)
        home = self.folder
        for damage, words in (
            (_remove_keys, ("database.key",)),
            (_remove_key, ("database.key",)),
            (_swap_key, ("was encrypted with another key",)),
            (_empty, ("is damaged", "is empty")),
            (_truncate, ("is damaged",)),
            (_overwrite, ("is damaged",)),
            (_remove_database, ("is missing",)),
            (_break_certificate, ("no certificate", "move both away")),
        ):
            self.folder = home.with_name(f"{home.name}-{damage.__name__}")
            shutil.copytree(home, self.folder)
            damage(self.folder)
            before = self.contents()
            self.assert_refused(self.serve(), *words)
            self.assertEqual(self.contents(), before, damage.__name__)
        # The original is as good as ever.
        self.folder = home
        server = self.start()
        self.enter("ann", PASSWORD).expect("")
        self.stop(server)

    def test_twice(self) -> None:
        """A second server in the same folder, on another port."""
        self.start()
        self.port = free_port()
        self.assert_refused(self.serve(), "is in use: another chatd runs on it")

    def test_not_writable(self) -> None:
        """A folder in which nothing can be made."""
        (self.folder / "data").write_text("not a folder")
        self.assert_refused(self.serve(), "data")


def _remove_keys(folder: Path) -> None:
    shutil.rmtree(folder / "keys")


def _break_certificate(folder: Path) -> None:
    (folder / "keys/tls.crt").write_text("broken")


def _remove_key(folder: Path) -> None:
    (folder / "keys/database.key").unlink()


def _swap_key(folder: Path) -> None:
    key = folder / "keys/database.key"
    key.write_text(key.read_text().translate(str.maketrans("01", "10")))


def _database(folder: Path) -> Path:
    return folder / "data/chatd.db"


def _empty(folder: Path) -> None:
    os.truncate(_database(folder), 0)


def _truncate(folder: Path) -> None:
    os.truncate(_database(folder), _database(folder).stat().st_size // 2)


def _overwrite(folder: Path) -> None:
    with _database(folder).open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(4096))


def _remove_database(folder: Path) -> None:
    _database(folder).unlink()


def _runs(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)

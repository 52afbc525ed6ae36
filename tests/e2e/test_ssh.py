"""People come with ssh, and files with scp and sftp: the programs of OpenSSH."""

import json
import os
import shlex
import signal
import socket
import subprocess
import time
from hashlib import sha256
from pathlib import Path

from tests.e2e.openssh import SshCase
from tests.e2e.running import HOST, Program, free_port, need, wait_until

# One of everything that a path could try.
OUTSIDE = (
    "../../etc/passwd",
    "/etc/passwd",
    "lobby/../../../etc/passwd",
    "lobby/../keys/files.key",
    "..",
    "@ann/../../data/chatd.db",
)


class PipeTests(SshCase):
    """Commands work as a pipe: output, errors and status as of any program."""

    def test_examples(self) -> None:
        """The examples of the documents do what they say."""
        self.begin()
        ops = self.enter("ops-guard")
        ops.type("/join ops")
        ops.expect("ops-guard has joined ops.")
        said = self.ssh("bob", "say", "#ops", typed="disk full\n")
        self.assertEqual((said.returncode, said.stdout, said.stderr), (0, "", ""))
        ops.expect("] bob: disk full\r\n")
        who = self.ssh("cho", "/who")
        self.assertEqual(
            (who.returncode, who.stdout, who.stderr),
            (0, "* 1 person in lobby: ops-guard\n", ""),
        )
        read = self.ssh("cho", "tail", "-n", "50", "#ops")
        self.assertEqual((read.returncode, read.stderr), (0, ""))
        self.assertRegex(read.stdout, r"\A\[[^]]+\] bob: disk full\n\Z")
        words = self.ssh("cho", "say", "in the lobby")
        self.assertEqual((words.returncode, words.stdout, words.stderr), (0, "", ""))
        ops.expect("] #lobby cho: in the lobby\r\n")

    def test_status(self) -> None:
        """What is refused ends with 1, what is no command with 2, both on stderr."""
        self.begin()
        for command, status, words in (
            ("/jion ops", 2, "Did you mean /join?"),
            ("/kick bob", 1, "moderators"),
            ("/msg nobody-here hi", 1, "nobody-here"),
            ("tail -n many", 2, "tail [-n N]"),
            ("say #nosuch hi", 1, "There is no room nosuch."),
        ):
            done = self.ssh("cho", command)
            self.assertEqual((done.returncode, done.stdout), (status, ""), command)
            self.assertTrue(done.stderr.startswith("! "), done.stderr)
            self.assertIn(words, done.stderr)

    def test_json(self) -> None:
        """With --json every line is an object, errors too."""
        self.begin()
        self.ssh("bob", "say", "#lobby", "it works")
        (line,) = self.ssh("cho", "tail", "--json", "#lobby").stdout.splitlines()
        said = json.loads(line)
        self.assertEqual(
            (said["event"], said["sender"], said["text"]), ("said", "bob", "it works")
        )
        wrong = self.ssh("cho", "/nosuch", "--json")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertEqual(json.loads(wrong.stderr)["code"], "unknown-command")

    def test_follow(self) -> None:
        """tail -f goes on until it is ended, and its reader is seen to leave."""
        self.begin()
        ann = self.enter("ann")
        command = self.command("ssh", f"cho@{HOST}", "tail", "-n", "0", "-f", "#lobby")
        tail = self.run_it(*command)
        ann.expect("cho has joined the chat.")
        ann.type("one")
        tail.expect("] ann: one\n")
        ann.type("/me waves")
        tail.expect("waves\n")
        tail.kill()
        ann.expect("cho has left the chat.")

    def test_lines(self) -> None:
        """Lines through a pipe are said one after another, to the end of input."""
        self.begin()
        ann = self.enter("ann")
        done = self.ssh("bob", typed="first\n/who\n/nosuch\nlast without an end")
        self.assertEqual(done.returncode, 2)
        self.assertIn("2 people in lobby: ann, bob", done.stdout)
        self.assertIn("There is no command /nosuch", done.stderr)
        ann.expect("] bob: first\r\n")
        ann.expect("] bob: last without an end\r\n")
        ann.expect("bob has left the chat.")

    def test_every_command(self) -> None:
        """Each slash-command is carried out or refused, with words for either."""
        self.begin()
        listed = self.ssh("cho", typed="/help\n").stdout
        names = {
            word.rstrip(",")
            for line in listed.splitlines()
            for word in line.split()
            if word.startswith("/")
        }
        self.assertGreater(len(names), 20, listed)
        for name in sorted(names - {"/COMMAND,", "/"}):
            done = self.ssh("cho", name)
            self.assertIn(done.returncode, (0, 1, 2), name)
            self.assertEqual(bool(done.returncode), "! " in done.stderr, name)

    def test_slow_reader(self) -> None:
        """A long answer waits for its reader, whole and without filling the memory."""
        self.begin("--limits-throttle=false")
        ann = self.enter("ann")
        text = "x" * 3900
        with socket.create_connection((HOST, self.port)) as program:
            lines = ['{"do":"enter","name":"bob"}']
            lines += [json.dumps({"do": "say", "text": text})] * 2500
            lines += ['{"do":"say","text":"that is all"}']
            program.sendall("\n".join(lines).encode() + b"\n")
            ann.expect("that is all")
        before = self.memory()
        command = shlex.join(self.command("ssh", f"cho@{HOST}", "/getlog"))
        slow = subprocess.Popen(
            ["sh", "-c", f"{command} | (sleep 4; wc)"],
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(3)
        grown = self.memory() - before
        counted, _ = slow.communicate(timeout=40)
        whole = self.ssh("cho", "/getlog").stdout
        lines, words, size = map(int, counted.split())
        self.assertEqual(
            (lines, words, size),
            (whole.count("\n"), len(whole.split()), len(whole.encode())),
        )
        self.assertGreater(size, 9_000_000)
        self.assertLess(grown, 30_000_000)

    def memory(self) -> int:
        """Bytes that the server has in memory."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def test_one_room(self) -> None:
        """ssh, nc and telnet talk in one room."""
        need("nc", "telnet")
        self.begin()
        nc = self.run_it("nc", HOST, str(self.port))
        nc.expect("/help for more.")
        nc.type("nina")
        nc.expect("nina has joined")
        telnet = self.run_it("telnet", HOST, str(self.port))
        telnet.expect("/help for more.")
        telnet.type("theo")
        nc.expect("theo has joined")
        ssh: Program = self.run_it(*self.command("ssh", f"sue@{HOST}"))
        nc.expect("sue has joined")
        ssh.type("grüß euch, 你好")
        nc.expect("] sue: grüß euch, 你好\r\n")
        telnet.expect(": grüß euch, 你好")
        telnet.type("hi sue")
        nc.expect("] theo: hi sue\r\n")
        ssh.expect("] theo: hi sue\n")
        nc.type("hi both")
        ssh.expect("] nina: hi both\n")
        telnet.expect(": hi both")


class FilesTests(SshCase):
    """Files come and go by scp and sftp."""

    def test_there_and_back(self) -> None:
        """A file of 20 MB goes in and comes back unchanged, by scp and by sftp."""
        self.begin()
        self.owner("ann")
        content = os.urandom(20_000_000)
        digest = sha256(content).hexdigest()
        (self.folder / "report.bin").write_bytes(content)
        place = f"ann@{HOST}:lobby/"
        sent = self.run_ssh("scp", "report.bin", place)
        self.assertEqual((sent.returncode, sent.stderr), (0, ""))
        got = self.run_ssh("scp", f"{place}report.bin", "by-scp")
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        batch = (
            "put report.bin lobby/second.bin\nget lobby/second.bin by-sftp\n"
            "ls -l lobby\n"
        )
        done = self.run_ssh("sftp", "-b", "-", f"ann@{HOST}", typed=batch)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"ann +20000000 \w+ +\d+ [\d:]+ \S*second\.bin")
        for name in ("by-scp", "by-sftp"):
            back = sha256((self.folder / name).read_bytes()).hexdigest()
            self.assertEqual(back, digest, name)

    def test_new_keys_on_the_way(self) -> None:
        """New keys every megabyte do not disturb a transfer."""
        self.begin()
        self.owner("ann")
        content = os.urandom(8_000_000)
        (self.folder / "a.bin").write_bytes(content)
        limit = "-oRekeyLimit=1M"
        for words in (
            ("a.bin", f"ann@{HOST}:lobby/"),
            (f"ann@{HOST}:lobby/a.bin", "b.bin"),
        ):
            done = self.run_ssh("scp", limit, *words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((self.folder / "b.bin").read_bytes(), content)

    def test_old_scp(self) -> None:
        """The old protocol of scp is refused with what to do instead."""
        self.begin()
        self.owner("ann")
        (self.folder / "a").write_text("a")
        done = self.run_ssh("scp", "-O", "a", f"ann@{HOST}:lobby/")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("without -O", done.stderr)

    def test_guest(self) -> None:
        """A guest fetches; sharing is refused with what to do."""
        self.begin()
        (self.folder / "a").write_text("a")
        done = self.run_ssh("scp", "a", f"gus@{HOST}:lobby/")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/register NAME PASSWORD makes you a member", done.stderr)

    def test_nothing_outside(self) -> None:
        """No path, link or new name leads to anything that was not shared."""
        self.begin()
        self.owner("ann")
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
        typed = "\n".join(lines) + "\n"
        done = self.run_ssh("sftp", "-b", "-", f"ann@{HOST}", typed=typed)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(self.folder.glob("stolen*")), [])
        shown = [line for line in done.stdout.splitlines() if "sftp>" not in line]
        self.assertIn("lobby/mine.txt", shown)
        self.assertNotIn("keys", done.stdout.split("ls -1 /")[-1])
        after = {name for name in self.contents() if name.startswith("keys/")}
        self.assertEqual(before, after)
        kept = {n for n in self.contents() if n.startswith("data/files/")}
        self.assertEqual(len(kept - {"data/files/key-check"}), 1, kept)

    def test_broken_off(self) -> None:
        """An upload that breaks off leaves nothing behind."""
        self.begin()
        self.owner("ann")
        (self.folder / "a.bin").write_bytes(os.urandom(8_000_000))
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


class RefusalTests(SshCase):
    """Who cannot come in is told what to do."""

    def refused(
        self, name: str, command: str = "say hello", *, key: Path | None = None
    ) -> str:
        """What somebody reads who is not let in."""
        done = self.ssh(name, command, key=key)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_unknown_key(self) -> None:
        """A registered name with another key."""
        self.begin()
        self.owner("ann")
        told = self.refused("ann", key=self.make_key("other"))
        self.assertIn("ann is registered, with other keys than SHA256:", told)
        self.assertIn("Type the password; then /keys add keeps this one.", told)
        self.assertIn("Permission denied", told)

    def test_one_account_for_a_key(self) -> None:
        """The key of an account cannot be another's as well."""
        self.begin()
        self.owner("ann")
        bob = self.register("bob")
        line = self.key.with_suffix(".pub").read_text().strip()
        bob.type(f"/keys add {line}")
        bob.expect("! ")
        self.assertIn("key", bob.expect("\r\n"))
        bob.type("/keys")
        bob.expect("* No SSH keys yet.")
        self.refused("bob")

    def test_banned(self) -> None:
        """A banned account, and then the address as a whole."""
        self.begin()
        code = self.claim_code(self.server)
        ann = self.register("ann")
        ann.type(f"/claim {code}")
        self.owner("mallory")
        ann.type("/serverban mallory 2h spamming")
        ann.expect("mallory")
        told = self.refused("mallory")
        self.assertIn("spamming", told)

    def test_full(self) -> None:
        """No room for one more."""
        self.begin("--max-people=1")
        self.enter("ann")
        self.assertIn(
            "! ",
            self.refused(
                "bob",
            ),
        )

    def test_too_fast(self) -> None:
        """Too many connections from one address."""
        self.begin("--limits-exempt=192.0.2.0/24", "--limits-new-address=2")
        self.ssh("bob", "/who")
        self.ssh("bob", "/who")
        told = self.refused("bob")
        self.assertIn("too many new connections", told)

    def test_no_guests(self) -> None:
        """A name that is nobody's, where only members come in."""
        self.begin("--guests=false")
        self.assertIn("This server takes no guests.", self.refused("bob", "/topic"))

    def test_password_of_a_closed_name(self) -> None:
        """A name that is reserved."""
        self.begin()
        done = self.ssh("help", "/topic")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("help is a reserved word. Take another name.", done.stderr)


class QuietTests(SshCase):
    """What is not for people is refused, and the log keeps quiet about it."""

    def log(self) -> str:
        """What the log says."""
        return (self.folder / "data/log/chatd.log").read_text()

    def test_forwarding(self) -> None:
        """Nothing is forwarded: ports, agents or windows, either way."""
        self.begin()
        for words in (
            ("-L", f"{free_port()}:127.0.0.1:22"),
            ("-D", str(free_port())),
            ("-R", "0:127.0.0.1:22"),
            ("-A",),
            ("-X",),
            ("-oExitOnForwardFailure=no", "-R", "8080:127.0.0.1:22"),
        ):
            command = self.command("ssh", *words, f"bob@{HOST}", "/who")
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=40, input=""
            )
            self.assertEqual(done.returncode, 0, (words, done.stderr))
            self.assertEqual(done.stdout, "* 0 people in lobby\n", words)
        through = self.ssh("bob", "-W", "127.0.0.1:22")
        self.assertNotEqual(through.returncode, 0)
        nosuch = self.ssh("bob", "-s", "nosuch")
        self.assertNotEqual(nosuch.returncode, 0)
        self.assertNotIn("Traceback", self.log())
        self.assertNotIn("error", self.log())

    def test_alive(self) -> None:
        """A client that asks whether the server lives is answered."""
        self.begin()
        ann = self.enter("ann")
        alive = ("-oServerAliveInterval=1", "-oServerAliveCountMax=2")
        ssh = self.run_it(*self.command("ssh", *alive, f"bob@{HOST}"))
        ann.expect("bob has joined")
        time.sleep(5)
        ssh.type("still here")
        ann.expect("] bob: still here")

    def test_fingerprint(self) -> None:
        """The fingerprint that is printed is the one that clients ask about."""
        self.begin()
        key = self.folder / "server.pub"
        key.write_text(self.host_key() + "\n")
        told = subprocess.run(
            ["ssh-keygen", "-l", "-f", key], check=True, capture_output=True, text=True
        ).stdout.split()[1]
        self.assertIn(f"{told}\n", self.server.heard)

    def test_own_port(self) -> None:
        """--ssh-port is one more port, for ssh alone."""
        self.begin("--ssh-port=0")
        port = self.server.heard.partition("ssh YOUR-NAME")[2]
        self.assertIn("-p ", port)

"""People come with the ssh of OpenSSH; without a terminal it is a pipe."""

import json
import shlex
import socket
import subprocess
import time
from pathlib import Path

from tests.e2e.openssh import SshCase
from tests.e2e.running import HOST, Program, free_port, need
from tests.e2e.websocket import Page


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
        self.assertRegex(read.stdout, r"\A\[[^]]+\] bob \(guest\): disk full\n\Z")
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
            ["sh", "-c", f"{command} | (sleep 2; wc)"],
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(1.5)
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

    def test_one_room(self) -> None:
        """ssh, nc, telnet and a page talk in one room."""
        need("nc", "telnet")
        self.begin()
        page = Page(self.port)
        self.addCleanup(page.close)
        page.do(do="enter", name="pia")
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
        nc.type("hi all")
        ssh.expect("] nina: hi all\n")
        telnet.expect(": hi all")
        said = [page.expect("said") for _ in range(3)]
        self.assertEqual(
            [(event["sender"], event["text"]) for event in said],
            [("sue", "grüß euch, 你好"), ("theo", "hi sue"), ("nina", "hi all")],
        )
        page.do(do="say", text="hi from the page")
        for who in (ssh, nc, telnet):
            who.expect(": hi from the page")


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

    def test_key_of_another(self) -> None:
        """A registered name, with a key that is unknown or another account's."""
        self.begin()
        self.owner("ann")
        told = self.refused("ann", key=self.make_key("other"))
        self.assertIn("ann is registered, with other keys than SHA256:", told)
        self.assertIn("Type the password; then /keys add keeps this one.", told)
        self.assertIn("Permission denied", told)
        bob = self.register("bob")
        line = self.key.with_suffix(".pub").read_text().strip()
        bob.type(f"/keys add {line}")
        bob.expect("! ")
        self.assertIn("key", bob.expect("\r\n"))
        bob.type("/keys")
        bob.expect("* No SSH keys yet.")
        self.refused("bob")

    def test_no_key(self) -> None:
        """Without a key a guest is asked for nothing; ssh must only be free to ask."""
        self.begin()
        none = self.folder / "none"
        free = self.command("ssh", f"gus@{HOST}", "say hello", key=none, ask=True)
        done = subprocess.run(
            free,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=40,
            start_new_session=True,  # nobody could be asked
        )
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertIn("Permission denied", self.refused("gus", key=none))
        self.assertIn("ssh-keygen -t ed25519", self.refused("gus", key=none))

    def test_banned(self) -> None:
        """A banned account, and an address."""
        need("nc")
        proxied = free_port()
        self.begin(f"--listen=haproxy:tcp:{proxied}:interface={HOST}")
        code = self.claim_code(self.server)
        ann = self.register("ann")
        ann.type(f"/claim {code}")
        self.owner("mallory")
        ann.type("/serverban mallory 2h spamming")
        ann.expect("mallory is")
        told = self.refused("mallory")
        self.assertRegex(told, "You are banned from this server for 1 hour .*: spam")
        ann.type("/serverban 203.0.113.9 1h noise")
        ann.expect("203.0.113.9 is shut out for 1 hour")
        head = f"PROXY TCP4 203.0.113.9 {HOST} 50000 {proxied}\\r\\n"
        line = f"(printf '{head}'; cat) | nc {HOST} {proxied}"
        there = f'-oProxyCommand=sh -c "{line}"'
        done = self.run_ssh("ssh", there, f"bob@{HOST}", "say hi")
        self.assertEqual((done.returncode, done.stdout), (255, ""))
        self.assertRegex(
            done.stderr, "You are banned from this server for 59 min.*: noise"
        )

    def test_full(self) -> None:
        """No room for one more."""
        self.begin("--max-people=1")
        self.enter("ann")
        told = self.refused("bob")
        self.assertIn("! The chat is full: it has room for 1 person.", told)

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
        alive = ("-oServerAliveInterval=1", "-oServerAliveCountMax=1")
        ssh = self.run_it(*self.command("ssh", *alive, f"bob@{HOST}"))
        ann.expect("bob has joined")
        time.sleep(2.5)
        ssh.type("still here")
        ann.expect("] bob: still here")

    def test_own_port(self) -> None:
        """--ssh-port is one more port; the fingerprint is the one that is printed."""
        port = free_port()
        self.begin(f"--ssh-port={port}")
        self.server.expect("ssh YOUR-NAME@")
        key = self.folder / "server.pub"
        key.write_text(self.host_key() + "\n")
        told = subprocess.run(
            ["ssh-keygen", "-l", "-f", key], check=True, capture_output=True, text=True
        ).stdout.split()[1]
        self.server.expect(f"{told}\n")
        ann = self.enter("ann")
        command = self.command("ssh", f"bob@{HOST}", "say hello", port=port)
        done = subprocess.run(command, capture_output=True, timeout=40, input=b"")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        ann.expect("] bob: hello")
        with socket.create_connection((HOST, port), 20) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertTrue(peer.makefile("rb").read().startswith(b"SSH-2.0-chatd"))

"""People sit at terminals with C{chatd connect}."""

import os
import re
import shlex
import signal
import time

from tests.e2e.connecting import CHATD, ClientCase
from tests.e2e.running import PASSWORD, need, wait_until


class TalkingTests(ClientCase):
    """Two with the client and one with nc."""

    def test_talk(self) -> None:
        """They hear each other, and what one does not look at is counted."""
        need("nc")
        self.start()
        self.trust()
        ann, bob = self.come("ann"), self.come("bob")
        cho = self.run_it("nc", "127.0.0.1", str(self.port))
        cho.expect("/help for more.\r\n")
        cho.type("cho", "hi all")
        for who in (ann, bob):
            who.expect("] cho: hi all")
        ann.say("hi cho")
        cho.expect("] ann: hi cho\r\n")
        for who in (ann, bob):
            who.expect("] ann: hi cho")
        bob.say("/msg ann psst")
        ann.expect("] bob -> you: psst")
        bob.expect("] you -> ann: psst")
        ann.say("/r what?")
        bob.expect("] ann -> you: what?")
        bob.say("/me waves")
        cho.expect("** bob waves\r\n")
        bob.expect("** bob waves")
        ann.say("/join ops")
        ann.expect("ops>")
        cho.type("one", "ann: two")
        ann.expect("#lobby cho: ann: two")
        ann.expect("ops (lobby 2!)>")
        ann.say("/switch lobby")
        ann.expect("--- new since you left ---")
        rows = ann.rows()
        new = rows.index("--- new since you left ---")
        self.assertRegex(rows[new + 1], r"\] cho: one$")
        self.assertEqual(rows[-1], "lobby>")
        bob.say("/jion x")
        bob.expect("Did you mean /join?")
        ann.say("/quit")
        ann.expect("* Bye. You were here for")
        ann.expect("status 0")
        cho.expect("ann has left the chat.\r\n")

    def test_typing(self) -> None:
        """What arrives does not touch the line being typed, and Tab completes it."""
        self.start("--limits-throttle=false")
        self.trust()
        bob = self.come("bob")
        ann = self.enter("ann")
        for number, letter in enumerate("Grüße aus 日本"):
            bob.type(letter)
            ann.type(f"message {number}")
            time.sleep(0.02)
        bob.expect("] ann: message 11")
        bob.expect("lobby> Grüße aus 日本")
        self.assertEqual(bob.rows()[-1], "lobby> Grüße aus 日本")
        bob.type("", "Enter")
        ann.expect("] bob: Grüße aus 日本\r\n")
        bob.type("/whoso", "Tab")
        bob.expect("lobby> /whosonline")

    def test_password(self) -> None:
        """A password is asked for, is not seen, and may be mistyped; with colours."""
        self.start()
        self.trust()
        self.register("ann").close()
        ann, plain = self.sit("ann"), self.come("bob", NO_COLOR="1")
        ann.expect("password:")
        ann.say("not-the-password")
        ann.expect("do not belong together")
        ann.say(PASSWORD)
        ann.expect("* You are ann, a member.")
        self.assertNotIn("not-the", ann.all())
        self.assertNotIn(PASSWORD[:5], ann.all())
        ann.expect("lobby>")
        ann.say("hello")
        for who in (ann, plain):
            who.expect("] ann: hello")
        self.assertIn("\x1b[", ann.painted())
        self.assertNotIn("\x1b[3", plain.painted())


class LosingTests(ClientCase):
    """The server goes and comes."""

    def test_killed(self) -> None:
        """It is killed under load: nothing is lost, nothing comes twice."""
        server = self.start("--limits-throttle=false")
        self.trust()
        ann, bob = self.come("ann", height=50), self.come("bob")
        pipe = self.run_it(
            *CHATD,
            "say",
            "--server",
            f"cho@{self.place}",
            "lobby",
            "-",
            environ=self.environ,
        )
        ann.expect("cho has joined")
        for number in range(90):
            pipe.type(f"number {number};")
            if number == 40:
                ann.expect("number 30;")
                server.process.send_signal(signal.SIGKILL)
            if number == 55:
                bob.expect("* The connection is lost")
                bob.say("said while it is dead")
                bob.expect("waits to be sent: said while it is dead")
                bob.expect("not connected, 1 waiting")
            if number == 75:
                server.end()
                server = self.start("--limits-throttle=false")
            time.sleep(0.02)  # or they are a paste
        assert pipe.process.stdin is not None
        pipe.process.stdin.close()
        self.assertEqual(pipe.process.wait(40), 0, pipe.heard)
        ann.expect("number 89;")
        for who in (ann, bob):
            wait_until(lambda who=who: "] bob: said while" in who.all(), who.all)
        numbers = [int(n) for n in re.findall(r"cho: number (\d+);", ann.all())]
        self.assertEqual(numbers, list(range(90)))
        for who in (ann, bob):
            self.assertIn("* The connection is back.", who.all())
            self.assertEqual(who.all().count("bob: said while it is dead"), 1)

    def test_stopped(self) -> None:
        """When it stops, that is said, and what is typed then waits."""
        server = self.start()
        self.trust()
        ann = self.come("ann")
        self.stop(server)
        ann.expect("* The server is stopping.")
        ann.expect("not connected")
        ann.say("later")
        ann.expect("waits to be sent: later")
        ann.type("", "C-c")
        ann.expect("Press Ctrl-C once more")
        ann.type("", "C-c")
        ann.expect("! not sent: later")
        ann.expect("status 0")


class TrustingTests(ClientCase):
    """Whether it is the right server."""

    def test_trust(self) -> None:
        """An unknown server is asked about, a known one not, a changed one refused."""
        server = self.start()
        ann, bob = (self.sit(name, width=130) for name in ("ann", "bob"))
        ann.expect("is not known yet")
        ann.expect("Trust it from now on? (yes/no)")
        ann.say("no")
        ann.expect("status 1")
        self.assertFalse(self.known.exists())
        bob.expect("Trust it from now on? (yes/no)")
        bob.say("yes")
        bob.expect("* You are bob, a guest.")
        before = self.known.read_text().split()[-1]
        self.assertIn(before, server.heard)
        self.come("cho")
        self.stop(server)
        for name in ("tls.crt", "tls.key"):
            (self.folder / "keys" / name).unlink()
        self.start()
        dan = self.sit("dan", width=130)
        dan.expect("status 1")
        self.assertIn("HAS CHANGED", dan.text())
        self.assertIn(before, dan.text())
        (now,) = re.findall("it has now: +(\\S+)", dan.text())
        self.assertNotEqual(now, before)
        hello = ("say", "-s", f"bob@{self.place}", "lobby", "hello")
        said = self.run_client(*hello)
        self.assertEqual(said.returncode, 1)
        self.assertIn("HAS CHANGED", said.stderr)
        said = self.run_client(*hello, "--trust", now)
        self.assertEqual((said.returncode, said.stderr), (0, ""))


class TerminalTests(ClientCase):
    """The terminal is given back as it was."""

    def test_given_back(self) -> None:
        """After /quit, after Ctrl-C and when it is ended from outside."""
        self.start()
        self.trust()
        connect = shlex.join([*CHATD, "connect", f"ann@{self.place}"])
        script = (
            f"stty -a > before; sh -c 'echo $$ > pid; exec {connect}'; "
            "echo left; stty -a > after"
        )
        for end in ("/quit", "Ctrl-C", "kill"):
            name = end.strip("/").lower()
            screen = self.screens().open(
                name,
                ["sh", "-c", f"cd {shlex.quote(str(self.folder))}; {script}"],
                environ=self.environ,
            )
            screen.expect("lobby>")
            if end == "/quit":
                screen.say("/quit")
            elif end == "Ctrl-C":
                screen.type("", "C-c")
                screen.expect("once more")
                screen.type("", "C-c")
            else:
                os.kill(int((self.folder / "pid").read_text()), signal.SIGTERM)
            screen.expect("left")
            screen.expect("status 0")
            before, after = (self.folder / n for n in ("before", "after"))
            self.assertEqual(before.read_text(), after.read_text(), end)
            after.unlink()

    def test_suspended(self) -> None:
        """Ctrl-Z gives the terminal to the shell, and fg takes it back."""
        self.start()
        self.trust()
        need("bash")
        bash = self.screens().open(
            "bash", ["bash", "--norc", "-i"], environ=self.environ
        )
        bash.say(shlex.join([*CHATD, "connect", f"ann@{self.place}"]))
        bash.expect("lobby>")
        bash.type("half a line")
        bash.type("", "C-z")
        bash.expect("Stopped")
        bash.say("echo in the shell; stty -a | grep -o ' icanon'")
        bash.expect("\n icanon")
        bob = self.enter("bob")
        bob.type("while you were away")
        bash.say("fg")
        bash.expect("bob: while you were away")
        bash.expect("lobby> half a line")
        bash.resize(60)
        bash.expect("lobby> half a line")
        bash.type("", "Enter")
        bob.expect("] ann: half a line\r\n")

    def test_pipes(self) -> None:
        """Without a terminal, lines go in and lines come out."""
        self.start()
        self.trust()
        bob = self.enter("bob")
        done = self.run_client("connect", f"ann@{self.place}", text="hello\n/who\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        bob.expect("] ann: hello\r\n")
        bob.expect("ann has left")
        self.assertIn("* 2 people in lobby: ann, bob\n", done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        self.assertNotIn("\r", done.stdout)

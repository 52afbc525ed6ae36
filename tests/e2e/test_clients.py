"""People come as they are: with nc, telnet and openssl."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time

from tests.e2e.running import HOST, PASSWORD, Program, ServerCase, need, wait_until


class ClientsTests(ServerCase):
    """Programs that are on most machines."""

    def nc(self, *options: str) -> Program:
        """Somebody with nc."""
        return self.run_it("nc", *options, HOST, str(self.port))

    def openssl(self) -> Program:
        """Somebody with openssl."""
        where = f"{HOST}:{self.port}"
        return self.run_it("openssl", "s_client", "-quiet", "-connect", where)

    def test_transcript(self) -> None:
        """Two with nc and one with openssl hold the conversation of the README."""
        need("nc", "openssl")
        server = self.start()
        ann = self.nc()
        ann.expect("* Welcome to chatd at ")
        ann.expect("Nobody is here yet.\r\n")
        ann.expect("* This line is NOT encrypted. To encrypt: openssl s_client ")
        ann.expect("* Type a name to come in, or /login NAME PASSWORD, ")
        ann.type("ann")
        ann.expect("ann has joined the chat.\r\n")
        bob = self.openssl()
        bob.expect("1 person is here: ann.\r\n* This line is encrypted.\r\n")
        bob.type("bob")
        bob.expect("bob has joined the chat.\r\n")
        dan = self.nc()
        dan.expect("2 people are here: ann, bob.")
        dan.expect("/help for more.\r\n")
        dan.type("dan")
        for who in (ann, bob, dan):
            said = who.expect("dan has joined the chat.\r\n").splitlines()[-1]
            self.assertRegex(said, r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] dan has")
        dan.type("hello")
        for who in (ann, bob):
            who.expect("] dan: hello\r\n")
        ann.type("hi dan, grüß dich, 你好")
        dan.expect("] ann: hi dan, grüß dich, 你好\r\n")
        dan.type("/whosonline")
        dan.expect("* 3 people in lobby: ann, bob, dan\r\n")
        bob.type("/pm dan psst")
        dan.expect("] bob -> you: psst\r\n")
        dan.type("/pm bob what?")
        dan.expect("] you -> bob: what?\r\n")
        bob.expect("] dan -> you: what?\r\n")
        dan.type("/jion ops")
        dan.expect(
            "! There is no command /jion. Did you mean /join? "
            "Your line was not sent: /jion ops\r\n"
        )
        dan.type("/quit")
        dan.expect("* Bye. You were here for ")
        for who in (ann, bob):
            who.expect("dan has left the chat.\r\n")
        self.assertNotIn("psst", ann.heard)
        self.assertNotIn("hello\r\n", dan.heard)
        self.stop(server)
        for who in (ann, bob):
            who.expect("* The server is stopping.\r\n")
        log = (self.folder / "data/log/chatd.log").read_text()
        self.assertIn("ann", log)
        for said in ("hello", "psst", "grüß"):
            self.assertNotIn(said, log)

    def test_at_words(self) -> None:
        """The commands of old work as such."""
        need("nc")
        self.start()
        ann, bob = self.nc(), self.enter("bob")
        ann.expect("/help for more.\r\n")
        ann.type("@help")
        ann.expect("* /help COMMAND tells more.")
        ann.type(f"@register ann {PASSWORD}")
        ann.expect("* ann is yours from now on")
        ann.type("@getlist")
        ann.expect("* 2 people in lobby: ann, bob\r\n")
        ann.type("@send bob psst", "@send all hello")
        bob.expect("] ann -> you: psst\r\n")
        bob.expect("] ann: hello\r\n")
        ann.type("@getlog")
        ann.expect("* The log of lobby:\r\n")
        ann.expect("] ann: hello\r\n")
        ann.expect("* End of the log: 1 message.\r\n")
        ann.type("@logout")
        ann.expect("* Bye.")
        bob.expect("ann has left the chat.\r\n")
        again = self.nc()
        again.expect("/help for more.\r\n")
        again.type(f"@login ann {PASSWORD}")
        again.expect("* You are ann, a member.\r\n")

    def test_half_close(self) -> None:
        """What is piped into nc -N is carried out, and answered."""
        need("nc")
        self.start()
        ann = self.enter("ann")
        script = f"printf 'bob\\nhello\\n/whosonline\\n' | nc -N {HOST} {self.port}"
        done = subprocess.run(
            ["sh", "-c", script], capture_output=True, text=True, timeout=20
        )
        self.assertIn("* 2 people in lobby: ann, bob", done.stdout)
        ann.expect("bob has joined the chat.")
        ann.expect("] bob: hello\r\n")
        ann.expect("bob has left the chat.")


class TelnetTests(ServerCase):
    """telnet in a real terminal."""

    def setUp(self) -> None:
        super().setUp()
        need("telnet", "tmux")
        # Not in the folder of the test: the path of a socket must be short.
        self._home = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self._home)

    def tmux(self, *words: str, may_fail: bool = False) -> str:
        """Run a command of tmux, with a server of our own."""
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", *words],
            capture_output=True,
            text=True,
            timeout=20,
            env={
                **os.environ,
                "TMUX_TMPDIR": self._home,
                "TMUX": "",
                "LC_ALL": "C.UTF-8",
                "TERM": "xterm",
            },
        )
        if not may_fail:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def screen(self) -> list[str]:
        """What stands on the screen."""
        return self.tmux("capture-pane", "-p").rstrip().split("\n")

    def expect(self, text: str) -> None:
        """Wait until a text is on the screen."""
        wait_until(
            lambda: text in "\n".join(self.screen()),
            lambda: f"no {text!r} on the screen:\n" + "\n".join(self.screen()),
        )

    def telnet(self) -> None:
        """Somebody with telnet."""
        command = shlex.join(["telnet", HOST, str(self.port)])
        self.tmux("new-session", "-d", "-x", "100", "-y", "30", command)
        self.addCleanup(self.tmux, "kill-server", may_fail=True)
        self.expect("/help for more.")

    def type(self, text: str, *keys: str) -> None:
        """Type characters, and then press keys by name."""
        self.tmux("send-keys", "-l", text)
        if keys:
            self.tmux("send-keys", *keys)

    def test_line_stays_whole(self) -> None:
        """Ten messages a second arrive while a long line is typed: it stays whole."""
        self.start("--limits-throttle=false")
        ann = self.enter("ann")
        self.telnet()
        self.type("bob", "Enter")
        self.expect("lobby>")
        typed = ""
        number = 0
        for piece in (
            "Grüße aus ",
            "Köln, ",
            "日本語の",
            "テキスト ",
            "und ",
            "ß Ω ",
            "fin",
        ):
            for character in piece:
                self.type(character)
                typed += character
                number += 1
                ann.type(f"message {number}")
                time.sleep(0.05)
        self.expect(f"] ann: message {number}")
        self.expect(f"lobby> {typed}")
        rows = self.screen()
        self.assertEqual(rows[-1], f"lobby> {typed}")
        for row in rows[:-1]:
            self.assertNotIn("lobby>", row)
        shown = [
            int(match[1])
            for row in rows
            if (match := re.search(r"ann: message (\d+)$", row))
        ]
        self.assertEqual(shown, list(range(number - len(shown) + 1, number + 1)))
        self.type("", "Enter")
        ann.expect(f"] bob: {typed}\r\n")
        self.expect(f"] bob: {typed}")

    def test_password(self) -> None:
        """A registered name asks for its password, which is not seen."""
        self.start()
        self.register("bob").close()
        self.telnet()
        self.type("bob", "Enter")
        self.expect("password:")
        self.type(PASSWORD)
        time.sleep(0.3)
        self.assertNotIn(PASSWORD[:5], "\n".join(self.screen()))
        self.type("", "Enter")
        self.expect("* You are bob, a member.")
        self.assertNotIn(PASSWORD[:5], "\n".join(self.screen()))
        self.type("/quit", "Enter")

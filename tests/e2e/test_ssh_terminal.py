"""People sit at terminals with the ssh of OpenSSH, and see what they should."""

import os
import re
import shlex
import signal
import time
from pathlib import Path

from tests.e2e.openssh import SshCase
from tests.e2e.running import HOST, PASSWORD, need, wait_until
from tests.e2e.screens import Screen, Screens

LONG = (
    "Grüße aus Köln, 日本語のテキスト und ß Ω: a line that is longer than a window, "
    "naïve façade 漢字かな交じり文 at the end"
)


class ScreenCase(SshCase):
    """A server, and terminals."""

    def begin(self, *options: str) -> None:
        super().begin(*options)
        self.screens = Screens(self)

    def sit(
        self,
        name: str,
        *words: str,
        key: Path | None = None,
        width: int = 80,
        **environ: str,
    ) -> Screen:
        """Somebody begins ssh in a terminal."""
        command = self.command("ssh", *words, f"{name}@{HOST}", key=key, ask=True)
        return self.screens.open(name, command, width=width, environ=environ)

    def come(self, name: str, *words: str, width: int = 80, **environ: str) -> Screen:
        """Somebody comes in as a guest."""
        screen = self.sit(name, *words, width=width, **environ)
        screen.expect("lobby>")
        return screen


class EnteringTests(ScreenCase):
    """By a free name, a password or a key."""

    def test_all_ways(self) -> None:
        """A guest registers, comes back with the password, and then with a key."""
        self.begin()
        ann = self.come("ann")
        ann.expect("* You are ann, a guest.")
        ann.say(f"/register {PASSWORD}")
        ann.expect("* ann is yours from now on")
        ann.expect("Keep your SSH key SHA256:")
        ann.say("/quit")
        ann.expect("status 0")
        self.assertNotIn(PASSWORD, ann.all())
        self.screens.run("kill-session", "-t", "ann")

        ann = self.sit("ann")
        ann.expect("ann is registered, with other keys than SHA256:")
        ann.expect("Type the password; then /keys add keeps this one.")
        ann.expect(") Password:")
        ann.say("not-the-password")
        ann.expect("Name and password do not belong together.")
        ann.expect("To come in as somebody else: ssh NAME@")
        wait_until(lambda: ann.text().count(") Password:") == 2, ann.text)
        ann.say(PASSWORD)
        ann.expect("* You are ann, a member.")
        ann.expect("Keep your SSH key SHA256:")
        self.assertNotIn(PASSWORD, ann.all())
        ann.say("/keys add")
        ann.expect("* Added SHA256:")
        ann.type("", "C-d")
        ann.expect("status 0")
        self.screens.run("kill-session", "-t", "ann")

        ann = self.sit("ann")
        ann.expect("* You are ann, a member.")
        ann.say("/keys")
        ann.expect("* 1 SSH key:")
        ann.say("/keys remove 1")
        ann.expect("* Removed SHA256:")
        refused = self.ssh("ann", "/who")
        self.assertEqual(refused.returncode, 255)
        self.assertIn("ann is registered, with other keys than SHA256:", refused.stderr)

    def test_key_of_a_guest(self) -> None:
        """A guest's key is kept on registering, and opens the account from then on."""
        self.begin()
        ann = self.come("ann")
        ann.say(f"/register {PASSWORD}")
        ann.expect("Yes: /keys add. No: do nothing.")
        ann.say("/keys add")
        ann.expect("* Added SHA256:")
        done = self.ssh("ann", "/whois", "ann")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("member", done.stdout)

    def test_no_key(self) -> None:
        """Who has no key is asked for nothing as a guest, and once as a member."""
        self.begin()
        none = self.folder / "none"
        self.sit("gus", key=none).expect("* You are gus, a guest.")
        self.register("ann")
        ann = self.sit("ann", key=none)
        ann.expect(") Password:")
        self.assertNotIn("ann is registered", ann.text())
        ann.say(PASSWORD)
        ann.expect("* You are ann, a member.")

    def test_password_alone(self) -> None:
        """A client that can only send a password is let in, and wrong ones count."""
        self.begin("--limits-failed-logins-session=2")
        self.register("ann")
        only = "-oPreferredAuthentications=password"
        ann = self.sit("ann", only, "-oNumberOfPasswordPrompts=9")
        ann.expect("'s password:")
        ann.say("not-the-password")
        ann.expect("Permission denied, please try again.")
        wait_until(lambda: ann.text().count("'s password:") == 2, ann.text)
        ann.say("not-the-password")
        ann.expect("too many wrong passwords")
        ann.expect("status 255")

    def test_name_of_a_guest(self) -> None:
        """Who wants the name of a guest who is here is asked for another one."""
        self.begin()
        self.come("ann")
        command = self.command("ssh", f"Ann@{HOST}", ask=True)
        second = self.screens.open("second", command)
        second.expect("name:")
        second.say("bea")
        second.expect("* You are bea, a guest.")


class TypingTests(ScreenCase):
    """What arrives does not disturb what is typed."""

    def test_while_others_talk(self) -> None:
        """Ten messages a second, and a window that changes: the line stays whole."""
        self.begin("--limits-throttle=false")
        ann, bob = self.come("ann"), self.come("bob")
        widths = (80, 61, 47, 90, 33, 80)
        pieces = [LONG[at : at + 2] for at in range(0, len(LONG), 2)]
        for number, piece in enumerate(pieces):
            ann.type(piece)
            bob.say(f"message {number}")
            time.sleep(0.05)
            if number % 10 == 5:
                # What is on its way just then is drawn for the width of before.
                bob.expect(f"] bob: message {number}")
                time.sleep(0.2)
                ann.resize(widths[number // 10])
                time.sleep(0.2)
        last = len(pieces) - 1
        ann.resize(80)
        ann.expect(f"message {last}\n")
        # The end of what is typed is what is seen, in one row.
        wait_until(lambda: ann.rows()[-1].endswith(LONG[-20:]), ann.text)
        for row in ann.rows()[:-1]:
            self.assertNotIn("lobby>", row)
        ann.type("", "Enter")
        bob.expect("] ann: Grüße aus Köln, 日本語のテキスト")
        said = re.sub(r"\n +", " ", bob.text()[bob.text().index("] ann: ") :])
        self.assertIn(f"] ann: {LONG}", said)
        # What was typed became the message.
        ann.expect("] ann: Grüße aus Köln, 日本語のテキスト")
        self.assertEqual(ann.rows()[-1], "lobby>")
        # All of it went up into what the terminal keeps, once and in order.
        kept = [int(n) for n in re.findall(r"bob:\s+message (\d+)$", ann.all(), re.M)]
        self.assertEqual(kept, list(range(last + 1)))

    def test_on_the_way(self) -> None:
        """What is on its way while the window is dragged leaves no row behind."""
        need("nc")
        self.begin()
        bob = self.enter("bob")
        noted = self.folder / "line"
        line = f"echo $$ > {noted}; exec nc {HOST} {self.port}"
        ann = self.come("ann", f"-oProxyCommand=sh -c {shlex.quote(line)}")
        number = int(noted.read_text())
        ann.type("x" * 70)
        ann.expect("xxx")
        os.kill(number, signal.SIGSTOP)
        bob.type("first", "second", "/topic")
        bob.expect("topic")
        ann.resize(71)
        os.kill(number, signal.SIGCONT)
        ann.expect("] bob: second")
        ann.type("", "C-u")
        wait_until(lambda: ann.rows()[-1] == "lobby>", ann.text)
        self.assertEqual(ann.text().count("lobby>"), 1, ann.text())

    def test_wrapped(self) -> None:
        """A long message goes on below its text, in the width there is."""
        self.begin()
        ann, bob = self.come("ann", width=60), self.come("bob")
        bob.say(LONG)
        ann.expect("at the end")
        rows = ann.rows()
        first = next(n for n, row in enumerate(rows) if "] bob: Grüße" in row)
        indent = rows[first].index("Grüße")
        for row in rows[first + 1 : -1]:
            self.assertEqual(len(row) - len(row.lstrip()), indent, rows)
        ann.say("/set timestamps off")
        ann.expect("timestamps: off")


class LooksTests(ScreenCase):
    """How it looks is the person's choice."""

    def colour_of(self, screen: Screen, name: str, text: str) -> str:
        """In what colour a screen shows the name of who said something."""
        screen.expect(text)
        found = re.search(rf"\x1b\[([0-9;]*)m{name}\x1b[^\n]*{text}", screen.painted())
        assert found is not None, screen.painted()
        return found[1]

    def test_colours(self) -> None:
        """A name has one colour, on all screens and after coming back."""
        self.begin()
        ann, bob = self.come("ann"), self.come("bob")
        bob.say("one")
        colour = self.colour_of(ann, "bob", "one")
        self.assertEqual(self.colour_of(bob, "bob", "one"), colour)
        bob.say("/quit")
        bob.expect("status 0")
        self.screens.run("kill-session", "-t", "bob")
        bob = self.come("bob")
        bob.say("two")
        self.assertEqual(self.colour_of(ann, "bob", "two"), colour)
        ann.say("/set theme bright")
        ann.expect("theme: bright")
        bob.say("three")
        self.assertNotEqual(self.colour_of(ann, "bob", "three"), colour)
        ann.say("/set theme mono")
        ann.expect("theme: mono")
        bob.say("four")
        ann.expect("bob: four")
        line = next(row for row in ann.painted().split("\n") if "four" in row)
        self.assertNotRegex(line, r"\x1b\[(3[0-7]|38|9[0-7])")

    def test_bell(self) -> None:
        """The bell rings when one is named, and not otherwise."""
        self.begin()
        ann, bob = self.come("ann"), self.come("bob")
        ann.say("/set bell on")
        ann.expect("bell: on")
        bob.say("hello all")
        ann.expect("hello all")
        self.assertFalse(ann.rang)
        bob.say("@ann look")
        ann.expect("@ann look")
        self.assertTrue(ann.rang)

    def test_no_colour(self) -> None:
        """NO_COLOR, if ssh sends it, switches colours off, but not the editor."""
        self.begin()
        ann = self.come("ann", "-oSendEnv=NO_COLOR", NO_COLOR="1")
        bob = self.come("bob")
        bob.say("hi @ann")
        ann.expect("hi @ann")
        self.assertNotRegex(ann.painted(), r"\x1b\[(?!0?m|39m|49m)[0-9;]*m")

    def test_dumb(self) -> None:
        """A terminal that can nothing is sent no escapes, and needs none."""
        self.begin()
        log = self.folder / "raw"
        ann = self.sit("ann", TERM="dumb")
        ann.expect("ann has joined the chat.")
        self.screens.run("pipe-pane", "-t", "ann", f"cat > {log}")
        bob = self.come("bob")
        ann.say("I type")
        bob.expect("] ann: I type")
        bob.say("hi @ann")
        ann.expect("] bob: hi @ann")
        self.assertEqual(ann.text().count("I type"), 1)
        self.assertNotIn("\x1b", log.read_text())

    def test_reader(self) -> None:
        """For a screen reader nothing is written over: only line after line."""
        self.begin()
        ann, bob = self.come("ann"), self.come("bob")
        ann.say("/set reader on")
        ann.expect("reader: on")
        log = self.folder / "raw"
        self.screens.run("pipe-pane", "-t", "ann", f"cat > {log}")
        ann.type("half a li")
        bob.say("interrupting")
        time.sleep(0.5)
        ann.say("ne")
        bob.expect("] ann: half a line")
        ann.expect("] bob: interrupting")
        raw = log.read_text()
        self.assertNotRegex(raw, r"\x1b\[[0-9;]*[A-HJKf]")
        said = ann.rows()[-3:]
        self.assertEqual((said[0], said[2]), ("half a li", "ne"))
        self.assertIn("] bob: interrupting", said[1])

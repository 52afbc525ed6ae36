"""The chat as a pipe: C{chatd say} and C{chatd tail}."""

import json
import signal

from tests.e2e.connecting import CHATD, ClientCase
from tests.e2e.running import PASSWORD, Program


class PipeTests(ClientCase):
    """Scripts, and somebody who reads."""

    def follow(self, *options: str) -> Program:
        """Somebody looks on."""
        words = ("tail", "-f", "-s", f"cho@{self.place}", *options)
        return self.run_it(*CHATD, *words, environ=self.environ)

    def test_pipes(self) -> None:
        """What is said is shown, once, over a kill; else the status tells."""
        server = self.start("--limits-throttle=false")
        self.trust()
        self.register("gus").close()
        tail = self.follow("#lobby", "--json", "-n", "0")
        bob = self.enter("bob")
        bob.expect("cho has joined")
        file = self.folder / "gus.toml"
        file.write_text(
            f'server = "{self.place}"\nname = "gus"\npassword = "{PASSWORD}"\n'
        )
        file.chmod(0o600)
        self.assert_status(
            0, "", "say", "--credentials", str(file), "#lobby", "disk", "full"
        )
        bob.expect("] gus: disk full\r\n")
        given = {"CHATD_SERVER": f"gus@{self.place}", "CHATD_PASSWORD": PASSWORD}
        self.assert_status(0, "", "say", "@bob", "psst", **given)
        bob.expect("] gus -> you: psst\r\n")
        lines = "".join(f"line {number}\n" for number in range(6))
        self.assert_status(0, "", "say", "lobby", "-", text=lines, **given)
        bob.expect("gus pasted 6 lines")
        server.process.send_signal(signal.SIGKILL)
        server.end()
        self.start("--limits-throttle=false")
        self.assert_status(0, "", "say", "lobby", "I am back", **given)
        tail.expect("I am back")
        tail.expect("\n")
        found = [json.loads(line) for line in tail.heard.splitlines() if line[0] == "{"]
        texts = [event["text"] for event in found if event["event"] == "said"]
        self.assertEqual(texts, ["disk full", lines.strip(), "I am back"])
        last = self.run_client("tail", "-n", "1", "#lobby", **given)
        self.assertRegex(last.stdout, r"^\[[-0-9: ]+\] gus: I am back\n$")
        self.assert_status(1, "nowhere", "say", "#nowhere", "x", **given)
        del given["CHATD_PASSWORD"]
        self.assert_status(1, "--credentials", "say", "#lobby", "x", **given)

    def assert_status(
        self, status: int, problem: str, *words: str, text: str = "", **environ: str
    ) -> None:
        """A script ends like this."""
        done = self.run_client(*words, text=text, **environ)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(problem, done.stderr)
        self.assertEqual(done.stdout, "")

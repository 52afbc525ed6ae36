"""People come with ssh, and files with scp: the programs of OpenSSH."""

import subprocess
from hashlib import sha256
from pathlib import Path

from tests.e2e.running import HOST, ServerCase, need


class SshTests(ServerCase):
    """What is on every laptop."""

    def ssh(
        self, name: str, *words: str, typed: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Somebody with ssh."""
        return self.run_ssh("ssh", "-p", f"{name}@{HOST}", *words, typed=typed)

    def run_ssh(
        self, program: str, port: str, *words: str, typed: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program of OpenSSH with a key of its own, asking nobody."""
        options = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": str(self.folder / "known"),
            "LogLevel": "ERROR",
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
        }
        given = [f"-o{key}={value}" for key, value in options.items()]
        return subprocess.run(
            [program, port, str(self.port), "-i", str(self.key), *given, *words],
            input=typed,
            capture_output=True,
            text=True,
            timeout=40,
            check=False,
        )

    def begin(self) -> None:
        """Start a server, and make a key."""
        need("ssh", "scp", "ssh-keygen")
        self.start()
        self.key = self.folder / "key"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True
        )

    def test_pipe(self) -> None:
        """Commands work as a pipe: output, errors and status as of any program."""
        self.begin()
        said = self.ssh("bob", "say", "#lobby", typed="it works\n")
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        read = self.ssh("cho", "tail", "-n", "5", "#lobby")
        self.assertRegex(read.stdout, r"^\[[^]]+\] bob: it works\r?\n$")
        self.assertEqual(self.ssh("cho", "/who").returncode, 0)
        wrong = self.ssh("cho", "/nosuch")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("There is no command /nosuch.", wrong.stderr)

    def test_files(self) -> None:
        """A file of 20 MB goes in and comes back by scp, with a key and unchanged."""
        self.begin()
        ann = self.register("ann")
        ann.type(f"/keys add {self.key.with_suffix('.pub').read_text().strip()}")
        ann.expect("ssh lets you in with it now.")
        content = sha256(b"seed").digest() * 625_000
        there, back = self.folder / "report.bin", self.folder / "back.bin"
        there.write_bytes(content)
        place = f"ann@{HOST}:lobby/"
        sent = self.run_ssh("scp", "-P", str(there), place)
        self.assertEqual((sent.returncode, sent.stderr), (0, ""))
        ann.expect("ann shares report.bin (20 MB)")
        got = self.run_ssh("scp", "-P", f"{place}report.bin", str(back))
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        self.assertEqual(Path(back).read_bytes(), content)

    def test_owned(self) -> None:
        """A name that belongs to somebody is not given to who has only its name."""
        self.begin()
        self.register("ann")
        refused = self.ssh("ann", "/who")
        self.assertEqual(refused.returncode, 255)
        self.assertIn("ann", refused.stderr + refused.stdout)

"""The programs of OpenSSH, set up so that nothing of this machine's settings counts."""

import subprocess
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.e2e.running import HOST, Program, ServerCase, need


class SshCase(ServerCase):
    """
    A server, and people with ssh, scp and sftp.

    @ivar server: The server, once L{begin} has started it.
    @ivar key: A file with the private key that clients show.
    """

    server: Program
    key: Path

    def begin(self, *options: str) -> None:
        """Start a server whose key is known, and make a key for somebody."""
        need("ssh", "scp", "sftp", "ssh-keygen")
        self.server = self.start(*options)
        self.key = self.make_key("key")
        self.know()

    def make_key(self, name: str) -> Path:
        """A new key."""
        key = self.folder / name
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-C", "", "-N", "", "-f", key],
            check=True,
        )
        return key

    def know(self) -> None:
        """Note the server's key where clients look for it."""
        known = self.folder / "known"
        known.write_text(f"[{HOST}]:* {self.host_key()}\n")

    def host_key(self) -> str:
        """The server's public key."""
        private = self.folder / "keys/ssh_host_ed25519_key"
        return subprocess.run(
            ["ssh-keygen", "-y", "-f", private],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def command(
        self,
        program: str,
        *words: str,
        key: Path | None = None,
        ask: bool = False,
        port: int = 0,
    ) -> list[str]:
        """
        How a program is run.

        @param key: What it shows, if not L{key}.
        @param ask: Whether somebody is there who could be asked.
        @param port: Where it connects, if not to the one port.
        """
        options = {
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self.folder / "known"),
            "BatchMode": "no" if ask else "yes",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "Port": str(port or self.port),
        }
        given = [f"-o{name}={value}" for name, value in options.items()]
        return [program, "-F", "none", "-i", str(key or self.key), *given, *words]

    def run_ssh(
        self,
        program: str,
        *words: str,
        typed: str = "",
        key: Path | None = None,
        environ: dict[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program in the folder, asking nobody."""
        return subprocess.run(
            self.command(program, *words, key=key),
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=self.folder,
            env=environ,
        )

    def ssh(
        self, name: str, *words: str, typed: str = "", key: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Somebody with ssh; options stand before the command."""
        return self.run_ssh("ssh", f"{name}@{HOST}", *words, typed=typed, key=key)

    def memory(self) -> int:
        """Bytes that the server has in memory."""
        status = Path(f"/proc/{self.server.process.pid}/status")
        if not status.exists():
            raise SkipTest("this system does not tell how much memory a process has")
        return int(status.read_text().partition("VmRSS:")[2].split()[0]) * 1024

    def owner(self, name: str) -> None:
        """Somebody whose account has the key."""
        person = self.register(name)
        line = self.key.with_suffix(".pub").read_text().strip()
        person.type(f"/keys add {line}", "/quit")
        person.expect("ssh lets you in with it now.")
        person.expect_end()

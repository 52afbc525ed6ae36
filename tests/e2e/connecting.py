"""What tests of the client share: people with C{chatd connect}, and pipes."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.e2e.running import HOST, PASSWORD, ROOT, ServerCase
from tests.e2e.screens import Screen, Screens

CHATD = (sys.executable, "-m", "chatd")


class ClientCase(ServerCase):
    """A server, and clients with a configuration of their own."""

    def setUp(self) -> None:
        super().setUp()
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        self.environ = {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }

    @property
    def known(self) -> Path:
        """The file of the servers that are trusted."""
        return self.folder / "config" / "chatd" / "known_servers"

    @property
    def place(self) -> str:
        """The server, as one types it."""
        return f"{HOST}:{self.port}"

    def trust(self) -> None:
        """Let the server be known already."""
        certificate = self.connect(encrypted=True).certificate
        seen = sha256(certificate).digest().hex(":").upper()
        self.known.parent.mkdir(parents=True, exist_ok=True)
        self.known.write_text(f"{self.place} {seen}\n")

    def run_client(
        self, *words: str, text: str = "", **environ: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the client with pipes, until it ends."""
        return subprocess.run(
            [*CHATD, *words],
            input=text,
            capture_output=True,
            text=True,
            timeout=40,
            cwd=self.folder,
            env={**os.environ, **self.environ, **environ},
        )

    def screens(self) -> Screens:
        """Terminals."""
        if not hasattr(self, "_screens"):
            self._screens = Screens(self)
        return self._screens

    def sit(
        self, name: str, *options: str, width: int = 80, height: int = 24, **more: str
    ) -> Screen:
        """Somebody runs C{chatd connect} at a terminal."""
        command = [*CHATD, "connect", f"{name}@{self.place}", *options]
        return self.screens().open(
            name or "somebody",
            command,
            width=width,
            height=height,
            environ={**self.environ, **more},
        )

    def come(self, name: str, **more: str) -> Screen:
        """Somebody comes in as a guest, to a server that is known."""
        screen = self.sit(name, **more)
        screen.expect("lobby>")
        return screen

    def member(self, name: str, **more: str) -> Screen:
        """Somebody comes in with an account."""
        self.register(name).close()
        screen = self.sit(name, **more)
        screen.expect("password:")
        screen.say(PASSWORD)
        screen.expect("lobby>")
        return screen

"""The client is light: nothing of the server comes with it."""

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

# What only servers need, and what of chatd a client may have.
SERVER = ("sqlalchemy", "alembic", "sqlcipher3", "argon2", "ifaddr", "wsproto")
SERVER_PARTS = ("twisted.conch", "twisted.web", "hypothesis")
OURS = ("chatd.client", "chatd.chat", "chatd.wire", "chatd.render")


class LightTests(SynchronousTestCase):
    """What is imported."""

    def imported(self, module: str) -> set[str]:
        """All modules that one brings with it."""
        script = f"import sys, {module}\nprint(*sys.modules, sep='\\n')"
        words = [sys.executable, "-c", script]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    def test_library(self) -> None:
        """The library brings nothing of the server."""
        found = self.imported("chatd.client")
        self.assertIn("chatd.client.client", found)
        self.check(found)

    def test_tools(self) -> None:
        """Nor do the programs, which have to start quickly."""
        for tool in ("connect", "say", "tail"):
            found = self.imported(f"chatd.client.{tool}")
            self.assertIn(f"chatd.client.{tool}", found)
            self.check(found)

    def check(self, found: set[str]) -> None:
        """Nothing that a client does not need."""
        heavy = {name for name in found if name.split(".")[0] in SERVER}
        self.assertEqual(heavy | (found & set(SERVER_PARTS)), set())
        ours = {name for name in found if name.startswith("chatd.")}
        self.assertEqual({name for name in ours if not name.startswith(OURS)}, set())
        for part in ("hub", "session", "journal", "login", "room"):
            self.assertNotIn(f"chatd.chat.{part}", ours)

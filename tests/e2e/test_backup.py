"""C{chatd backup} and C{chatd restore}, with a real server."""

import sys

from tests.e2e.running import PASSWORD, Program, ServerCase


class BackupTests(ServerCase):
    """A backup is made while people chat, and put back after an accident."""

    def tool(self, *words: str) -> Program:
        """Run one of chatd's tools."""
        return self.run_it(sys.executable, "-m", "chatd", *words)

    def test_accident(self) -> None:
        """What was said before the backup is there again, accounts included."""
        server = self.start()
        ann = self.register("ann")
        bob = self.enter("bob")
        bob.type("said before")
        ann.expect("said before")
        backup = self.tool("backup", "chatd.tar")
        self.assertEqual(backup.end(), 0, backup.heard)
        self.assertIn("keys are NOT in it", backup.heard)
        bob.type("said after")
        ann.expect("said after")
        self.assert_refused(self.tool("backup", "chatd.tar"), "exists already")
        self.assert_refused(self.tool("restore", "chatd.tar"), "There is a database")
        server.kill()

        (self.folder / "data").rename(self.folder / "accident")
        restore = self.tool("restore", "chatd.tar")
        self.assertEqual(restore.end(), 0, restore.heard)
        server = self.start()
        ann = self.connect()
        ann.type(f"/login ann {PASSWORD}")
        shown = ann.expect("ann has joined the chat.\r\n") + ann.heard
        self.assertIn("said before", shown)
        self.assertNotIn("said after", shown)
        self.stop(server)

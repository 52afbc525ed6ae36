"""Tests for L{chatd.client.memory}: where a program went away."""

import stat
from pathlib import Path

from chatd.chat.events import Said
from chatd.client.credentials import Credentials
from chatd.client.memory import Memory
from chatd.testing import join, type_in
from tests.client.wired import ClientCase


class MemoryTests(ClientCase):
    """A program goes away, and comes back."""

    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.mktemp())
        self.bob, _ = join(self.hub, "bob")

    def come(self, name: str = "ann") -> list[str]:
        """It comes back, and is told what it has not handled; then it goes away."""
        memory = Memory(self.path)
        credentials = memory.recall(Credentials(name))
        line = self.new_line()
        client = self.client(
            line=line,
            credentials=credentials,
            cursor=memory.cursor,
            changed=memory.keep,
        )
        texts = [said.text for said in self.of(Said, client)]
        self.assertEqual(client.name, name)
        line.cut()
        return texts

    def test_back(self) -> None:
        """It is told what was said since, once, and is the same as before."""
        self.assertEqual(self.come(), [])
        type_in(self.hub, self.bob, "one")
        self.assertEqual(self.come(), ["one"])
        type_in(self.hub, self.bob, "two")
        # What was taken last may not have been handled.
        self.assertEqual(self.come()[-1], "two")

    def test_private(self) -> None:
        """Nobody else can read it."""
        self.come()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_another(self) -> None:
        """Somebody else does not come back as the first."""
        self.come()
        memory = Memory(self.path)
        self.assertEqual(memory.recall(Credentials("cho")), Credentials("cho"))
        self.assertEqual(memory.cursor, "")

    def test_spoilt(self) -> None:
        """A file that is something else is not overwritten."""
        self.path.write_text("a letter")
        with self.assertRaises(ValueError):
            Memory(self.path)
        self.assertEqual(self.path.read_text(), "a letter")

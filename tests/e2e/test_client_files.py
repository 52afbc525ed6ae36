"""Files go from one C{chatd connect} to another, over ways that break."""

import hashlib
import os
from pathlib import Path

from tests.e2e.connecting import CHATD, ClientCase
from tests.e2e.cutting import Cutting
from tests.e2e.running import PASSWORD, wait_until
from tests.e2e.screens import Screen

# 100 MB and more take a while: CHATD_TEST_BYTES=100000000.
SIZE = int(os.environ.get("CHATD_TEST_BYTES", "8000000"))


class FilesTests(ClientCase):
    """Two members, each in a folder of their own."""

    def setUp(self) -> None:
        super().setUp()
        self.server = self.start()
        self.way = Cutting(self.port)
        self.addCleanup(self.way.close)
        self.content = os.urandom(SIZE)
        for name in ("ann", "bob"):
            (self.folder / name).mkdir()
            self.register(name).close()
        (self.folder / "ann" / "big.bin").write_bytes(self.content)
        self.port = self.way.port
        self.trust()

    def sit_in(self, name: str) -> Screen:
        """Somebody sits in their folder."""
        folder = str(self.folder / name)
        command = ["env", "-C", folder, *CHATD, "connect", f"{name}@{self.place}"]
        screen = self.screens().open(name, command, width=100, environ=self.environ)
        screen.expect("password:")
        screen.say(PASSWORD)
        screen.expect("lobby>")
        return screen

    def saved(self, name: str) -> Path:
        """Where bob has a file."""
        return self.folder / "bob" / name

    def test_there_and_back(self) -> None:
        """It comes whole, although the way breaks half-way in both directions."""
        ann, bob = self.sit_in("ann"), self.sit_in("bob")
        self.way.cut_after(SIZE // 2)
        ann.say("/send-file big.bin bob")
        bob.expect("* The connection is lost")
        bob.expect("ann shares big.bin")
        bob.expect("/get-file 1 saves it")
        ann.expect("You share big.bin")
        carried = self.way.carried
        self.assertLess(carried, 1.5 * SIZE)
        self.way.cut_after(SIZE // 2)
        bob.say("/get-file 1")
        bob.expect("as [big.bin], or no:")
        bob.type("", "Enter")
        bob.expect("big.bin is saved, and whole:")
        # It went on, rather than began anew.
        self.assertLess(self.way.carried - carried, 1.5 * SIZE)
        self.assertEqual(
            hashlib.sha256(self.saved("big.bin").read_bytes()).digest(),
            hashlib.sha256(self.content).digest(),
        )
        self.assertEqual(os.listdir(self.folder / "bob"), ["big.bin"])

    def test_not_over_another(self) -> None:
        """What is there already is only replaced if somebody says so."""
        (self.folder / "ann" / "note.txt").write_text("new")
        self.saved("note.txt").write_text("old")
        ann, bob = self.sit_in("ann"), self.sit_in("bob")
        ann.say("/send-file note.txt")
        bob.expect("ann shares note.txt (3 bytes): /get-file 1 saves it.")
        bob.say("/get-file note.txt")
        bob.expect("as [note.txt], or no:")
        bob.type("", "Enter")
        bob.expect("note.txt is there already. Overwrite it?")
        bob.say("other.txt")
        bob.expect("is saved, and whole")
        self.assertEqual(self.saved("note.txt").read_text(), "old")
        self.assertEqual(self.saved("other.txt").read_text(), "new")
        bob.say("/get-file 1 note.txt")
        bob.expect("Overwrite it?")
        bob.say("no")
        bob.expect("note.txt was not saved.")
        self.assertEqual(self.saved("note.txt").read_text(), "old")
        bob.say("/get-file 1 note.txt")
        bob.expect("Overwrite it?")
        bob.say("yes")
        wait_until(lambda: self.saved("note.txt").read_text() == "new", bob.text)
        # What is not wanted is refused, and the other is told.
        ann.say("/send-file note.txt bob")
        bob.expect("/get-file 2 saves it")
        bob.say("/refuse-file 2")
        ann.expect("bob does not want note.txt.")
        ann.say("/send-file nothing.txt bob")
        ann.expect("! nothing.txt is no file.")
        ann.say("/send-file note.txt nobody")
        ann.expect("! note.txt was not sent:")

    def test_stopped(self) -> None:
        """Ctrl-C stops a file on its way, and leaves nothing of it."""
        ann, bob = self.sit_in("ann"), self.sit_in("bob")
        ann.say("/send-file big.bin")
        bob.expect("ann shares big.bin")
        self.server.process.send_signal(19)  # SIGSTOP: nothing comes meanwhile
        self.addCleanup(self.server.process.send_signal, 18)
        bob.say("/get-file 1 big.bin")
        bob.expect("big.bin [")
        bob.type("", "C-c")
        bob.expect("! big.bin did not arrive: you stopped it.")
        self.server.process.send_signal(18)
        self.assertEqual(os.listdir(self.folder / "bob"), [])
        bob.say("still here")
        ann.expect("bob: still here")

"""SIGHUP reads settings and certificate again, and drops nobody."""

import shutil
import signal
from hashlib import sha256
from pathlib import Path

from tests.e2e.running import Chat, Program, ServerCase


class ReloadingTests(ServerCase):
    """An operator changes files while people talk."""

    def setUp(self) -> None:
        super().setUp()
        self.config = self.folder / "chatd.toml"
        self.config.write_text("")
        self.server = self.start("--config=chatd.toml")

    def reload(self, *words: str) -> None:
        """Send SIGHUP, and wait until the log says what became of it."""
        self.server.process.send_signal(signal.SIGHUP)
        line = self.server.expect("reload: ") + self.server.expect("\n")
        for word in words:
            self.assertIn(word, line)

    def fingerprint(self, chat: Chat) -> str:
        """Of the certificate that somebody was shown."""
        return sha256(chat.certificate).hexdigest()

    def another_certificate(self) -> Path:
        """The folder with the keys of another server."""
        other = Path(f"{self.folder}-other")
        other.mkdir()
        here, self.folder = self.folder, other
        port, self.port = self.port, 0
        server: Program = self.start()
        self.stop(server)
        self.folder, self.port = here, port
        return other / "keys"

    def test_new_certificate(self) -> None:
        """New connections get it, and an open encrypted chat goes on."""
        ann = self.enter("ann", encrypted=True)
        other = self.another_certificate()
        for name in ("tls.crt", "tls.key"):
            shutil.copy(other / name, self.folder / "keys" / name)
        self.reload("New certificate: ")
        bob = self.enter("bob", encrypted=True)
        self.assertNotEqual(self.fingerprint(ann), self.fingerprint(bob))
        ann.expect("bob has joined the chat.")
        ann.type("still here")
        bob.expect("ann: still here")
        bob.type("so am I")
        ann.expect("bob: so am I")
        self.stop(self.server)

    def test_other_certificate(self) -> None:
        """The settings may name another one."""
        ann = self.connect(encrypted=True)
        other = self.another_certificate()
        where = f'certificate = "{other}/tls.crt"\nkey = "{other}/tls.key"\n'
        self.config.write_text(f"[tls]\n{where}")
        self.reload("New certificate: ")
        bob = self.connect(encrypted=True)
        self.assertNotEqual(self.fingerprint(ann), self.fingerprint(bob))

    def test_broken_certificate(self) -> None:
        """A broken one is named, and the old one stays."""
        ann = self.connect(encrypted=True)
        (self.folder / "keys/tls.crt").write_text("broken")
        self.reload("The certificate stays as it was: ", "tls.crt")
        bob = self.connect(encrypted=True)
        self.assertEqual(self.fingerprint(ann), self.fingerprint(bob))

    def test_settings(self) -> None:
        """What can change does; what cannot is named; what is wrong changes nothing."""
        ann = self.enter("ann")
        self.config.write_text('motd = "Tea at four."\nmax_people = 1\n')
        self.reload("Changed: max_people, motd.")
        ann.type("/motd")
        ann.expect("* Tea at four.")
        bob = self.connect()
        bob.type("bob")
        bob.expect("! ")
        self.config.write_text('motd = "Tea"\nname = "new.example"\n')
        for _ in range(2):
            self.reload("wait for a restart: name")
        self.assertNotIn("new.example", self.connect().heard)
        self.config.write_text("motd = 4\n")
        self.reload("Nothing was changed: ", "motd")
        ann.type("/motd")
        ann.expect("* Tea\r\n")
        self.stop(self.server)

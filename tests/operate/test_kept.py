"""Tests for L{chatd.operate.kept}: the port that an operator chose in the console."""

from pathlib import Path
from typing import Any

from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.kept import KeptPort
from chatd.operate.settings import Settings, SettingsError, load


def given(port: int) -> Settings:
    """Settings with this port."""
    return load({"port": str(port)}, {})


class KeptTests(SynchronousTestCase):
    """Whoever chose the port last has it."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "console.toml"

    def start(self, configured: int) -> tuple[int, str]:
        """The port after a start with these settings, and what the log says of it."""
        kept = KeptPort(self.path)
        settings = kept.applied(given(configured))
        said: list[Any] = []
        globalLogPublisher.addObserver(said.append)
        try:
            kept.tell(settings)
        finally:
            globalLogPublisher.removeObserver(said.append)
        return settings.port, " ".join(formatEvent(event) for event in said)

    def choose(self, port: int, configured: int) -> None:
        """An operator chooses a port while the server runs with these settings."""
        kept = KeptPort(self.path)
        kept.applied(given(configured))
        kept.keep(port)

    def test_none(self) -> None:
        """As long as nobody chose, the settings decide, and there is no file."""
        self.assertEqual(self.start(5050), (5050, ""))
        self.assertFalse(self.path.exists())
        kept = KeptPort(self.path)
        kept.applied(given(5050))
        self.assertEqual(kept.why, "")

    def test_chosen(self) -> None:
        """The choice beats the same --port that was there before it, and is told."""
        self.choose(6060, 5050)
        for _ in range(2):
            port, said = self.start(5050)
            self.assertEqual(port, 6060)
            self.assertIn("port 6060, chosen by an operator instead of 5050", said)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_again(self) -> None:
        """The next choice replaces it, and stands against the same settings."""
        self.choose(6060, 5050)
        self.choose(7070, 5050)
        self.assertEqual(self.start(5050)[0], 7070)

    def test_settings_changed(self) -> None:
        """A port that was put into the settings later wins, and ends the choice."""
        self.choose(6060, 5050)
        port, said = self.start(8080)
        self.assertEqual(port, 8080)
        self.assertIn("port 8080 of the settings is newer than the choice", said)
        self.assertEqual(self.start(5050), (5050, ""))

    def test_back(self) -> None:
        """Choosing the port of the settings leaves nothing behind."""
        self.choose(6060, 5050)
        self.choose(5050, 5050)
        self.assertFalse(self.path.exists())

    def test_why(self) -> None:
        """If the port cannot be had, the operator learns where it comes from."""
        self.choose(6060, 5050)
        kept = KeptPort(self.path)
        kept.applied(given(5050))
        self.assertIn(str(self.path), kept.why)

    def test_damaged(self) -> None:
        """A file that makes no sense is named, not guessed at."""
        self.path.parent.mkdir()
        for text in ("port", 'port = "x"\ninstead_of = 1\n', "port = 6060\n", "\xff"):
            self.path.write_text(text, "latin-1")
            problem = self.assertRaises(
                SettingsError, KeptPort(self.path).applied, given(5050)
            )
            self.assertIn("console.toml", str(problem))
        self.path.unlink()
        self.path.mkdir()
        self.assertRaises(SettingsError, KeptPort(self.path).applied, given(5050))

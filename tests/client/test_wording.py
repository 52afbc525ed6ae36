"""Tests for L{chatd.client.wording}: how a client shows what happens."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person
from chatd.chat.events import Said, Whispered
from chatd.client.reading import person_called
from chatd.client.wording import Wording, progress

NOON = 1_795_176_000.0  # 2026-11-20 12:00 UTC
DAY = 86_400.0
BOB = Person(1, "bob", guest=False)
ANN = person_called("ann")


def said(text: str = "hello", *, time: float = NOON) -> Said:
    """Bob says something."""
    return Said(id=int(time), time=time, room="lobby", sender=BOB, text=text)


class WordingTests(SynchronousTestCase):
    """Lines for whoever reads."""

    def setUp(self) -> None:
        self.wording = Wording(colour=False, bell=True)
        self.wording.choose({"zone": "UTC"})

    def show(self, event: Said | Whispered, *, named: bool = False) -> str:
        """What ann sees."""
        return self.wording.event(event, "ann", named=named).decode()

    def test_days(self) -> None:
        """Where a day ends there is a line."""
        self.assertEqual(self.show(said()), "[2026-11-20 12:00:00] bob: hello\r\n")
        self.assertNotIn("---", self.show(said(time=NOON + 60)))
        first, second, end = self.show(said(time=NOON + DAY)).split("\r\n")
        self.assertEqual(first, "--- Saturday, 2026-11-21 ---")
        self.assertEqual((second, end), ("[2026-11-21 12:00:00] bob: hello", ""))

    def test_zone(self) -> None:
        """A day ends when it does where one lives; a zone that is none is not used."""
        self.wording.choose({"zone": "Asia/Tokyo"})
        self.assertIn("2026-11-20 21:00:00", self.show(said()))
        self.assertIn("--- Saturday", self.show(said(time=NOON + 3 * 3600)))
        self.wording.choose({"zone": "no/where"})
        self.assertIn("bob: hello", self.show(said()))

    def test_bell(self) -> None:
        """It rings when one is named or told something, if one wants it."""
        self.assertNotIn("\a", self.show(said()))
        self.assertIn("\a", self.show(said("ann: hi"), named=True))
        psst = Whispered(id=1, time=NOON, sender=BOB, to=ANN, text="psst")
        self.assertIn("\a", self.show(psst))
        self.wording.bell = False
        self.assertNotIn("\a", self.show(said("ann: hi"), named=True))

    def test_colours(self) -> None:
        """Colours are as chosen; mono has none, but bold and dim."""
        self.assertNotIn("\x1b", self.show(said()))
        self.wording.choose({"colour": "on"})
        self.assertIn("\x1b[38;5;", self.show(said()))
        self.wording.choose({"theme": "mono"})
        self.assertNotIn("\x1b[3", self.show(said()))
        self.wording.choose({"theme": "unheard-of", "colour": "off"})
        self.assertNotIn("\x1b", self.show(said()))

    def test_wrong(self) -> None:
        """What the client says looks like what a server says."""
        self.assertEqual(self.wording.ours("one\ntwo"), b"* one\r\n* two\r\n")
        self.assertEqual(self.wording.wrong("no"), b"! no\r\n")

    def test_progress(self) -> None:
        """A bar shows how far a file is; an empty file is there at once."""
        half = progress("report.pdf", 500, 1_000)
        self.assertEqual(half, f"report.pdf [{'#' * 10}{' ' * 10}]  50% of 1.0 kB ")
        self.assertIn("100%", progress("empty", 0, 0))

"""What happened is told in a sentence, as it concerns the reader."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import links
from chatd.chat.events import Invited, Past, RoomOpened, Shared
from chatd.chat.links import Links
from chatd.chat.look import look
from chatd.chat.short_ids import short_id
from chatd.render.text import render
from tests.render.samples import ANN, AT, BOB, FILE, HAPPENED, STAMP, UTC, lines


class SentenceTests(SynchronousTestCase):
    """All that can happen."""

    def test_happened(self) -> None:
        """What happened is a sentence behind the time."""
        for event, words in HAPPENED:
            self.assertEqual(lines(event), [AT + words])

    def test_opened(self) -> None:
        """Who opens a room reads that it was entered: no second line for that."""
        opened = RoomOpened(room="ops", sender=BOB, **STAMP)
        self.assertEqual(lines(opened), [])

    def test_invited(self) -> None:
        """Who is invited reads what to type."""
        invited = Invited(room="ops", sender=ANN, person=BOB, **STAMP)
        self.assertEqual(
            lines(invited, reader=BOB), [f"{AT}ann invites you to ops: /join ops"]
        )


class FileTests(SynchronousTestCase):
    """Who reads of a file is shown how to fetch it, by a link of their own."""

    LOOK = look(
        render, zone=UTC, links=Links(b"key", "https://chat.example:5050", "-k")
    )

    def test_room(self) -> None:
        """The line is for this reader; in another room it says where."""
        shared = Shared(room="ops", sender=BOB, **FILE, **STAMP)
        mine = f"curl -OJ https://chat.example:5050/file/{short_id(7224)}/"
        for reader in (ANN, BOB):
            grant = f"{links.grant(b'key', 7224, reader.id)}/plan.txt -f -k"
            self.assertEqual(
                lines(shared, self.LOOK, reader=reader),
                [f"{AT}bob shares plan.txt (84 kB): {mine}{grant}"],
            )
        (line,) = lines(shared, self.LOOK, here=False)
        self.assertIn("plan.txt (84 kB) in ops: curl", line)

    def test_nobody(self) -> None:
        """Without a reader there is no link: it would be good for nobody."""
        shared = Shared(room="ops", sender=BOB, **FILE, **STAMP)
        (line,) = lines(shared, self.LOOK, reader=None)
        self.assertTrue(line.endswith(": /files tells how to get it."))

    def test_past(self) -> None:
        """What is shown again has links, too."""
        shared = Shared(room="ops", sender=BOB, **FILE, **STAMP)
        past = Past("history", (shared,), room="ops")
        self.assertEqual(
            lines(past, self.LOOK, reader=ANN), lines(shared, self.LOOK, reader=ANN)
        )

    def test_harmless(self) -> None:
        """Whatever a file is called, the line to paste is one of curl and no more."""
        for name in ("$(reboot)", "a;b|c&d", "`x`", "' -o '/etc/x", "../../x", "-o"):
            shared = Shared(room="ops", sender=BOB, **FILE | {"name": name}, **STAMP)
            (line,) = lines(shared, self.LOOK)
            pasted = line.partition("): ")[2]
            self.assertRegex(pasted, r"^curl -OJ https://[a-z0-9.:/A-Z_-]+ -f -k$")

"""How mutes and bans are typed and read."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import BadRequest
from chatd.chat.sentences import read_sentence, terms


class SentenceTests(SynchronousTestCase):
    """Whom, for how long, and why."""

    def test_read(self) -> None:
        """Time and reason may each be left out."""
        for text, read in {
            "bob": ("bob", 0.0, ""),
            "bob 10m": ("bob", 600.0, ""),
            "bob that was  enough": ("bob", 0.0, "that was  enough"),
            " bob  2h  that was enough ": ("bob", 7200.0, "that was enough"),
        }.items():
            self.assertEqual(read_sentence(text), read)

    def test_unclear(self) -> None:
        """A number without a unit is not taken for a reason."""
        for text in ("bob 10 spam", "bob 10mm spam", "bob -5m spam"):
            self.assertRaises(BadRequest, read_sentence, text)

    def test_terms(self) -> None:
        """What is not known is left out."""
        self.assertEqual(terms(0.0, "", 100.0), ".")
        self.assertEqual(terms(0.0, "spam", 100.0), ": spam")
        self.assertEqual(terms(700.0, "", 100.0), " for 10 minutes more.")
        self.assertEqual(terms(160.0, "spam", 100.0), " for 1 minute more: spam")

"""Ids for people."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import BadRequest
from chatd.chat.short_ids import read_id, short_id


class ShortIdTests(SynchronousTestCase):
    """What is written can be read."""

    def test_round_trip(self) -> None:
        """Any id there can be, at the edges too, whatever the case."""
        for id in (0, 1, 35, 36, 1_795_262_400_000 << 20, 2**63 - 1):
            self.assertEqual(read_id(short_id(id)), id)
            self.assertEqual(read_id(short_id(id).upper()), id)

    def test_no_id(self) -> None:
        """What was never written is refused, with what was typed."""
        for text in ("", "x-y", "1_0", " 1", "é", "٣", "1" * 14, short_id(2**63)):
            error = self.assertRaises(BadRequest, read_id, text)
            self.assertIn("is not the id of a message", error.text)

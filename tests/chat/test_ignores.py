"""Who does not want to hear whom."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.ignores import Ignores


class IgnoresTests(SynchronousTestCase):
    """Both ends always agree."""

    def test_both_ends(self) -> None:
        """It is found by who ignores and by who is ignored."""
        ignores = Ignores()
        ignores.put(1, {2, 3})
        ignores.put(4, {2})
        self.assertEqual(ignores.whom(1), {2, 3})
        self.assertEqual(sorted(ignores.by(2)), [1, 4])
        self.assertEqual(sorted(ignores.by(1)), [])

    def test_put_replaces(self) -> None:
        """What is put replaces what was."""
        ignores = Ignores()
        ignores.put(1, {2, 3})
        ignores.put(1, {3, 4})
        self.assertEqual(sorted(ignores.by(2)), [])
        self.assertEqual([list(ignores.by(other)) for other in (3, 4)], [[1], [1]])

    def test_forgets(self) -> None:
        """Nothing is left of who ignores nobody any more."""
        ignores = Ignores()
        ignores.put(1, {2})
        ignores.put(1, ())
        self.assertEqual((ignores._whom, ignores._by), ({}, {}))
        self.assertEqual(ignores.whom(1), frozenset())

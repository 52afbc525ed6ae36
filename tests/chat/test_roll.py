"""Names are listed in the order in which people look for them."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.roll import Roll, sort_names


class RollTests(SynchronousTestCase):
    """A roll stays sorted."""

    def test_order(self) -> None:
        """Names come in the order of the alphabet, whatever their case."""
        roll = Roll()
        for name in ("cho", "Bob", "ann", "Dan"):
            roll.add(name)
        self.assertEqual(roll.names(), ("ann", "Bob", "cho", "Dan"))
        self.assertEqual(sort_names(["cho", "Bob"]), ("Bob", "cho"))

    def test_leaving(self) -> None:
        """Who leaves is taken out, also beside a namesake in other case."""
        roll = Roll()
        for name in ("bob", "Bob", "ann"):
            roll.add(name)
        roll.remove("bob")
        self.assertEqual(roll.names(), ("ann", "Bob"))
        roll.add("cho")
        self.assertEqual(roll.names(), ("ann", "Bob", "cho"))

    def test_unknown(self) -> None:
        """Taking out a name that is not there is a bug, and said."""
        self.assertRaises(ValueError, Roll().remove, "ann")

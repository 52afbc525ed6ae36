"""Names and places are taken at once, and given back once."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.errors import Full, NameTaken
from chatd.chat.names import Name, person_name
from chatd.chat.places import Places

ANN, BOB = person_name("ann"), person_name("bob")


class PlacesTests(SynchronousTestCase):
    """Whoever comes first has the name."""

    def setUp(self) -> None:
        self.places = Places()

    def free(self, name: Name) -> bool:
        """Whether somebody new could have a name."""
        try:
            self.places.take(name, 99, 100)
        except NameTaken:
            return False
        self.places.release(99)
        return True

    def test_taken(self) -> None:
        """A name is one person's, however it is spelt, and no look-alike is free."""
        self.places.take(ANN, 1, 10)
        for other in ("ann", "ANN", "Ann"):
            self.assertRaises(NameTaken, self.places.take, person_name(other), 2, 10)
        self.places.take(person_name("bill"), 2, 10)
        self.assertRaises(NameTaken, self.places.take, person_name("bi11"), 3, 10)
        self.assertEqual(len(self.places), 2)

    def test_full(self) -> None:
        """The last place is taken, the next person refused; sessions do not count."""
        self.places.take(ANN, 1, 2)
        self.places.take(ANN, 1, 2)
        self.places.take(BOB, 2, 2)
        self.assertRaises(Full, self.places.take, person_name("cho"), 3, 2)
        self.places.take(BOB, 2, 2)
        self.assertTrue(self.free(person_name("cho")))

    def test_released(self) -> None:
        """Name and place are free when the last session is gone."""
        self.places.take(ANN, 1, 10)
        self.places.take(ANN, 1, 10)
        self.assertFalse(self.places.release(1))
        self.assertFalse(self.free(ANN))
        self.assertTrue(self.places.release(1))
        self.assertTrue(self.free(ANN))
        self.assertEqual(len(self.places), 0)

    def test_renamed(self) -> None:
        """With a new name the old one is free."""
        self.places.take(ANN, 1, 10)
        self.places.rename(BOB, 1)
        self.assertTrue(self.free(ANN))
        self.assertFalse(self.free(BOB))
        self.places.release(1)
        self.assertTrue(self.free(BOB))

    def test_not_renamed(self) -> None:
        """A name of somebody else cannot be taken; the present one stays."""
        self.places.take(ANN, 1, 10)
        self.places.take(BOB, 2, 10)
        self.assertRaises(NameTaken, self.places.rename, BOB, 1)
        self.assertFalse(self.free(ANN))

    def test_reserved(self) -> None:
        """A name can be kept for somebody who has one, until it is given up."""
        self.places.take(ANN, 1, 10)
        self.places.reserve(BOB, 1)
        self.assertFalse(self.free(ANN))
        self.assertFalse(self.free(BOB))
        self.places.drop(BOB, 1)
        self.assertTrue(self.free(BOB))
        self.assertFalse(self.free(ANN))
        self.places.take(BOB, 2, 10)
        self.assertRaises(NameTaken, self.places.reserve, BOB, 1)

    def test_reserved_and_taken(self) -> None:
        """A reserved name that is taken then stays taken."""
        self.places.take(ANN, 1, 10)
        self.places.reserve(BOB, 1)
        self.places.rename(BOB, 1)
        self.places.drop(BOB, 1)
        self.assertFalse(self.free(BOB))
        self.assertTrue(self.free(ANN))

    def test_same_name_reserved(self) -> None:
        """Who reserves the name they have keeps it when they give it up."""
        self.places.take(ANN, 1, 10)
        self.places.reserve(ANN, 1)
        self.places.drop(ANN, 1)
        self.assertFalse(self.free(ANN))

    def test_reserved_until_gone(self) -> None:
        """Who goes leaves the reserved names free, too."""
        self.places.take(ANN, 1, 10)
        self.places.reserve(BOB, 1)
        self.places.release(1)
        self.assertTrue(self.free(BOB))
        self.places.take(BOB, 2, 10)
        self.places.drop(BOB, 1)
        self.places.rename(BOB, 1)
        self.assertFalse(self.free(BOB))

    def test_other_case(self) -> None:
        """Who changes only the case of their name keeps it."""
        self.places.take(ANN, 1, 10)
        self.places.rename(person_name("ANN"), 1)
        self.assertFalse(self.free(ANN))
        self.places.release(1)
        self.assertTrue(self.free(ANN))

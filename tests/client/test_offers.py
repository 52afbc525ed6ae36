"""Tests for L{chatd.client.offers}: files that somebody was told of."""

from twisted.trial.unittest import SynchronousTestCase

from chatd.chat.account import Person
from chatd.chat.events import Shared
from chatd.client.offers import MOST, Offers

BOB = Person(1, "bob", guest=False)


def shared(number: int, name: str = "") -> Shared:
    """Bob shares a file."""
    return Shared(
        id=number,
        sender=BOB,
        room="lobby",
        file=f"id-{number}",
        name=name or f"{number}.txt",
        size=1,
        mime="text/plain",
        sha256="",
    )


class OffersTests(SynchronousTestCase):
    """They are found by what is easy to type."""

    def setUp(self) -> None:
        self.offers = Offers()

    def test_found(self) -> None:
        """By number, name, id, or as the latest."""
        one, two = shared(1), shared(2)
        self.assertEqual([self.offers.add(one), self.offers.add(two)], [1, 2])
        for which in ("1", "#1", "1.txt", "id-1"):
            self.assertEqual(self.offers.find(which), one, which)
        self.assertEqual(self.offers.find(""), two)
        self.assertIsNone(self.offers.find("3"))
        self.assertIsNone(Offers().find(""))

    def test_again(self) -> None:
        """One that is shown again keeps its number."""
        self.offers.add(shared(1))
        self.offers.add(shared(2))
        self.assertEqual(self.offers.add(shared(1)), 1)

    def test_same_name(self) -> None:
        """Of two with one name the later is meant."""
        self.offers.add(shared(1, "a.txt"))
        self.offers.add(shared(2, "a.txt"))
        found = self.offers.find("a.txt")
        assert found is not None
        self.assertEqual(found.id, 2)

    def test_many(self) -> None:
        """The earliest of very many is forgotten."""
        for number in range(1, MOST + 2):
            self.offers.add(shared(number))
        self.assertIsNone(self.offers.find("1"))
        self.assertIsNotNone(self.offers.find("2"))

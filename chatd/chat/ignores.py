"""Who does not want to hear whom."""

from collections.abc import Collection


class Ignores:
    """
    Of the people here, found from both ends.

    All are named by their ids: a name may be somebody else's tomorrow.
    """

    def __init__(self) -> None:
        self._whom: dict[int, frozenset[int]] = {}  # by who ignores
        self._by: dict[int, set[int]] = {}  # by who is ignored

    def put(self, person: int, ignored: Collection[int]) -> None:
        """Somebody does not want to hear these, and hears all others."""
        for other in self._whom.pop(person, ()):
            by = self._by[other]
            by.discard(person)
            if not by:
                del self._by[other]
        if ignored:
            self._whom[person] = frozenset(ignored)
        for other in ignored:
            self._by.setdefault(other, set()).add(person)

    def whom(self, person: int) -> frozenset[int]:
        """Those whom somebody does not want to hear."""
        return self._whom.get(person, frozenset())

    def by(self, person: int) -> Collection[int]:
        """Those who do not want to hear somebody."""
        return self._by.get(person, ())

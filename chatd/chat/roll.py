"""Names in the order in which people look for them."""

from bisect import bisect_left
from collections.abc import Iterable


class Roll:
    """
    Sorted names; taking one in or out costs next to nothing, however many there are.

    When a thousand people come in at once, each of them is told who is here.
    """

    __slots__ = ("_keys", "_names", "_told")

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._names: list[str] = []
        self._told: tuple[str, ...] | None = ()

    def add(self, name: str) -> None:
        """Take a name in."""
        key = name.casefold()
        if key == name:
            key = name  # the same text once, not twice
        at = bisect_left(self._keys, key)
        self._keys.insert(at, key)
        self._names.insert(at, name)
        self._told = None

    def remove(self, name: str) -> None:
        """Take a name out that is there."""
        at = self._names.index(name, bisect_left(self._keys, name.casefold()))
        del self._keys[at], self._names[at]
        self._told = None

    def names(self) -> tuple[str, ...]:
        """All of them."""
        if self._told is None:
            self._told = tuple(self._names)
        return self._told


def sort_names(names: Iterable[str]) -> tuple[str, ...]:
    """The same for names that are wanted only once."""
    return tuple(sorted(names, key=str.casefold))

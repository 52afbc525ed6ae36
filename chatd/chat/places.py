"""Names and places, taken at once, before anything waits."""

from dataclasses import dataclass, field

from chatd.chat.errors import Full, NameTaken
from chatd.chat.names import Name


@dataclass(slots=True)
class _Place:
    """
    @ivar names: All that are taken; twice, if it is taken for two reasons.
    """

    sessions: int = 0
    names: list[Name] = field(default_factory=list)


class Places:
    """
    Decides who has a name, and whether there is room for one more.

    An owner is the id of a person; each of their sessions takes the place once more.
    """

    def __init__(self) -> None:
        self._owners: dict[int, _Place] = {}
        self._keys: dict[str, int] = {}
        self._skeletons: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def take(self, name: Name, owner: int, limit: int) -> None:
        """
        Take a place for one more session.

        @param limit: How many people there may be.
        @raise NameTaken: if somebody else has the name, or a look-alike.
        @raise Full: if there is no room for another person.
        """
        self._check(name, owner)
        place = self._owners.get(owner)
        if place is None:
            if len(self._owners) >= limit:
                raise Full(
                    f"The chat is full: {limit} people are here. Try again later."
                )
            place = self._owners[owner] = _Place()
        place.sessions += 1
        if name not in place.names:
            self._add(place, name, owner)

    def rename(self, name: Name, owner: int) -> None:
        """
        Take one more name for somebody who has a place; L{drop} gives one back.

        @raise NameTaken: if somebody else has the name, or a look-alike.
        """
        self._check(name, owner)
        self._add(self._owners[owner], name, owner)

    def drop(self, name: Name, owner: int) -> None:
        """Give a name back, keeping the place; nothing, if it was given up already."""
        place = self._owners.get(owner)
        if place is not None and name in place.names:
            place.names.remove(name)
            self._free(place, name)

    def release(self, owner: int) -> bool:
        """
        One session less.

        @return: Whether it was the last, so that name and place are free.
        """
        place = self._owners[owner]
        place.sessions -= 1
        if place.sessions:
            return False
        del self._owners[owner]
        for name in place.names:
            self._free(None, name)
        return True

    def _check(self, name: Name, owner: int) -> None:
        if self._keys.get(name.key, owner) != owner:
            raise NameTaken(f"Somebody here is called {name.shown}. Take another name.")
        if self._skeletons.get(name.skeleton, owner) != owner:
            raise NameTaken(
                f"{name.shown} looks like the name of somebody here. Take another name."
            )

    def _add(self, place: _Place, name: Name, owner: int) -> None:
        place.names.append(name)
        self._keys[name.key] = self._skeletons[name.skeleton] = owner

    def _free(self, place: _Place | None, name: Name) -> None:
        kept = place.names if place else []
        if all(other.key != name.key for other in kept):
            self._keys.pop(name.key, None)
        if all(other.skeleton != name.skeleton for other in kept):
            self._skeletons.pop(name.skeleton, None)

"""Names and places, taken at once, before anything waits."""

from dataclasses import dataclass

from chatd.chat.durations import counted
from chatd.chat.errors import Full, NameTaken
from chatd.chat.names import Name


@dataclass(slots=True)
class _Place:
    """
    @ivar name: Under which its owner is here.
    @ivar reserved: Names that the owner is about to have.
    """

    name: Name
    sessions: int = 1
    reserved: tuple[Name, ...] = ()


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
        Take a place for one more session; who has one already keeps the name.

        @param limit: How many people there may be.
        @raise NameTaken: if somebody else has the name, or a look-alike.
        @raise Full: if there is no room for another person.
        """
        place = self._owners.get(owner)
        if place is not None:
            place.sessions += 1
            return
        self._check(name, owner)
        if len(self._owners) >= limit:
            room = counted(limit, "person")
            raise Full(f"The chat is full: it has room for {room}. Try again later.")
        self._owners[owner] = _Place(name)
        self._own(name, owner)

    def name_of(self, owner: int) -> str:
        """How somebody who has a place is called."""
        return self._owners[owner].name.shown

    def rename(self, name: Name, owner: int) -> None:
        """
        Take another name for somebody, if they still have a place; the old one is free.

        @raise NameTaken: if somebody else has the name, or a look-alike.
        """
        place = self._owners.get(owner)
        if place is not None:
            self._check(name, owner)
            old, place.name = place.name, name
            self._own(name, owner)
            self._free(old, place)

    def reserve(self, name: Name, owner: int) -> None:
        """
        Keep a name for somebody who has a place, until L{drop}.

        @raise NameTaken: if somebody else has the name, or a look-alike.
        """
        self._check(name, owner)
        self._owners[owner].reserved += (name,)
        self._own(name, owner)

    def drop(self, name: Name, owner: int) -> None:
        """Give up a name that was reserved, unless its owner is gone anyway."""
        place = self._owners.get(owner)
        if place is not None and name in place.reserved:
            place.reserved = tuple(one for one in place.reserved if one != name)
            self._free(name, place)

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
        for name in (place.name, *place.reserved):
            self._free(name, None)
        return True

    def _check(self, name: Name, owner: int) -> None:
        if self._keys.get(name.key, owner) != owner:
            raise NameTaken(f"Somebody here is called {name.shown}. Take another name.")
        if self._skeletons.get(name.skeleton, owner) != owner:
            raise NameTaken(
                f"{name.shown} looks like the name of somebody here. Take another name."
            )

    def _own(self, name: Name, owner: int) -> None:
        self._keys[name.key] = self._skeletons[name.skeleton] = owner

    def _free(self, name: Name, place: _Place | None) -> None:
        kept = [place.name, *place.reserved] if place is not None else []
        if all(other.key != name.key for other in kept):
            self._keys.pop(name.key, None)
        if all(other.skeleton != name.skeleton for other in kept):
            self._skeletons.pop(name.skeleton, None)

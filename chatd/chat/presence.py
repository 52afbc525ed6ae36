"""Who is here, and through which nodes; changed by events only."""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from functools import lru_cache

from chatd.chat.account import Person
from chatd.chat.events import (
    Act,
    Arrived,
    AwayChanged,
    Departed,
    Event,
    Joined,
    Left,
    Moderated,
    Renamed,
)
from chatd.chat.names import key_of
from chatd.chat.roll import Roll


@dataclass(slots=True)
class Here:
    """
    Somebody who is here.

    @ivar nodes: The server processes on which they have sessions.
    @ivar rooms: Where they are, in the order in which they came there.
    @ivar away: What they said when they went away, or C{None}.
    @ivar since: POSIX seconds.
    """

    person: Person
    since: float
    # Of few things each: a set and a dict take 450 bytes.
    nodes: tuple[str, ...] = ()
    rooms: list[str] = field(default_factory=list)
    away: str | None = None


class Presence:
    """The people who are here."""

    def __init__(self) -> None:
        self._people: dict[int, Here] = {}
        self._by_key: dict[str, int] = {}
        self._roll = Roll()

    def __len__(self) -> int:
        return len(self._people)

    def __iter__(self) -> Iterator[Here]:
        return iter(self._people.values())

    def get(self, id: int) -> Here | None:
        """Somebody by id."""
        return self._people.get(id)

    def named(self, name: str) -> Here | None:
        """Somebody by name, however it is spelt."""
        return self.by_key(key_of(name))

    def by_key(self, key: str) -> Here | None:
        """Somebody by the key of their name."""
        return self._people.get(self._by_key.get(key, 0))

    def of_keys(self, keys: Set[str]) -> list[Person]:
        """Those whose names have one of these keys."""
        return [
            self._people[self._by_key[key]].person for key in keys & self._by_key.keys()
        ]

    def knows_any(self, keys: Set[str]) -> bool:
        """Whether somebody's name has one of these keys."""
        return not self._by_key.keys().isdisjoint(keys)

    def names(self) -> tuple[str, ...]:
        """Everybody's name, sorted as people expect."""
        return self._roll.names()

    def rooms_of(self, person: int) -> list[str]:
        """Where somebody is."""
        here = self._people.get(person)
        return list(here.rooms) if here else []

    def on(self, node: str) -> list[Here]:
        """Who is here through one node."""
        return [here for here in self if node in here.nodes]

    def apply(self, event: Event) -> bool:
        """
        Change who is here as the event says.

        @return: Whether others see a change: a second session or node is none.
        """
        match event:
            case Arrived():
                return self._arrive(event)
            case Departed():
                return self._depart(event)
            case Joined():
                here = self._people.get(event.person.id)
                if here is None or event.room in here.rooms:
                    return False
                here.rooms.append(event.room)
            case Left():
                here = self._people.get(event.person.id)
                if here is None or event.room not in here.rooms:
                    return False
                here.rooms.remove(event.room)
            case Moderated(act=Act.KICK | Act.BAN):
                here = self._people.get(event.person.id)
                if here is not None and event.room in here.rooms:
                    here.rooms.remove(event.room)
            case AwayChanged():
                here = self._people.get(event.person.id)
                if here is None or here.away == event.text:
                    return False
                here.away = event.text
            case Renamed():
                return self._rename(event)
            case _:
                pass
        return True

    def _arrive(self, event: Arrived) -> bool:
        here = self._people.get(event.person.id)
        if here is not None:
            here.nodes = (*self._without(here, event.node), event.node)
            return False
        here = Here(event.person, event.time, _alone(event.node), list(event.rooms))
        self._people[event.person.id] = here
        self._roll.add(event.person.name)
        self._by_key[key_of(event.person.name)] = event.person.id
        return True

    def _without(self, here: Here, node: str) -> tuple[str, ...]:
        return tuple(one for one in here.nodes if one != node)

    def _depart(self, event: Departed) -> bool:
        here = self._people.get(event.person.id)
        if here is None:
            return False
        here.nodes = self._without(here, event.node)
        if here.nodes:
            return False
        del self._people[event.person.id]
        self._forget_name(here)
        return True

    def _rename(self, event: Renamed) -> bool:
        here = self._people.get(event.person.id)
        if here is None:
            return False
        self._forget_name(here)
        here.person = event.now
        self._roll.add(event.now.name)
        self._by_key[key_of(event.now.name)] = event.now.id
        return event.person.name != event.now.name

    def _forget_name(self, here: Here) -> None:
        self._roll.remove(here.person.name)
        # Somebody else may have the name by now.
        key = key_of(here.person.name)
        if self._by_key.get(key) == here.person.id:
            del self._by_key[key]


@lru_cache
def _alone(node: str) -> tuple[str, ...]:
    """One node, as most people have it; the same object for all of them."""
    return (node,)

"""Questions about what happened, and how far it was read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TypeGuard

from chatd.chat.account import Person
from chatd.chat.events import (
    PRIVATE,
    SHOWN,
    SPOKEN,
    Announced,
    Emoted,
    Event,
    Said,
    Shared,
)
from chatd.chat.store import Duplicate, Query
from chatd.store import words
from chatd.store.agreed import COUNTED, EVERYTHING, LARGEST
from chatd.store.codec import Row, to_event, to_row
from chatd.store.memory.answering import Answering


class Events(Answering):
    """What happened, in the order in which it came: not always that of the ids."""

    def __init__(self) -> None:
        super().__init__()
        self._events: dict[int, Event] = {}
        self._by_key: dict[tuple[int, str], int] = {}
        self._marks: dict[int, dict[str, int]] = {}

    async def stored(self, ids: Collection[int]) -> set[int]:
        await self._turn()
        return {id for id in ids if id in self._events}

    async def event(self, id: int) -> Event | None:
        await self._turn()
        return self._events.get(id)

    async def by_key(self, sender: int, key: str) -> Event | None:
        await self._turn()
        return self._events.get(self._by_key.get((sender, key), 0))

    async def history(
        self, room: str, *, before: int = 0, after: int = 0, limit: int
    ) -> list[Event]:
        await self._turn()
        return _page(
            (event for event in self._sorted() if _shown_in(event, (room,))),
            before,
            after,
            limit,
        )

    async def whispers(
        self, person: int, other: int, *, before: int = 0, after: int = 0, limit: int
    ) -> list[Event]:
        await self._turn()
        pairs = ((person, other), (other, person))
        return _page(
            (
                event
                for event in self._sorted()
                if isinstance(event, PRIVATE)
                and (event.sender.id, event.to.id) in pairs
            ),
            before,
            after,
            limit,
        )

    async def missed(
        self, person: int, rooms: Collection[str], *, after: int, upto: int, limit: int
    ) -> list[Event]:
        await self._turn()
        found = [
            event
            for event in self._sorted()
            if after < event.id <= upto
            and (
                isinstance(event, Announced)
                or _shown_in(event, rooms)
                or _whispered_with(event, person)
            )
        ]
        return _latest(found, limit)

    async def search(self, query: Query) -> list[Event]:
        await self._turn()
        phrases = [words.phrase(word) for word in query.words]
        found = [
            event
            for event in self._sorted()
            if isinstance(event, (Said, Emoted, Shared, *PRIVATE))
            and (
                _shown_in(event, query.rooms)
                or bool(query.person and _whispered_with(event, query.person))
            )
            and (not query.before or event.id < query.before)
            and event.time >= query.since
            and query.sender.casefold() in ("", event.sender.name.casefold())
            and _contains(event.text, phrases)
        ]
        return _latest(found, query.limit)

    async def outdated(
        self, room: str, *, before: float = 0.0, beyond: int = 0, limit: int
    ) -> list[int]:
        await self._turn()
        shown = [
            event
            for event in self._sorted()
            if (
                _shown_in(event, (room,))
                if room
                else isinstance(event, (*PRIVATE, Announced))
            )
        ]
        upto = shown[-beyond - 1].id if 0 < beyond < len(shown) else 0
        last = max(self._events, default=0)
        old = takewhile(
            lambda event: event.id < last and (event.id <= upto or event.time < before),
            shown[:limit],
        )
        return [event.id for event in old]

    async def forget(self, ids: Collection[int]) -> None:
        await self._turn(writes=True)
        for id in ids:
            event = self._events.pop(id, None)
            if event is not None:
                row = to_row(event)
                self._by_key.pop((row.sender, row.key), None)

    # How far it was read

    async def marks(self, account: int) -> dict[str, int]:
        await self._turn()
        return dict(self._marks.get(account, {}))

    async def keep_marks(self, account: int, marks: Mapping[str, int]) -> None:
        await self._turn(writes=True)
        kept = self._marks.setdefault(account, {})
        for conversation, mark in marks.items():
            kept[conversation] = max(mark, kept.get(conversation, 0))

    async def unseen_whispers(self, person: int, *, limit: int) -> list[Event]:
        await self._turn()
        marks = self._marks.get(person, {})
        found: list[Event] = [
            event
            for event in self._sorted()
            if isinstance(event, PRIVATE)
            and event.to.id == person
            and event.id > marks.get(f"@{event.sender.id}", 0)
            and event.id > marks.get(EVERYTHING, 0)
        ]
        return found[:limit]

    async def count_unseen(self, person: int, *, limit: int) -> int:
        return len(await self.unseen_whispers(person, limit=limit))

    async def unread(
        self, person: Person, marks: Mapping[str, int]
    ) -> dict[str, tuple[int, int]]:
        await self._turn()
        name = words.phrase(person.name)
        counts = {}
        for room, mark in marks.items():
            texts = [
                event.text
                for event in self._sorted()
                if _heard(event, person, {room: mark})
            ][:COUNTED]
            counts[room] = len(texts), sum(_contains(text, [name]) for text in texts)
        return counts

    async def mentions(
        self, person: Person, marks: Mapping[str, int], *, limit: int
    ) -> list[Event]:
        await self._turn()
        name = words.phrase(person.name)
        found = [
            event
            for event in self._sorted()
            if _heard(event, person, marks) and _contains(event.text, [name])
        ]
        return _latest(found, limit)

    # How it is done

    def _known(self, row: Row) -> Exception | None:
        """Why an event cannot be added, if it cannot."""
        known = self._by_key.get((row.sender, row.key))
        if known is not None:
            return Duplicate(self._events[known])
        if row.id in self._events:
            return ValueError("there is an event with this id")
        return None

    def _add(self, row: Row) -> None:
        if row.key:
            self._by_key[row.sender, row.key] = row.id
        self._events[row.id] = to_event(row)

    def _sorted(self) -> list[Event]:
        return [event for _, event in sorted(self._events.items())]


def _shown_in(event: Event, rooms: Collection[str]) -> bool:
    return isinstance(event, SHOWN) and getattr(event, "room", None) in rooms


def _whispered_with(event: Event, person: int) -> bool:
    return isinstance(event, PRIVATE) and person in (event.sender.id, event.to.id)


def _heard(
    event: Event, person: Person, marks: Mapping[str, int]
) -> TypeGuard[Said | Emoted]:
    return (
        isinstance(event, SPOKEN)
        and event.sender.id != person.id
        and event.id > marks.get(event.room, LARGEST)
    )


def _contains(text: str, phrases: Iterable[tuple[list[str], bool]]) -> bool:
    tokens = words.tokens(text)
    return all(words.occurs(phrase, tokens) for phrase in phrases)


def _page(events: Iterable[Event], before: int, after: int, limit: int) -> list[Event]:
    found = [
        event
        for event in events
        if event.id > after and (not before or event.id < before)
    ]
    return found[:limit] if after and not before else _latest(found, limit)


def _latest(events: Sequence[Event], limit: int) -> list[Event]:
    return list(events[max(0, len(events) - limit) :])

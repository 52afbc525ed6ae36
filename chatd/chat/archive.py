"""What was said before: history, search, what was missed, and how far it was read."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from chatd.chat.account import Person
from chatd.chat.durations import read_duration
from chatd.chat.errors import BadRequest, NotFound
from chatd.chat.events import (
    PRIVATE,
    SHOWN,
    Event,
    Handed,
    Past,
    PrivateEvent,
    RoomView,
    Whispered,
)
from chatd.chat.recent import Recent
from chatd.chat.room import Room
from chatd.chat.store import Query, Store, StoreDown

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session

# Messages of one step of /getlog: small enough that nobody waits for it.
STEP = 500

# Events sent at once to somebody who resumes; more is a gap that history fills.
RESUMED = 2_000

# Words of one search; each is one more list that the database goes through.
WORDS = 20

# The conversation that stands for all: people in terminals read everything.
EVERYTHING = ""


@dataclass(slots=True)
class Talk:
    """
    What somebody and another have told each other in private.

    @ivar last: The id of the latest of it; C{time}: POSIX seconds, when that was.
    @ivar unread: Messages since the read mark, which is C{seen}.
    """

    person: Person
    last: int
    time: float
    unread: int = 0
    seen: int = 0


class Archive:
    """
    Answers what happened, to those who may know.

    Read marks are kept here while somebody is here, and stored now and then.
    """

    def __init__(self, hub: "Hub", store: Store) -> None:
        self._hub = hub
        self._store = store
        self._recent = Recent(lambda room, most: store.history(room, limit=most))
        self._marks: dict[int, dict[str, int]] = {}  # by account, then conversation
        self._moved: set[int] = set()  # accounts whose marks are not stored yet
        self._missed: dict[Session, dict[str, int]] = {}  # marks at coming in

    # What was said

    async def history(
        self,
        session: "Session",
        room: Room,
        *,
        before: int = 0,
        after: int = 0,
        around: int = 0,
        limit: int,
    ) -> Past:
        """A part of a room's history."""
        room.check_entry(session.somebody(), session.role)
        name = room.name

        async def ask(before: int, after: int, limit: int) -> list[Event]:
            return await self._store.history(
                name, before=before, after=after, limit=limit
            )

        return await self._page(ask, before, after, around, limit, name)

    async def latest(self, session: "Session", room: Room) -> Past:
        """
        Show somebody who enters a room what was said there last.

        @return: What they were shown.
        """
        events: Sequence[Event] = ()
        limit = min(self._hub.rules.history_shown, self._hub.rules.history_max)
        room.check_entry(session.somebody(), session.role)
        if limit:
            with suppress(StoreDown):  # one can talk without it
                events = await self._recent.get(room.name, limit)
        latest = Past("latest", tuple(events), room=room.name)
        if events:
            session.tell(latest)
        return latest

    def kept(self, events: Sequence[Event]) -> None:
        """Something that is stored was shown; all of it in one room."""
        self._recent.add(events)

    def removed(self) -> None:
        """Something was removed from the store."""
        self._recent.clear()

    async def whispers(
        self,
        session: "Session",
        other: int,
        *,
        before: int = 0,
        after: int = 0,
        around: int = 0,
        limit: int,
    ) -> Past:
        """A part of what the session's person and another told each other."""
        me = session.somebody().id

        async def ask(before: int, after: int, limit: int) -> list[Event]:
            return await self._store.whispers(
                me, other, before=before, after=after, limit=limit
            )

        return await self._page(ask, before, after, around, limit, "")

    async def _page(
        self,
        ask: "Callable[[int, int, int], Awaitable[list[Event]]]",
        before: int,
        after: int,
        around: int,
        limit: int,
        room: str,
    ) -> Past:
        limit = max(1, min(limit, self._hub.rules.history_max))
        if around:
            half = limit // 2
            older = await ask(around, 0, half + 1)
            newer = await ask(0, max(1, around - 1), limit - half)
            more = len(older) > half
            return Past("history", (*older[more:], *newer), more=more, room=room)
        events = await ask(before, after, limit + 1)
        more = len(events) > limit
        events = events[:limit] if after and not before else events[-limit:]
        return Past("history", tuple(events), more=more, room=room)

    async def log(self, session: "Session", room: Room) -> AsyncIterator[Past]:
        """A room's whole history, a piece at a time."""
        upto, after = self._hub.last, 0
        while True:
            room.check_entry(session.somebody(), session.role)
            events = await self._store.history(room.name, after=after or 1, limit=STEP)
            events = [event for event in events if event.id <= upto]
            if not events:
                return
            after = events[-1].id
            yield Past("log", tuple(events), room=room.name)

    async def event(self, session: "Session", id: int) -> Event:
        """
        One event that the session's person may see.

        @raise NotFound: if there is none, or none for these eyes.
        """
        event = await self._store.event(id)
        person = session.somebody()
        match event:
            case Whispered() | Handed() if person.id in (event.sender.id, event.to.id):
                return event
            case Whispered() | Handed() | None:
                pass
            case _ if isinstance(event, SHOWN):
                room = self._hub.rooms.get(getattr(event, "room", ""))
                if room is None or room.may_read(person, session.role):
                    return event
        raise NotFound("There is no such message, or it is not for you.")

    def rooms_for(self, session: "Session") -> list[Room]:
        """The rooms of which the session's person may know."""
        person = session.somebody()
        return [room for room in self._hub.rooms if room.may_see(person, session.role)]

    async def search(
        self, session: "Session", words: str, *, before: int = 0, limit: int
    ) -> Past:
        """What was said with these words, where the session's person may look."""
        person = session.somebody()
        visible = {
            room.name.casefold(): room.name
            for room in self._hub.rooms
            if room.may_read(person, session.role)
        }
        query = self._read_query(words, visible, session)
        limit = max(1, min(limit, self._hub.rules.history_max))
        found = await self._store.search(
            Query(
                query.words,
                query.sender,
                query.rooms,
                query.person,
                query.since,
                before,
                limit + 1,
            )
        )
        more = len(found) > limit
        found = found[-limit:]
        title = f"{len(found)}{' latest' if more else ''} found for: {words}"
        return Past("search", tuple(found), title, more)

    def _read_query(
        self, text: str, visible: dict[str, str], session: "Session"
    ) -> Query:
        words: list[str] = []
        whispers = session.somebody().id
        sender, since, rooms = "", 0.0, tuple(visible.values())
        for word in re.findall(r'"[^"]*"|\S+', text):
            key, colon, value = word.partition(":")
            match key.casefold() if colon and value else "":
                case "from":
                    sender = value.removeprefix("@")
                case "in":
                    name = visible.get(value.removeprefix("#").casefold())
                    if name is None:
                        raise NotFound(f"There is no room {value} that you may search.")
                    rooms, whispers = (name,), 0
                case "since":
                    since = self._read_since(value, session.preferences.tz)
                case _:
                    words.append(word.strip('"'))
        words = [word for word in words if word]
        if len(words) > WORDS:
            raise BadRequest(f"Search for at most {WORDS} words at once.")
        if not words and not sender:
            raise BadRequest(
                "Search for words, as in: /search disk full from:ann in:ops since:2h"
            )
        return Query(tuple(words), sender, rooms, whispers, since)

    def _read_since(self, value: str, zone: ZoneInfo | None) -> float:
        now = self._hub.now()
        ago = read_duration(value)
        if ago is not None:
            return now - ago
        today = datetime.fromtimestamp(now, zone)
        for text in (value, f"{today:%Y-%m-%d} {value}"):
            try:
                moment = datetime.fromisoformat(text)
                if moment.tzinfo is None:
                    moment = moment.replace(tzinfo=zone)
                if text is not value and moment.timestamp() > now:
                    moment -= timedelta(days=1)  # a time of yesterday
                return moment.timestamp()
            except (ValueError, OverflowError, OSError):
                pass
        raise BadRequest(
            "since: takes 30m, 2h, 3d, 1w, a date like 2026-11-21 or a time like 14:30."
        )

    # What was missed

    async def load(self, account: int) -> dict[str, int]:
        """The read marks of somebody who comes in."""
        if account not in self._marks:
            marks = await self._store.marks(account)
            self._marks.setdefault(account, marks)
        return self._marks[account]

    def arrived(self, session: "Session") -> None:
        """Remember what was unread when the session came in, for C{/catchup}."""
        person = session.somebody()
        if not person.guest:
            self._missed[session] = dict(self._marks.get(person.id, {}))

    async def view(self, room: Room, person: Person) -> RoomView:
        """A room as somebody in it sees it, with what they have not read."""
        unread = await self.unread(person, [room])
        count, mentions = unread.get(room.name, (0, 0))
        return self._view(room, person, count, mentions)

    async def views(
        self, person: Person, rooms: Iterable[Room]
    ) -> tuple[RoomView, ...]:
        """Several rooms likewise."""
        rooms = list(rooms)
        unread = await self.unread(person, rooms)
        return tuple(
            self._view(room, person, *unread.get(room.name, (0, 0))) for room in rooms
        )

    async def unread(
        self, person: Person, rooms: Iterable[Room]
    ) -> dict[str, tuple[int, int]]:
        """By room, how many messages and how many mentions were not read."""
        if person.guest:
            return {}
        marks = self._marks.get(person.id, {})
        try:
            return await self._store.unread(
                person, {room.name: mark(marks, room.name) for room in rooms}
            )
        except StoreDown:
            return {}  # one can talk without it

    async def waiting(self, session: "Session", limit: int) -> list[PrivateEvent]:
        """The private messages that nobody has read yet."""
        account = session.account
        if account is None:
            return []
        events = await self._store.unseen_whispers(account.id, limit=limit)
        marks = self._marks.get(account.id, {})  # perhaps not yet stored
        return [
            event
            for event in events
            if isinstance(event, PRIVATE)
            and event.sender.id not in account.ignored
            and event.id > mark(marks, f"@{event.sender.id}")
        ]

    async def talks(self, session: "Session", limit: int) -> "list[Talk]":
        """With whom somebody has had private words, the latest first."""
        person = session.somebody()
        latest = await self._store.missed(
            person.id, (), after=0, upto=self._hub.last, limit=STEP
        )
        talks: dict[int, Talk] = {}
        for event in reversed(latest):
            if not isinstance(event, PRIVATE):
                continue
            other = event.to if event.sender.id == person.id else event.sender
            here = self._hub.presence.get(other.id)
            talks.setdefault(
                other.id, Talk(here.person if here else other, event.id, event.time)
            )
        marks = self._marks.get(person.id, {})
        for talk in talks.values():
            talk.seen = mark(marks, f"@{talk.person.id}")
        for event in await self.waiting(session, self._hub.rules.waiting_whispers):
            if event.sender.id in talks:
                talks[event.sender.id].unread += 1
        ignored = self._hub.ignores.whom(person.id)
        return [one for id, one in talks.items() if id not in ignored][:limit]

    async def catch_up(self, session: "Session") -> tuple[Past, Past, list[RoomView]]:
        """
        What was missed before the session came in.

        @return: Private messages, mentions, and the rooms with their counts.
        """
        person = session.somebody()
        marks = self._missed.get(session, self._marks.get(person.id, {}))
        ignored = self._hub.ignores.whom(person.id)
        here = self._hub.presence.rooms_of(person.id)
        rooms = [self._hub.rooms.find(name) for name in here]
        by_room = {room.name: mark(marks, room.name) for room in rooms}
        whispers = await self._store.missed(
            person.id, (), after=mark(marks, "@"), upto=self._hub.last, limit=STEP
        )
        private = [
            event
            for event in whispers
            if isinstance(event, PRIVATE)
            and event.to.id == person.id
            and event.sender.id not in ignored
            and event.id > mark(marks, f"@{event.sender.id}")
        ]
        limit = self._hub.rules.history_max
        mentions = await self._store.mentions(person, by_room, limit=limit)
        unread = await self._store.unread(person, by_room)
        views = [
            self._view(room, person, *unread.get(room.name, (0, 0))) for room in rooms
        ]
        self._missed.pop(session, None)
        self.saw_all(session)
        return (
            Past("catchup", tuple(private), "Private messages:"),
            Past("catchup", tuple(mentions), "Where you were named:"),
            [view for view in views if view.unread],
        )

    def _view(self, room: Room, person: Person, unread: int, mentions: int) -> RoomView:
        return RoomView(
            room.name,
            room.topic,
            room.names(),
            room.private,
            room.history,
            unread,
            mentions,
            mark(self._marks.get(person.id, {}), room.name),
        )

    # How far it was read

    def saw_all(self, session: "Session") -> None:
        """Somebody in a terminal typed something: they saw all that was shown."""
        if session.account is not None:
            self.begin(session.account.id)

    def begin(self, account: int) -> None:
        """Nothing that was said up to now is new to an account."""
        self._move(account, EVERYTHING, self._hub.last)

    def saw(self, account: int, conversation: str, id: int) -> int:
        """
        Somebody has read a conversation up to an id; it never goes back.

        @return: The new mark, or 0 if it did not move.
        """
        id = min(id, self._hub.last)
        return id if self._move(account, conversation, id) else 0

    def _move(self, account: int, conversation: str, id: int) -> bool:
        marks = self._marks.setdefault(account, {})
        if marks.get(conversation, 0) >= id:
            return False
        marks[conversation] = id
        self._moved.add(account)
        return True

    async def keep_marks(self) -> None:
        """Store the marks that moved."""
        for account in list(self._moved):
            marks = dict(self._marks[account])
            await self._store.keep_marks(account, marks)
            if self._marks[account] == marks:
                self._moved.discard(account)
                self.forget(account)

    def departed(self, session: "Session") -> None:
        """The session is gone."""
        self._missed.pop(session, None)
        if session.account is not None:
            self.forget(session.account.id)

    def forget(self, account: int) -> None:
        """Nobody needs the marks of somebody who is gone, once they are stored."""
        if account not in self._moved and not self._hub.connections.of(account):
            self._marks.pop(account, None)


def mark(marks: dict[str, int], conversation: str) -> int:
    """Up to which id a conversation was read."""
    return max(marks.get(conversation, 0), marks.get(EVERYTHING, 0))

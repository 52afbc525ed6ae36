"""The rooms that somebody at a terminal is in, and what was shown of them."""

from collections import deque
from typing import Any

from chatd.chat.events import SPOKEN, Event, Left, RoomView, Shared
from chatd.client.asking import RequestFailed, Unanswered
from chatd.client.client import Client
from chatd.client.desk import Desk
from chatd.client.state import key

# Messages shown when a room is looked at, and the most.
SHOWN = 20
MOST_SHOWN = 200

# Events of a room that is not looked at, for rooms that keep none.
KEPT = 200


class Rooms:
    """One is looked at; of the others, what is unread is counted."""

    def __init__(self, client: Client, desk: Desk) -> None:
        self._client = client
        self._desk = desk
        self._rooms: dict[str, _Room] = {}

    def unread(self) -> list[str]:
        """What is unread elsewhere: C{ops 3}, with C{!} if one was named."""
        return [
            f"{room.name} {room.unread}{'!' if room.mentions else ''}"
            for room in self._rooms.values()
            if room.unread and not self._desk.looks_at(room.name)
        ]

    def enter(self, views: tuple[RoomView, ...]) -> None:
        """These are the rooms, and so much in them is unread."""
        for view in views:
            room = self._state(view.name)
            room.unread, room.mentions = view.unread, view.mentions
            room.mark = view.seen if view.unread else 0

    def happen(self, event: Any) -> None:
        """Something in a room: of those not looked at, it counts."""
        room = self._state(event.room)
        if event.id <= room.shown:
            return
        named = self._client.named
        if self._desk.looks_at(event.room):
            room.shown = event.id
            self._desk.show(event, named=named)
        elif isinstance(event, (*SPOKEN, Shared)):
            room.kept.append(event)
            room.unread += 1
            if named:
                room.mentions += 1
                self._desk.show(event, named=True)
        if isinstance(event, Left) and self._client.state.is_me(event.person.name):
            self._rooms.pop(key(event.room), None)
        self.stay_somewhere()

    def note_sent(self, name: str, id: int) -> None:
        """What one said oneself need not be shown again."""
        room = self._state(name)
        room.shown = max(room.shown, id)

    def look_at(self, name: str) -> None:
        """Look at a room; C{""}: at none."""
        if self._desk.room and not self._desk.looks_at(name):
            self._state(self._desk.room).leave()
        self._desk.room = name

    def stay_somewhere(self) -> None:
        """Look at another room if one is not in this one any more."""
        state = self._client.state
        if self._desk.room and state.room(self._desk.room) is None:
            rooms = list(state.rooms.values())
            self.look_at(rooms[0].name if rooms else "")
            if self._desk.room:
                self._desk.ours(f"You look at {self._desk.room} now.")

    async def switch(self, name: str) -> None:
        """Look at another room that one is in: C{/switch}."""
        state = self._client.state.room(name)
        if not name:
            others = [room.name for room in self._client.state.rooms.values()]
            self._desk.ours(
                f"You are in: {', '.join(others)}. /switch ROOM looks at one."
            )
        elif state is None:
            self._desk.wrong(f"You are not in {name}. /join {name} enters it.")
        elif not self._desk.looks_at(name):
            self.look_at(state.name)
            self._desk.prompt()
            people = ", ".join(sorted(state.people.values(), key=str.casefold))
            topic = f"\nTopic: {state.topic}" if state.topic else ""
            self._desk.ours(f"You look at {state.name}: {people}{topic}")
            await self.show_past()
            self.seen()

    async def show_past(self) -> None:
        """What was said last in the room, and where the unread begins."""
        if not self._desk.room:
            return
        room = self._state(self._desk.room)
        events = [event for event in await self._past(room) if event.id > room.shown]
        marked = False
        if events and not room.shown:
            self._desk.ours(f"What was said last in {room.name}:")
        for event in events:
            if room.mark and event.id > room.mark and not (marked or self._mine(event)):
                marked = True
                self._desk.new()
            room.shown = max(room.shown, event.id)
            self._desk.show(event)
        room.look()

    def _mine(self, event: Event) -> bool:
        return isinstance(event, SPOKEN) and self._client.state.is_me(event.sender.name)

    async def _past(self, room: "_Room") -> list[Event]:
        state = self._client.state.room(room.name)
        if state is None or state.history:
            limit = min(MOST_SHOWN, max(SHOWN, room.unread + 3))
            try:
                # What happens next, perhaps that the connection breaks, waits for this.
                past = await self._client.history(room.name, limit=limit, now=True)
                return list(past.events)
            except (RequestFailed, Unanswered):
                pass
        return list(room.kept)

    def seen(self) -> None:
        """Whoever types has read what is shown."""
        room = self._state(self._desk.room) if self._desk.room else None
        if room is None or not self._client.state.account:
            return
        if room.told < room.shown:
            room.told = room.shown
            self._client.seen(room.name, room.shown).addErrback(lambda _: None)

    def _state(self, name: str) -> "_Room":
        return self._rooms.setdefault(key(name), _Room(name))


class _Room:
    """
    What was shown of a room.

    @ivar shown: The last id; C{told}: up to which the server knows that it was read.
    @ivar mark: After which id the unread begins; 0: there is none.
    @ivar kept: What was said while another was looked at.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.unread = self.mentions = 0
        self.shown = self.told = self.mark = 0
        self.kept: deque[Event] = deque(maxlen=KEPT)

    def look(self) -> None:
        """All is shown now."""
        self.unread = self.mentions = self.mark = 0
        self.kept.clear()

    def leave(self) -> None:
        """From now on it is not looked at."""
        self.mark = self.shown or 1

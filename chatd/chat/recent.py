"""What was said last in a room, kept at hand for those who enter it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from chatd.chat.events import SHOWN, Event

# Rooms of which it is kept; the one that was asked for longest ago goes first.
ROOMS = 100

Read = Callable[[str, int], Awaitable[list[Event]]]


class _Latest:
    """
    @ivar most: How many events are kept.
    @ivar whole: Whether it was read; before, there is only what has happened since.
    """

    __slots__ = ("events", "most", "whole")

    def __init__(self, most: int) -> None:
        self.most = most
        self.whole = False
        self.events: list[Event] = []

    def merge(self, events: Iterable[Event]) -> list[Event]:
        by_id = {event.id: event for event in (*self.events, *events)}
        self.events = [by_id[id] for id in sorted(by_id)][-self.most :]
        return list(self.events)


class Recent:
    """
    Answers from memory what the store was asked once: where many come and go, a read
    for each of them costs more than all else about them.
    """

    def __init__(self, read: Read) -> None:
        """
        @param read: Asks the store for the latest events of a room, at most so many.
        """
        self._read = read
        self._rooms: dict[str, _Latest] = {}

    def add(self, events: Sequence[Event]) -> None:
        """Something that is stored was shown; all of it is alike, and in one room."""
        event = events[0]
        latest = self._rooms.get(getattr(event, "room", ""))
        if latest is not None and isinstance(event, SHOWN):
            if latest.events and event.id <= latest.events[-1].id:
                latest.merge(events)
                return
            latest.events += events
            del latest.events[: -latest.most]

    async def get(self, room: str, most: int) -> list[Event]:
        """The latest events of a room, oldest first."""
        latest = self._rooms.pop(room, None)
        if latest is None or latest.most != most:
            latest = _Latest(most)
        self._rooms[room] = latest
        if len(self._rooms) > ROOMS:
            del self._rooms[next(iter(self._rooms))]
        if latest.whole:
            return list(latest.events)
        # What happens while the store looks is added meanwhile, and is not missed.
        read = await self._read(room, most)
        latest.whole = True
        return latest.merge(read)

    def clear(self) -> None:
        """Forget it all: something was removed from the store."""
        self._rooms.clear()

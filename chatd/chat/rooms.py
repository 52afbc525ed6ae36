"""The rooms there are, found by name."""

from collections.abc import Callable, Iterable, Iterator

from chatd.chat.errors import BadName, NotFound
from chatd.chat.names import Name, room_name
from chatd.chat.room import LOBBY, Publish, Room
from chatd.chat.store import RoomRecord


class Rooms:
    """All rooms. C{lobby} always exists."""

    def __init__(
        self,
        records: Iterable[RoomRecord],
        publish: Publish,
        now: Callable[[], float],
    ) -> None:
        self._publish = publish
        self._now = now
        self._rooms: dict[str, Room] = {}
        self._skeletons: dict[str, str] = {}  # keys of rooms by what they look like
        for record in records:
            self.open(record)
        if LOBBY not in self._rooms:
            self.open(RoomRecord(LOBBY))

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        return len(self._rooms)

    @property
    def lobby(self) -> Room:
        """Where everybody starts."""
        return self._rooms[LOBBY]

    def get(self, name: str) -> Room | None:
        """A room by name, however it is spelt."""
        room = self._rooms.get(name)
        if room is None:
            try:
                room = self._rooms.get(room_name(name).key)
            except BadName:
                return None
        return room

    def find(self, name: str) -> Room:
        """
        A room by name.

        @raise NotFound: if there is none.
        """
        room = self.get(name)
        if room is None:
            raise NotFound(f"There is no room {name[:40]}. /rooms lists them.")
        return room

    def like(self, name: Name) -> bool:
        """Whether there is another room whose name looks the same."""
        return self._skeletons.get(name.skeleton, name.key) != name.key

    def open(self, record: RoomRecord) -> Room:
        """Take a room in."""
        name = room_name(record.name)
        self._skeletons.setdefault(name.skeleton, name.key)
        room = Room(record, self._publish, self._now)
        return self._rooms.setdefault(name.key, room)

    def close(self, text: str) -> None:
        """Forget a room that could not be opened."""
        name = room_name(text)
        self._rooms.pop(name.key, None)
        if self._skeletons.get(name.skeleton) == name.key:
            del self._skeletons[name.skeleton]

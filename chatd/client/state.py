"""Who and what is here, as far as the server told."""

from dataclasses import dataclass, field

from chatd.chat.account import Role
from chatd.chat.events import (
    Act,
    Answer,
    Arrived,
    Departed,
    Entered,
    Event,
    Joined,
    Left,
    Moderated,
    Renamed,
    RoleChanged,
    RoomChanged,
    RoomView,
    TopicChanged,
    Welcome,
)


@dataclass(slots=True)
class RoomState:
    """
    A room that one is in.

    @ivar people: Names, by the form in which case does not count.
    """

    name: str
    topic: str = ""
    people: dict[str, str] = field(default_factory=dict)
    private: bool = False
    history: bool = True


@dataclass(slots=True)
class State:
    """
    What is known of the chat; changed by events only.

    @ivar name: As whom one has come in; C{""} before.
    @ivar account: Whether that is an account.
    @ivar people: Everybody's names, by the form in which case does not count.
    @ivar rooms: Those that one is in, likewise.
    """

    name: str = ""
    account: bool = False
    role: Role = Role.NOBODY
    people: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, RoomState] = field(default_factory=dict)

    def room(self, name: str) -> RoomState | None:
        """A room that one is in, however its name is spelt."""
        return self.rooms.get(key(name))

    def is_me(self, name: str) -> bool:
        """Whether a name is one's own."""
        return bool(self.name) and key(name) == key(self.name)

    def apply(self, event: Event | Answer) -> None:
        """Let something have happened."""
        match event:
            case Welcome():
                self._enter(event)
            case Entered():
                self._view(event.room)
            case Arrived():
                self._add(self.people, event.person.name)
                for name in event.rooms:
                    self._into(name, event.person.name)
            case Departed():
                self.people.pop(key(event.person.name), None)
                for room in self.rooms.values():
                    room.people.pop(key(event.person.name), None)
            case Renamed():
                self._rename(event)
            case RoleChanged() if self.is_me(event.person.name):
                self.role = event.role
            case _:
                self._apply_in_room(event)

    def _apply_in_room(self, event: Event | Answer) -> None:
        match event:
            case Joined():
                self._into(event.room, event.person.name)
            case Left():
                self._out(event.room, event.person.name)
            case Moderated(act=Act.KICK | Act.BAN):
                self._out(event.room, event.person.name)
            case TopicChanged():
                if room := self.room(event.room):
                    room.topic = event.text
            case RoomChanged():
                if room := self.room(event.room):
                    room.private, room.history = event.private, event.history
            case _:
                pass

    def _enter(self, event: Welcome) -> None:
        self.name = event.person.name
        self.account = not event.person.guest
        self.role = event.role
        self.people = {key(name): name for name in event.people}
        self.rooms = {}
        for view in event.rooms:
            self._view(view)

    def _view(self, view: RoomView) -> None:
        self.rooms[key(view.name)] = RoomState(
            view.name,
            view.topic,
            {key(name): name for name in view.people},
            view.private,
            view.history,
        )

    def _into(self, room: str, name: str) -> None:
        found = self.room(room)
        if found is None and self.is_me(name):
            # Another session of one's own opened the door: the rest is told later.
            found = self.rooms[key(room)] = RoomState(room)
        if found is not None:
            self._add(found.people, name)

    def _out(self, room: str, name: str) -> None:
        if self.is_me(name):
            self.rooms.pop(key(room), None)
        elif found := self.room(room):
            found.people.pop(key(name), None)

    def _rename(self, event: Renamed) -> None:
        was, now = event.person.name, event.now.name
        if self.is_me(was):
            self.name = now
            self.account = not event.now.guest
        for names in (self.people, *(room.people for room in self.rooms.values())):
            if names.pop(key(was), None) is not None:
                names[key(now)] = now

    def _add(self, names: dict[str, str], name: str) -> None:
        names[key(name)] = name


def key(name: str) -> str:
    """A name in the form in which case does not count."""
    return name.removeprefix("#").casefold()

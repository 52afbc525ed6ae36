"""Questions about rooms and the server, which events change."""

from dataclasses import dataclass, field
from typing import assert_never

from chatd.chat.events import (
    Act,
    Invited,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoomChanged,
    RoomOpened,
    ServerBanned,
    ServerUnbanned,
    TopicChanged,
)
from chatd.chat.store import RoomRecord, Sentence, ServerBan, ServerRecord
from chatd.store.memory.answering import Answering


@dataclass
class _Room:
    name: str
    topic: str = ""
    private: bool = False
    history: bool = True
    members: set[int] = field(default_factory=set)
    moderators: set[int] = field(default_factory=set)
    mutes: dict[int, Sentence] = field(default_factory=dict)
    bans: dict[int, Sentence] = field(default_factory=dict)


class Records(Answering):
    """What there is."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms: dict[str, _Room] = {}
        self._bans: dict[str, ServerBan] = {}
        self._settings: dict[str, str] = {}

    async def rooms(self) -> list[RoomRecord]:
        await self._turn()
        return [
            RoomRecord(
                room.name,
                room.topic,
                room.private,
                room.history,
                frozenset(room.members),
                frozenset(room.moderators),
                tuple(room.mutes.values()),
                tuple(room.bans.values()),
            )
            for _, room in sorted(self._rooms.items())
        ]

    async def server(self) -> ServerRecord:
        await self._turn()
        return ServerRecord(
            self._settings.get("motd"),
            self._settings.get("lockdown") == "on",
            tuple(self._bans.values()),
        )

    async def setting(self, name: str) -> str:
        await self._turn()
        return self._settings.get(name, "")

    async def keep_setting(self, name: str, value: str) -> None:
        await self._turn(writes=True)
        self._settings[name] = value

    # How it is done

    def _change_room(
        self, event: RoomOpened | TopicChanged | RoomChanged | Invited | Moderated
    ) -> None:
        room = self._room(event.room)
        match event:
            case RoomOpened():
                room.private = event.private
                room.members.add(event.sender.id)
                room.moderators.add(event.sender.id)
            case TopicChanged():
                room.topic = event.text
            case RoomChanged():
                room.private, room.history = event.private, event.history
                room.members.update(event.members)
            case Invited():
                room.members.add(event.person.id)
            case Moderated():
                _moderate(room, event)
            case _:
                assert_never(event)

    def _change_server(
        self, event: ServerBanned | ServerUnbanned | LockdownChanged | MotdChanged
    ) -> None:
        match event:
            case ServerBanned():
                self._bans[event.target] = ServerBan(
                    event.target,
                    event.shown,
                    event.until,
                    event.reason,
                    event.sender.name,
                )
            case ServerUnbanned():
                self._bans.pop(event.target, None)
            case LockdownChanged():
                self._settings["lockdown"] = "on" if event.on else ""
            case MotdChanged():
                self._settings["motd"] = event.text
            case _:
                assert_never(event)

    def _room(self, name: str) -> _Room:
        return self._rooms.setdefault(name, _Room(name))


def _moderate(room: _Room, event: Moderated) -> None:
    id = event.person.id
    sentence = Sentence(event.person, event.until, event.reason, event.sender.name)
    match event.act:
        case Act.MUTE:
            room.mutes[id] = sentence
        case Act.UNMUTE:
            room.mutes.pop(id, None)
        case Act.BAN:
            room.members.discard(id)
            room.bans[id] = sentence
        case Act.UNBAN:
            room.bans.pop(id, None)
        case Act.APPOINT:
            room.members.add(id)
            room.moderators.add(id)
        case Act.DISMISS:
            room.moderators.discard(id)
        case Act.KICK:
            pass

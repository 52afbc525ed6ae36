"""A program at the JSON door that reads and writes as a person does."""

import json
from dataclasses import fields
from typing import Any, get_type_hints

from twisted.internet.interfaces import IProtocolFactory

from chatd.chat import events
from chatd.chat.account import Person, Role
from chatd.chat.events import (
    Act,
    Answer,
    Closing,
    Entered,
    Event,
    Failed,
    Greeting,
    Listing,
    Notice,
    Past,
    RoomView,
    Welcome,
)
from chatd.chat.hub import Hub
from chatd.chat.look import look
from chatd.render.text import render
from tests.doors.wire import Peer, text

Fields = dict[str, Any]

_LOOK = look(render)

_EVENTS: dict[str, type[Event]] = {
    "said": events.Said,
    "emoted": events.Emoted,
    "whispered": events.Whispered,
    "announced": events.Announced,
    "opened": events.RoomOpened,
    "topic": events.TopicChanged,
    "room": events.RoomChanged,
    "invited": events.Invited,
    "moderated": events.Moderated,
    "arrived": events.Arrived,
    "departed": events.Departed,
    "joined": events.Joined,
    "left": events.Left,
    "away": events.AwayChanged,
    "renamed": events.Renamed,
    "role": events.RoleChanged,
    "killed": events.Killed,
    "lockdown": events.LockdownChanged,
    "motd": events.MotdChanged,
}


class Program(Peer):
    """
    Says in JSON what a person types, and makes of the answers what a person reads.

    @ivar name: As whom it has come in; C{""} before.
    @ivar room: Where it speaks.
    """

    def __init__(
        self, hub: Hub, factory: IProtocolFactory, *, secure: bool = False
    ) -> None:
        super().__init__(hub, factory, secure=secure)
        self.name = ""
        self.room = ""
        self._asked = ""  # the name whose password is the next line

    def type(self, *lines: str) -> list[str]:
        """Ask for what lines would ask for; several were pasted."""
        if len(lines) > 1:
            requests: list[Fields] = [{"do": "say", "text": "\n".join(lines)}]
        else:
            requests = [self._request(lines[0])]
        self.protocol.dataReceived(
            b"".join(json.dumps(request).encode() + b"\n" for request in requests)
        )
        return self.lines()

    def lines(self) -> list[str]:
        """What a person would read of what came."""
        found = []
        for line in self.read().splitlines():
            found += self._lines(json.loads(line))
        return found

    def _request(self, line: str) -> Fields:
        if self._asked:
            return {"do": "enter", "name": self._asked, "password": line}
        if line.startswith("//"):
            return {"do": "say", "text": line[1:]}
        word = line[1:].partition(" ")[0]
        if line[:1] == "/" or (line[:1] == "@" and self.hub.commands.has(word)):
            return {"do": "command", "line": f"/{line[1:]}"}
        if not self.name:
            self._asked = line
            return {"do": "enter", "name": line}
        return {"do": "say", "text": line}

    def _lines(self, found: Fields) -> list[str]:
        event = self._event(found)
        if event is None:
            return []
        here = getattr(event, "room", self.room) == self.room
        return text(render(event, _LOOK, here, _person(self.name)))

    def _event(self, found: Fields) -> Event | Answer | None:
        kind = found["event"]
        if kind in _EVENTS:
            return _event(_EVENTS[kind], found)
        match kind:
            case "hello":
                return Greeting(
                    found["server"],
                    "",
                    (),
                    found["secure"],
                    "",
                    found["guests"],
                    "open",
                    {},
                )
            case "notice":
                return Notice(found["text"])
            case "failed":
                if found["code"] not in ("password-needed", "wrong-password"):
                    self._asked = ""
                return Failed(found["code"], found["text"], found.get("line", ""))
            case "listing":
                return Listing("", found["title"], tuple(found["lines"]))
            case "history":
                past = tuple(_event(_EVENTS[e["event"]], e) for e in found["events"])
                room = found["room"]
                title = f"The log of {room}:" if found["why"] == "log" else ""
                return Past(found["why"], past, title, room=room)
            case "entered":
                self.room = found["room"]
                return Entered(_room({**found, "name": self.room}))
            case "done" if "rooms" in found:
                return self._welcome(found)
            case "ping":
                self.protocol.dataReceived(b"\n")
            case "closing":
                return Closing(found["text"])
        return None

    def _welcome(self, found: Fields) -> Welcome:
        self._asked = ""
        self.name = found["name"]
        rooms = tuple(map(_room, found["rooms"]))
        self.room = rooms[0].name
        return Welcome(
            Person(1, self.name, guest=found["account"] is None),
            Role[found["role"].upper()],
            found["cursor"],
            rooms,
            tuple(found["people"]),
            found["whispers"],
            motd=found["motd"],
        )


def _event(kind: type[Event], found: Fields) -> Event:
    values = {**found, "id": int(found["id"])}
    for name, hint in get_type_hints(kind).items():
        if name not in values:
            continue
        if hint is Person:
            values[name] = _person(values[name])
        elif hint is Act:
            values[name] = Act(values[name])
        elif hint is Role:
            values[name] = Role[values[name].upper()]
    if kind is events.Renamed:
        values["now"] = Person(1, found["now"], guest=found.get("guest", False))
    known = {field.name for field in fields(kind)}
    return kind(**{name: values[name] for name in values if name in known})


def _person(name: str) -> Person:
    # Programs are not told ids of people: in a test, a name is as good.
    return Person(int.from_bytes(name.casefold().encode()), name)


def _room(found: Fields) -> RoomView:
    return RoomView(
        found["name"],
        found["topic"],
        tuple(found["people"]),
        found["private"],
        found["history"],
        found["unread"],
        found["mentions"],
    )

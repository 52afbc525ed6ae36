"""Events as programs read them: a JSON object a line, see C{docs/protocol.rst}."""

import json
from typing import Any, TypeAlias, assert_never

from chatd.chat.account import Person
from chatd.chat.events import (
    KEPT,
    SPOKEN,
    Announced,
    Answer,
    Arrived,
    AwayChanged,
    CaughtUp,
    Closing,
    Departed,
    Done,
    Emoted,
    Entered,
    Event,
    Failed,
    Greeting,
    Handed,
    Invited,
    Joined,
    Killed,
    Left,
    Listing,
    LockdownChanged,
    Marked,
    Moderated,
    MotdChanged,
    Notice,
    Past,
    Ref,
    Renamed,
    RoleChanged,
    RoomChanged,
    RoomEvent,
    RoomOpened,
    RoomView,
    Said,
    ServerBanned,
    ServerEvent,
    ServerUnbanned,
    Shared,
    Stamped,
    TopicChanged,
    Unshared,
    Welcome,
    Whispered,
)
from chatd.chat.look import Look

# Grows only when clients must be changed; new keys and events are no reason.
PROTOCOL = 1

# Seconds of which a client waits a random part before it comes again, so that not
# all do at once: 10,000 of them are 333 a second.
RETRY = 30

PING = b'{"event":"ping"}\n'

Fields: TypeAlias = dict[str, Any]

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def render(
    event: Event | Answer, look: Look, here: bool, reader: Person | None
) -> bytes:
    """
    One line.

    @param reader: Who is named in it, if it was said in a room; who reads, otherwise.
    """
    text = _text(event, look, reader)
    if isinstance(event, KEPT):
        mention = _MENTION if reader and isinstance(event, SPOKEN) else ""
        text = f'{text[:-1]}{mention},"cursor":"{event.id}"}}'
    return f"{text}\n".encode("utf-8", "replace")


_GUEST = '"guest":true,'
_MENTION = ',"mention":true'


def _text(event: Event | Answer, look: Look, reader: Person | None) -> str:
    match event:
        # What busy rooms are made of is put together by hand: 0.9 us instead of 2.9.
        case Said():
            key = f',"key":{_json(event.key)}' if event.key else ""
            return (
                f'{{"event":"said","id":"{event.id}","time":{event.time:.3f},'
                f'"room":{_json(event.room)},"sender":{_json(event.sender.name)},'
                f'{_GUEST if event.sender.guest else ""}"text":{_json(event.text)}'
                f"{key}}}"
            )
        case Done(event=Stamped() as cause, data=None):
            return (
                f'{{"event":"done","ref":{_json(event.ref)},"id":"{cause.id}",'
                f'"time":{cause.time:.3f}}}'
            )
        case Past():
            head = _json(
                _refer("history", event.ref)
                | {"why": event.name, "room": event.room, "more": event.more}
            )
            events = ",".join([_text(one, look, reader) for one in event.events])
            return f'{head[:-1]},"events":[{events}]}}'
        case Shared() | Handed() if look.links and reader:
            return _json(_happened(event) | {"url": look.links.of(event, reader)})
        case Stamped():
            return _json(_happened(event))
        case _:
            return _json(_answer(event))


def _happened(event: Event) -> Fields:
    match event:
        case Whispered():
            spoken = _stamp("whispered", event) | _sender(event.sender)
            spoken |= {"to": event.to.name, "text": event.text}
            return spoken | _ids(event) | _key(event.key)
        case Handed():
            handed = _stamp("shared", event) | {"to": event.to.name} | _ids(event)
            return handed | _file(event)
        case Unshared():
            where = {"room": event.room} if event.to is None else {"to": event.to.name}
            gone = _stamp("unshared", event) | where | _sender(event.sender)
            refused = event.to is not None and event.to.id == event.sender.id
            gone |= {"file": event.file, "name": event.name}
            return gone | ({"refused": True} if refused else {})
        case Arrived():
            arrived = _stamp("arrived", event) | _person(event.person)
            return arrived | {"rooms": event.rooms}
        case Departed():
            departed = _stamp("departed", event) | _person(event.person)
            return departed | {"rooms": event.rooms, "reason": event.reason}
        case AwayChanged():
            away = _stamp("away", event) | _person(event.person)
            return away | {"text": event.text}
        case Renamed():
            renamed = _stamp("renamed", event) | {"person": event.person.name}
            return renamed | {"now": event.now.name} | _mark(event.now)
        case (
            Announced()
            | RoleChanged()
            | ServerBanned()
            | ServerUnbanned()
            | Killed()
            | LockdownChanged()
            | MotdChanged()
        ):
            return _server(event)
        case _:
            return _in_room(event)


def _ids(event: Whispered | Handed) -> Fields:
    # Names of guests are others' later on.
    return {"sender_id": str(event.sender.id), "to_id": str(event.to.id)}


def _in_room(event: RoomEvent) -> Fields:
    room: Fields = {"room": event.room}
    match event:
        case Said() | Emoted():
            name = "said" if isinstance(event, Said) else "emoted"
            spoken = _stamp(name, event) | room | _sender(event.sender)
            return spoken | {"text": event.text} | _key(event.key)
        case Shared():
            return _stamp("shared", event) | room | _file(event)
        case TopicChanged():
            topic = _stamp("topic", event) | room | _sender(event.sender)
            return topic | {"text": event.text}
        case RoomOpened():
            opened = _stamp("opened", event) | room | _sender(event.sender)
            return opened | {"private": event.private}
        case RoomChanged():
            changed = _stamp("room", event) | room | _sender(event.sender)
            return changed | {"private": event.private, "history": event.history}
        case Invited():
            invited = _stamp("invited", event) | room | _sender(event.sender)
            return invited | {"person": event.person.name}
        case Moderated():
            moderated = _stamp("moderated", event) | room | _sender(event.sender)
            return moderated | {
                "act": event.act.value,
                "person": event.person.name,
                "until": round(event.until, 3),
                "reason": event.reason,
            }
        case Joined():
            return _stamp("joined", event) | room | _person(event.person)
        case Left():
            left = _stamp("left", event) | room | _person(event.person)
            return left | {"reason": event.reason}
        case _:
            assert_never(event)


def _server(event: ServerEvent) -> Fields:
    sender = _sender(event.sender)
    match event:
        case Announced():
            return _stamp("announced", event) | sender | {"text": event.text}
        case RoleChanged():
            role = {"person": event.person.name, "role": event.role.name.lower()}
            return _stamp("role", event) | sender | role
        case ServerBanned():
            return (
                _stamp("banned", event)
                | sender
                | {
                    "target": event.shown,
                    "until": round(event.until, 3),
                    "reason": event.reason,
                }
            )
        case ServerUnbanned():
            return _stamp("unbanned", event) | sender | {"target": event.shown}
        case Killed():
            killed = {"person": event.person.name, "reason": event.reason}
            return _stamp("killed", event) | sender | killed
        case LockdownChanged():
            return _stamp("lockdown", event) | sender | {"on": event.on}
        case MotdChanged():
            return _stamp("motd", event) | sender | {"text": event.text}
        case _:
            assert_never(event)


_Rest: TypeAlias = (
    Greeting
    | Notice
    | Failed
    | Done
    | Listing
    | Welcome
    | Entered
    | CaughtUp
    | Marked
    | Closing
)


def _answer(event: _Rest) -> Fields:
    match event:
        case Greeting():
            return {
                "event": "hello",
                "server": event.server,
                "version": event.version,
                "protocol": PROTOCOL,
                "secure": event.secure,
                "guests": event.guests,
                "registration": event.registration,
                "passwords": event.passwords,
                "limits": dict(event.limits),
            }
        case Notice():
            return _refer("notice", event.ref) | {"text": event.text}
        case Failed():
            failed = {"event": "failed", "ref": event.ref, "code": event.code}
            line = {"line": event.line} if event.line else {}
            return failed | {"text": event.text} | line
        case Done():
            done: Fields = {"event": "done", "ref": event.ref}
            if event.event is not None:
                done |= {"id": str(event.event.id), "time": round(event.event.time, 3)}
            return done | dict(event.data or {})
        case Listing():
            return _refer("listing", event.ref) | {
                "name": event.name,
                "title": event.title,
                "lines": event.lines,
                "rows": [dict(row) for row in event.rows],
            }
        case Welcome():
            return _welcome(event)
        case Entered():
            room = _room(event.room)
            return _refer("entered", event.ref) | {"room": room.pop("name")} | room
        case CaughtUp():
            return {"event": "caught-up", "gap": event.gap, "cursor": event.cursor}
        case Marked():
            where = {"room": event.room} if event.room else {"person": event.person}
            return {"event": "seen", **where, "id": str(event.id)}
        case Closing():
            closing = {"event": "closing", "text": event.text, "seconds": event.seconds}
            return closing | ({"retry": RETRY} if event.again else {})
        case _:
            assert_never(event)


def _welcome(event: Welcome) -> Fields:
    return {
        "event": "done",
        "ref": event.ref,
        "name": event.person.name,
        "account": None if event.person.guest else event.person.name,
        "role": event.role.name.lower(),
        "token": event.token or None,
        "cursor": event.cursor,
        "rooms": [_room(room) for room in event.rooms],
        "people": event.people,
        "whispers": event.whispers,
        "motd": event.motd,
    }


def _room(room: RoomView) -> Fields:
    return {
        "name": room.name,
        "topic": room.topic,
        "people": room.people,
        "private": room.private,
        "history": room.history,
        "unread": room.unread,
        "mentions": room.mentions,
        "seen": str(room.seen),
    }


def _stamp(name: str, event: Stamped) -> Fields:
    return {"event": name, "id": str(event.id), "time": round(event.time, 3)}


def _sender(sender: Person) -> Fields:
    return {"sender": sender.name} | _mark(sender)


def _person(person: Person) -> Fields:
    return {"person": person.name} | _mark(person)


def _file(event: Shared | Handed) -> Fields:
    return _sender(event.sender) | {
        "file": event.file,
        "name": event.name,
        "size": event.size,
        "type": event.mime,
        "sha256": event.sha256,
        "expires": round(event.expires, 3),
    }


def _mark(person: Person) -> Fields:
    return {"guest": True} if person.guest else {}


def _key(key: str) -> Fields:
    return {"key": key} if key else {}


def _refer(name: str, ref: Ref) -> Fields:
    return {"event": name} if ref is None else {"event": name, "ref": ref}

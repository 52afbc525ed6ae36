"""Questions about rooms, and about the chat as a whole."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, select

from chatd.chat.account import Person
from chatd.chat.store import RoomRecord, Sentence, ServerBan, ServerRecord
from chatd.store.schema import bans, room_people, rooms, settings
from chatd.store.writing import put


def all_rooms(connection: Connection) -> list[RoomRecord]:
    """Read all rooms."""
    people: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(select(room_people)):
        sentence = Sentence(
            Person(row.person, row.name, row.guest),
            row.until / 1000,
            row.reason,
            row.given_by,
        )
        people[row.room][row.part].append(sentence)
    return [
        RoomRecord(
            row.name,
            row.topic,
            row.private,
            row.history,
            _ids(people[row.name]["member"]),
            _ids(people[row.name]["moderator"]),
            tuple(people[row.name]["mute"]),
            tuple(people[row.name]["ban"]),
        )
        for row in connection.execute(select(rooms).order_by(rooms.c.name))
    ]


def server(connection: Connection) -> ServerRecord:
    """Read what is kept of the chat as a whole."""
    values = {row.name: row.value for row in connection.execute(select(settings))}
    return ServerRecord(
        values.get("motd"),
        values.get("lockdown") == "on",
        tuple(
            ServerBan(row.target, row.shown, row.until / 1000, row.reason, row.given_by)
            for row in connection.execute(select(bans))
        ),
    )


def setting(connection: Connection, name: str) -> str:
    """Read a value."""
    value = connection.scalar(select(settings.c.value).where(settings.c.name == name))
    return value or ""


def keep_setting(connection: Connection, name: str, value: str) -> None:
    """Write a value."""
    put(connection, settings, {"name": name}, {"value": value})


def _ids(people: list[Sentence]) -> frozenset[int]:
    return frozenset(each.person.id for each in people)

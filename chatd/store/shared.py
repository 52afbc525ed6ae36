"""Questions about shared files."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    func,
    or_,
    select,
)

from chatd.chat.account import Person
from chatd.chat.events import Handed, Shared
from chatd.chat.file import File
from chatd.store.agreed import FILE_COST
from chatd.store.codec import milliseconds
from chatd.store.schema import files


def row_of(event: Shared | Handed) -> dict[str, Any]:
    """Write down what an event says of a file."""
    to = event.to if isinstance(event, Handed) else Person(0, "", False)
    return {
        "id": event.file,
        "event": event.id,
        "owner": event.sender.id,
        "owner_name": event.sender.name,
        "owner_guest": event.sender.guest,
        "room": event.room if isinstance(event, Shared) else "",
        "recipient": to.id,
        "recipient_name": to.name,
        "recipient_guest": to.guest,
        "name": event.name,
        "size": event.size,
        "mime": event.mime,
        "sha256": event.sha256,
        "created": milliseconds(event.time),
        "expires": milliseconds(event.expires),
    }


def files_in(connection: Connection, room: str, limit: int) -> list[File]:
    """Read what is shared in a room, newest first."""
    return _read(connection, and_(files.c.room == room, files.c.recipient == 0), limit)


def files_between(
    connection: Connection, person: int, other: int, limit: int
) -> list[File]:
    """Read what two people share with each other, newest first."""
    ways = [
        and_(files.c.owner == owner, files.c.recipient == to)
        for owner, to in ((person, other), (other, person))
    ]
    return _read(connection, or_(*ways), limit)


def partners(connection: Connection, person: int) -> list[Person]:
    """Tell who shares files with somebody, in either direction."""
    to = select(
        files.c.recipient, files.c.recipient_name, files.c.recipient_guest
    ).where(files.c.owner == person, files.c.recipient != 0)
    by = select(files.c.owner, files.c.owner_name, files.c.owner_guest).where(
        files.c.recipient == person
    )
    found = {
        row[0]: Person(row[0], row[1], bool(row[2]))
        for question in (to, by)
        for row in connection.execute(question.distinct())
    }
    return [found[id] for id in sorted(found)]


def file(connection: Connection, **where: Any) -> File | None:
    """Read one file, by its id or that of its event."""
    conditions = [files.c[name] == value for name, value in where.items()]
    for found in _read(connection, and_(*conditions), 1):
        return found
    return None


def space(connection: Connection, owner: Person) -> tuple[int, int]:
    """Count the bytes of somebody, or of all guests, and of all."""
    cost = case((files.c.size < FILE_COST, FILE_COST), else_=files.c.size)
    total = select(func.coalesce(func.sum(cost), 0))
    mine = files.c.owner_guest if owner.guest else files.c.owner == owner.id
    own = connection.scalar(total.where(mine)) or 0
    return int(own), int(connection.scalar(total) or 0)


def remove_file(connection: Connection, id: str) -> bool:
    """Forget a file; whether there was one."""
    return bool(connection.execute(delete(files).where(files.c.id == id)).rowcount)


def expired_files(connection: Connection, now: float, limit: int) -> list[str]:
    """Tell which files should be gone."""
    over = and_(files.c.expires > 0, files.c.expires <= milliseconds(now))
    question = select(files.c.id).where(over).order_by(files.c.expires).limit(limit)
    return list(connection.scalars(question))


def file_ids(connection: Connection) -> set[str]:
    """Tell which files there are."""
    return set(connection.scalars(select(files.c.id)))


def _read(connection: Connection, where: ColumnElement[bool], limit: int) -> list[File]:
    question = select(files).where(where).order_by(files.c.event.desc()).limit(limit)
    return [
        File(
            row.id,
            row.event,
            Person(row.owner, row.owner_name, bool(row.owner_guest)),
            row.room,
            Person(row.recipient, row.recipient_name, bool(row.recipient_guest))
            if row.recipient
            else None,
            row.name,
            row.size,
            row.mime,
            row.sha256,
            row.created / 1000,
            row.expires / 1000,
        )
        for row in connection.execute(question)
    ]

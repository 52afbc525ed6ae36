"""Copies of a database that may be in use, and putting one in its place."""

from contextlib import closing
from pathlib import Path

from sqlcipher3 import dbapi2

from chatd.store import sqlite
from chatd.store.codec import from_json, to_json
from chatd.store.lock import Lock
from chatd.store.opening import (
    About,
    StoreRefused,
    about_path,
    look,
    new_path,
    reason_of,
    sync,
    write_about,
)
from chatd.store.schema import REVISIONS
from chatd.store.wal import find_damage


def take(path: Path, key: str | None, check: str, copy: Path) -> str:
    """
    Copy a database as it is at one moment, while a server may use it.

    @param check: What tells the key from another.
    @param copy: Is made; encrypted with the same key.
    @return: What must be known to open it.
    @raise StoreRefused: if there is no database, or it cannot be read.
    """
    if look(path, check, REVISIONS) is None:
        raise StoreRefused(f"There is no database in {path.parent}.")
    _check_journal(path)
    try:
        with closing(sqlite.connect(path, key)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        about = About(_inspect(copy, key), check)
        sync(copy)
    except (OSError, dbapi2.Error) as problem:
        raise StoreRefused(
            f"{path} cannot be copied ({reason_of(problem)}): look at the free space in"
            f" {copy.parent.parent}, and whether chatd starts."
        ) from None
    return to_json(about)


def read_about(known: str, check: str, backup: Path) -> About:
    """
    @param known: What L{take} returned for this backup.
    @raise StoreRefused: if it does not fit to the key, or to this version.
    """
    try:
        about = from_json(About, known)
    except (ValueError, TypeError, AttributeError):
        raise StoreRefused(f"{backup} is no backup of chatd.") from None
    if bool(about.check) != bool(check):
        no = "" if about.check else " not"
        raise StoreRefused(
            f"{backup} is{no} encrypted: say so in the settings (store.encrypted)."
        )
    if about.check != check:
        raise StoreRefused(
            f"{backup} was made with another key: put that key in its place first."
        )
    if about.schema not in REVISIONS:
        raise StoreRefused(
            f"{backup} was made by a newer chatd (its schema is {about.schema}):"
            " install that version."
        )
    return about


def put_back(path: Path, key: str | None, about: About, backup: Path) -> None:
    """
    Make what lies at C{new_path(path)} the database.

    @raise StoreRefused: if it is damaged.
    """
    new = new_path(path)
    try:
        schema = _inspect(new, key)
    except (TypeError, dbapi2.Error) as problem:
        reason = reason_of(problem)
        raise StoreRefused(f"{backup} is damaged ({reason}).") from None
    sync(new)
    write_about(path, About(schema, about.check))
    new.rename(path)
    sync(path.parent)


def _check_journal(path: Path) -> None:
    """See that no transactions would be passed over; a running server knows."""
    try:
        lock = Lock(path.with_name(f"{path.name}.lock"))
    except BlockingIOError:
        return
    try:
        journal = path.with_name(f"{path.name}-wal")
        if wrong := find_damage(journal):
            raise StoreRefused(f"{journal} is damaged ({wrong}).")
    finally:
        lock.undo()


def _inspect(path: Path, key: str | None) -> str:
    """
    Read a copy to its end.

    @return: The step of the schema it is at.
    @raise dbapi2.Error: if it is damaged.
    """
    with closing(sqlite.connect(path, key, how="immutable=1")) as connection:
        (result,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if result != "ok":
            raise dbapi2.DatabaseError(result)
        question = "SELECT version_num FROM alembic_version"
        (schema,) = connection.execute(question).fetchone()
    return str(schema)


def is_there(path: Path) -> bool:
    """Whether there is a database, or something of one."""
    files = [path, about_path(path), path.with_name(f"{path.name}-wal")]
    return any(file.exists() for file in files)

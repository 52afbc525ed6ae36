"""
Opening the database of this machine: making it, upgrading it, or refusing it.

Beside the database lies a small file, C{….about}, that says what to expect. It is read
first, so that a database that does not look right is not touched at all.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlcipher3 import dbapi2

from chatd.store import sqlite
from chatd.store.codec import from_json, to_json
from chatd.store.lock import Lock
from chatd.store.schema import REVISIONS
from chatd.store.wal import find_damage

MIGRATIONS = "chatd:store/migrations"

# Seconds for looking a database through at start. One that takes longer is not looked
# through to its end: each page carries a check that is made whenever it is read.
CHECKING = 0.5


class StoreRefused(Exception):
    """The database cannot be used as it is; one sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class About:
    """
    What is known of a database without opening it.

    @ivar schema: The last step of the schema that was taken.
    @ivar check: What tells its key from another; C{""} if it is not encrypted.
    """

    schema: str
    check: str


def about_path(path: Path) -> Path:
    """Say where it is written what is known of a database; there as long as data is."""
    return path.with_name(f"{path.name}.about")


def prepare(
    path: Path,
    *,
    key: str | None,
    check: str,
    migrations: str = MIGRATIONS,
    revisions: Sequence[str] = REVISIONS,
) -> Lock:
    """
    Make sure that there is a database of today's schema.

    @param key: 64 hexadecimal digits, or C{None} for one that is not encrypted.
    @param check: What tells this key from another.
    @return: What keeps other servers away until it is released.
    @raise StoreRefused: if that cannot be; then nothing was changed.
    """
    check = check if key is not None else ""
    about = look(path, check, revisions)
    try:
        if about is None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = Lock(path.with_name(f"{path.name}.lock"))
    except BlockingIOError:
        raise StoreRefused(
            f"{path} is in use: another chatd runs on it. Stop that one first."
        ) from None
    except OSError as problem:
        raise cannot_open(path, problem) from None
    try:
        about = look(path, check, revisions)  # perhaps another has just made it
        if about is None:
            _make(path, key, About(revisions[-1], check), migrations)
        else:
            _use(path, key, about, migrations, revisions)
    except (OSError, dbapi2.Error, SQLAlchemyError) as problem:
        lock.undo()
        raise cannot_open(path, problem) from None
    except BaseException:
        lock.undo()
        raise
    return lock


def cannot_open(path: Path, problem: Exception) -> StoreRefused:
    """Say that another program, the disk or its rights are in the way."""
    reason = reason_of(problem)
    what = f"look at the free space and at the rights in {path.parent}"
    if "locked" in reason:
        what = "another program uses it; end that first"
    return StoreRefused(f"{path} cannot be opened ({reason}): {what}.")


def look(path: Path, check: str, revisions: Sequence[str]) -> About | None:
    """
    Compare what is there with what should be, opening nothing.

    @return: C{None} if there is nothing.
    """
    about_file = about_path(path)
    about = _read_about(about_file)
    journal = path.with_name(f"{path.name}-wal")
    if about is None:
        for file in (path, journal):
            if file.exists():
                raise StoreRefused(
                    f"{file} is there but {about_file} is missing: put it back from"
                    " your backup, or move the database away to begin anew."
                )
        return None
    if about.check and not check:
        raise StoreRefused(
            f"{path} is encrypted: it cannot be opened without its key. Put the key"
            " back, and do not ask for an unencrypted database."
        )
    if check:
        _refuse_plain(path, about)
    if about.check != check:
        raise StoreRefused(
            f"{path} was encrypted with another key: put that key back from your"
            " backup, or move the database away to begin anew."
        )
    if about.schema not in revisions:
        raise _too_new(path, about.schema)
    if not path.exists():
        if new_path(path).exists() and not journal.exists():
            return about  # an interrupted first start
        raise StoreRefused(
            f"{path} is missing, and there was data in it: put it back from your"
            f" backup, or move {about_file} away to begin anew."
        )
    if path.stat().st_size == 0:
        raise _damaged(path, "it is empty")
    return about


def refuse_plain(path: Path) -> None:
    """
    Look at an unencrypted database before a key is asked for that it does not have.

    @raise StoreRefused: if there is one.
    """
    about = _read_about(about_path(path))
    if about is not None:
        _refuse_plain(path, about)


def _refuse_plain(path: Path, about: About) -> None:
    if not about.check:
        raise StoreRefused(
            f"{path} is not encrypted: say in the settings that it should not be, or"
            " move it away to begin anew."
        )


def _read_about(file: Path) -> About | None:
    try:
        return from_json(About, file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, AttributeError) as problem:
        raise StoreRefused(
            f"{file} cannot be read ({reason_of(problem)}): put it back from your"
            " backup."
        ) from None


def _make(path: Path, key: str | None, about: About, migrations: str) -> None:
    # Under another name first, so that an interrupted start leaves nothing half made.
    new = new_path(path)
    _remove(new)
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT, 0o600))
    try:
        _migrate(new, key, migrations)
    except BaseException:
        _remove(new)
        raise
    write_about(path, about)
    new.rename(path)
    sync(path.parent)


def _use(
    path: Path, key: str | None, about: About, migrations: str, revisions: Sequence[str]
) -> None:
    if not path.exists():
        new_path(path).rename(path)
    schema = _inspect(path, key)
    if schema not in revisions:
        raise _too_new(path, schema)
    if schema != revisions[-1]:
        _copy(path, key, path.with_name(f"{path.name}.before-{revisions[-1]}"))
        _migrate(path, key, migrations)
    with suppress(OSError, dbapi2.Error):  # a full disk, or a backup being made
        # What a crash cut short is gone then, and not taken for damage one day.
        sqlite.settle(path, key)
    if about.schema != revisions[-1]:
        write_about(path, About(revisions[-1], about.check))


def _inspect(path: Path, key: str | None) -> str:
    """
    Look a database through without changing anything in its directory.

    @return: The step of the schema it is at.
    """
    journal = path.with_name(f"{path.name}-wal")
    if wrong := find_damage(journal):
        raise _damaged(journal, wrong)
    # SQLite does not tell a file that may not be read from one that is damaged.
    path.open("rb").close()
    try:
        with _untouched(path, key) as connection:
            (schema,) = connection.execute(
                "SELECT version_num FROM alembic_version"
            ).fetchone()
            until = monotonic() + CHECKING
            connection.set_progress_handler(lambda: monotonic() > until, 1_000)
            try:
                (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            except dbapi2.OperationalError as problem:
                if "interrupted" not in str(problem):
                    raise
                result = "ok"
    except (dbapi2.Error, TypeError) as problem:
        raise _damaged(path, reason_of(problem)) from None
    if result != "ok":
        raise _damaged(path, result.replace("\n", " "))
    return str(schema)


@contextmanager
def _untouched(path: Path, key: str | None) -> Iterator[Any]:
    """Open a database so that nothing is written, not even beside it."""
    journal, index = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    indexed = index.exists()
    if not journal.exists() or journal.stat().st_size == 0:
        how = "immutable=1"
    elif indexed:
        how = "mode=ro&readonly_shm=1"
    else:
        how = "mode=ro"  # makes an index of the journal
    connection = sqlite.connect(path, key, how=how)
    try:
        yield connection
    finally:
        connection.close()
        if not indexed:
            index.unlink(missing_ok=True)


def _migrate(path: Path, key: str | None, migrations: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", migrations)
    engine = sqlite.writing(path, key)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
    sqlite.settle(path, key)


def _copy(path: Path, key: str | None, copy: Path) -> None:
    sqlite.settle(path, key)
    unfinished = copy.with_name(f"{copy.name}.new")
    try:
        shutil.copy2(path, unfinished)
        sync(unfinished)
    except OSError as problem:
        unfinished.unlink(missing_ok=True)
        raise StoreRefused(
            f"{path} must be upgraded, but no copy of it can be made at {copy}"
            f" ({reason_of(problem)}): make room there."
        ) from None
    unfinished.replace(copy)
    sync(copy.parent)


def write_about(path: Path, about: About) -> None:
    """Write down what is known of a database."""
    file = about_path(path)
    new = file.with_name(f"{file.name}.new")
    new.write_text(to_json(about) + "\n", "utf-8")
    sync(new)
    new.replace(file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Wait until a file, or what is in a directory, is on the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        return  # Windows cannot open directories
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def new_path(path: Path) -> Path:
    """Say where a database is made, before it is put in its place."""
    return path.with_name(f"{path.name}.new")


def _too_new(path: Path, schema: str) -> StoreRefused:
    return StoreRefused(
        f"{path} was written by a newer chatd (its schema is {schema}): install that"
        " version again, or put the copy back that it made before upgrading."
    )


def _damaged(path: Path, what: str) -> StoreRefused:
    return StoreRefused(
        f"{path} is damaged ({what}): put it back from your backup. It was not changed."
    )


def reason_of(problem: Exception) -> str:
    """Say what happened, in part of a line."""
    problem = getattr(problem, "orig", problem)
    text = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return text.replace("\n", " ")

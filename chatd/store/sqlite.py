"""
All that is particular to SQLite: connections, writing many rows, search.

The file is encrypted by SQLCipher, which is SQLite with one more pragma; without a
key it reads and writes plain SQLite files.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Select,
    cast,
    column,
    create_engine,
    delete,
    event,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlcipher3 import dbapi2

from chatd.store import words
from chatd.store.codec import Row
from chatd.store.schema import events

# Seconds to wait for another process, such as one that makes a backup.
BUSY = 5.0

_EVENTS = f"INSERT INTO events ({', '.join(Row._fields)}) VALUES"
_ROW = f"({', '.join('?' * len(Row._fields))})"

# In one statement; SQLite takes 250,000 values.
_ROWS = 500
_CHARACTERS = 128 * 1024  # of texts, unless one is longer

# Messages that are indexed in one transaction, which takes 6 ms.
_PIECE = 2_000

# Prepared statements that a connection keeps, each with the values bound to it last:
# 128, the default, held on to 60 MiB of long pastes.
_STATEMENTS = 16

_search = table("search", column("rowid"), column("text"))


def connect(path: Path, key: str | None, *, how: str = "mode=rw") -> Any:
    """
    Open the file as a DB-API connection that may be used in any one thread at a time.

    @param key: 64 hexadecimal digits, or C{None} for a plain file.
    @param how: Parameters of an SQLite URI.
    """
    connection = dbapi2.connect(
        f"file:{quote(str(path.absolute()))}?{how}",
        uri=True,
        timeout=BUSY,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )
    if key is not None:
        if len(bytes.fromhex(key)) != 32:
            raise ValueError("the key of the database has 64 hexadecimal digits")
        # It would write to the terminal, where a refusal is one line.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
    return connection


def writing(path: Path, key: str | None) -> Engine:
    """Make an engine whose transactions may write."""

    def creator() -> Any:
        connection = connect(path, key)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    engine = _engine(creator)

    # Taking the lock at once: one that begins by reading could be refused later.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        _execute(connection, "BEGIN IMMEDIATE")

    return engine


def reading(path: Path, key: str | None) -> Engine:
    """Make an engine that cannot write."""

    def creator() -> Any:
        connection = connect(path, key)
        connection.execute("PRAGMA query_only = ON")
        return connection

    return _engine(creator)


def _engine(creator: Any) -> Engine:
    # Parameters are hidden: what people said must not get into the log with an error.
    return create_engine(
        "sqlite://",
        module=dbapi2,
        creator=creator,
        poolclass=NullPool,
        hide_parameters=True,
    )


def settle(path: Path, key: str | None) -> None:
    """
    Move everything from the journal into the file, which must not be in use.

    @raise OSError: if something else uses it.
    """
    connection = connect(path, key)
    try:
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    if busy:
        raise OSError("another program uses it")


def insert(connection: Connection, rows: Sequence[Row]) -> None:
    """
    Write events; what was said is indexed later, by L{index}.

    One statement for many rows: after each statement the thread must wait for its
    turn to run Python. With a busy reactor and 100 rows, executemany takes five times
    as long.
    """
    for some in _portions(rows):
        _execute(
            connection,
            f"{_EVENTS} {', '.join([_ROW] * len(some))}",
            tuple(chain.from_iterable(some)),
        )


def _execute(
    connection: Connection, statement: str, values: tuple[Any, ...] = ()
) -> None:
    """
    As C{Connection.exec_driver_sql}, which takes 60 us a statement: a busy room pays
    it twice for each transaction.
    """
    try:
        connection.connection.cursor().execute(statement, values)
    except dbapi2.Error as problem:
        raise DBAPIError.instance(
            statement, None, problem, dbapi2.Error, hide_parameters=True
        ) from problem


def index(connection: Connection) -> bool:
    """
    Index the next of what was said since the last time.

    Indexing is dear in small pieces: of ten words each, 16 us a message in transactions
    of 250, 6 us in those of 2,000. Events are committed in the order of their ids, so
    what is not indexed yet is what comes after the last that is.

    @return: Whether there may be more.
    """
    last = select(_search.c.rowid).order_by(_search.c.rowid.desc()).limit(1)
    new = (events.c.id > (connection.scalar(last) or 0), events.c.kind.in_(SEARCHED))
    # Plain text is cut into words by the index itself, which knows no other scripts.
    plain = func.length(events.c.text) == func.length(cast(events.c.text, LargeBinary))
    some = select(events.c.id, plain.label("plain")).where(*new)
    piece = some.order_by(events.c.id).limit(_PIECE).subquery()
    number, plainly, upto = connection.execute(
        select(func.count(), func.total(piece.c.plain), func.max(piece.c.id))
    ).one()
    if not number:
        return False
    said = select(events.c.id, events.c.text).where(*new, events.c.id <= upto)
    # As most are plain, what they are is not asked twice.
    cut = said if plainly == number else said.where(plain)
    connection.execute(_search.insert().from_select(["rowid", "text"], cut))
    if plainly < number:
        others = connection.execute(said.where(~plain)).all()
        connection.execute(
            _search.insert(),
            [
                {"rowid": id, "text": " ".join(words.tokens(text))}
                for id, text in others
            ],
        )
    return bool(number == _PIECE)


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start = characters = 0
    for end, row in enumerate(rows):
        characters += len(row.text)
        if end > start and (end - start == _ROWS or characters > _CHARACTERS):
            yield rows[start:end]
            start, characters = end, len(row.text)
    if rows:
        yield rows[start:]


def unindex(connection: Connection, ids: Sequence[int]) -> None:
    """Take events out of the index."""
    connection.execute(delete(_search).where(_search.c.rowid.in_(ids)))


def found(
    phrases: Iterable[tuple[Sequence[str], bool]],
    *columns: ColumnElement[Any],
    after: int = 0,
) -> Select[Any]:
    """
    Ask for events in which all phrases occur, latest first.

    @param phrases: As C{words.phrase} makes them; none is empty.
    @param after: Only ids above.
    """
    # Each phrase in quotes: without them -, OR and * would be syntax.
    match = " AND ".join(
        f'"{" ".join(tokens)}"{" *" if begun else ""}' for tokens, begun in phrases
    )
    return (
        select(*columns)
        .select_from(_search.join(events, events.c.id == _search.c.rowid))
        .where(literal_column("search").op("MATCH")(match), _search.c.rowid > after)
        .order_by(_search.c.rowid.desc())
    )


# Kinds of events whose text is found.
SEARCHED = ("said", "emoted", "whispered", "shared", "handed")

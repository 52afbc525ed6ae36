"""
The tables, for SQLite and PostgreSQL alike.

Times are POSIX milliseconds. A change here needs a new step in C{migrations}; steps
that exist are never edited.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

# All steps of the schema, oldest first; known here so that Alembic is loaded only
# when there is something to do.
REVISIONS = ("0001", "0002")

metadata = MetaData()

# SQLite makes a key the row's own number only if it is called INTEGER.
Big = BigInteger().with_variant(Integer, "sqlite")

# Literals, not parameters: the database must see that a partial index fits.
KEYED = text("key <> ''")
PRIVATE = text("kind IN ('whispered', 'handed')")
ANNOUNCED = text("kind = 'announced'")

# The columns are those of codec.Row, in the same order.
events = Table(
    "events",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False),
    Column("node", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("sender", BigInteger, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("sender_folded", Text, nullable=False),
    Column("sender_guest", Boolean, nullable=False),
    Column("other", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("body", Text, nullable=False),
    # The last two so that unread messages are counted without reading them.
    Index("events_room", "room", "id", "kind", "sender"),
)


def _partial(name: str, *columns: str, where: object, unique: bool = False) -> None:
    # What other databases are told stands in the migrations, which make the tables:
    # naming one here would load all of its dialect, a thirtieth of the time to start.
    Index(
        name,
        *(events.c[column] for column in columns),
        unique=unique,
        sqlite_where=where,
    )


_partial("events_key", "sender", "key", where=KEYED, unique=True)
_partial("events_conversation", "other", "sender", "id", where=PRIVATE)
_partial("events_whispered_to", "other", "id", where=PRIVATE)
_partial("events_whispered_by", "sender", "id", where=PRIVATE)
_partial("events_announced", "id", where=ANNOUNCED)

rooms = Table(
    "rooms",
    metadata,
    Column("name", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("history", Boolean, nullable=False),
)

# part: member, moderator, mute or ban; the columns after it matter to the last two.
room_people = Table(
    "room_people",
    metadata,
    Column("room", Text, primary_key=True),
    Column("person", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("guest", Boolean, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("given_by", Text, nullable=False),
)

bans = Table(
    "bans",
    metadata,
    Column("target", Text, primary_key=True),
    Column("shown", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("given_by", Text, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# preferences, ignored, rooms: JSON.
accounts = Table(
    "accounts",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("skeleton", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("role", Integer, nullable=False),
    Column("preferences", Text, nullable=False),
    Column("ignored", Text, nullable=False),
    Column("rooms", Text, nullable=False),
    Index("accounts_key", "key", unique=True),
    Index("accounts_skeleton", "skeleton", unique=True),
)

marks = Table(
    "marks",
    metadata,
    Column("account", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation", Text, primary_key=True),
    Column("upto", BigInteger, nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    Column("id", Big, primary_key=True),
    Column("account", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Index("addresses_account", "account", "address", unique=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Big, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("person", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("guest", Boolean, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("tokens_digest", "digest", unique=True),
    Index("tokens_person", "person"),
    Index("tokens_expires", "expires"),
)

ssh_keys = Table(
    "ssh_keys",
    metadata,
    Column("id", Big, primary_key=True),
    Column("account", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Index("ssh_keys_fingerprint", "fingerprint", unique=True),
    Index("ssh_keys_account", "account"),
)

# Of each file that is there, what its event said; a row comes and goes with it.
files = Table(
    "files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event", BigInteger, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("owner_name", Text, nullable=False),
    Column("owner_guest", Boolean, nullable=False),
    Column("room", Text, nullable=False),
    Column("recipient", BigInteger, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("recipient_guest", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mime", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("files_event", "event", unique=True),
    Index("files_owner", "owner", "recipient", "event"),
    Index("files_recipient", "recipient", "event"),
    Index("files_room", "room", "event"),
    Index("files_expires", "expires"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("given_by", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

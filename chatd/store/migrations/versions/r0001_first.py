"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "events",
        _key("id"),
        _big("time"),
        _text("node"),
        _text("kind"),
        _text("room"),
        _big("sender"),
        _text("sender_name"),
        _text("sender_folded"),
        _flag("sender_guest"),
        _big("other"),
        _text("key"),
        _text("text"),
        _text("body"),
    )
    op.create_index("events_room", "events", ["room", "id", "kind", "sender"])
    _partial("events_key", ["sender", "key"], "key <> ''", unique=True)
    whispered = "kind = 'whispered'"
    _partial("events_conversation", ["other", "sender", "id"], whispered)
    _partial("events_whispered_to", ["other", "id"], whispered)
    _partial("events_whispered_by", ["sender", "id"], whispered)
    _partial("events_announced", ["id"], "kind = 'announced'")
    if op.get_bind().dialect.name == "sqlite":
        # Its rows have the ids of events. Case and accents are removed in Python.
        op.execute(
            "CREATE VIRTUAL TABLE search USING fts5(text, content='',"
            " contentless_delete=1, tokenize='unicode61 remove_diacritics 0')"
        )
    op.create_table(
        "rooms",
        _text("name", primary_key=True),
        _text("topic"),
        _flag("private"),
        _flag("history"),
    )
    op.create_table(
        "room_people",
        _text("room", primary_key=True),
        _big("person", primary_key=True, autoincrement=False),
        _text("part", primary_key=True),
        _text("name"),
        _flag("guest"),
        _big("until"),
        _text("reason"),
        _text("given_by"),
    )
    op.create_table(
        "bans",
        _text("target", primary_key=True),
        _text("shown"),
        _big("until"),
        _text("reason"),
        _text("given_by"),
    )
    op.create_table("settings", _text("name", primary_key=True), _text("value"))
    op.create_table(
        "accounts",
        _key("id"),
        _text("name"),
        _text("key"),
        _text("skeleton"),
        _text("secret"),
        _big("created"),
        sa.Column("role", sa.Integer, nullable=False),
        _text("preferences"),
        _text("ignored"),
        _text("rooms"),
    )
    op.create_index("accounts_key", "accounts", ["key"], unique=True)
    op.create_index("accounts_skeleton", "accounts", ["skeleton"], unique=True)
    op.create_table(
        "marks",
        _big("account", primary_key=True, autoincrement=False),
        _text("conversation", primary_key=True),
        _big("upto"),
    )
    op.create_table("addresses", _number("id"), _big("account"), _text("address"))
    op.create_index(
        "addresses_account", "addresses", ["account", "address"], unique=True
    )
    op.create_table(
        "tokens",
        _number("id"),
        _text("digest"),
        _big("person"),
        _text("name"),
        _flag("guest"),
        _big("expires"),
    )
    op.create_index("tokens_digest", "tokens", ["digest"], unique=True)
    op.create_index("tokens_person", "tokens", ["person"])
    op.create_index("tokens_expires", "tokens", ["expires"])
    op.create_table(
        "ssh_keys",
        _number("id"),
        _big("account"),
        _text("fingerprint"),
        _text("kind"),
        _text("data"),
        _text("comment"),
    )
    op.create_index("ssh_keys_fingerprint", "ssh_keys", ["fingerprint"], unique=True)
    op.create_index("ssh_keys_account", "ssh_keys", ["account"])
    op.create_table(
        "invitations",
        _text("digest", primary_key=True),
        _big("given_by"),
        _big("expires"),
    )


def _text(name: str, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _big(
    name: str, primary_key: bool = False, autoincrement: bool = True
) -> sa.Column[int]:
    return sa.Column(
        name,
        sa.BigInteger,
        nullable=False,
        primary_key=primary_key,
        autoincrement=autoincrement,
    )


def _key(name: str) -> sa.Column[int]:
    """Make the primary key of rows whose ids the server makes."""
    return _number(name, autoincrement=False)


def _number(name: str, autoincrement: bool = True) -> sa.Column[int]:
    """Make the primary key of rows that the database numbers."""
    return sa.Column(
        name,
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=autoincrement,
    )


def _partial(name: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(
        name,
        "events",
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )

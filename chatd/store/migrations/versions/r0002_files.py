"""Files that people share."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make their table; what one person hands another is found as whispers are."""
    op.create_table(
        "files",
        _text("id", primary_key=True),
        _big("event"),
        _big("owner"),
        _text("owner_name"),
        _flag("owner_guest"),
        _text("room"),
        _big("recipient"),
        _text("recipient_name"),
        _flag("recipient_guest"),
        _text("name"),
        _big("size"),
        _text("mime"),
        _text("sha256"),
        _big("created"),
        _big("expires"),
    )
    op.create_index("files_event", "files", ["event"], unique=True)
    op.create_index("files_owner", "files", ["owner", "recipient", "event"])
    op.create_index("files_recipient", "files", ["recipient", "event"])
    op.create_index("files_room", "files", ["room", "event"])
    op.create_index("files_expires", "files", ["expires"])
    private = sa.text("kind IN ('whispered', 'handed')")
    for name, columns in (
        ("events_conversation", ["other", "sender", "id"]),
        ("events_whispered_to", ["other", "id"]),
        ("events_whispered_by", ["sender", "id"]),
    ):
        op.drop_index(name, "events")
        op.create_index(
            name, "events", columns, sqlite_where=private, postgresql_where=private
        )


def _text(name: str, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)

"""The log of events, and of items that were put in live."""

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Index, Integer, Text, UniqueConstraint

revision = "1"
down_revision = None

OFFSET = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "events",
        Column("offset", OFFSET, primary_key=True),
        Column("user", Text, nullable=False),
        Column("item", Text, nullable=False),
        Column("time", BigInteger),
        Column("kind", Text, nullable=False),
        Column("value", Float),
        Column("text", Text),
        Column("context", Text),
        Column("key", Text),
        UniqueConstraint("key"),
        Index("events_of_user", "user", "offset"),
    )
    op.create_table(
        "items",
        Column("offset", OFFSET, primary_key=True),
        Column("row", Text, nullable=False),
    )

"""Events may name a slate, items say after which event they came; slates and snapshots have tables."""

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Text, text

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """No row is touched."""
    op.add_column("events", Column("slate", Text))
    op.add_column("items", Column("events", BigInteger, nullable=False, server_default="0"))
    answers = text("slate IS NOT NULL")
    op.create_index("events_of_slate", "events", ["slate", "offset"], sqlite_where=answers, postgresql_where=answers)
    op.create_table(
        "snapshots",
        Column("bundle", Text, primary_key=True),
        Column("offset", BigInteger, primary_key=True, autoincrement=False),
        Column("state", LargeBinary, nullable=False),
    )
    op.create_table(
        "slates",
        Column("id", Text, primary_key=True),
        Column("offset", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
        Column("time", BigInteger, nullable=False),
        Column("user", Text),
        Column("bundle", Text, nullable=False),
        Column("receipt", Text, nullable=False),
        Column("items", Text, nullable=False),
        Column("standings", Text, nullable=False),
        Column("propensities", Text, nullable=False),
        Index("slates_in_order", "offset", "time", "id"),
    )

"""API keys; acts on people's data, and who is not to be profiled."""

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Index, Integer, Text

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """No row is touched."""
    op.create_table(
        "keys",
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("scopes", Text, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("expires", BigInteger),
        Column("revoked", BigInteger),
        Column("per_second", Float, nullable=False),
        Column("burst", Integer, nullable=False),
    )
    op.create_table(
        "acts",
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("does", Text, nullable=False),
        Column("who", Text),
        Column("time", BigInteger, nullable=False),
        Column("before", BigInteger),
        Index("acts_of", "who"),
    )
    op.create_table("objections", Column("user", Text, primary_key=True), Column("since", BigInteger, nullable=False))

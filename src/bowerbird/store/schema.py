"""The tables of the event store. Rows are only ever added; an offset is the row's place in its table, from 1, strictly rising."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

FORMAT = 1
"""Raised when the tables change in a way that an older version cannot read."""

metadata = MetaData()

_Offset = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of type INTEGER."""

about = Table(
    "bowerbird",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
"""Marks the database as ours: the row `format`."""

events = Table(
    "events",
    metadata,
    Column("offset", _Offset, primary_key=True),
    Column("user", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("time", BigInteger, comment="microseconds since 1970, UTC; null = no clock"),
    Column("kind", Text, nullable=False),
    Column("value", Float),
    Column("text", Text),
    Column("context", Text, comment="a JSON object; null = empty"),
    Column("key", Text),
    UniqueConstraint("key"),
    Index("events_of_user", "user", "offset"),
)

items = Table(
    "items",
    metadata,
    Column("offset", _Offset, primary_key=True),
    Column("row", Text, nullable=False, comment="a JSON object, as it was put"),
    Column("events", BigInteger, nullable=False, server_default="0", comment="offset of the newest event when it was put"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("bundle", Text, primary_key=True, comment="fingerprint"),
    Column("offset", BigInteger, primary_key=True, autoincrement=False, comment="of the newest event that it knows of"),
    Column("state", LargeBinary, nullable=False),
)
"""What was learned from the log, so that nobody need go through all of it again. It may be deleted at any time."""

"""The tables of the event store. Rows are only ever added; an offset is the place of an event or of an item put in its table, from 1,
strictly rising."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

FORMAT = 2
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
    Column("slate", Text, comment="id of the slate that it answers, a row of `slates`; null = it names none"),
    UniqueConstraint("key"),
    Index("events_of_user", "user", "offset"),
)

answers = Index(
    "events_of_slate",
    events.c.slate,
    events.c.offset,
    sqlite_where=events.c.slate.is_not(None),
    postgresql_where=events.c.slate.is_not(None),
)
"""Of the events that answer a slate alone: of most logs a small part."""

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

slates = Table(
    "slates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("offset", _Offset, nullable=False, comment="of the newest event when it was made"),
    Column("time", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    Column("user", Text, comment="null = a history that came with the request"),
    Column("bundle", Text, nullable=False, comment="fingerprint"),
    Column("receipt", Text, nullable=False, comment="a JSON object"),
    Column("items", Text, nullable=False, comment="a JSON list of ids, from the first place down"),
    Column("standings", Text, nullable=False, comment="a JSON list of numbers, one for each item"),
    Column("propensities", Text, nullable=False, comment="likewise"),
    Index("slates_in_order", "offset", "time", "id"),
)

"""The tables of the event store. Rows are only ever added; an offset is the place of an event or of an item put in its table, from 1,
strictly rising.

A change of them is a step in `migrations/versions` and the same change here; a test holds the two equal on SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

FORMAT = 4
"""The last step of `migrations/versions`: a database of a higher one was written by a newer version."""

metadata = MetaData()

_Offset = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of type INTEGER."""

VERSIONS = Table("bowerbird_format", MetaData(), Column("version_num", String(32), primary_key=True))
"""Alembic's, in one row; marks the database as ours."""

events = Table(
    "events",
    metadata,
    Column("offset", _Offset, primary_key=True),
    Column("user", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("time", BigInteger, doc="microseconds since 1970, UTC; null = no clock"),
    Column("kind", Text, nullable=False),
    Column("value", Float),
    Column("text", Text),
    Column("context", Text, doc="a JSON object; null = empty"),
    Column("key", Text),
    Column("slate", Text, doc="id of the slate that it answers, a row of `slates`; null = it names none"),
    UniqueConstraint("key"),
    Index("events_of_user", "user", "offset"),
    sqlite_autoincrement=True,  # else an offset could be given again after its row was erased
)

Index(
    "events_of_slate",
    events.c.slate,
    events.c.offset,
    sqlite_where=events.c.slate.is_not(None),
    postgresql_where=events.c.slate.is_not(None),
)  # of the events that answer a slate alone: of most logs a small part

items = Table(
    "items",
    metadata,
    Column("offset", _Offset, primary_key=True),
    Column("row", Text, nullable=False, doc="a JSON object, as it was put"),
    Column("events", BigInteger, nullable=False, server_default="0", doc="offset of the newest event when it was put"),
    sqlite_autoincrement=True,
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("bundle", Text, primary_key=True, doc="fingerprint"),
    Column("offset", BigInteger, primary_key=True, autoincrement=False, doc="of the newest event that it knows of"),
    Column("state", LargeBinary, nullable=False),
)
"""What was learned from the log, so that nobody need go through all of it again. It may be deleted at any time."""

slates = Table(
    "slates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("offset", _Offset, nullable=False, doc="of the newest event when it was made"),
    Column("time", BigInteger, nullable=False, doc="microseconds since 1970, UTC"),
    Column("user", Text, doc="null = a history that came with the request"),
    Column("bundle", Text, nullable=False, doc="fingerprint"),
    Column("receipt", Text, nullable=False, doc="a JSON object"),
    Column("items", Text, nullable=False, doc="a JSON list of ids, from the first place down"),
    Column("standings", Text, nullable=False, doc="a JSON list of numbers, one for each item"),
    Column("propensities", Text, nullable=False, doc="likewise"),
    Index("slates_in_order", "offset", "time", "id"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, doc="SHA-256 of the key, in hex"),
    Column("scopes", Text, nullable=False, doc="words with a space between them"),
    Column("created", BigInteger, nullable=False, doc="microseconds since 1970, UTC"),
    Column("expires", BigInteger, doc="likewise; null = never"),
    Column("revoked", BigInteger, doc="likewise; null = it is not"),
    Column("per_second", Float, nullable=False),
    Column("burst", Integer, nullable=False),
)
"""API keys. The keys themselves are not here."""

acts = Table(
    "acts",
    metadata,
    Column("number", _Offset, primary_key=True),
    Column("does", Text, nullable=False, doc="erase, object, allow: of one person; expire: of everybody"),
    Column("who", Text, doc="mark of the person's id; null = everybody"),
    Column("time", BigInteger, nullable=False, doc="microseconds since 1970, UTC"),
    Column("before", BigInteger, doc="likewise: what happened until then is gone; null = nothing is"),
    Index("acts_of", "who"),
)
"""What was done with people's data at their wish or with age: whoever holds some of it elsewhere looks here."""

objections = Table(
    "objections",
    metadata,
    Column("user", Text, primary_key=True),
    Column("since", BigInteger, nullable=False, doc="microseconds since 1970, UTC"),
)
"""Who is not to be profiled."""

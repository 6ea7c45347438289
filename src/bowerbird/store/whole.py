"""The event log as tables: what models are fitted on again."""

from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from bowerbird.store.schema import events
from bowerbird.store.wishes import TEACHES
from bowerbird.types import Offset

SCHEMA: dict[str, Any] = {
    "offset": pl.Int64,
    "user": pl.String,
    "item": pl.String,
    "time": pl.Datetime("us", "UTC"),
    "kind": pl.String,
    "value": pl.Float64,
    "text": pl.String,
    "context": pl.String,
}
"""`context` is a JSON object, null = empty."""


def table(connection: Connection, since: Offset, up_to: Offset, rows: int) -> pl.DataFrame:
    """The first `rows` events of since < offset ≤ up_to, in the order of their arrival."""
    columns = [events.c[name] for name in SCHEMA]
    query = select(*columns).where(events.c.offset > since, events.c.offset <= up_to, TEACHES).order_by(events.c.offset).limit(rows)
    found = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(found, schema={**SCHEMA, "time": pl.Int64}, orient="row").with_columns(pl.col("time").cast(SCHEMA["time"]))

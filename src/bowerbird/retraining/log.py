"""The log of a store as clean data: what the service has seen, ready to be learned from."""

import json
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from bowerbird.bundle import Bundle
from bowerbird.data import Dataset, Finding, RawData, clean
from bowerbird.errors import DataError
from bowerbird.protocols import Progress, silent
from bowerbird.store import SqlStore
from bowerbird.types import Value


def logged(store: SqlStore, bundle: Bundle, now: datetime | None = None, progress: Progress = silent) -> Dataset:
    """All events of the store and the bundle's items with those put in live, cleaned by the bundle's settings for data.

    Items of the bundle keep their numbers, unless `data.k_core` leaves some out; new ones come after them.

    now     as in `clean`
    raises  DataError if the store has no event, or cleaning leaves none
    cost    O(events log events); all events are in memory
    """
    tables = list(store.tables())
    if not tables:
        raise DataError("retrain: the store has no events, so there is nothing to learn from")
    items = bundle.catalogue.upsert([put.row for put in store.items_since(0)]).frame
    events = pl.concat(tables)
    circumstances, findings = _circumstances(events["context"], bundle.config.data.context)
    raw = events.drop("offset", "context").with_columns(circumstances)
    return clean(RawData(raw, items, tuple(findings)), bundle.config.data, now, progress)


def _circumstances(written: pl.Series, features: Sequence[str]) -> tuple[list[pl.Series], list[Finding]]:
    """The features of the context as columns; one whose values are partly text and partly not is text throughout, which is found."""
    told = {text: json.loads(text) for text in written.unique().drop_nulls().to_list()}
    columns, findings = [], []
    for name in features:
        values = {text: context.get(name) for text, context in told.items()}
        kinds = {type(value) for value in values.values() if value is not None}
        mixed = len(kinds - {int, float}) + bool(kinds & {int, float}) > 1
        column = pl.Series(name, [_said(values.get(text), as_text=mixed) for text in written.to_list()], strict=False)
        columns.append(column)
        if mixed:
            count = len(column) - column.null_count()
            why = f"{name} is partly text and partly numbers or flags: taken as text"
            findings.append(Finding(f"mixed context ({name})", count, mended=count, why=why))
    return columns, findings


def _said(value: Value | None, *, as_text: bool) -> Value | None:
    return json.dumps(value) if as_text and value is not None and not isinstance(value, str) else value

"""Events as rows of the database, and back: what is read equals what was written."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import RowMapping

from bowerbird.errors import DataError
from bowerbird.types import Event, Json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

PLAIN = ("user", "item", "time", "kind", "value", "text", "slate")
"""Columns of a frame of events that have their own place; all others are context."""


def row_of(event: Event) -> Json:
    """The row that keeps an event.

    raises  DataError if the event holds what cannot be kept: a time without a zone, a value that is not finite, broken text

    >>> row_of(Event("ann", "heat", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)))["time"]
    1000000
    """
    here = f"event of user {event.user!r} on item {event.item!r}"
    if event.time is not None and event.time.tzinfo is None:
        raise DataError(f"{here}: a time must say its zone, got {event.time.isoformat()}")
    if event.value is not None and not math.isfinite(event.value):
        raise DataError(f"{here}: a value must be finite, got {event.value}")
    whole = "".join((event.user, event.item, event.kind, event.text or "", event.key or "", event.slate or ""))
    if "\0" in whole or not whole.isascii():  # six checks less for most events
        for name in ("user", "item", "kind", "text", "key", "slate"):
            check_text(getattr(event, name), f"{here}: {name}")
    return {
        "user": event.user,
        "item": event.item,
        "time": None if event.time is None else microseconds(event.time),
        "kind": event.kind,
        "value": event.value,
        "text": event.text,
        "context": to_json(event.context, f"{here}: context") if event.context else None,
        "key": event.key,
        "slate": event.slate,
    }


def microseconds(time: datetime) -> int:
    """Since 1970, as the database keeps times."""
    return (time - EPOCH) // MICROSECOND


def event_of(row: RowMapping) -> Event:
    """The event that a row keeps."""
    context = json.loads(row["context"]) if row["context"] else {}
    return Event(
        user=row["user"],
        item=row["item"],
        time=None if row["time"] is None else instant(row["time"]),
        kind=row["kind"],
        value=row["value"],
        text=row["text"],
        context={name: value for name, value in context.items() if value is not None},
        key=row["key"],
        slate=row["slate"],
    )


def rows_of(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of events as rows, all at once: columns user, item, time, kind, value, text, slate, context.

    frame   columns user, item and, if wanted, time, kind, value, text, slate; every other column is context, where it is not null
    raises  DataError if user or item is missing or null, or a column is of a type that cannot be kept
    cost    O(rows), a few passes in polars
    """
    for name in ("user", "item"):
        if name not in frame.columns:
            raise DataError(f"events: the column {name!r} must be there, got {', '.join(frame.columns) or 'no columns'}")
        if empty := frame[name].null_count():
            raise DataError(f"events: every row must have a {name}, got {empty} rows without")
    return frame.select(*(_plain(frame, name) for name in PLAIN), _context(frame))


def instant(time: int) -> datetime:
    """The time again, aware UTC."""
    return EPOCH + time * MICROSECOND


def to_json(value: Any, where: str) -> str:
    """JSON in one line.

    raises  DataError if the value holds what JSON cannot: NaN, infinity, an object of some class, broken text
    """
    try:
        text = json.dumps(value, allow_nan=False, default=_as_dict(where), ensure_ascii=False)
    except ValueError:
        raise DataError(f"{where}: numbers must be finite, got {value!r:.80}") from None
    check_text(text, where)
    return text


def _as_dict(where: str) -> Callable[[object], Json]:
    """Takes mappings for dicts, and refuses everything else that JSON does not know."""

    def convert(value: object) -> Json:
        try:
            return dict(value)  # type: ignore[call-overload,no-any-return]
        except (TypeError, ValueError):
            raise DataError(f"{where}: must be text, numbers, true, false, lists or objects, got {value!r:.80}") from None

    return convert


def check_text(text: str | None, where: str) -> None:
    """Refuse text that a database cannot keep.

    raises  DataError
    """
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise DataError(f"{where}: must be valid Unicode, got {text!r:.80}") from None
    if "\0" in (text or ""):
        raise DataError(f"{where}: must hold no NUL, which PostgreSQL does not keep, got {text!r:.80}")


def _plain(frame: pl.DataFrame, name: str) -> pl.Expr:
    if name not in frame.columns:
        return pl.lit("view" if name == "kind" else None).alias(name)
    dtype = frame.schema[name]
    try:
        return _as_row_type(name, dtype)
    except TypeError:
        rule = "a date with a time" if name == "time" else "numbers"
        raise DataError(f"events: the column {name!r} must hold {rule}, got {dtype}") from None


def _as_row_type(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.Null:
        return column.fill_null(pl.lit("view")) if name == "kind" else column
    if name == "time":
        if not isinstance(dtype, pl.Datetime):
            raise TypeError
        return column.dt.epoch("us")
    if name == "value":
        if not dtype.is_numeric():
            raise TypeError
        return pl.when(column.cast(pl.Float64).is_finite()).then(column.cast(pl.Float64))
    return column.cast(pl.String).fill_null("view") if name == "kind" else column.cast(pl.String)


def _context(frame: pl.DataFrame) -> pl.Expr:
    names = [name for name in frame.columns if name not in (*PLAIN, "weight", "key")]
    if not names:
        return pl.lit(None, pl.String).alias("context")
    known = pl.any_horizontal(pl.col(name).is_not_null() for name in names)
    return pl.when(known).then(pl.struct(names).struct.json_encode()).alias("context")

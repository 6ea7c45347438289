"""Rows put into an item table: the same id replaces, a new one is added at the end, and no row moves."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from bowerbird.data.items import item_table
from bowerbird.data.texts import mend_text
from bowerbird.errors import DataError


def upsert(frame: pl.DataFrame, rows: pl.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The table with these rows in; of two with one id the later counts. Texts are mended as in cleaning.

    raises  DataError for a row without `item`, with a column that the table does not have, or a value that does not fit
    """
    new = _fitted(_checked(rows, frame.columns), frame)
    places = pl.DataFrame({"item": frame["item"], "old": pl.int_range(len(frame), eager=True)})
    place = new.select("item").join(places, on="item", how="left", maintain_order="left")["old"]
    both = pl.concat([frame, new], how="vertical")
    index = pl.int_range(len(frame), eager=True)
    known = place.is_not_null()
    if known.any():
        index = index.scatter(place.filter(known), pl.int_range(len(frame), len(both), eager=True).filter(known))
    return both[pl.concat([index, pl.int_range(len(frame), len(both), eager=True).filter(~known)]).to_list()]


def _checked(rows: pl.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]], known: list[str]) -> Sequence[Mapping[str, Any]]:
    given = rows.to_dicts() if isinstance(rows, pl.DataFrame) else [rows] if isinstance(rows, Mapping) else list(rows)
    for row in given:
        if row.get("item") is None or not str(row["item"]).strip():
            raise DataError(f"item: a row must have an id in 'item', got {dict(row)!r:.120}")
        strange = sorted(set(row) - set(known))
        if strange:
            raise DataError(
                f"item {row['item']!r}: {strange[0]!r} is not a column of the items, it must be one of {', '.join(sorted(known))}"
            )
    return list({str(row["item"]).strip(): row for row in given}.values())


def _fitted(rows: Sequence[Mapping[str, Any]], frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as a table of the same columns and types."""
    names = frame.columns
    columns = {name: [_mended(row.get(name), name) for row in rows] for name in names}
    if "available" in columns:
        columns["available"] = [True if value is None else value for value in columns["available"]]
    try:
        table = item_table(pl.DataFrame(columns, strict=False)) if rows else frame.clear()
        return table.select(names).cast(dict(frame.schema))  # type: ignore[arg-type]
    except (PolarsError, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"item {rows[0]['item']!r}: a value does not fit the items' columns ({str(error).splitlines()[0]})") from None


def _mended(value: Any, name: str) -> Any:
    return mend_text(value) if isinstance(value, str) and name not in ("item", "categories", "created", "available") else value

"""From the columns of a file to the canonical ones."""

from collections.abc import Iterable, Mapping

import polars as pl

from bowerbird.data.items import as_ids
from bowerbird.data.report import Finding
from bowerbird.data.times import instants
from bowerbird.errors import DataError

Columns = Mapping[str, str | tuple[str, ...]]

EVENT_COLUMNS = ("user", "item", "time", "kind", "value", "text", "order")


def rename(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """The same table with the columns that `columns` names under their canonical names; a column of that name before gives way.

    >>> rename(pl.DataFrame({"asin": ["x"]}), {"item": ("product", "asin"), "user": "uid"}).columns
    ['item']
    """
    found = {name: source for name, wanted in columns.items() if (source := _source(wanted, frame.columns)) is not None}
    displaced = [name for name, source in found.items() if name in frame.columns and name != source and name not in found.values()]
    return (
        frame.drop(displaced)
        .select(pl.all(), *(pl.col(source).alias(f"\0{name}") for name, source in found.items()))
        .drop(list(set(found.values())))
        .rename({f"\0{name}": name for name in found})
    )


def matched(frame: pl.DataFrame, columns: Columns) -> set[str]:
    """The canonical names whose column this file has."""
    return {name for name, wanted in columns.items() if _source(wanted, frame.columns) is not None}


def require(frame: pl.DataFrame, names: Iterable[str], where: str) -> None:
    """Refuse a table without these columns.

    raises  DataError that names the missing column and those that there are
    """
    for name in names:
        if name not in frame.columns:
            have = ", ".join(frame.columns) or "none"
            raise DataError(f"{where}: column {name!r} is missing, the file has {have}; [data.columns] can name another")


def typed_events(frame: pl.DataFrame, context: tuple[str, ...], where: str) -> tuple[pl.DataFrame, list[Finding]]:
    """The canonical event columns of a table, each of its type and in the order of `order` if there is one; and what could not be read.

    raises  DataError if `user` or `item`, or a column of the context, is missing
    """
    require(frame, ("user", "item", *context), where)
    have = [name for name in EVENT_COLUMNS if name in frame.columns]
    columns = {"user": as_ids(frame["user"]), "item": as_ids(frame["item"])}
    if "time" in have:
        columns["time"] = instants(frame["time"], f"{where}: time")
    columns.update({name: frame[name].cast(pl.String).str.strip_chars() for name in ("kind", "text") if name in have})
    for name in ("value", "order"):
        if name in have:
            columns[name] = frame[name].cast(pl.Float64, strict=False)
    columns.update({name: typed(frame[name]) for name in context})
    findings = [
        Finding(f"unreadable {name}s", found=lost, **{outcome: lost}, why=f"{name} is written but is no {meaning}")
        for name, outcome, meaning in (("time", "kept", "instant: see missing times"), ("value", "mended", "number: taken as no value"))
        if name in have and (lost := _lost(frame[name], columns[name]))
    ]
    if unused := [name for name in frame.columns if name not in columns]:
        findings.append(Finding("unused event columns", len(unused), left_out=len(unused), why=f"{', '.join(unused)}: no part of an event"))
    events = pl.DataFrame([column.rename(name) for name, column in columns.items()])
    return (events.sort("order", maintain_order=True, nulls_last=True).drop("order") if "order" in have else events), findings


def typed(column: pl.Series) -> pl.Series:
    """Text as numbers or flags, where all of it can be read so; codes with leading zeros stay text.

    >>> typed(pl.Series(["1", "2", None])).dtype, typed(pl.Series(["007"])).dtype, typed(pl.Series(["true"])).dtype
    (Int64, String, Boolean)
    """
    if column.dtype != pl.String or column.null_count() == len(column):
        return column
    written = column.drop_nulls()
    if written.str.to_lowercase().is_in(["true", "false"]).all():
        return column.str.to_lowercase() == "true"
    if written.str.contains(r"^[+-]?0\d").any() or not written.str.contains(r"^[+-]?\.?\d").all():
        return column
    for kind in (pl.Int64, pl.Float64):
        read = column.cast(kind, strict=False)
        if read.null_count() == column.null_count():
            return read
    return column


def _source(wanted: str | tuple[str, ...], have: list[str]) -> str | None:
    return next((name for name in ([wanted] if isinstance(wanted, str) else wanted) if name in have), None)


def _lost(before: pl.Series, after: pl.Series) -> int:
    written = before.is_not_null()
    if before.dtype == pl.String:
        written &= before.str.strip_chars().str.len_bytes() > 0
    if before.dtype.is_float():
        written &= before.is_not_nan()
    return int((written & after.is_null()).sum())

"""The item table in its canonical form: `item`, `title`, `categories`, `created`, `available`, then whatever else the items have."""

import ast

import polars as pl

from bowerbird.data.times import UTC, instants
from bowerbird.errors import DataError

CANONICAL = ("item", "title", "categories", "created", "available")
NO = ("false", "f", "no", "n", "0", "0.0")


def item_table(frame: pl.DataFrame, separator: str = "|") -> pl.DataFrame:
    """The same items with the canonical columns in front, each of its type; those that are missing are filled.

    categories  list of str: a string is split at `separator`, a list written out as text is read
    created     aware UTC, null where not known
    available   True unless it says no
    raises      DataError if there is no column `item`

    >>> item_table(pl.DataFrame({"item": [1], "categories": ["Drama|War"]})).row(0)
    ('1', None, ['Drama', 'War'], None, True)
    """
    if "item" not in frame.columns:
        raise DataError(f"items: column 'item' is missing, got {', '.join(frame.columns) or 'none'}")
    have = set(frame.columns)
    columns = [
        as_ids(frame["item"]),
        texts(frame["title"]) if "title" in have else _empty("title", pl.String, len(frame)),
        _categories(frame["categories"], separator)
        if "categories" in have
        else pl.Series("categories", [[]], pl.List(pl.String)).new_from_index(0, len(frame)),
        instants(frame["created"], "items: created") if "created" in have else _empty("created", UTC, len(frame)),
        _available(frame["available"]) if "available" in have else pl.Series("available", [True] * len(frame), pl.Boolean),
    ]
    rest = [_plain(frame[name]) for name in frame.columns if name not in CANONICAL]
    return pl.DataFrame([*columns, *rest])


def as_ids(column: pl.Series) -> pl.Series:
    """Ids as text; a whole number that a table kept as a float (7.0) is that number (7). Null where there is none.

    >>> as_ids(pl.Series("user", [7.0, float("nan"), None])).to_list()
    ['7', None, None]
    """
    if column.dtype.is_float():
        whole = column.is_finite() & (column == column.floor())
        written = pl.DataFrame({"x": column, "whole": whole}).select(
            pl.when("whole")
            .then(pl.col("x").cast(pl.Int64, strict=False).cast(pl.String))
            .when(pl.col("x").is_finite())
            .then(pl.col("x").cast(pl.String))
        )
        return written.to_series().rename(column.name)
    ids = column.cast(pl.String).str.strip_chars()
    return ids.set(ids.is_in(["", "nan", "NaN", "null", "NULL", "None", "<NA>"]).fill_null(False), None)


def texts(column: pl.Series) -> pl.Series:
    """Text as it is; lists are joined with a space, numbers are written."""
    return (
        column.cast(pl.List(pl.String)).list.join(" ", ignore_nulls=True) if isinstance(column.dtype, pl.List) else column.cast(pl.String)
    )


def read_list(text: str) -> list[str]:
    """The strings of a list that was written out as text; the text itself if it is no such list.

    >>> read_list("['a', \\"b\\"]"), read_list("[sic]")
    (['a', 'b'], ['[sic]'])
    """
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return [text]
    return [str(part) for part in value] if isinstance(value, list | tuple) else [text]


def _empty(name: str, kind: type[pl.DataType] | pl.DataType, n: int) -> pl.Series:
    return pl.Series(name, [None] * n, dtype=kind)


def _categories(column: pl.Series, separator: str) -> pl.Series:
    """Lists of trimmed names, none empty and none twice."""
    if isinstance(column.dtype, pl.List):
        lists = column.cast(pl.List(pl.String))
    else:
        written = column.cast(pl.String).str.strip_chars()
        listed = (written.str.starts_with("[") & written.str.ends_with("]")).fill_null(False)
        if listed.any():
            written = written.scatter(listed.arg_true(), [separator.join(read_list(text)) for text in written.filter(listed)])
        lists = written.str.split(separator)
    name = pl.element().str.strip_chars()
    tidy = pl.col("c").list.eval(name.filter(name.str.len_bytes() > 0)).list.unique(maintain_order=True)
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return lists.to_frame("c").select(tidy.fill_null(nothing).alias("categories")).to_series()


def _available(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Boolean:
        return column.fill_null(True)
    said = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    return (~said.is_in(NO)).fill_null(True).rename("available")


def _plain(column: pl.Series) -> pl.Series:
    """Attributes as one value an item: lists become text, and a column of nothing is text."""
    if isinstance(column.dtype, pl.List):
        return texts(column)
    return column.cast(pl.String) if column.dtype == pl.Null or isinstance(column.dtype, pl.Struct | pl.Categorical | pl.Enum) else column

"""Which rows of a table pass a request's filters."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.types import Value


def mask(frame: pl.DataFrame, filters: Mapping[str, Value | list[Value]]) -> NDArray[np.bool_]:
    """(n,) bool: the rows that pass every filter; a missing value passes none.

    Numbers may be given as text, as they come from an address line; a value of another type than the column matches nothing.

    raises  DataError for a column that the table does not have
    """
    keep = np.ones(len(frame), bool)
    for name, wanted in filters.items():
        if name not in frame.columns:
            raise DataError(f"filter {name!r}: items have no such field, it must be one of {', '.join(sorted(frame.columns))}")
        keep &= _passes(frame[name], wanted if isinstance(wanted, list | tuple) else [wanted])
    return keep


def _passes(column: pl.Series, wanted: list[Value]) -> NDArray[np.bool_]:
    if isinstance(column.dtype, pl.List):
        names = [_written(value) for value in wanted]
        hits = column.to_frame("c").select(pl.col("c").list.eval(pl.element().is_in(names)).list.any()).to_series()
    elif column.dtype == pl.Boolean:
        hits = column.is_in([flag for value in wanted if (flag := _flag(value)) is not None])
    elif column.dtype.is_numeric():
        hits = column.cast(pl.Float64).is_in([number for value in wanted if (number := _number(value)) is not None])
    elif column.dtype.is_temporal():
        hits = column.dt.to_string("iso:strict").is_in([_written(value) for value in wanted])
    else:
        hits = column.cast(pl.String).is_in([_written(value) for value in wanted])
    return hits.fill_null(False).to_numpy().astype(bool)


def _written(value: Value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _number(value: Value) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _flag(value: Value) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(_written(value).lower())

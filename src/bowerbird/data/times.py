"""Instants in whatever form a file has them, as aware UTC."""

import polars as pl

from bowerbird.errors import DataError

UTC = pl.Datetime("us", "UTC")

_AWARE = ("%+", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_NAIVE = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y-%m", "%Y")
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (float("inf"), 1e9))
"""Numbers up to the first figure are divided by the second: seconds, milliseconds, microseconds, nanoseconds."""


def instants(column: pl.Series, where: str) -> pl.Series:
    """Read dates, ISO 8601 texts or unix times (the unit is told by their size); without a zone they are UTC.

    What cannot be read is null: cleaning counts it.

    where   names the column in the error
    raises  DataError if something is written in the column and nothing of it is an instant

    >>> instants(pl.Series(["2015-03-01T12:00:00Z", "soon", None]), "events: time").dt.to_string("%Y-%m-%d").to_list()
    ['2015-03-01', None, None]
    >>> instants(pl.Series([964982703000]), "events: time").dt.year().to_list()
    [2000]
    """
    written = column.is_not_null().sum()
    if isinstance(column.dtype, pl.Datetime):
        zoned = column.dt.convert_time_zone("UTC") if column.dtype.time_zone else column.dt.replace_time_zone("UTC")
        read = zoned.cast(UTC)
    elif column.dtype == pl.Date:
        read = column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    elif column.dtype.is_numeric():
        read = _unix(column.cast(pl.Float64))
    else:
        read = _written(column.cast(pl.String).str.strip_chars())
    if written and read.is_not_null().sum() == 0:
        example = column.drop_nulls()[0]
        raise DataError(f"{where}: must be ISO 8601 dates or unix times, got {example!r}")
    return read.rename(column.name)


def seconds(column: pl.Series) -> pl.Series:
    """Float64 seconds since 1970, NaN where there is no clock.

    >>> seconds(instants(pl.Series([5, None]), "x")).to_list()
    [5.0, nan]
    """
    return (column.cast(UTC).dt.epoch("us").cast(pl.Float64) / 1e6).fill_null(float("nan"))


def _unix(numbers: pl.Series) -> pl.Series:
    finite = numbers.filter(numbers.is_finite() & (numbers != 0))
    size = float(finite.abs().median() or 0.0) if len(finite) else 0.0  # type: ignore[arg-type]
    per_second = next(divisor for limit, divisor in _UNITS if size < limit)
    micros = (numbers * (1e6 / per_second)).round()
    usable = numbers.is_finite() & (micros.abs() < 2.5e17)  # the years 1 to 9999 and no more
    return micros.set(~usable.fill_null(False), None).cast(pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _written(texts: pl.Series) -> pl.Series:
    numbers = texts.cast(pl.Float64, strict=False)
    if len(texts) and (numbers.is_not_null() & (numbers.abs() > 9999)).sum() > len(texts.drop_nulls()) // 2:
        return _unix(numbers)
    read = pl.Series(texts.name, [None], dtype=UTC).new_from_index(0, len(texts))
    for form in (*_AWARE, *_NAIVE, *_DAYS):
        missing = read.is_null() & texts.is_not_null()
        if not missing.any():
            break
        rest = texts.filter(missing)
        parsed = _parse(rest, form)
        if parsed.is_not_null().any():
            read = read.scatter(missing.arg_true(), parsed)
    return read


def _parse(texts: pl.Series, form: str) -> pl.Series:
    """The texts of one written form as instants, null where they have another."""
    if form in _AWARE:
        return texts.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
    if form in _NAIVE:
        return texts.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone("UTC")
    if form in ("%Y-%m", "%Y"):
        form, texts = "%Y-%m-%d", texts + ("-01" if form == "%Y-%m" else "-01-01")
    return texts.str.to_date(form, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")

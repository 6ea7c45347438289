"""From files to raw events and items with canonical columns. Cleaning comes after."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import polars as pl

from bowerbird.data.columns import Columns, matched, rename, require, typed, typed_events
from bowerbird.data.items import item_table
from bowerbird.data.kinds import UNSPECIFIED
from bowerbird.data.readers import lastfm, movielens, s3rec
from bowerbird.data.readers.table import present, read_table
from bowerbird.data.report import Finding
from bowerbird.data.settings import DataSettings
from bowerbird.errors import DataError
from bowerbird.pseudonyms import Pseudonyms

_FORMATS: dict[str, ModuleType] = {"movielens": movielens, "lastfm": lastfm, "s3rec": s3rec}


@dataclass(frozen=True, eq=False)
class RawData:
    """What stands in the files, with canonical columns and types, in the order of the files.

    events   user, item, and as far as the file has them time, kind, value, text and the context columns; null = not given
    items    item, title, categories, created, available and whatever else the items have; None if there is no item table
    notes    what could not be read, for the cleaning report
    """

    events: pl.DataFrame
    items: pl.DataFrame | None = None
    notes: tuple[Finding, ...] = ()


def read(events: Path | str, items: Path | str | None = None, settings: DataSettings | None = None) -> RawData:
    """Read behaviour and items.

    events  a file, or the folder of a named format (which then has the items too)
    raises  DataError if a file is missing, empty or damaged, of no known format, or lacks a column that it must have
    """
    settings = settings or DataSettings()
    events, items = Path(events), None if items is None else Path(items)
    events_table = _events_table(events, settings)
    items_table = _items_table(_items_path(events, items, settings), settings)
    _refuse_idle_mapping(settings, events_table, items_table, events, items)
    typed_frame, notes = typed_events(rename(events_table, _columns(settings)), settings.context, str(events))
    typed_frame = _hidden(typed_frame, settings)
    if items_table is None:
        return RawData(typed_frame, None, tuple(notes))
    renamed = rename(items_table, settings.columns)
    require(renamed, ("item",), str(items or events))
    whole = item_table(renamed.select(_typed_attributes(renamed)), settings.category_separator)
    return RawData(typed_frame, whole, tuple(notes))


def read_events(path: Path | str, settings: DataSettings | None = None) -> pl.DataFrame:
    """Read behaviour alone, such as histories to recommend for: user, item, time, kind, value, text and the context columns.

    A missing kind is the default kind; rows without a user or an item are refused, since a list of histories should be whole.

    raises  DataError as `read` does, and for a row without an id
    """
    settings = settings or DataSettings()
    table, _ = typed_events(rename(_events_table(Path(path), settings), _columns(settings)), settings.context, str(path))
    for name in ("user", "item"):
        if gaps := table[name].null_count():
            raise DataError(f"{path}: {gaps} rows have no {name}, the first is row {int(table[name].is_null().arg_true()[0]) + 1}")
    whole = whole_events(_hidden(table, settings), settings)
    return whole.with_columns(pl.col("kind").fill_null(default_kind(table, settings)))


def whole_events(table: pl.DataFrame, settings: DataSettings) -> pl.DataFrame:
    """The events with all canonical columns, null where the file has nothing; kinds are in lower case."""
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "time": pl.Datetime("us", "UTC"),
        "kind": pl.String,
        "value": pl.Float64,
        "text": pl.String,
    }
    table = table.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in columns.items() if name not in table.columns)
    kind = pl.col("kind").str.to_lowercase().replace("", None)
    return table.select("user", "item", "time", kind, "value", "text", *settings.context)


def default_kind(events: pl.DataFrame, settings: DataSettings) -> str:
    """What an event without a kind is: as set, as the format has it, or a rating if there are values."""
    if settings.default_kind is not None:
        return settings.default_kind
    if settings.format != "table":
        return str(_FORMATS[settings.format].KIND)
    valued = "value" in events.columns and events["value"].null_count() < len(events)
    return "rating" if valued else UNSPECIFIED


def _columns(settings: DataSettings) -> Columns:
    """The format's own names, and those of the settings over them."""
    own = getattr(_FORMATS.get(settings.format), "COLUMNS", {})
    return {**own, **settings.columns}


def _hidden(events: pl.DataFrame, settings: DataSettings) -> pl.DataFrame:
    """The events under pseudonyms, where these are wanted."""
    names = Pseudonyms.where(settings.pseudonyms)
    return events if names is None else events.with_columns(names.column(events["user"]))


def _events_table(path: Path, settings: DataSettings) -> pl.DataFrame:
    reader = _FORMATS.get(settings.format)
    table: pl.DataFrame = read_table(path) if reader is None else reader.read_events(path)
    return table


def _items_path(events: Path, items: Path | None, settings: DataSettings) -> Path | None:
    """The items as given; a named format's folder has its own."""
    if items is not None or settings.format not in ("movielens", "lastfm"):
        return items
    names = ("movies.csv", "movies.dat") if settings.format == "movielens" else ("artists.dat",)
    folder = events if present(events).is_dir() else events.parent
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _items_table(path: Path | None, settings: DataSettings) -> pl.DataFrame | None:
    if path is None:
        return None
    reader = _FORMATS.get(settings.format)
    table: pl.DataFrame = reader.read_items(path) if hasattr(reader, "read_items") else read_table(path)  # type: ignore[union-attr]
    return table


def _typed_attributes(table: pl.DataFrame) -> list[pl.Series]:
    known = ("item", "title", "categories", "created", "available")
    return [table[name] if name in known else typed(table[name]) for name in table.columns]


def _refuse_idle_mapping(
    settings: DataSettings, events_table: pl.DataFrame, items_table: pl.DataFrame | None, events: Path, items: Path | None
) -> None:
    """A mapping that no file answers to is a slip of the pen, not a wish."""
    used = matched(events_table, settings.columns) | (set() if items_table is None else matched(items_table, settings.columns))
    for name in settings.columns.keys() - used:
        files = " and ".join(str(path) for path in (events, items) if path is not None)
        have = ", ".join(dict.fromkeys([*events_table.columns, *([] if items_table is None else items_table.columns)]))
        raise DataError(f"data.columns.{name}: {settings.columns[name]!r} is not a column of {files}, which have {have}")

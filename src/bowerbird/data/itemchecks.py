"""The checks that the item table goes through."""

import polars as pl

from bowerbird.data.boilerplate import without_boilerplate
from bowerbird.data.items import CANONICAL, item_table
from bowerbird.data.report import Finding
from bowerbird.data.settings import CleaningSettings
from bowerbird.data.texts import mend_texts
from bowerbird.errors import DataError

NOTHING = ("n/a", "na", "null", "nan", "none", "undefined", "-", "")


def clean_items(items: pl.DataFrame, settings: CleaningSettings) -> tuple[pl.DataFrame, list[Finding]]:
    """Items with ids, each once, their texts mended.

    raises  DataError if no item is left
    """
    named = items.filter(pl.col("item").is_not_null())
    once = named.unique("item", keep="last", maintain_order=True)
    if not len(once):
        raise DataError(f"items: none of {len(items)} rows has an id in column 'item'")
    gaps, twice = len(items) - len(named), len(named) - len(once)
    findings = [
        Finding("items without id", gaps, left_out=gaps, why="an item must have an id"),
        Finding("duplicate items", twice, left_out=twice, why="the same id: the last row of the file stays"),
    ]
    if settings.texts:
        once, mended = _texts(once, settings)
        findings += mended
    untitled = int(once["title"].null_count())
    return once, [*findings, Finding("items without title", untitled, kept=untitled, why="shown by their id")]


def add_unknown(items: pl.DataFrame | None, events: pl.DataFrame) -> pl.DataFrame:
    """The item table with an empty row for each item that only the events have, in the order in which they appear there."""
    seen = events.select("item").unique(maintain_order=True)
    if items is None:
        return item_table(seen)
    new = item_table(seen.join(items.select("item"), on="item", how="anti", maintain_order="left"))
    return pl.concat([items, new], how="diagonal") if len(new) else items


def _texts(items: pl.DataFrame, settings: CleaningSettings) -> tuple[pl.DataFrame, list[Finding]]:
    texts = [name for name, kind in items.schema.items() if kind == pl.String and name != "item"]
    items, findings = mend_texts(items, texts, "items")
    items, categories = _categories(items)
    free = [name for name in texts if name not in CANONICAL]
    items, boilerplate = without_boilerplate(items, free, settings.boilerplate)
    empty = [pl.when(pl.col(name).str.to_lowercase().is_in(NOTHING)).then(None).otherwise(name).alias(name) for name in free]
    placeholders = sum(int(items[name].str.to_lowercase().is_in(NOTHING[:-1]).sum()) for name in free)
    items = items.with_columns(pl.col(texts).str.strip_chars()).with_columns(empty).with_columns(pl.col("title").replace("", None))
    said = Finding("placeholders (items)", placeholders, mended=placeholders, why="N/A, null and the like: taken as no text")
    return items, [*findings, categories, boilerplate, said]


def _categories(items: pl.DataFrame) -> tuple[pl.DataFrame, Finding]:
    """Category names are texts too."""
    names = items.select(pl.col("categories").explode().alias("name")).drop_nulls().unique(maintain_order=True)
    mended, _ = mend_texts(names, ["name"], "categories")
    changed = {old: new for old, new in zip(names["name"], mended["name"], strict=True) if old != new}
    if changed:
        items = items.with_columns(pl.col("categories").list.eval(pl.element().replace(changed)))
    why = "HTML and wrong encodings in category names"
    return items, Finding("category names", len(changed), mended=len(changed), why=why)

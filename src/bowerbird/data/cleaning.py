"""From raw rows to a dataset: every check in its turn, every row accounted for."""

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl

from bowerbird.data import checks
from bowerbird.data.dataset import Dataset, assemble
from bowerbird.data.itemchecks import add_unknown, clean_items
from bowerbird.data.items import item_table
from bowerbird.data.reading import RawData, default_kind, whole_events
from bowerbird.data.report import CleaningReport, Finding
from bowerbird.data.settings import DataSettings
from bowerbird.data.texts import mend_texts
from bowerbird.errors import DataError
from bowerbird.protocols import Progress, silent


def clean(raw: RawData, settings: DataSettings | None = None, now: datetime | None = None, progress: Progress = silent) -> Dataset:
    """Clean raw data; the report says what was found, kept, mended and left out, and why.

    now     what counts as the future begins a day after it; aware; the present unless given
    raises  DataError if no event is left
    cost    O(n log n); some 4 s and 0.5 GB for a million events
    """
    settings = settings or DataSettings()
    now = now or datetime.now(UTC)
    items: pl.DataFrame | None = None
    item_findings: list[Finding] = []
    if raw.items is not None:
        items, item_findings = clean_items(item_table(raw.items, settings.category_separator), settings.cleaning)
    events, findings = _events(raw, items, settings, now, progress)
    total = Finding("events", len(raw.events), kept=len(events), left_out=len(raw.events) - len(events), why="all rows of the file")
    if not len(events):
        lost = ", ".join(f"{row.left_out} for {row.check}" for row in findings if row.left_out)
        raise DataError(f"events: none of {len(raw.events)} rows is left after cleaning ({lost or 'the file has no rows'})")
    items = add_unknown(items, events)
    if settings.k_core:
        whole = len(items)
        items = items.join(events.select("item").unique(), on="item", how="semi", maintain_order="left")
        rare = whole - len(items)
        item_findings.append(Finding("k-core (items)", rare, left_out=rare, why="items that no event left is about"))
    report = CleaningReport((total, *raw.notes, *findings, *item_findings))
    return assemble(events, items, report, settings)


def _events(
    raw: RawData, items: pl.DataFrame | None, settings: DataSettings, now: datetime, progress: Progress
) -> tuple[pl.DataFrame, list[Finding]]:
    """The events that pass every check, in the order of the file."""
    default = default_kind(raw.events, settings)
    steps: tuple[Callable[[pl.DataFrame], checks.Checked], ...] = (
        checks.ids,
        checks.edits,
        lambda events: checks.kinds(events, settings, default),
        lambda events: checks.times(events, settings, now),
        lambda events: checks.values(events, settings),
        lambda events: checks.duplicates(events, settings),
        lambda events: checks.unknown_items(events, items, settings),
        lambda events: checks.bots(events, settings),
        lambda events: checks.k_core(events, settings.k_core),
        lambda events: mend_texts(events, ["text"], "events") if settings.cleaning.texts else (events, []),
    )
    events, findings = whole_events(raw.events, settings), []
    for done, step in enumerate(steps):
        progress("cleaning", done, len(steps))
        events, found = step(events)
        findings += found
    progress("cleaning", len(steps), len(steps))
    return events, findings

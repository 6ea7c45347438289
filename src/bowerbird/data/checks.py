"""The checks that raw events go through, one function each: events in, the good ones and a finding out."""

from datetime import UTC, datetime, timedelta

import polars as pl

from bowerbird.data.kinds import EDITS
from bowerbird.data.report import Finding
from bowerbird.data.settings import DataSettings

Checked = tuple[pl.DataFrame, list[Finding]]


def ids(events: pl.DataFrame) -> Checked:
    """An event without a user or an item says nothing."""
    return _leave_out(events, pl.col("user").is_null() | pl.col("item").is_null(), "missing ids", "no user or no item")


def edits(events: pl.DataFrame) -> Checked:
    """What users say of their profiles is not behaviour."""
    return _leave_out(events, pl.col("kind").is_in(EDITS).fill_null(False), "edits of profiles", "said of a profile, not done with an item")


def kinds(events: pl.DataFrame, settings: DataSettings, default: str) -> Checked:
    """Every kind is a declared one; kinds are in lower case already."""
    gaps = int(events["kind"].null_count())
    events = events.with_columns(pl.col("kind").fill_null(default))
    strange = ~pl.col("kind").is_in(list(settings.all_kinds))
    names = events.filter(strange)["kind"].unique().sort().to_list()
    gaps = gaps if gaps < len(events) else 0
    missing = Finding("missing kinds", gaps, mended=gaps, why=f"taken as {default}, as all are where the file has no kinds")
    said = f"not declared in [data.kinds]: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}" if names else "every kind is declared"
    if settings.cleaning.unknown_kinds == "drop" or not names:
        events, findings = _leave_out(events, strange, "unknown kinds", said)
        return events, [missing, *findings]
    found = int(events.select(strange.sum()).item())
    mended = events.with_columns(pl.when(strange).then(pl.lit(default)).otherwise("kind").alias("kind"))
    return mended, [missing, Finding("unknown kinds", found, mended=found, why=f"{said}; taken as {default}")]


def times(events: pl.DataFrame, settings: DataSettings, now: datetime) -> Checked:
    """Where events have times, all have, and none is before there was a web or after tomorrow."""
    if events["time"].null_count() == len(events):
        return events, [Finding("missing times", why="no event has a time: the file's order is the order")]
    earliest = datetime(settings.cleaning.earliest_year, 1, 1, tzinfo=UTC)
    steps = (
        (pl.col("time").is_null(), "missing times", "other events have one, so its place is not known"),
        (pl.col("time") < earliest, "impossible times", f"before {earliest:%Y}"),
        (pl.col("time") > now + timedelta(days=1), "future times", f"after {now:%Y-%m-%d}, by more than a day"),
    )
    findings = []
    for condition, check, why in steps:
        events, found = _leave_out(events, condition, check, why)
        findings += found
    return events, findings


def values(events: pl.DataFrame, settings: DataSettings) -> Checked:
    """Values are finite, counts not negative, ratings within the declared range."""
    infinite = ~pl.col("value").is_finite() & pl.col("value").is_not_null()
    found = int(events.select(infinite.sum()).item())
    events = events.with_columns(pl.when(infinite).then(None).otherwise("value").alias("value"))
    counts = [name for name, kind in settings.all_kinds.items() if kind.value == "count"]
    ratings = [name for name, kind in settings.all_kinds.items() if kind.value == "rating"]
    wrong, why = pl.col("kind").is_in(counts) & (pl.col("value") < 0), "a count below 0"
    if settings.rating_range is not None:
        low, high = settings.rating_range
        wrong |= pl.col("kind").is_in(ratings) & ~pl.col("value").is_between(low, high)
        why += f", or a rating outside {low:g} to {high:g}"
    events, findings = _leave_out(events, wrong, "values out of range", why)
    return events, [Finding("values that are no numbers", found, mended=found, why="NaN or infinite: taken as no value"), *findings]


def duplicates(events: pl.DataFrame, settings: DataSettings) -> Checked:
    """Of events with the same user, item, kind and time the last of the file stays."""
    same = ["user", "item", "kind", "time"]
    if not settings.cleaning.duplicates:
        return events, [Finding("duplicates", why="not looked for, as set")]
    if events["time"].null_count():
        repeats = len(events) - events.select(same).n_unique()
        return events, [Finding("duplicates", repeats, kept=repeats, why="without times nothing tells a repeat from a copy")]
    none = events.select(same).hash_rows().n_unique() == len(events)  # the quick way for clean data: all hashes differ
    kept = events if none else events.unique(same, keep="last", maintain_order=True)
    lost = len(events) - len(kept)
    return kept, [Finding("duplicates", lost, left_out=lost, why="same user, item, kind and time: the last of the file stays")]


def unknown_items(events: pl.DataFrame, items: pl.DataFrame | None, settings: DataSettings) -> Checked:
    """Events about items that the item table does not have."""
    if items is None:
        return events, [Finding("unknown items", why="no item table: the items are those of the events")]
    strange = ~pl.col("item").is_in(items["item"].implode())
    if settings.cleaning.unknown_items == "drop":
        return _leave_out(events, strange, "unknown items", "not in the item table")
    found = int(events.select(strange.sum()).item())
    return events, [Finding("unknown items", found, kept=found, why="not in the item table: they get an empty row there")]


def bots(events: pl.DataFrame, settings: DataSettings) -> Checked:
    """Users of rates that no person keeps up; one sitting in which someone rates many films is not that."""
    rules = settings.cleaning
    if not rules.bots:
        return events, [Finding("bots", why="not looked for, as set")]
    why = (
        f"users with more than {rules.events_per_user:,} events, or more than {rules.events_per_hour:,} in each of {rules.bot_hours} hours"
    )
    many = events.group_by("user").len().filter(pl.col("len") > min(rules.events_per_user, rules.events_per_hour * rules.bot_hours))
    suspects = events.join(many, on="user", how="semi")
    hours = suspects.drop_nulls("time").group_by("user", pl.col("time").dt.truncate("1h")).len()
    busy = hours.filter(pl.col("len") > rules.events_per_hour).group_by("user").len("hours").filter(pl.col("hours") >= rules.bot_hours)
    robots = pl.concat([busy["user"], many.filter(pl.col("len") > rules.events_per_user)["user"]]).unique()
    return _leave_out(events, pl.col("user").is_in(robots.implode()), "bots", f"{len(robots)} {why}")


def k_core(events: pl.DataFrame, k: int) -> Checked:
    """Users and items with at least `k` events each, again and again until all have."""
    before, rounds = len(events), 0
    while k > 0:
        few = [events.group_by(name).len().filter(pl.col("len") < k) for name in ("user", "item")]
        if not any(len(rare) for rare in few):
            break
        for name, rare in zip(("user", "item"), few, strict=True):
            events = events.join(rare, on=name, how="anti", maintain_order="left")
        rounds += 1
    lost = before - len(events)
    return events, [
        Finding("k-core", lost, left_out=lost, why=f"users and items with fewer than {k} events, {rounds} rounds" if k else "off")
    ]


def _leave_out(events: pl.DataFrame, condition: pl.Expr, check: str, why: str) -> Checked:
    wrong = condition.fill_null(False)
    kept = events.filter(~wrong)
    lost = len(events) - len(kept)
    return kept, [Finding(check, lost, left_out=lost, why=why)]

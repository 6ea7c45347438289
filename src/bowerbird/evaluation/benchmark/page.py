"""The results as one page of Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bowerbird.evaluation.benchmark import wording
from bowerbird.types import Json

Columns = Mapping[str, Callable[[Json], str]]
"""Heading → what stands under it, of a row."""

NOTHING = "–"
"""Cannot be said. A column that says no more is left out."""


def page(results: Json, folder: str) -> str:
    """All of the page; the same results give the same text.

    folder  of the plots, seen from the page
    """
    typed = wording.command(results)
    parts = [wording.HEAD.format(command=typed, measured=results["measured"]), wording.reading(results)]
    for title in dict.fromkeys(table["title"] for table in results["tables"]):
        tables = [table for table in results["tables"] if table["title"] == title]
        parts += [_data_set(tables[0], folder), *(part for table in tables for part in _table(table, results))]
    if results["missing"]:
        parts.append(wording.MISSING + _list([f"{one['title']}: {one['why']}" for one in results["missing"]]))
    return "\n\n".join([*parts, wording.measured_with(results)]) + "\n"


def picture(table: Json, what: str) -> str:
    """The file name of a plot of the table's data set.

    >>> picture({"title": "Last.FM 2K"}, "ndcg")
    'last-fm-2k-ndcg.png'
    """
    words = "".join(letter if letter.isalnum() else " " for letter in table["title"].lower()).split()
    return "-".join([*words, what]) + ".png"


def _data_set(table: Json, folder: str) -> str:
    data, home = table["data"], table["home"]
    return (
        f"## {table['title']}\n\n{home[0].upper()}{home[1:]}. {data['items']:,} items; data fingerprint `{data['fingerprint']}`.\n\n"
        f"![NDCG with 95 % intervals]({folder}/{picture(table, 'ndcg')})\n\n"
        f"![NDCG against the seconds of a fit]({folder}/{picture(table, 'seconds')})"
    )


def _table(table: Json, results: Json) -> list[str]:
    """Heading, the table, what was chosen, and what there is to say of the rows that are not there."""
    measured = [row for row in table["rows"] if "ndcg" in row]
    chosen = [f"{row['title']}: {_named(row['chosen'])}" for row in measured if row["chosen"]]
    skipped = [f"{row['title']}: {row['why']}" for row in table["rows"] if "why" in row]
    notes = [f"{row['title']}, version {row['version']}. {row['note']}".strip() for row in measured if row["role"] == "peer"]
    columns = {**_accuracy(table, results), **_tested(results["system"]), **COSTS}
    told = {heading: cell for heading, cell in columns.items() if any(cell(row) not in ("", NOTHING) for row in measured)}
    parts = [wording.table_head(table), _grid(told, measured)]
    parts += [wording.CHOSEN.format(lines=_list(chosen))] if chosen else []
    parts += ["Not measured here:\n\n" + _list(skipped)] if skipped else []
    parts += ["Other libraries:\n\n" + _list(notes)] if notes else []
    return parts


def _accuracy(table: Json, results: Json) -> Columns:
    """How well each model finds what was wanted; without newcomers too, where there are some and not only they."""
    k, seeds, data = results["options"]["k"], results["options"]["seeds"], table["data"]
    best = max((row["ndcg"][0] for row in table["rows"] if "ndcg" in row), default=None)
    columns: dict[str, Callable[[Json], str]] = {
        "model": lambda row: f"**{row['title']}**" if row["role"] == "system" else row["title"],
        f"NDCG@{k}": lambda row: _interval(row["ndcg"], bold=row["ndcg"][0] == best),
    }
    if len(seeds) > 1:
        columns["± seeds"] = lambda row: _number(row["spread"])
    if 0 < data["newcomers"] < data["test_users"]:
        columns["NDCG, known users"] = lambda row: _interval(row["known"])
    columns[f"Recall@{k}"] = lambda row: _interval(row["recall"])
    return columns


def _tested(system: str) -> Columns:
    """What the system is ahead by, of all users and of those with a history."""
    return {
        f"{system} − it": lambda row: _gap(row["behind"]),
        f"{system} − it, known users": lambda row: _gap(row["behind_known"]),
    }


COSTS: Columns = {
    "coverage": lambda row: _number(row["coverage"], 3),
    "tuning, s": lambda row: f"{row['tuning_seconds']:.1f}" if row["tuning_seconds"] else NOTHING,
    "fit, s": lambda row: _number(row["fit_seconds"], 2),
    "fit, processor s": lambda row: _number(row["cpu_seconds"], 2),
    "memory, MB": lambda row: NOTHING if row["peak_bytes"] is None else f"{row['peak_bytes'] / 1e6:,.0f}",
    "ms/query": lambda row: f"{row['ms_per_query']:.2f}",
}


def _grid(columns: Columns, rows: Sequence[Json]) -> str:
    lines = [list(columns), ["---", *["---:"] * (len(columns) - 1)], *([cell(row) for cell in columns.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _interval(figure: Sequence[float | None], *, bold: bool = False) -> str:
    mean, low, high = figure
    if mean is None:
        return NOTHING
    shown = f"**{mean:.4f}**" if bold else f"{mean:.4f}"
    return f"{shown} ({low:.3f}–{high:.3f})"


def _gap(gap: Json | None) -> str:
    if gap is None:
        return ""
    return f"{gap['mean']:+.4f} ({gap['low']:+.3f} … {gap['high']:+.3f}), p {gap['holm']:.4f}".replace("-", "−")


def _number(value: float | None, digits: int = 4) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def _named(settings: Json) -> str:
    return ", ".join(f"`{name}` {_plain(value)}" for name, value in settings.items())


def _plain(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)

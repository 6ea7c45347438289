"""The results as pictures: NDCG with its intervals, and NDCG against the seconds of a fit."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from bowerbird.evaluation.benchmark.page import picture
from bowerbird.evaluation.benchmark.wording import PROTOCOLS
from bowerbird.types import Json

COLOURS = {"system": "#b5482a", "baseline": "#5b7f95", "model": "#3d5a3e", "peer": "#8a6d9e"}


def plots(results: Json) -> dict[str, bytes]:
    """File name → PNG: two pictures a data set, a panel each protocol."""
    pictures = {}
    for title in dict.fromkeys(table["title"] for table in results["tables"]):
        tables = [table for table in results["tables"] if table["title"] == title and any("ndcg" in row for row in table["rows"])]
        if tables:
            pictures[picture(tables[0], "ndcg")] = _drawn(tables, results, _intervals)
            pictures[picture(tables[0], "seconds")] = _drawn(tables, results, _seconds)
    return pictures


def _drawn(tables: Sequence[Json], results: Json, draw: Any) -> bytes:
    from matplotlib.figure import Figure  # noqa: PLC0415 half a second, and of the extra `bench`

    rows = max(len(table["rows"]) for table in tables)
    figure = Figure(figsize=(6 * len(tables), 1.2 + 0.28 * max(rows, 8)), layout="constrained")
    for axes, table in zip(figure.subplots(1, len(tables), squeeze=False)[0], tables, strict=True):
        draw(axes, [row for row in table["rows"] if "ndcg" in row], results["options"]["k"])
        axes.set_title(f"{table['title']}, {PROTOCOLS[table['protocol']]}", fontsize=9)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    file = BytesIO()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()


def _intervals(axes: Any, rows: Sequence[Json], k: int) -> None:
    """One line a model, the best on top."""
    ordered = sorted(rows, key=lambda row: row["ndcg"][0])
    for height, row in enumerate(ordered):
        mean, low, high = row["ndcg"]
        axes.errorbar(mean, height, xerr=[[mean - low], [high - mean]], fmt="o", ms=4, capsize=2, color=COLOURS[row["role"]])
    axes.set_yticks(range(len(ordered)), [row["title"] for row in ordered], fontsize=8)
    axes.set_xlabel(f"NDCG@{k}, 95 % interval over users")


def _seconds(axes: Any, rows: Sequence[Json], k: int) -> None:
    """One point a model, numbered from the best: up is better, left is cheaper."""
    for place, row in enumerate(sorted(rows, key=lambda row: -row["ndcg"][0]), start=1):
        mean, low, high = row["ndcg"]
        at, bar, label = max(row["fit_seconds"], 1e-3), [[mean - low], [high - mean]], f"{place}  {row['title']}"
        axes.errorbar(at, mean, yerr=bar, fmt="o", ms=4, lw=0.6, color=COLOURS[row["role"]], label=label)
        axes.annotate(str(place), (at, mean), xytext=(4, 3), textcoords="offset points", fontsize=7)
    axes.set_xscale("log")
    axes.set_xlabel("seconds of one fit")
    axes.set_ylabel(f"NDCG@{k}")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, frameon=False)

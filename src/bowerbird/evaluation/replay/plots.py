"""The two curves as pictures, and as pages that need no network. First events, which have none before, stand in the table only."""

from importlib import import_module
from pathlib import Path
from typing import Any

from bowerbird.errors import ConfigError
from bowerbird.evaluation.replay.report import FIRST, label
from bowerbird.types import Json

CURVES = {"over_time": "asked up to", "since": "since the user's last event"}


def needed(library: str) -> Any:
    """A library that plots are drawn with, imported where it is used only.

    raises  ConfigError where it is not installed
    """
    try:
        return import_module(library)
    except ImportError:
        raise ConfigError(
            f"replay: its plots need {library}, which is not installed; it comes with pip install 'bowerbird[train]'"
        ) from None


def draw(report: Json, folder: Path) -> list[Path]:
    """Write `over_time` and `since`, each as .html (5 MB, everything inside) and .png.

    raises  ConfigError where plotly or matplotlib is not installed, OSError if the folder cannot be written
    """
    needed("plotly"), needed("matplotlib")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, axis in CURVES.items():
        rows = [row for row in report[name] if row.get("label") != FIRST]
        places = [row["label"] if "label" in row else row["to"][:10] for row in rows]
        page, picture = folder / f"{name}.html", folder / f"{name}.png"
        _page(report, rows, places, axis).write_html(page, include_plotlyjs=True)
        _picture(report, rows, places, axis).savefig(picture, dpi=110, metadata={"Software": None})
        written += [page, picture]
    return written


def _picture(report: Json, rows: list[Json], places: list[str], axis: str) -> Any:
    figure = needed("matplotlib.figure").Figure(figsize=(9, 4.5), layout="constrained")
    axes, steps = figure.subplots(), range(len(rows))
    for number, line in enumerate(report["lines"]):
        mean, low, high = zip(*(_drawable(row["ndcg"][number]) for row in rows), strict=True)
        [drawn] = axes.plot(steps, mean, marker="o", ms=4, label=label(line, report))
        axes.fill_between(steps, low, high, alpha=0.12, color=drawn.get_color(), lw=0)
    ticks = [f"{place}\n{row['questions']}" for place, row in zip(places, rows, strict=True)]
    axes.set_xticks(list(steps), ticks, fontsize=7, rotation=60 if len(rows) > 10 else 0)
    axes.set_xlabel(f"{axis}; below: questions")
    axes.set_ylabel(f"NDCG@{report['protocol']['k']}, 95 % over users")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _page(report: Json, rows: list[Json], places: list[str], axis: str) -> Any:
    plotly = needed("plotly.graph_objects")
    figure = plotly.Figure()
    notes = [f"{place}: {row['questions']} questions of {row['users']} users" for place, row in zip(places, rows, strict=True)]
    for number, line in enumerate(report["lines"]):
        mean, low, high = zip(*(_drawable(row["ndcg"][number]) for row in rows), strict=True)
        up, down = [h - m for m, h in zip(mean, high, strict=True)], [m - lo for m, lo in zip(mean, low, strict=True)]
        bars = {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1}
        figure.add_scatter(x=list(range(len(rows))), y=mean, error_y=bars, name=label(line, report), text=notes, mode="lines+markers")
    figure.update_xaxes(title=axis, tickvals=list(range(len(rows))), ticktext=places)
    figure.update_yaxes(title=f"NDCG@{report['protocol']['k']}, 95 % over users", rangemode="tozero")
    figure.update_layout(template="plotly_white")
    return figure


def _drawable(figure: list[float | None]) -> list[float]:
    """Mean, low and high; what cannot be said is NaN, which no plot shows."""
    return [float("nan") if value is None else value for value in figure]

"""The frontier as a picture and as a page that needs no network: accuracy against each distance, one curve a re-ranker."""

from pathlib import Path
from typing import Any

from bowerbird.evaluation.replay.plots import needed
from bowerbird.types import Json


def draw(report: Json, folder: Path) -> list[Path]:
    """Write `frontier` as .html (5 MB, everything inside) and as .png.

    raises  ConfigError where plotly or matplotlib is not installed, OSError if the folder cannot be written
    """
    needed("plotly"), needed("matplotlib")
    folder.mkdir(parents=True, exist_ok=True)
    page, picture = folder / "frontier.html", folder / "frontier.png"
    _page(report).write_html(page, include_plotlyjs=True)
    _picture(report).savefig(picture, dpi=110, metadata={"Software": None})
    return [page, picture]


def _picture(report: Json) -> Any:
    names = report["similarities"]
    figure = needed("matplotlib.figure").Figure(figsize=(4.5 * len(names), 4.5), layout="constrained")
    every = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(every, names, strict=True):
        for line in report["lines"]:
            distance, (mean, low, high) = _curve(line, name)
            [drawn] = axes.plot(distance, mean, marker="o", ms=3, label=line["name"])
            axes.fill_between(distance, low, high, alpha=0.1, color=drawn.get_color(), lw=0)
        axes.set_xlabel(f"distance within a list, {name}")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    every[0].set_ylabel(_axis(report))
    every[0].legend(fontsize=8, frameon=False)
    return figure


def _page(report: Json) -> Any:
    plotly, names = needed("plotly.graph_objects"), report["similarities"]
    figure = needed("plotly.subplots").make_subplots(1, len(names), shared_yaxes=True)
    colours = needed("plotly.colors").qualitative.Plotly
    for column, name in enumerate(names, start=1):
        for number, line in enumerate(report["lines"]):
            distance, (mean, low, high) = _curve(line, name)
            up, down = [h - m for m, h in zip(mean, high, strict=True)], [m - lo for m, lo in zip(mean, low, strict=True)]
            bars = {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1}
            look = {"name": line["name"], "line_color": colours[number % len(colours)], "legendgroup": line["name"]}
            notes = [f"strength {point['strength']:g}" for point in line["points"]]
            trace = plotly.Scatter(x=distance, y=mean, error_y=bars, text=notes, mode="lines+markers", showlegend=column == 1, **look)
            figure.add_trace(trace, row=1, col=column)
        figure.update_xaxes(title=f"distance within a list, {name}", row=1, col=column)
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(title=_axis(report), row=1, col=1)
    figure.update_layout(template="plotly_white")
    return figure


def _axis(report: Json) -> str:
    return f"NDCG@{report['protocol']['k']}, 95 % over users"


def _curve(line: Json, similarity: str) -> tuple[list[float], list[list[float]]]:
    """The mean distance of each strength, and mean, low and high of its NDCG; what cannot be said is NaN, which no plot shows."""
    distances = [_drawable(point["means"][f"distance:{similarity}"][0]) for point in line["points"]]
    return distances, [[_drawable(point["means"]["ndcg"][end]) for point in line["points"]] for end in range(3)]


def _drawable(value: float | None) -> float:
    return float("nan") if value is None else value

"""The difference to the control as it grew sure, metric by metric, as a picture and as a page that needs no network."""

from pathlib import Path
from typing import Any

from bowerbird.evaluation.replay.plots import needed
from bowerbird.experiments.outcomes import METRICS
from bowerbird.types import Json


def draw(report: Json, folder: Path) -> list[Path]:
    """Write a curve for each metric that can be said, each as .html (5 MB, everything inside) and .png.

    raises  ConfigError where plotly or matplotlib is not installed, OSError if the folder cannot be written
    """
    needed("plotly"), needed("matplotlib")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in METRICS:
        curves = {arm["name"]: curve for arm in report["arms"][1:] if (curve := arm["metrics"][name]["curve"])["users"]}
        if not curves:
            continue
        page, picture = folder / f"{name}.html", folder / f"{name}.png"
        _page(name, curves).write_html(page, include_plotlyjs=True)
        _picture(name, curves, report["experiment"]["level"]).savefig(picture, dpi=110, metadata={"Software": None})
        written += [page, picture]
    return written


def _picture(name: str, curves: dict[str, Json], level: float) -> Any:
    figure = needed("matplotlib.figure").Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    for arm, curve in curves.items():
        [drawn] = axes.plot(curve["users"], curve["difference"], label=arm)
        axes.fill_between(curve["users"], curve["low"], curve["high"], alpha=0.15, color=drawn.get_color(), lw=0)
    axes.axhline(0, color="black", lw=0.8)
    axes.set_xlabel("users whose window is over, of both arms")
    axes.set_ylabel(f"{name}, difference to the control; {level:.0%} at every look")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _page(name: str, curves: dict[str, Json]) -> Any:
    figure = needed("plotly.graph_objects").Figure()
    for arm, curve in curves.items():
        figure.add_scatter(x=curve["users"], y=curve["difference"], name=arm, mode="lines")
        for end in ("low", "high"):
            figure.add_scatter(x=curve["users"], y=curve[end], name=f"{arm}, {end}", mode="lines", line={"dash": "dot", "width": 1})
    figure.update_xaxes(title="users whose window is over, of both arms")
    figure.update_yaxes(title=f"{name}, difference to the control")
    figure.update_layout(template="plotly_white")
    return figure

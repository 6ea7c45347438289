"""Plots of a study: what mattered, and how the best came about; each as a page that needs no network, and as a picture."""

from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from bowerbird.evaluation.study.ledger import needed, optuna_itself
from bowerbird.evaluation.study.outcome import Outcome


def draw(found: Outcome, folder: Path) -> list[Path]:
    """Write `history` and, where importance can be told, `importance`, each as .html (5 MB, everything inside) and .png.

    raises  ConfigError where plotly or matplotlib is not installed, OSError if the folder cannot be written
    """
    plots = {"history": "plot_optimization_history", "importance": "plot_param_importances"}
    pages, written = optuna_itself().visualization, []
    needed("plotly")
    folder.mkdir(parents=True, exist_ok=True)
    score = f"NDCG@{found.plan.bench.ks[0]}, validation"
    for name, function in plots.items() if found.importance else [("history", plots["history"])]:
        page, picture = folder / f"{name}.html", folder / f"{name}.png"
        getattr(pages, function)(found.ledger, target_name=score).write_html(page, include_plotlyjs=True)
        _picture(getattr(pages.matplotlib, function), found, score).savefig(picture, dpi=150, bbox_inches="tight")
        written += [page, picture]
    return written


def _picture(function: Any, found: Outcome, score: str) -> Any:
    """A figure that no window shows."""
    with catch_warnings():
        simplefilter("ignore", optuna_itself().exceptions.ExperimentalWarning)
        axes = function(found.ledger, target_name=score)
    needed("matplotlib.pyplot").close(axes.figure)
    return axes.figure

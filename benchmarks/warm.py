"""What does a fit gain by beginning where the last one ended? `python benchmarks/warm.py [--data FOLDER] [--seeds N]`.

A model is fitted on the oldest 80 % of the log, and again on 90 %: from nothing ("cold"), or from the first one's parameters ("warm"). Both
are asked for what was liked in the newest 10 %. Of logs without a clock these are shares of each user's events. The loss is that of
`benchmarks/ials.py`, of the second fit; "few" is a fit from nothing that may take no more iterations than the warm one. Differences in
NDCG@10 are to cold, means over users and seeds, with their 95 % interval over users. MovieLens latest-small comes with the package; FOLDER
may hold Amazon Beauty (`Beauty.txt` of S3-Rec).
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from ials import loss, sets
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy import sparse

from bowerbird.data import Catalogue
from bowerbird.evaluation import judge, paired
from bowerbird.evaluation.metrics import ndcg
from bowerbird.models import Ials, IalsModel
from bowerbird.models.ials import AGAIN
from bowerbird.models.warm import Start
from bowerbird.pipeline import Pipeline
from bowerbird.types import Log, Request

QUESTIONS = 4000
"""At most, drawn by chance."""


def main() -> None:
    """Fit, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("BOWERBIRD_DATA", ".")), help="folder that holds the data sets")
    parser.add_argument("--seeds", type=int, default=3)
    told = parser.parse_args()
    table = Table(title=f"iALS, {Ials().factors} factors, {told.seeds} seeds", title_justify="left")
    for heading in ("data", "questions", "fit", "iterations", "CPU-s", "of cold", "loss, of cold's", "NDCG@10", "difference to cold"):
        table.add_column(heading, justify="left" if heading in ("data", "fit") else "right")
    for name, data in sets(told.data):
        for row in measured(data.log, data.catalogue, told.seeds):
            table.add_row(name, *row)
    Console(width=140).print(table)


def measured(log: Log, catalogue: Catalogue, seeds: int) -> list[list[str]]:
    """One row a fit."""
    when = log.times if log.has_clock else (np.arange(len(log)) - log.starts[log.users]) / np.diff(log.starts)[log.users]
    first, second = np.quantile(when, [0.8, 0.9])
    events = asked(log, when >= second)
    recipe, old, known = Ials(), log.where(when < first), log.where(when < second)
    few = recipe.model_copy(update={"iterations": recipe.iterations // AGAIN})
    cpus: dict[str, list[float]] = {}
    losses: dict[str, list[float]] = {}
    gains: dict[str, list[NDArray[np.float64]]] = {}
    for seed in range(seeds):
        start = Start.between(recipe.fit(old, catalogue, np.random.default_rng(seed)), catalogue, catalogue)
        fits: dict[str, Callable[[], IalsModel]] = {
            "cold": lambda seed=seed: recipe.fit(known, catalogue, np.random.default_rng(seed)),
            "few": lambda seed=seed: few.fit(known, catalogue, np.random.default_rng(seed)),
            "warm": lambda seed=seed, start=start: recipe.fit_from(start, known, catalogue, np.random.default_rng(seed)),
        }
        for name, fit in fits.items():
            begun = time.process_time()
            model = fit()
            cpus.setdefault(name, []).append(time.process_time() - begun)
            losses.setdefault(name, []).append(
                loss(np.nan_to_num(model.item_vectors.astype(np.float64)), confidences(known, recipe), recipe.l2)
            )
            gains.setdefault(name, []).append(per_user(log, events, gain(model, catalogue, log, events)))
    means = {name: np.mean(some, axis=0) for name, some in gains.items()}
    rows = []
    for name, seconds in cpus.items():
        gap = paired(means[name], means["cold"], np.random.default_rng(0))
        rows.append(
            [
                str(len(events)),
                name,
                str(recipe.iterations if name == "cold" else few.iterations),
                f"{median(seconds):.2f}",
                f"{median(seconds) / median(cpus['cold']):.2f}",
                f"{median(losses[name]) / median(losses['cold']):.4f}",
                f"{means[name].mean():.4f}",
                "–" if name == "cold" else f"{gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f})",
            ]
        )
    return rows


def asked(log: Log, newest: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Liked events of the newest part, each the first of its user with its item."""
    first = np.zeros(len(log), np.bool_)
    first[np.unique(log.users.astype(np.int64) * log.n_items + log.items, return_index=True)[1]] = True
    events = np.flatnonzero(newest & first & (log.weights > 0))
    return np.sort(np.random.default_rng(0).permutation(events)[:QUESTIONS])


def gain(model: IalsModel, catalogue: Catalogue, log: Log, events: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n_questions,): NDCG@10, asked with all that the user did before."""
    slates = Pipeline(model, catalogue).recommend([Request(log.before(event), k=11) for event in events.tolist()])
    return ndcg(judge(slates, np.split(log.items[events], np.arange(1, len(events))), 10), 10)


def per_user(log: Log, events: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n_users who are asked,): each one's mean."""
    counts = np.bincount(log.users[events])
    return np.bincount(log.users[events], weights=values)[counts > 0] / counts[counts > 0]


def confidences(log: Log, recipe: Ials) -> sparse.csr_matrix:
    """(n_users, n_items), as the fit has them."""
    liked = log.where(log.weights > 0)
    return sparse.coo_matrix((recipe.alpha * liked.weights, (liked.users, liked.items)), shape=(log.n_users, log.n_items)).tocsr()


if __name__ == "__main__":
    main()

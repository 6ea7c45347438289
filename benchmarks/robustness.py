"""What does training against an adversary buy? `bpr` plain and adversarial: `python benchmarks/robustness.py --data FOLDER`.

Leave-last-out, fitted on all but the test, full ranking. Two tables for each data set:

1. NDCG@10 of `bpr`, of the same with its adversary ("amf"), and beside them of EASE and iALS, which are tuned on validation as in
   `bowerbird evaluate`. Both `bpr`s run through the same number of epochs from the same seeds, without early stopping; a user's figure
   is the mean over seeds, and the interval is over users. Δ is the paired difference to the plain one.
2. NDCG@10 when every vector that takes part in scoring is moved by a length: by chance, and along the gradient of the loss of the training
   (which knows the histories and not the answers), as He et al. (SIGIR 2018) do. Lengths are shares of the mean length of the model's
   own vectors. An absolute length would flatter whoever's vectors are longer; mean lengths stand in the table.

MovieLens latest-small is the bundled sample; Amazon Beauty is in FOLDER. The curves are drawn to `--out`.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn.functional import normalize

from bowerbird.config import changed
from bowerbird.data import Cases, Catalogue, DataSettings, Split, clean, read, sample_path, split_last
from bowerbird.evaluation import Bench, evaluate, paired, tune
from bowerbird.models import Bpr, BprModel, Ease, Ials, Recipe
from bowerbird.nets.bpr import Rows, disturbed
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.protocols import Scorer
from bowerbird.training import losses
from bowerbird.types import Log

SHARES = (0.0, 0.1, 0.2, 0.4, 0.8)
PLAIN = changed(Bpr(), {"train.holdout": 0.0, "train.runs": None, "train.tracker": None})
ADVERSARY: dict[str, Any] = {"epsilon": 0.5, "weight": 1.0}
EVENTS, DRAWN, ASKED = 50_000, 256, 5000
"""Of the loss that an attack climbs, at most so many events and drawn items; and users whose lists are attacked, at most."""


@dataclass(frozen=True)
class Cell:
    """One data set."""

    name: str
    catalogue: Catalogue
    split: Split


def main() -> None:
    """Fit, ask, disturb, print, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("BOWERBIRD_DATA"), help="folder that holds the data sets")
    parser.add_argument("--only", choices=("movielens", "beauty"), help="one of the data sets")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=PLAIN.train.epochs)
    parser.add_argument("--budget", type=int, default=4, help="settings of EASE and iALS that are tried; 0 leaves them out")
    parser.add_argument("--out", type=Path, default=Path("robustness.png"))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        curves = {}
        for cell in cells(Path(chosen.data) if chosen.data else None, chosen.only):
            fits = fitted(cell, chosen.seeds, chosen.epochs)
            Console(width=130).print(compared(cell, fits, chosen.budget))
            curves[cell.name] = {name: curve(cell, models) for name, models in fits.items()}
            Console(width=130).print(tabled(cell, fits, curves[cell.name]))
    if curves:
        draw(curves, chosen.out)


def cells(root: Path | None, only: str | None) -> Iterator[Cell]:
    """What is there."""
    if only != "beauty":
        yield opened("MovieLens latest-small", sample_path(), DataSettings(format="movielens"))
    files = [folder / "Beauty.txt" for folder in (root, root / "amazon-beauty")] if root else []
    found = [file for file in files if file.is_file()]
    if found and only != "movielens":
        yield opened("Amazon Beauty", found[0], DataSettings(format="s3rec"))
    elif only != "movielens":
        print(f"skipped Amazon Beauty: Beauty.txt is not in {root}; give its folder with --data or BOWERBIRD_DATA")


def opened(name: str, events: Path, settings: DataSettings) -> Cell:
    """The data, cut."""
    data = clean(read(events, None, settings), settings)
    return Cell(f"{name}, data {data.fingerprint}", data.catalogue, split_last(data.log))


def fitted(cell: Cell, seeds: int, epochs: int) -> dict[str, list[BprModel]]:
    """Plain, and against an adversary from a quarter of the epochs on: the same settings, a model a seed."""
    plain = changed(PLAIN, {"train.epochs": epochs})
    recipes = {"bpr": plain, "amf": changed(plain, {"adversarial": {**ADVERSARY, "from_epoch": epochs // 4 + 1}})}
    return {
        name: [recipe.fit(cell.split.before_test, cell.catalogue, np.random.default_rng(seed)) for seed in range(seeds)]
        for name, recipe in recipes.items()
    }


def compared(cell: Cell, fits: dict[str, list[BprModel]], budget: int) -> Table:
    """The first table."""
    seeds = {name: np.stack([asked(model, cell, cell.split.test) for model in models]) for name, models in fits.items()}
    rows = {name: values.mean(axis=0) for name, values in seeds.items()}
    for name, recipe in baselines(cell, budget) if budget else ():
        rows[name] = asked(recipe.fit(cell.split.before_test, cell.catalogue, np.random.default_rng(0)), cell, cell.split.test)
    table = Table(title=f"{cell.name}: NDCG@10, {len(cell.split.test)} users, leave-last-out", title_justify="left")
    for heading in ("model", "NDCG@10", "Δ to bpr, 95 % interval", "each seed"):
        table.add_column(heading, justify="right" if heading == "NDCG@10" else "left")
    for name, values in rows.items():
        gap = paired(values, rows["bpr"], np.random.default_rng(0))
        difference = "" if name == "bpr" else f"{gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f})"
        table.add_row(name, f"{values.mean():.4f}", difference, " ".join(f"{seed.mean():.4f}" for seed in seeds.get(name, ())))
    return table


def baselines(cell: Cell, budget: int) -> Iterator[tuple[str, Recipe]]:
    """Tuned on validation."""
    bench = Bench(cell.split, cell.catalogue, budget)
    for name, recipe in {"EASE": Ease(), "iALS": Ials()}.items():
        yield f"{name}, best of {budget}", tune(recipe, bench).recipe


def asked(scorer: Scorer, cell: Cell, cases: Cases) -> NDArray[np.float64]:
    """NDCG@10 of each user."""
    pipeline = Pipeline(scorer, cell.catalogue, RankingSettings(diversity=0))
    return evaluate(pipeline.recommend, cases, cell.catalogue, cell.split.before_test, tables={}).values["ndcg@10"]


def curve(cell: Cell, models: Sequence[BprModel]) -> dict[str, list[float]]:
    """NDCG@10 at each of `SHARES`, the mean over seeds; by chance and by the adversary."""
    cases = sampled(cell.split.test)
    found: dict[str, list[list[float]]] = {"chance": [], "adversary": []}
    for seed, model in enumerate(models):
        rows = Rows(torch.from_numpy(model.query_vectors(cases.queries)).nan_to_num(), torch.from_numpy(model.item_vectors).nan_to_num())
        rng = np.random.default_rng(seed)
        for way, moves in {"chance": by_chance(rows, rng), "adversary": by_gradient(rows, cases, cell.split.before_test, rng)}.items():
            found[way].append([ndcg(moved(rows, moves, share), model, cases) for share in SHARES])
    return {way: np.mean(figures, axis=0).tolist() for way, figures in found.items()}


def moved(rows: Rows, moves: Rows, share: float) -> Rows:
    """The vectors, each as much further as this share of their mean length."""
    return Rows(rows.asked + share * size(rows.asked) * moves.asked, rows.items + share * size(rows.items) * moves.items)


def sampled(cases: Cases) -> Cases:
    """Those whose lists are attacked."""
    if len(cases) <= ASKED:
        return cases
    return cases.take(np.sort(np.random.default_rng(0).choice(len(cases), ASKED, replace=False)))


def size(vectors: Tensor) -> float:
    """The mean length of the vectors that are not zero."""
    lengths = vectors.norm(dim=1)
    return lengths[lengths > 0].mean().item()


def by_chance(rows: Rows, rng: np.random.Generator) -> Rows:
    """Directions of length 1."""
    return Rows(
        *(normalize(torch.from_numpy(rng.normal(size=table.shape).astype(np.float32)), dim=1) for table in (rows.asked, rows.items))
    )


def by_gradient(rows: Rows, cases: Cases, log: Log, rng: np.random.Generator) -> Rows:
    """Directions of length 1 in which the loss of the liked events of the histories rises fastest."""
    users = np.repeat(np.arange(len(cases)), [len(query.history) for query in cases.queries])
    wanted = np.concatenate([query.history.items for query in cases.queries]).astype(np.int64)
    liked = np.flatnonzero(np.concatenate([query.history.weights for query in cases.queries]) > 0)
    liked = rng.choice(liked, min(EVENTS, len(liked)), replace=False)
    known = np.flatnonzero(np.bincount(log.items[log.weights > 0], minlength=len(rows.items)))
    drawn = rng.choice(known, min(DRAWN, len(known)), replace=False)
    here = Rows(rows.asked.clone().requires_grad_(), rows.items.clone().requires_grad_())
    asking = here.asked[users[liked]]
    scores = (asking * here.items[wanted[liked]]).sum(dim=1)
    there = disturbed(here, losses.bpr(scores, asking @ here.items[drawn].T), 1.0)
    return Rows((there.asked - here.asked).detach(), (there.items - here.items).detach())


def ndcg(rows: Rows, model: BprModel, cases: Cases) -> float:
    """NDCG@10 of these vectors, every known item competing but those of the history; a tie counts as lost."""
    asks, items = rows.asked.numpy(), rows.items.numpy()
    gains = []
    for row, query, targets in zip(asks, cases.queries, cases.targets, strict=True):
        scores = np.where(model.scorable, items @ row, -np.inf)
        target = int(targets[0])
        wanted = scores[target]
        scores[query.history.items] = -np.inf
        rank = int((scores >= wanted).sum()) if np.isfinite(wanted) else 0
        gains.append(1 / np.log2(1 + rank) if 0 < rank <= 10 else 0.0)
    return float(np.mean(gains))


def tabled(cell: Cell, fits: dict[str, list[BprModel]], curves: dict[str, dict[str, list[float]]]) -> Table:
    """The second table."""
    table = Table(title=f"{cell.name}: NDCG@10 with vectors moved by a share of their mean length", title_justify="left")
    for heading in ("model", "moved by", *(f"{share:g}" for share in SHARES), "mean length: asking, items"):
        table.add_column(heading, justify="left" if heading in ("model", "moved by") else "right")
    for name, ways in curves.items():
        lengths = np.mean([lengths_of(model, cell.split.test) for model in fits[name]], axis=0)
        for way, figures in ways.items():
            table.add_row(name, way, *(f"{figure:.4f}" for figure in figures), f"{lengths[0]:.2f}, {lengths[1]:.2f}")
    return table


def lengths_of(model: BprModel, cases: Cases) -> tuple[float, float]:
    """The mean lengths of what is asked with, and of the items."""
    asked, items = (torch.from_numpy(vectors).nan_to_num() for vectors in (model.query_vectors(cases.queries), model.item_vectors))
    return size(asked), size(items)


def draw(curves: dict[str, dict[str, dict[str, list[float]]]], out: Path) -> None:
    """A panel for each data set."""
    figure = Figure(figsize=(5.5 * len(curves), 4), layout="constrained")
    for axes, (title, models) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves.items(), strict=True):
        for name, colour in (("bpr", "tab:gray"), ("amf", "tab:blue")):
            for way, line in (("chance", ":"), ("adversary", "-")):
                axes.plot(SHARES, models[name][way], line, color=colour, label=f"{name}, {way}")
        axes.set(title=title, xlabel="move, as a share of the vectors' mean length", ylabel="NDCG@10", ylim=(0, None))
        axes.legend()
    figure.savefig(out)
    print(f"wrote {out}")


if __name__ == "__main__":
    main()

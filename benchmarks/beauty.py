"""The linear models beside the papers' figures, Amazon Beauty, leave-last-out: `python benchmarks/beauty.py --data FOLDER`.

FOLDER holds `Beauty.txt` (a user, then items in the order of time) as made by S3-Rec, https://github.com/RUCAIBox/CIKM2020-S3Rec. Each
user's last item is the test, asked with all that came before it; the catalogue is ranked in full, items of the history are left
out, ties count against us. "train": the model is fitted without the last two items of each user, as papers have it. "refitted": without
the last one, as a service would do it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from office import data_folder
from rich.console import Console
from rich.table import Table

from bowerbird.data import Cases, Dataset, DataSettings, clean, read, split_last
from bowerbird.evaluation import evaluate
from bowerbird.models import Ease, ItemKnn, Recipe, Sequential, Slim
from bowerbird.models.linear import LinearModel
from bowerbird.pipeline import Pipeline
from bowerbird.protocols import Scorer
from bowerbird.types import Log, Query, Scores

RECIPES: dict[str, Recipe] = {
    "item-kNN": ItemKnn(),
    "SLIM": Slim(),
    "EASE": Ease(half_life_events=None),
    "EASE, recency-weighted": Ease(),
    "EASE, recency-weighted, all weights": Ease(keep=None),
    "sequential": Sequential(),
    "sequential, all weights": Sequential(keep=None),
    "sequential, order alone": Sequential(together=0),
}
SUMS = {"sequential + 0.5 SLIM": ("sequential", "SLIM"), "sequential + 0.5 EASE": ("sequential", "EASE, recency-weighted")}


@dataclass(frozen=True, eq=False)
class Sum:
    """Standard scores of one scorer, and half of another's."""

    first: Scorer
    second: Scorer

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        first, second = (standard(scorer.score(queries)) for scorer in (self.first, self.second))
        return np.where(np.isnan(first), second, first + np.nan_to_num(second) / 2)


def standard(scores: Scores) -> Scores:
    """Each row less its mean, by its standard deviation, over the items that are scored."""
    said = ~np.isnan(scores)
    count = np.maximum(said.sum(axis=1, keepdims=True), 1)
    centred = scores - np.where(said, scores, 0).sum(axis=1, keepdims=True) / count
    deviation = np.sqrt(np.where(said, centred**2, 0).sum(axis=1, keepdims=True) / count)
    return centred / np.maximum(deviation, 1e-12)


def main() -> None:
    """Fit, ask, print."""
    settings = DataSettings(format="s3rec")
    data = clean(read(data_folder("amazon-beauty", "Beauty.txt") / "Beauty.txt", None, settings), settings)
    split = split_last(data.log)
    title = f"Amazon Beauty, {len(split.test)} users, {len(data.catalogue)} items; data {data.fingerprint}"
    table = Table(title=title, title_justify="left")
    for heading in ("model", "NDCG@10, train", "Recall@10, train", "NDCG@10, refitted", "Recall@10, refitted", "weights", "fit, s"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    logs, kept = (split.train, split.before_test), {}
    for name, recipe in RECIPES.items():
        models, seconds = zip(*(fit(recipe, log, data) for log in logs), strict=True)
        figures = [figure for log, model in zip(logs, models, strict=True) for figure in judged(model, split.test, data, log)]
        table.add_row(name, *figures, f"{models[-1].weights.nnz:,}", f"{seconds[-1]:.1f}")
        kept |= {name: models} if any(name in parts for parts in SUMS.values()) else {}
        del models
    for name, (first, second) in SUMS.items():
        scorers = [Sum(*parts) for parts in zip(kept[first], kept[second], strict=True)]
        figures = [figure for log, scorer in zip(logs, scorers, strict=True) for figure in judged(scorer, split.test, data, log)]
        table.add_row(name, *figures)
    Console(width=130).print(table)


def judged(scorer: Scorer, cases: Cases, data: Dataset, log: Log) -> list[str]:
    """NDCG and recall, as text."""
    result = evaluate(Pipeline(scorer, data.catalogue).recommend, cases, data.catalogue, log, tables={})
    return [f"{result.values[metric].mean():.4f}" for metric in ("ndcg@10", "recall@10")]


def fit(recipe: Recipe, log: Log, data: Dataset) -> tuple[LinearModel, float]:
    """The model, and how long it took."""
    start = time.perf_counter()
    return recipe.fit(log, data.catalogue, np.random.default_rng(0)), time.perf_counter() - start


if __name__ == "__main__":
    main()

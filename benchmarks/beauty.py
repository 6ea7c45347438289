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

from bowerbird.data import Dataset, DataSettings, clean, read, split_last
from bowerbird.evaluation import evaluate
from bowerbird.models import Ease, ItemKnn, Recipe, Sequential, Slim
from bowerbird.pipeline import Pipeline
from bowerbird.protocols import Scorer
from bowerbird.types import Log, Query, Scores

RECIPES: dict[str, Recipe] = {
    "item-kNN": ItemKnn(),
    "SLIM": Slim(),
    "EASE": Ease(half_life_events=None),
    "EASE, recency-weighted": Ease(),
    "sequential": Sequential(),
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
    """Each row less its mean, by its standard deviation."""
    mean, deviation = np.nanmean(scores, axis=1, keepdims=True), np.nanstd(scores, axis=1, keepdims=True)
    return (scores - mean) / np.maximum(deviation, 1e-12)


def main() -> None:
    """Fit, ask, print."""
    settings = DataSettings(format="s3rec")
    data = clean(read(data_folder("amazon-beauty", "Beauty.txt") / "Beauty.txt", None, settings), settings)
    split = split_last(data.log)
    headings = ("model", "NDCG@10, train", "Recall@10, train", "NDCG@10, refitted", "Recall@10, refitted", "weights", "fit, s")
    table = Table(
        title=f"Amazon Beauty, {len(split.test)} users, {len(data.catalogue)} items; data {data.fingerprint}", title_justify="left"
    )
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "model" else "right")
    fitted = {log: {name: fit(recipe, log, data) for name, recipe in RECIPES.items()} for log in (split.train, split.before_test)}
    for name in (*RECIPES, *SUMS):
        figures = []
        for log, scorers in fitted.items():
            scorer = scorers[name][0] if name in scorers else Sum(*(scorers[part][0] for part in SUMS[name]))
            result = evaluate(Pipeline(scorer, data.catalogue).recommend, split.test, data.catalogue, log, tables={})
            figures += [f"{result.values[metric].mean():.4f}" for metric in ("ndcg@10", "recall@10")]
        model, seconds = fitted[split.before_test].get(name, (None, 0.0))
        table.add_row(name, *figures, *(("", "") if model is None else (f"{model.weights.nnz:,}", f"{seconds:.1f}")))
    Console(width=130).print(table)


def fit(recipe: Recipe, log: Log, data: Dataset) -> tuple[Scorer, float]:
    """The model, and how long it took."""
    start = time.perf_counter()
    return recipe.fit(log, data.catalogue, np.random.default_rng(0)), time.perf_counter() - start


if __name__ == "__main__":
    main()

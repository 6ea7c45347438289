"""New items by two towers, and what showing more of them costs: `python benchmarks/two_tower.py --data FOLDER`.

Amazon Office, asked as in `office.py`. The two-tower model is fitted once, with its default settings; then the dial `newness` is turned,
which adds to the score of every item without a training event. The text model stands beside it with the same dial, in the unit of the
same temperature: for whatever a dial does, it does without behaviour too.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from office import asked_one_by_one, data_folder, shown
from rich.console import Console
from rich.table import Table

from bowerbird.bundle import Config
from bowerbird.config import parse
from bowerbird.data import DataSettings, clean, read
from bowerbird.evaluation import evaluate
from bowerbird.fitting import read_catalogue
from bowerbird.models import Text, TwoTower
from bowerbird.pipeline import Pipeline
from bowerbird.protocols import Scorer
from bowerbird.types import Query, Scores

DIALS = (0.0, 1.0, 1.5)
FIGURES = ("ndcg@10", "recall@10")


class Raised:
    """A scorer that scores some items higher than another does."""

    def __init__(self, scorer: Scorer, more: np.ndarray) -> None:
        self.scorer, self.more = scorer, more

    def score(self, queries: list[Query]) -> Scores:
        """(n_queries, n_items)"""
        return self.scorer.score(queries) + self.more


def main() -> None:
    """Fit, ask, print."""
    folder = data_folder("amazon-office", "events.csv", "items.jsonl")
    settings = DataSettings(default_kind="purchase", context=("split",))
    data = clean(read(folder / "events.csv", folder / "items.jsonl", settings), settings)
    catalogue = read_catalogue(data.catalogue, Config(data=settings))
    split = data.events["split"].to_numpy()
    train = data.log.where(split == "train")
    untouched = np.bincount(train.items, minlength=len(catalogue)) == 0
    recipe: TwoTower = parse(TwoTower, {"train": {"runs": None, "tracker": None, "accelerator": "cpu"}})
    towers = recipe.fit(train, catalogue, np.random.default_rng(0))
    text = Text().fit(train, catalogue, np.random.default_rng(0))

    def contestants() -> Iterator[tuple[str, Scorer]]:
        for dial in DIALS:
            more = np.where(untouched, np.float32(dial), np.float32(0))
            yield f"text, raised by {dial:g}", Raised(text, more * np.float32(recipe.temperature))
            table = towers.item_vectors.copy()
            table[:, -1] += more
            yield f"two_tower, newness {dial:g}", replace(towers, item_vectors=table)

    for part in ("valid", "test"):
        cases = asked_one_by_one(data, split == part)
        new = untouched[np.concatenate(cases.targets)]
        table = Table(title=f"Amazon Office, {part}: {len(cases)} events, {new.sum()} on new items; data {data.fingerprint}; seed 0")
        for heading in ("model", "NDCG@10, all", "Recall@10, all", "NDCG@10, new items", "Recall@10, new items"):
            table.add_column(heading)
        for name, scorer in contestants():
            values = evaluate(Pipeline(scorer, catalogue).recommend, cases, catalogue, train, tables={}).values
            table.add_row(name, *(shown(values[figure][rows]) for rows in (np.ones(len(new), bool), new) for figure in FIGURES))
        Console(width=130).print(table)


if __name__ == "__main__":
    main()

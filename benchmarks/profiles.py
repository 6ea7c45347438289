"""Does a profile foresee what is taken next? Top-3 topics against held-out behaviour: `python benchmarks/profiles.py [--data FOLDER]`.

MovieLens latest-small (split by time, and held-out users) and, with FOLDER, Amazon Office (its own split by time). Of each test user: the
three strongest intents, or categories, by the history, against those of the held-out items. Precision: how many of the three are among the
three strongest of what was held out, out of three. "majority": the same three for everybody; "counts": how many liked items of the history
are of each. Δ is the paired difference of the profile to it, with 95 % intervals. Office has no categories.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from office import data_folder
from rich.console import Console
from rich.table import Table

from bowerbird.bundle import Config
from bowerbird.data import Cases, Catalogue, DataSettings, clean, read, sample_path, split_labelled, split_time, split_users
from bowerbird.evaluation import paired
from bowerbird.fitting import read_catalogue
from bowerbird.profiles import ProfileSettings, labels_of
from bowerbird.profiles.fold import smoothed
from bowerbird.profiles.labels import shares_of_all
from bowerbird.types import History, Log

TOP = 3


def main() -> None:
    """Read, count, print."""
    table = Table(title="Precision of the top 3", title_justify="left")
    for heading in ("data and split", "topics", "users", "profile", "majority", "counts", "Δ to majority", "Δ to counts"):
        table.add_column(heading)
    config = Config(data=DataSettings(format="movielens"))
    data = clean(read(sample_path(), None, config.data), config.data)
    catalogue = read_catalogue(data.catalogue, config)
    for split in (split_time(data.log), split_users(data.log, np.random.default_rng(0), test=0.3)):
        for row in rows(f"MovieLens, {split.name}", split.before_test, split.test, catalogue):
            table.add_row(*row)
    if "--data" in sys.argv:
        folder: Path = data_folder("amazon-office", "events.csv", "items.jsonl")
        settings = DataSettings(default_kind="purchase", context=("split",))
        office = clean(read(folder / "events.csv", folder / "items.jsonl", settings), settings)
        parts = office.events["split"].replace_strict({"train": 0, "valid": 1, "test": 2}).to_numpy().astype(np.int8)
        split = split_labelled(office.log, parts)
        for row in rows("Amazon Office, labelled", split.before_test, split.test, read_catalogue(office.catalogue, Config(data=settings))):
            table.add_row(*row)
    Console(width=150).print(table)


def rows(name: str, log: Log, cases: Cases, catalogue: Catalogue) -> list[list[str]]:
    """A line for intents, and one for categories where there are any."""
    usual = shares_of_all([log.history(user) for user in range(log.n_users)], catalogue)
    topics = labels_of(History.of([]), catalogue).topics
    found = []
    for sort in ("intent", "category"):
        same = np.array([topic.sort == sort for topic in topics], bool)
        if same.sum() <= TOP:
            continue
        figures = []
        for query, targets in zip(cases.queries, cases.targets, strict=True):
            wanted = labels_of(History.of(targets), catalogue).says.sum(axis=0)[same]
            table = labels_of(query.history, catalogue).says.toarray()
            if not wanted.any() or not len(query.history):
                continue
            profile = smoothed(table, query.history, topics, query.time, ProfileSettings(), usual)
            counts = (table > 0).sum(axis=0).astype(np.float64)
            figures.append([precision(guess[same], wanted) for guess in (profile, usual, counts)])
        values = np.array(figures)
        gaps = [paired(values[:, 0], values[:, at], np.random.default_rng(0)) for at in (1, 2)]
        said = [f"{gap.mean:+.4f} ({gap.low:+.4f} … {gap.high:+.4f})" for gap in gaps]
        found.append([name, sort, str(len(values)), *(f"{value:.4f}" for value in values.mean(axis=0)), *said])
    return found


def precision(guess: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """Share of the three guessed that are among the three wanted most."""
    top = np.argsort(-wanted, kind="stable")[:TOP]
    top = top[wanted[top] > 0]
    return len(set(np.argsort(-guess, kind="stable")[:TOP].tolist()) & set(top.tolist())) / min(TOP, len(top))


if __name__ == "__main__":
    main()

"""How near do predicted ratings come? MovieLens latest-small, 5-fold: `python benchmarks/explicit.py`.

The ratings of the bundled sample are parted by chance in five; each part in turn is hidden, predicted from the others, and held against
what was given: RMSE and MAE in stars over all ratings, with intervals over users. Users are folded in from their remaining ratings.

Other programs take part by files: `--write FOLDER` writes `fold-N-train.csv` (user, item, rating) and `fold-N-test.csv` (user, item), N
from 0; a program that writes its predictions beside them, `fold-N-NAME.csv` with one rating a line in the order of the test, stands in
the table with `--answers FOLDER --peer NAME`.
"""

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bowerbird.config import changed
from bowerbird.data import Dataset, DataSettings, Rated, clean, folds, marks, read, sample_path, stars
from bowerbird.evaluation import rating_errors
from bowerbird.models import Mf
from bowerbird.types import Log

SETTINGS = DataSettings(format="movielens")
UNTRACKED = {"train.runs": None, "train.tracker": None}


@dataclass(frozen=True, eq=False)
class Fold:
    """One part of the ratings to predict, and the others to learn from."""

    number: int
    data: Dataset
    told: Log
    hidden: Rated
    seed: int

    def stars(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Marks as stars."""
        return [stars(user, SETTINGS, self.data.scale) for user in values]

    @property
    def users(self) -> np.ndarray:
        """(n_hidden,) the user of each hidden rating."""
        return np.repeat(np.array([user for user in range(self.told.n_users)])[self.asked], [len(items) for items in self.hidden.items])

    @property
    def asked(self) -> np.ndarray:
        """The numbers of the users that something is asked of."""
        whole, kept = np.diff(self.data.log.starts), np.diff(self.told.starts)
        return np.flatnonzero(whole > kept)


Predictor = Callable[[Fold], list[np.ndarray]]
"""Stars for what is hidden, user by user."""


def fitted(**changes: float) -> Predictor:
    """Our model, with these settings."""
    recipe = changed(Mf(), {**UNTRACKED, **changes})

    def predict(fold: Fold) -> list[np.ndarray]:
        model = recipe.fit(fold.told, fold.data.catalogue, np.random.default_rng(fold.seed))
        return fold.stars(model.predict(fold.hidden.queries, fold.hidden.items))

    return predict


def mean(fold: Fold) -> list[np.ndarray]:
    """The mean of all ratings."""
    value = float(marks(fold.told.weights).mean())
    return fold.stars([np.full(len(items), value) for items in fold.hidden.items])


CONTESTANTS: dict[str, Predictor] = {"mean": mean, "mf, biases alone": fitted(factors=1, l2=1e6), "mf": fitted()}


def main() -> None:
    """Part, predict, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the folds for other programs, and end")
    parser.add_argument("--answers", type=Path, metavar="FOLDER", help="where other programs' predictions are")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME", help="a program whose predictions are there")
    chosen = parser.parse_args()
    data = clean(read(sample_path(), None, SETTINGS), SETTINGS)
    rng = np.random.default_rng(chosen.seed)
    parts = [Fold(number, data, *part, chosen.seed) for number, part in enumerate(folds(data.log, chosen.folds, rng))]
    if chosen.write:
        for fold in parts:
            written(fold, chosen.write)
        return
    title = f"MovieLens latest-small, {len(data.log)} ratings, {chosen.folds}-fold, seed {chosen.seed}; data {data.fingerprint}"
    table = Table(title=title, title_justify="left")
    for heading in ("model", "RMSE", "MAE", "seconds a fold"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    peers = {name: answered(name, chosen.answers) for name in chosen.peer}
    with threadpool_limits(1):
        for name, predict in {**CONTESTANTS, **peers}.items():
            table.add_row(name, *judged(parts, predict), end_section=name == "mf")
    Console(width=110).print(table)


def judged(parts: Sequence[Fold], predict: Predictor) -> list[str]:
    """RMSE, MAE and seconds, as text."""
    start = time.perf_counter()
    predicted = [predict(fold) for fold in parts]
    seconds = (time.perf_counter() - start) / len(parts)
    everyone = range(parts[0].told.n_users)
    of_user: dict[int, tuple[list[np.ndarray], list[np.ndarray]]] = {user: ([], []) for user in everyone}
    for fold, found in zip(parts, predicted, strict=True):
        for user, ours, given in zip(fold.asked.tolist(), found, fold.stars(fold.hidden.marks), strict=True):
            of_user[user][0].append(ours)
            of_user[user][1].append(given)
    ours, given = ([np.concatenate(user[side]) for user in of_user.values()] for side in (0, 1))
    errors = rating_errors(ours, given, np.random.default_rng(0))
    return [*(f"{error.mean:.4f} ({error.low:.4f}–{error.high:.4f})" for error in (errors.rmse, errors.mae)), f"{seconds:.1f}"]


def written(fold: Fold, folder: Path) -> None:
    """The fold as files."""
    folder.mkdir(parents=True, exist_ok=True)
    given = stars(marks(fold.told.weights), SETTINGS, fold.data.scale)
    asked = zip(fold.users.tolist(), np.concatenate(fold.hidden.items).tolist(), strict=True)
    rows = {"train": zip(fold.told.users.tolist(), fold.told.items.tolist(), given.round(3).tolist(), strict=True), "test": asked}
    for name, lines in rows.items():
        with (folder / f"fold-{fold.number}-{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("user", "item", "rating")[: 3 if name == "train" else 2], *lines])


def answered(name: str, folder: Path | None) -> Predictor:
    """Another program's predictions."""

    def predict(fold: Fold) -> list[np.ndarray]:
        values = np.loadtxt((folder or Path()) / f"fold-{fold.number}-{name}.csv", ndmin=1)
        return np.split(values, np.cumsum([len(items) for items in fold.hidden.items])[:-1])

    return predict


if __name__ == "__main__":
    main()

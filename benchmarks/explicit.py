"""How far off are predicted ratings? `mf` and scikit-surprise's SVD on MovieLens, 5-fold: `python benchmarks/explicit.py [--data FOLDER]`.

FOLDER holds `ml-latest-small`; without it, the sample that comes with the package, which is the same. Each rating is predicted once, by a
model that has not seen its fold. "tuned": of what a fold may learn from, the settings are chosen on a tenth, by RMSE; then all of it is
learned. Predictions stay on the scale of the ratings. The defaults of `mf` were chosen on a fold of another parting of this data. Its users
are folded in from the ratings that are not hidden.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bowerbird.config import changed
from bowerbird.data import Dataset, DataSettings, clean, folds, read, sample_path, stars
from bowerbird.evaluation import rating_errors
from bowerbird.evaluation.peers import Peer, PeerError, call, install
from bowerbird.models import Mf

FOLDS, SEED = 5, 0
DATA = DataSettings(format="movielens")
SURPRISE = Peer(Path(__file__).parent / "peers" / "explicit" / "surprise_svd.py")
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"n_factors": 50, "n_epochs": 30, "lr_all": 0.005, "reg_all": 0.05},
    {"n_factors": 100, "n_epochs": 40, "lr_all": 0.01, "reg_all": 0.1},
    {"n_factors": 200, "n_epochs": 60, "lr_all": 0.01, "reg_all": 0.1},
    {"n_factors": 100, "n_epochs": 40, "lr_all": 0.005, "reg_all": 0.05},
    {"n_factors": 20, "n_epochs": 40, "lr_all": 0.005, "reg_all": 0.1},
)
"""The library's defaults, and what is customary beside them."""


def main() -> None:
    """Predict, print."""
    data = ratings_of(arguments().data)
    ratings = pl.DataFrame(
        {
            "user": data.log.users,
            "item": data.log.items,
            "rating": data.events["value"].to_numpy().astype(np.float64),
            "fold": np.random.default_rng(SEED).permutation(len(data.log)) % FOLDS,
        }
    )
    table = Table(title=f"{len(ratings)} ratings, {FOLDS}-fold; data {data.fingerprint}; seed {SEED}", title_justify="left")
    for heading in ("model", "RMSE", "MAE", "seconds a fit"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for name, predictions, seconds in predicted(data, ratings):
        table.add_row(name, *errors(data, predictions, ratings["rating"].to_numpy()), seconds)
    Console(width=130).print(table)


def arguments() -> argparse.Namespace:
    """Where the data is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("BOWERBIRD_DATA", ""), help="folder that holds the data sets")
    return parser.parse_args()


def ratings_of(root: str) -> Dataset:
    """MovieLens as it is rated."""
    folder = Path(root) / "ml-latest-small"
    return clean(read(folder if root and folder.is_dir() else sample_path(), settings=DATA), DATA)


def errors(data: Dataset, predictions: np.ndarray, given: np.ndarray) -> list[str]:
    """RMSE and MAE over all ratings, with what 95 % of resamplings of the users give."""
    ours, theirs = (np.split(values, data.log.starts[1:-1]) for values in (predictions, given))
    found = rating_errors(ours, theirs, np.random.default_rng(SEED))
    return [f"{error.mean:.4f} ({error.low:.4f}–{error.high:.4f})" for error in (found.rmse, found.mae)]


def predicted(data: Dataset, ratings: pl.DataFrame) -> Iterator[tuple[str, np.ndarray, str]]:
    """Model, its predictions, and the seconds of a fit with its predictions."""
    yield "mean rating of the rest", means(ratings), "–"
    with threadpool_limits(1):
        yield "mf, what users and items add alone", *by_mf(data, ratings, factors=1, l2=1e6)
        yield "mf", *by_mf(data, ratings)
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield from by_surprise(ratings, Path(folder))
        except PeerError as failure:
            print(f"scikit-surprise: {failure}")


def means(ratings: pl.DataFrame) -> np.ndarray:
    """What any model must beat."""
    totals = ratings.group_by("fold").agg(pl.col("rating").sum(), pl.len()).sort("fold")
    rest = (totals["rating"].sum() - totals["rating"]) / (len(ratings) - totals["len"])
    return rest.to_numpy()[ratings["fold"].to_numpy()]


def by_mf(data: Dataset, ratings: pl.DataFrame, **changes: float) -> tuple[np.ndarray, str]:
    """Ours, with these settings."""
    recipe = changed(Mf(), {"train.runs": None, "train.tracker": None, **changes})
    predictions, start = np.zeros(len(ratings)), time.perf_counter()
    for number, (told, hidden) in enumerate(folds(data.log, FOLDS, np.random.default_rng(SEED))):
        model = recipe.fit(told, data.catalogue, np.random.default_rng(SEED))
        found = np.concatenate(model.predict(hidden.queries, hidden.items))
        predictions[(ratings["fold"] == number).to_numpy()] = stars(found, DATA, data.scale)
    return predictions, f"{(time.perf_counter() - start) / FOLDS:.1f}"


def by_surprise(ratings: pl.DataFrame, folder: Path) -> Iterator[tuple[str, np.ndarray, str]]:
    """Its defaults, and tuned."""
    ratings.write_parquet(folder / "ratings.parquet")
    scale = [ratings["rating"].min(), ratings["rating"].max()]
    (folder / "task.json").write_text(json.dumps({"settings": SETTINGS, "scale": scale, "seed": SEED}))
    python = install(SURPRISE, folder / "surprise.log")
    call([python, SURPRISE.script.absolute(), folder], folder / "surprise.log")
    said = json.loads((folder / "run.json").read_text())
    predictions = pl.read_parquet(folder / "predictions.parquet")
    name = f"scikit-surprise {said['version']}, SVD"
    yield f"{name}, defaults", predictions["defaults"].to_numpy(), f"{np.mean(said['seconds']):.1f}"
    yield f"{name}, tuned", predictions["tuned"].to_numpy(), ""
    print(f"{name}, tuned: {said['settings']}")


if __name__ == "__main__":
    main()

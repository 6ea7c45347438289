"""scikit-surprise's SVD predicts the ratings of each fold, by its defaults and tuned: `python surprise_svd.py FOLDER`.

FOLDER holds `ratings.parquet` (user, item, rating, fold) and `task.json`: the `settings` to choose from, the `scale` of the ratings, and
the `seed`. Of what a fold may learn from, the settings are chosen on a tenth, by RMSE; then all of it is learned. Back comes
`predictions.parquet`, a row for each rating, and `run.json`.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from surprise import SVD, Dataset, Reader

Rows = pl.DataFrame


def main() -> None:
    """Every fold, twice."""
    folder = Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    ratings = pl.read_parquet(folder / "ratings.parquet")
    predictions = {name: np.zeros(len(ratings)) for name in ("defaults", "tuned")}
    chosen, seconds = [], []
    for fold in range(ratings["fold"].max() + 1):
        held = (ratings["fold"] == fold).to_numpy()
        train, test = ratings.filter(~held), ratings.filter(held)
        start = time.perf_counter()
        predictions["defaults"][held] = predicted({}, train, test, task)
        seconds.append(time.perf_counter() - start)
        chosen.append(best(train, task))
        predictions["tuned"][held] = predicted(chosen[-1], train, test, task)
    pl.DataFrame(predictions).write_parquet(folder / "predictions.parquet")
    said = {"version": version("scikit-surprise"), "settings": chosen, "seconds": seconds}
    (folder / "run.json").write_text(json.dumps(said, indent=2) + "\n")


def best(train: Rows, task: dict[str, Any]) -> dict[str, Any]:
    """The settings with the least RMSE on a tenth."""
    held = np.random.default_rng(task["seed"]).random(len(train)) < 0.1
    inner, tenth = train.filter(~held), train.filter(held)
    errors = [np.mean((predicted(settings, inner, tenth, task) - tenth["rating"].to_numpy()) ** 2) for settings in task["settings"]]
    return task["settings"][int(np.argmin(errors))]


def predicted(settings: dict[str, Any], train: Rows, test: Rows, task: dict[str, Any]) -> np.ndarray:
    """The library's own predictions, which stay on the scale."""
    low, high = task["scale"]
    table = pd.DataFrame({name: train[name].to_numpy() for name in ("user", "item", "rating")})
    known = Dataset.load_from_df(table, Reader(rating_scale=(low, high))).build_full_trainset()
    model = SVD(**settings, random_state=task["seed"]).fit(known)
    return np.array([model.predict(user, item).est for user, item in test.select("user", "item").iter_rows()])


if __name__ == "__main__":
    main()

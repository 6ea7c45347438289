"""Are new items recommended? Amazon Office, test events on items without a training event: `python benchmarks/office.py --data FOLDER`.

FOLDER holds `events.csv` (user, item, position, split; the split is by time) and `items.jsonl` (item, title, description, brand,
categories), cut from UCSD's Amazon reviews of 2018, Office Products (https://nijianmo.github.io/amazon/). Every model is fitted on
the training events alone and asked for each test event with all that the user did before. The catalogue is ranked in full, items of
the history are left out, ties count against us. Beside the text model and the blend stand their controls. Nets take part where the extra
`train` is installed.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bowerbird.bundle import Config
from bowerbird.data import Cases, Catalogue, Dataset, DataSettings, clean, read
from bowerbird.evaluation import evaluate, intervals
from bowerbird.evaluation.controls import CONTROLS
from bowerbird.fitting import read_catalogue
from bowerbird.models import Blend, Ease, Ials, Popular, Recipe, Sasrec, Sequential, Text, TwoTower
from bowerbird.pipeline import Pipeline
from bowerbird.types import History, Query

QUIET = {"runs": None, "tracker": None}
"""A training that leaves no folder behind."""


def main() -> None:
    """Fit, ask, print."""
    folder = data_folder("amazon-office", "events.csv", "items.jsonl")
    settings = DataSettings(default_kind="purchase", context=("split",))
    data = clean(read(folder / "events.csv", folder / "items.jsonl", settings), settings)
    catalogue = read_catalogue(data.catalogue, Config(data=settings))
    split = data.events["split"].to_numpy()
    train = data.log.where(split == "train")
    cases = asked_one_by_one(data, split == "test")
    new = np.bincount(train.items, minlength=len(catalogue))[np.concatenate(cases.targets)] == 0
    table = Table(
        title=f"Amazon Office, {len(cases)} test events, {new.sum()} on new items; data {data.fingerprint}; seed 0", title_justify="left"
    )
    for heading in ("model", "NDCG@10, all", "Recall@10, all", "NDCG@10, new items", "Recall@10, new items"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for name, recipe, told in systems(catalogue):
        model = recipe.fit(train, told, np.random.default_rng(0))
        result = evaluate(Pipeline(model, told).recommend, cases, told, train, tables={})
        figures = [result.values[name] for name in ("ndcg@10", "recall@10")]
        cells = [shown(figure[rows]) for rows in (np.ones(len(new), bool), new) for figure in figures]
        table.add_row(name, *cells)
    Console(width=130).print(table)


def systems(catalogue: Catalogue) -> Iterator[tuple[str, Recipe, Catalogue]]:
    """What stands in the table."""
    nets = (Sasrec(hide=0.5, train=QUIET | {"batch_events": 512, "epochs": 60}), TwoTower(train=QUIET)) if find_spec("torch") else ()
    for recipe in (Popular(), Ease(), Sequential(), Ials(), Text(), *nets, Blend(), Blend(newness=2), Blend(newness=4)):
        yield recipe.kind + (f", newness {recipe.newness:g}" if isinstance(recipe, Blend) else ""), recipe, catalogue
    for control, blind in CONTROLS.items():
        told = blind(catalogue, np.random.default_rng(0))
        yield f"text, {control}", Text(), told
        yield f"blend, newness 4, {control}", Blend(newness=4), told


def asked_one_by_one(data: Dataset, wanted: np.ndarray) -> Cases:
    """One case an event: all that the user did before it, and the item; without events on items that the user had already."""
    queries, targets, users = [], [], []
    for place in np.flatnonzero(wanted).tolist():
        user = int(data.log.users[place])
        history = data.log.history(user)
        done = place - int(data.log.starts[user])
        before = History(history.items[:done], history.weights[:done], history.times[:done])
        if data.log.items[place] not in before.items:
            queries.append(Query(before))
            targets.append(data.log.items[place : place + 1])
            users.append(user)
    return Cases(tuple(queries), tuple(targets), np.array(users, np.int32))


def shown(values: np.ndarray) -> str:
    """Mean and 95 % interval."""
    (mean,) = intervals(values[:, None], np.random.default_rng(0))
    return f"{mean.mean:.4f} ({mean.low:.4f}–{mean.high:.4f})"


def data_folder(name: str, *files: str) -> Path:
    """The folder of a data set under `--data` or BOWERBIRD_DATA; ends the run with a sentence where it is not there."""
    parser = argparse.ArgumentParser(description=(sys.modules["__main__"].__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("BOWERBIRD_DATA", ""), help="folder that holds the data sets")
    root = Path(parser.parse_args().data or ".")
    for folder in (root, root / name):
        if all((folder / file).is_file() for file in files):
            return folder
    print(f"skipped: {' and '.join(files)} are not in {root} or {root / name}; give their folder with --data or BOWERBIRD_DATA")
    sys.exit(0)


if __name__ == "__main__":
    main()

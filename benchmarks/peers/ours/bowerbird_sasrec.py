"""Bowerbird's own `sasrec`, asked like a peer so that its epochs are timed like theirs (`benchmarks/epoch.py`)."""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from answering import Fitted, Lists, Model, Settings, run, top
from questions import Events, Questions, Task, Validation

from bowerbird import __version__
from bowerbird.data import Catalogue
from bowerbird.models import Sasrec
from bowerbird.types import History, Log, Query


class Stopwatch:
    """A `Progress` that notes when an epoch ends: an epoch is what lies between two ends."""

    def __init__(self) -> None:
        self.walls, self.works = [], []

    def __call__(self, what: str, done: int, total: int) -> None:  # noqa: ARG002 a `Progress` is told so
        """`fit` says so after each epoch."""
        self.walls.append(time.perf_counter())
        self.works.append(time.process_time())


def fit(settings: Settings, events: Events, task: Task, _: Validation | None) -> Fitted:
    """An epoch lasts from the end of the one before it: the first has no such end and stands in no figure."""
    learned = Log(events.users, events.items, events.weights, events.times, events.n_users, events.n_items)
    training = {"epochs": settings["epochs"], "patience": None, "holdout": 0, "tracker": None, "runs": None, "accelerator": "cpu"}
    recipe = Sasrec(**{name: value for name, value in settings.items() if name != "epochs"}, train=training)
    watch = Stopwatch()
    model = recipe.fit(learned, Catalogue.of([str(item) for item in range(events.n_items)]), np.random.default_rng(task.seed), watch)

    def ask(questions: Questions, k: int) -> Lists:
        cuts = questions.starts[1:-1]
        rows = zip(*(np.split(column, cuts) for column in (questions.items, questions.weights, questions.times)), strict=True)
        return top(model.score([Query(History.of(*row)) for row in rows]), questions, k)

    return Fitted(ask, None, tuple(np.diff(watch.walls).tolist()), tuple(np.diff(watch.works).tolist()))


SETTINGS = {"factors": 64, "blocks": 2, "length": 50}
MODEL = Model("sasrec", fit, SETTINGS, note="sampled softmax at every place of a sequence, 512 negatives a batch of 1,024 events")

if __name__ == "__main__":
    run("bowerbird", __version__, [], MODEL)

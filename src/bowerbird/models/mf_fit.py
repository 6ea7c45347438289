"""Training `Mf`: apart from the recipe, since it needs torch."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bowerbird.data import Catalogue, Rated, hide, marks
from bowerbird.models.mf import MfModel
from bowerbird.nets.mf import Mf as Net
from bowerbird.protocols import Progress
from bowerbird.training.runs import open_run
from bowerbird.training.trainer import Batch, train
from bowerbird.types import Log

if TYPE_CHECKING:
    from bowerbird.models.mf import Mf


def fit(recipe: "Mf", log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress) -> MfModel:
    """See the recipe."""
    seed = int(rng.integers(2**31))
    told, hidden = hide(log, recipe.train.holdout, np.random.default_rng(seed))
    rated = told.where(told.weights != 0)
    targets = marks(rated.weights)
    if recipe.loss == "logistic":
        targets = (1 + targets) * np.float32(0.5)
    net = _net(recipe, rated, targets, len(catalogue), seed)
    columns: dict[str, NDArray[Any]] = {"users": rated.users.astype(np.int64), "items": rated.items.astype(np.int64), "targets": targets}

    def batches(chance: np.random.Generator) -> Iterator[Batch]:
        order = chance.permutation(len(rated))
        for start in range(0, len(rated), recipe.train.batch_events):
            chosen = order[start : start + recipe.train.batch_events]
            yield {name: torch.from_numpy(column[chosen]) for name, column in columns.items()}

    def judge() -> float:
        return -rmse(_model(recipe, net, rated), hidden)

    if len(rated):
        with open_run(recipe, recipe.train, log, seed) as run:
            judged = judge if len(hidden) else None
            train(net, batches, recipe.train, run, seed=seed, judge=judged, metric="-rmse", progress=progress)
    return _model(recipe, net, rated)


def rmse(model: MfModel, hidden: Rated) -> float:
    """Root mean squared error, in marks."""
    gaps = np.concatenate(model.predict(hidden.queries, hidden.items)) - np.concatenate(hidden.marks)
    return float(np.sqrt(np.mean(gaps**2)))


def _net(recipe: "Mf", rated: Log, targets: NDArray[np.float32], n_items: int, seed: int) -> Net:
    mean = float(targets.mean()) if len(targets) else 0.0
    if recipe.loss == "logistic":
        mean = float(np.log((mean + 1e-3) / (1 - mean + 1e-3))) if len(targets) else 0.0
    counts = np.bincount(rated.users, minlength=rated.n_users), np.bincount(rated.items, minlength=n_items)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Net(mean, counts, recipe.factors, (recipe.l2, recipe.l2_bias), recipe.loss)


def _model(recipe: "Mf", net: Net, log: Log) -> MfModel:
    """The items as they are now."""
    factors, biases = net.items()
    rated = np.bincount(log.items, minlength=len(biases)) > 0
    liked = np.bincount(log.items[log.weights > 0], minlength=len(biases)) > 0
    return MfModel(
        np.where(rated[:, None], factors, 0), np.where(rated, biases, 0), net.mean, rated, liked, recipe.l2, recipe.l2_bias, recipe.loss
    )

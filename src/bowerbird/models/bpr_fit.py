"""Training `Bpr`: apart from the recipe, since it needs torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from bowerbird.data import Catalogue
from bowerbird.models.bpr import BprModel
from bowerbird.nets.bpr import Bpr as Net
from bowerbird.protocols import Progress
from bowerbird.training.negatives import Negatives
from bowerbird.training.runs import open_run
from bowerbird.training.trainer import Batch, train
from bowerbird.training.validation import hold_out
from bowerbird.types import Log

if TYPE_CHECKING:
    from bowerbird.models.bpr import Bpr


@dataclass(frozen=True, eq=False)
class Users:
    """Users with all their events, in batches.

    A batch has, of its events: events (n,) item numbers, weights (n,), users (n,) places among the batch's users, and asks (k,), the places
    of the liked ones among them. Of its items: rows (u,) item numbers, wanted (k,) and drawn (m,) places in rows. And taken (b, m): whether
    each user took each drawn item.
    """

    log: Log
    negatives: Negatives
    taken: sparse.csr_array

    @staticmethod
    def of(log: Log, negatives: Negatives) -> "Users":
        """All users with two events or more: of one event nothing else is known that could ask for it."""
        said = log.where(log.weights != 0)
        shape = (log.n_users, log.n_items)
        return Users(said, negatives, sparse.csr_array((np.ones(len(log), bool), (log.users, log.items)), shape=shape))

    def batches(self, events: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Users in an order of chance, until they have so many events."""
        counts = np.diff(self.log.starts)
        order = rng.permutation(np.flatnonzero(counts > 1))
        cuts = np.flatnonzero(np.diff((np.cumsum(counts[order]) - 1) // events)) + 1
        for users in np.split(order, cuts):
            batch = self.batch(users, rng)
            if len(batch["asks"]):
                yield batch

    def batch(self, users: NDArray[np.intp], rng: np.random.Generator) -> dict[str, Tensor]:
        """These users as one batch."""
        counts = np.diff(self.log.starts)[users]
        places = np.repeat(self.log.starts[users] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        items, weights = self.log.items[places].astype(np.int64), self.log.weights[places]
        asks = np.flatnonzero(weights > 0)
        drawn = self.negatives.draw(torch.from_numpy(items[asks]), rng)[0].numpy()
        rows, where = np.unique(np.concatenate((items[asks], drawn)), return_inverse=True)
        arrays = {
            "events": items,
            "weights": weights,
            "users": np.repeat(np.arange(len(users)), counts),
            "asks": asks,
            "rows": rows,
            "wanted": where[: len(asks)],
            "drawn": where[len(asks) :],
            "taken": self.taken[users][:, drawn].toarray(),
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


def fit(recipe: "Bpr", log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress) -> BprModel:
    """See the recipe."""
    seed = int(rng.integers(2**31))
    told, held = hold_out(log, recipe.train.holdout, np.random.default_rng(seed))
    counts = np.bincount(told.items[told.weights > 0], minlength=len(catalogue))
    users = Users.of(told, Negatives(recipe.sampling, counts, recipe.negatives))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Net(len(catalogue), recipe.factors, recipe.l2, recipe.adversarial)

    def batches(chance: np.random.Generator) -> Iterator[Batch]:
        return users.batches(recipe.train.batch_events, chance)

    def judge() -> float:
        return held.ndcg(_model(recipe, net, told).score)

    if (np.diff(users.log.starts) > 1).any():
        with open_run(recipe, recipe.train, log, seed) as run:
            train(net, batches, recipe.train, run, seed=seed, judge=judge if len(held) else None, progress=progress)
    return _model(recipe, net, told)


def _model(recipe: "Bpr", net: Net, log: Log) -> BprModel:
    """The vectors as they are now."""
    context, items = (table.weight.detach().cpu().numpy() for table in (net.context, net.items))
    there = np.bincount(log.items[log.weights != 0], minlength=len(items)) > 0
    liked = np.bincount(log.items[log.weights > 0], minlength=len(items)) > 0
    return BprModel(np.where(there[:, None], context, 0), np.where(liked[:, None], items, np.float32(np.nan)), recipe.half_life_events)

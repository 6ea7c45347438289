"""What a reader learns from: histories, and the item that each took next."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.data.sequences import decayed_rows
from bowerbird.training.trainer import Batch
from bowerbird.training.validation import MOST, Held
from bowerbird.types import Log

PAIRS_A_BATCH = 4096
"""Pairs that one gradient is computed from, at most."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Each liked event on an item that its history does not have, with that history.

    histories  (n, n_items) what each event of the history is worth, of the items that are trained on
    targets    (n,) item numbers
    """

    histories: sparse.csr_array
    targets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.targets)

    @staticmethod
    def of(log: Log, known: NDArray[np.bool_], half_life_events: float | None) -> "Pairs":
        """The pairs of a log whose target and at least one item of whose history are `known`, (n_items,).

        >>> log = Log(np.zeros(4, int), np.array([0, 1, 0, 2]), np.ones(4, np.float32), np.full(4, np.nan), 1, 3)
        >>> pairs = Pairs.of(log, np.ones(3, bool), half_life_events=1.0)
        >>> pairs.targets.tolist(), pairs.histories.toarray().tolist()
        ([1, 2], [[1.0, 0.0, 0.0], [1.25, 0.5, 0.0]])
        """
        places = new_and_liked(log, known)
        rows = decayed_rows([log.before(place).history for place in places.tolist()], log.n_items, half_life_events=half_life_events)
        rows = sparse.csr_array(rows @ sparse.diags_array(known.astype(np.float32)))
        rows.eliminate_zeros()
        some = np.diff(rows.indptr) > 0
        return Pairs(rows[some], log.items[places[some]].astype(np.int64))

    def batches(self, items: NDArray[np.intp], size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Every item once, about `size` at a time, each time with the pairs whose target is among them.

        Each batch has: read (m,) int64, the items to read; targets (n,) int64, places in `read`; and the histories end to end: events
        (e,) int64 items, worth (e,) float32, starts (n,) int64 where each begins. A batch without a pair is left out.
        """
        places = np.full(self.histories.shape[1], -1)
        for read in np.array_split(rng.permutation(items), -(-len(items) // size)):
            places[:] = -1
            places[read] = np.arange(len(read))
            rows = np.flatnonzero(places[self.targets] >= 0)
            if len(rows) > PAIRS_A_BATCH:
                rows = np.sort(rng.choice(rows, PAIRS_A_BATCH, replace=False))
            if len(rows):
                histories = self.histories[rows]
                arrays = {
                    "read": read.astype(np.int64),
                    "targets": places[self.targets[rows]].astype(np.int64),
                    "events": histories.indices.astype(np.int64),
                    "worth": histories.data.astype(np.float32),
                    "starts": histories.indptr[:-1].astype(np.int64),
                }
                yield {name: torch.from_numpy(array) for name, array in arrays.items()}


def new_and_liked(log: Log, among: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Places of the liked events on an item of `among`, (n_items,), that its user had not touched before, and not each user's first."""
    keys = log.users.astype(np.int64) * max(log.n_items, 1) + log.items
    first = np.zeros(len(log), bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return np.flatnonzero(first & (log.weights > 0) & among[log.items] & (np.arange(len(log)) > log.starts[log.users]))


def hold_out_items(log: Log, items: NDArray[np.intp], share: float, rng: np.random.Generator) -> tuple[Log, Held]:
    """Hide all events on a share of `items`, drawn by chance, and ask for them: a query for each event on one of them.

    returns  the log without these items, and at most 2,000 queries

    >>> log = Log(np.zeros(3, int), np.array([0, 1, 0]), np.ones(3, np.float32), np.full(3, np.nan), 1, 2)
    >>> rest, held = hold_out_items(log, np.array([1]), 0.5, np.random.default_rng(0))
    >>> rest.items.tolist(), held.targets.tolist(), held.queries[0].history.items.tolist()
    ([0, 0], [1], [0])
    """
    hidden = np.zeros(log.n_items, bool)
    hidden[rng.choice(items, int(np.ceil(share * len(items))), replace=False)] = True
    places = new_and_liked(log, hidden)
    asked = np.sort(rng.choice(places, min(MOST, len(places)), replace=False))
    return log.where(~hidden[log.items]), Held(tuple(map(log.before, asked.tolist())), log.items[asked])

"""How histories are put to a net: the events that it can hear, as padded batches of about one length."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bowerbird.protocols import Scorer
from bowerbird.types import History, Query


class Padded(NamedTuple):
    """Some histories side by side, padded at the right with item 0 at weight 0.

    rows     (B,) their places among all histories
    items    (B, L) int64
    weights  (B, L) float32
    ages     (B, L) float32, seconds before the history's newest event, −1 = no clock
    kinds    (B, L) int64, numbers of the events' kinds
    last     (B,) int64, the place of each history's newest event
    """

    rows: NDArray[np.intp]
    items: NDArray[np.int64]
    weights: NDArray[np.float32]
    ages: NDArray[np.float32]
    kinds: NDArray[np.int64]
    last: NDArray[np.int64]


def heard(history: History, known: NDArray[np.bool_], length: int) -> History:
    """The newest `length` events that say something (weight not 0) of an item in `known`, (n_items,) bool.

    >>> heard(History.of([0, 1, 7, 1], weights=[1, 0, 1, 1]), np.array([True, True]), 2).items.tolist()
    [0, 1]
    """
    return history.take(_places(history, known, length))


def _places(history: History, known: NDArray[np.bool_], length: int) -> NDArray[np.intp]:
    says = (history.items < len(known)) & (history.weights != 0)
    says[says] = known[history.items[says]]
    return np.flatnonzero(says)[-length:]


def padded(histories: Sequence[History], size: int) -> Iterator[Padded]:
    """Batches of at most `size` histories, the short ones first; empty ones are in none.

    >>> [(batch.rows.tolist(), batch.items.tolist()) for batch in padded([History.of([3, 4]), History.of([]), History.of([5])], 2)]
    [([2, 0], [[5, 0], [3, 4]])]
    """
    lengths = np.array([len(history) for history in histories], np.int64)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        there = np.arange(int(lengths[rows].max())) < lengths[rows, None]
        chosen = [histories[row] for row in rows.tolist()]
        items, kinds = np.zeros(there.shape, np.int64), np.zeros(there.shape, np.int64)
        weights, times = np.zeros(there.shape, np.float32), np.full(there.shape, np.nan)
        items[there] = np.concatenate([history.items for history in chosen])
        kinds[there] = np.concatenate([history.kinds for history in chosen])
        weights[there] = np.concatenate([history.weights for history in chosen])
        times[there] = np.concatenate([history.times for history in chosen])
        last = lengths[rows] - 1
        ages = np.nan_to_num(times[np.arange(len(rows)), last][:, None] - times, nan=-1.0)
        yield Padded(rows, items, weights, ages.astype(np.float32), kinds, last)


class Reads(Scorer, Protocol):
    """A scorer that reads the newest `length` events on items that it can score."""

    @property
    def length(self) -> int:
        """Events that are read, at most."""
        ...

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,)"""
        ...


def falls(model: Reads, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
    """(n_events, n_items): how far the score of each item falls, were the event not in the history. A net is no sum, so neither are these.

    cost    as many queries as events are read; what is not read has no part in the score
    """
    places = _places(query.history, model.scorable, model.length)
    everything = np.arange(len(query.history))
    without = [replace(query, history=query.history.take(np.delete(everything, place))) for place in places]
    scores = np.nan_to_num(model.score([query, *without])[:, items])
    fallen = np.zeros((len(query.history), len(items)), np.float32)
    fallen[places] = scores[:1] - scores[1:]
    return fallen

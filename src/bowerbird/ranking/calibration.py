"""Slates whose categories stand in the proportions of the history."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bowerbird.errors import DataError
from bowerbird.ranking.compiled import compiled
from bowerbird.ranking.relevance import checked_dial, ranked, relevance
from bowerbird.ranking.space import checked_items
from bowerbird.types import History, Query, Slate


@dataclass(frozen=True, eq=False)
class Calibration:
    """Pick items one by one so that scores are high and the slate's categories come close to the history's.

        next = argmax over i not picked:  (1 − strength) · relevance(i) − strength · KL(p ‖ q̃(picked ∪ i))
        q̃ = (1 − smoothing) · q + smoothing · p

    p is how the liked part of the history (weights above 0, weighted) divides over the categories, q how a slate does. An item with
    several categories counts in equal parts for each; one with none counts for a category "none" of its own. With nothing liked there
    is nothing to be true to, and the order given is kept.

    categories  (n_items, n_categories) sparse, 1 where the item is of the category
    strength    0..1; 0 keeps the order given, 1 looks at the proportions alone
    smoothing   above 0, below 1; keeps the divergence finite while a category of the history is not in the slate yet
    raises      DataError if a slate or history names an item beyond `categories`
    cost        O(k · categories of all items of the slate) time: only what an item changes is computed anew
    source      Steck, RecSys 2018; smoothing .01 is his

    >>> categories = csr_array(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32))
    >>> slate = Slate(np.array([0, 1, 2], np.int32), np.array([.9, .8, .6], np.float32))
    >>> Calibration(categories, strength=0.5)(slate, Query(History.of([0, 3])), k=2).items.tolist()
    [0, 2]
    """

    categories: csr_array
    strength: float
    smoothing: float = 0.01

    def __post_init__(self) -> None:
        checked_dial("calibration: strength", self.strength)
        if not 0 < self.smoothing < 1:
            raise DataError(f"calibration: smoothing must be above 0 and below 1, got {self.smoothing}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:
        """The `k` picks, in the order in which they were picked."""
        wanted = category_shares(self.categories, query.history)
        if self.strength == 0 or not wanted.any():
            checked_items(slate.items, self.categories.shape[0])
            return slate.take(np.arange(min(k, len(slate))))
        slate = ranked(slate)
        starts, columns, parts = category_parts(self.categories, slate.items)
        pairs, which = told_apart(columns, np.repeat(np.diff(starts), np.diff(starts)))
        gain = (1 - self.strength) * relevance(slate.scores).astype(np.float64)
        steer = (gain, wanted, self.strength, self.smoothing)
        return slate.take(_pick(starts, which, columns[pairs], parts[pairs], *steer, min(k, len(slate))))


def category_parts(categories: csr_array, items: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """How each item divides over the categories: of item i, `columns[starts[i]:starts[i + 1]]` and the equal `parts`, which sum to 1.

    The column after the last category is "none".
    """
    checked_items(items, categories.shape[0])
    begins = categories.indptr[items].astype(np.int64)
    counts = categories.indptr[items + 1] - begins
    ends = np.cumsum(counts)
    within = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
    at_least_one = np.maximum(counts, 1)
    starts = np.concatenate(([0], np.cumsum(at_least_one)))
    columns = np.full(starts[-1], categories.shape[1], np.int64)
    columns[np.repeat(counts > 0, at_least_one)] = categories.indices[np.repeat(begins, counts) + within]
    return starts, columns, np.repeat(1 / at_least_one, at_least_one)


def category_shares(categories: csr_array, history: History) -> NDArray[np.float64]:
    """(n_categories + 1,): how the liked part of a history divides over the categories, "none" last. Sums to 1; all 0 with nothing liked.

    >>> categories = csr_array(np.array([[1, 1], [1, 0], [0, 0]], np.float32))
    >>> category_shares(categories, History.of([0, 1, 2, 1], [1, 1, 1, -1])).round(2).tolist()
    [0.5, 0.17, 0.33]
    """
    liked = history.weights > 0
    starts, columns, parts = category_parts(categories, history.items[liked])
    weights = np.repeat(history.weights[liked].astype(np.float64), np.diff(starts))
    shares = np.bincount(columns, weights * parts, minlength=categories.shape[1] + 1)
    return shares / (shares.sum() or 1)


def divergence(wanted: NDArray[np.float64], got: NDArray[np.float64], smoothing: float = 0.01) -> float:
    """KL(wanted ‖ (1 − smoothing) · got + smoothing · wanted): 0 where they are equal, at most −log(smoothing).

    >>> round(divergence(np.array([.5, .5]), np.array([1., 0.])), 3)
    1.959
    """
    asked = wanted > 0
    p, q = wanted[asked], got[asked]
    return float(np.sum(p * np.log(p / ((1 - smoothing) * q + smoothing * p))))


def told_apart(columns: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One place of each pair of a column and a count that occurs, in rising order, and of all places the number of their pair.

    cost  O(places + columns · counts): a table of all pairs

    >>> told_apart(np.array([2, 0, 2, 2]), np.array([1, 2, 1, 2]))[1].tolist()
    [1, 0, 1, 2]
    """
    codes = columns * (counts.max(initial=0) + 1) + counts
    place = np.full(codes.max(initial=-1) + 1, -1, np.int64)
    place[codes] = np.arange(len(codes))
    there = np.flatnonzero(place >= 0)
    pairs = place[there]
    place[there] = np.arange(len(there))
    return pairs, place[codes]


@compiled
def _pick(
    starts: NDArray[np.int64],
    which: NDArray[np.int64],
    pair_category: NDArray[np.int64],
    pair_part: NDArray[np.float64],
    gain: NDArray[np.float64],
    wanted: NDArray[np.float64],
    strength: float,
    smoothing: float,
    k: int,
) -> NDArray[np.int64]:
    """The positions picked. An item moves the divergence by its own categories alone, and by the same amount as any other item that
    has the same part of the same category: logarithms are taken once a step for each such pair. The longer the list, the less an item
    can move, so a stale value is a bound from above: refresh only what could win."""
    n = len(starts) - 1
    picked = np.empty(k, np.int64)
    sums = np.zeros(len(wanted))
    moves = np.empty(len(pair_part))
    value = np.full(n, np.inf)
    for t in range(k):
        for e in range(len(moves)):
            g = pair_category[e]
            floor = smoothing * wanted[g] * (t + 1) / (1 - smoothing)
            moves[e] = strength * wanted[g] * np.log((sums[g] + pair_part[e] + floor) / (sums[g] + floor)) if wanted[g] > 0 else 0.0
        lead = np.argmax(value)
        best, best_value = int(lead), -np.inf
        for turn in range(-1, n):
            i = turn if turn >= 0 else int(lead)
            if value[i] < best_value or (value[i] == best_value and i >= best):
                continue
            value[i] = gain[i]
            for at in range(starts[i], starts[i + 1]):
                value[i] += moves[which[at]]
            if value[i] > best_value or (value[i] == best_value and i < best):
                best, best_value = i, value[i]
        picked[t] = best
        value[best] = -np.inf
        gain[best] = -np.inf
        for at in range(starts[best], starts[best + 1]):
            sums[pair_category[which[at]]] += pair_part[which[at]]
    return picked

"""Sliding spectrum decomposition: variety as it is felt by someone who scrolls."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.ranking.compiled import compiled
from bowerbird.ranking.relevance import checked_dial, checked_window, ranked, relevance
from bowerbird.ranking.space import Vectors, rows_of
from bowerbird.types import Query, Slate

SPANNED = 1e-5
"""A squared length from here down is a rounding error of float32: nothing of the item is left."""


@dataclass(frozen=True, eq=False)
class Ssd:
    """Pick items one by one so that scores are high and each adds something new to the last picks.

        next = argmax over i not picked:  trade · relevance(i) + (1 − trade) · ‖what is left of vᵢ outside the ring‖

    The ring holds one direction for each of the last w picks: what was left of the pick outside the ring when it was picked (Gram–Schmidt).
    The oldest direction leaves as the newest comes, and every item gets back what it had along it. So a pick stands for what it added
    then, even after the picks before it have left the ring; a windowed `Dpp` would count all of it anew. Length and not its logarithm:
    an exact double costs as much as one step of variety and no more.

    The paper multiplies the length with the volume of all picks so far. That factor is below 1 and falls with each pick, so variety
    would count less and less down the list; it is left out, and the dial means the same at every place.

    vectors  (n_items, d) float32, unit length, or an `ItemSpace`
    trade    0..1; 1 keeps the order given, 0 looks at variety alone
    window   how many of the last picks are in the ring, at least 1; from d on there is nothing left to add
    raises   DataError if a slate names an item beyond `vectors`
    cost     O(k·n·d) time for a slate of n at worst, less in practice: an item is compared only when it could win; O((n + d)·w) memory
    source   Huang, Wang, Zhang & Xu, KDD 2021; picked lazily (Minoux 1978), which changes the cost and not the answer

    >>> from bowerbird.types import History
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> slate = Slate(np.array([0, 1, 2], np.int32), np.array([.9, .8, .6], np.float32))
    >>> Ssd(vectors, trade=0.5, window=1)(slate, Query(History.of([])), k=3).items.tolist()
    [0, 2, 1]
    """

    vectors: Vectors
    trade: float
    window: int = 10

    def __post_init__(self) -> None:
        checked_dial("ssd: trade", self.trade)
        checked_window("ssd: window", self.window)

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """The `k` picks, in the order in which they were picked."""
        slate = ranked(slate) if self.trade < 1 else slate
        rows = rows_of(self.vectors, slate.items)
        k = min(k, len(slate))
        if self.trade == 1:
            return slate.take(np.arange(k))
        gain = self.trade * relevance(slate.scores).astype(np.float64)
        return slate.take(_pick(rows, gain, 1 - self.trade, max(min(self.window, k), 1), k))


@compiled
def _pick(rows: NDArray[np.float32], gain: NDArray[np.float64], price: float, window: int, k: int) -> NDArray[np.intp]:
    """The positions picked. `along[i]` is what item i has along the directions of the ring that it has met, `rest[i]` the square of
    what is left. A direction not met yet can only take away, so a stale value is a bound from above: refresh only what could win."""
    n, d = rows.shape
    picked = np.empty(k, np.intp)
    ring = np.zeros((window, d), np.float32)
    along = np.zeros((n, window), np.float32)
    rest = np.ones(n)
    met = np.zeros(n, np.intp)
    value = gain + price
    for t in range(k):
        lead = np.argmax(value)
        best, best_value = int(lead), -np.inf
        for turn in range(-1, n):
            i = turn if turn >= 0 else int(lead)
            if value[i] < best_value or (value[i] == best_value and i >= best):
                continue
            row = rows[i]
            for s in range(met[i], t):
                direction = ring[s % window]
                part = np.float32(0)
                for c in range(d):
                    part += row[c] * direction[c]
                along[i, s % window] = part
                rest[i] -= np.float64(part) * part
            met[i] = t
            value[i] = gain[i] + price * _length(rest[i])
            if value[i] > best_value or (value[i] == best_value and i < best):
                best, best_value = i, value[i]
        picked[t] = best
        gain[best] = -np.inf
        value[best] = -np.inf
        newest = _direction(rows[best], ring, along[best])
        leaving, slot = t - window, t % window
        if leaving >= 0:
            for i in range(n):
                if met[i] > leaving:
                    rest[i] += np.float64(along[i, slot]) * along[i, slot]
                    value[i] = gain[i] + price * _length(rest[i])
                else:
                    met[i] = leaving + 1
        ring[slot] = newest
    return picked


@compiled
def _length(square: float) -> float:
    return np.sqrt(square) if square > SPANNED else 0.0


@compiled
def _direction(row: NDArray[np.float32], ring: NDArray[np.float32], along: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is left of a row outside the ring, at unit length; zeros if nothing is."""
    left = row.copy()
    for s in range(len(ring)):
        left -= along[s] * ring[s]
    square = np.sum(left * left)
    left *= np.float32(1 / np.sqrt(square) if square > SPANNED else 0.0)
    return left

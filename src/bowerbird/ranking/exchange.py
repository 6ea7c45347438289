"""Slates that give up what they are least sure of: expected NDCG against distance, by exchanging one item at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.ranking.chances import Chances, unlearned
from bowerbird.ranking.compiled import compiled
from bowerbird.ranking.relevance import ranked
from bowerbird.ranking.space import Vectors, rows_of
from bowerbird.types import Query, Slate


@dataclass(frozen=True, eq=False)
class Exchange:
    """Start from the best-scored items, and exchange one of them for one of the pool as long as that pays.

        worth of a slate = Σ over ranks r:  p(item at r) / log2(1 + r)  +  price · mean over pairs: (1 − v·v')
        p = what each item adds to the expected NDCG in the first place (`Chances`)

    The first part is what the slate's NDCG is expected to be. It is in the same unit for all users, so one price buys distance where it is
    cheapest: where the scorer is sure, the slate stays; where it could as well have been other items, or where nothing of the pool is
    likely, these make way. And it knows places: an item of the tenth place costs less than one of the first. What is chosen stands by
    falling score, as expected NDCG wants it, while distance does not care. `Mmr` and `Dpp` weigh a score that is spread over 0..1 for
    everyone alike, and show the picks as picked.

    vectors  (n_items, d) float32, unit length, or an `ItemSpace`
    price    0 or more; what a distance of 1 is worth in expected NDCG. 0 keeps the order given
    chances  as learned by `fit_chances`; None = softmax, the best item e⁶ times as likely as the worst
    raises   DataError if a slate names an item beyond `vectors`
    cost     O(n·k·d + exchanges · n·(k + d)) for a pool of n; at most 4 k exchanges
    source   greedy exchange for max-sum dispersion: Gollapudi & Sharma, WWW 2009; Borodin, Lee & Ye, PODS 2012

    >>> from bowerbird.types import History
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> unsure = Slate(np.array([0, 1, 2], np.int32), np.array([3, 2.1, 2.0], np.float32))
    >>> sure = Slate(np.array([0, 1, 2], np.int32), np.array([9, 8, 2.0], np.float32))
    >>> straight = Chances(level=-2.0, middle=0.0, width=1.0, power=1.0, fall=0.0)
    >>> [Exchange(vectors, price=0.1, chances=straight)(slate, Query(History.of([])), k=2).items.tolist() for slate in (unsure, sure)]
    [[0, 2], [0, 1]]
    """

    vectors: Vectors
    price: float
    chances: Chances | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.price < np.inf:
            raise DataError(f"exchange: price must be 0 or more, got {self.price}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """`k` items by falling score."""
        k = min(k, len(slate))
        slate = ranked(slate) if self.price > 0 else slate
        rows = rows_of(self.vectors, slate.items)
        if self.price == 0 or k < 2 or k == len(slate):
            return slate.take(np.arange(k))
        p = unlearned(slate.scores) if self.chances is None else self.chances.of(slate.scores)
        return slate.take(_exchange(rows, p, self.price, k))


@compiled
def _exchange(rows: NDArray[np.float32], p: NDArray[np.float64], price: float, k: int) -> NDArray[np.intp]:
    """The positions kept, rising. p falls along the pool, so rising positions are falling scores. `near[s]` is the likeness of all items to
    kept item s, `total` the sum of these."""
    kept = np.arange(k)
    near = np.empty((k, len(rows)), np.float32)
    total = np.zeros(len(rows), np.float64)
    for s in range(k):
        _likeness(rows, s, near[s])
        total += near[s]
    for _ in range(4 * k):
        leaves, enters = _best(p, kept, near, total, price / (k * (k - 1)))
        if leaves < 0:
            break
        total -= near[leaves]
        at = leaves
        while at + 1 < k and kept[at + 1] < enters:  # close the gap towards where the new one belongs
            kept[at], near[at] = kept[at + 1], near[at + 1]
            at += 1
        while at > 0 and kept[at - 1] > enters:
            kept[at], near[at] = kept[at - 1], near[at - 1]
            at -= 1
        kept[at] = enters
        _likeness(rows, enters, near[at])
        total += near[at]
    return kept


@compiled
def _best(
    p: NDArray[np.float64], kept: NDArray[np.intp], near: NDArray[np.float32], total: NDArray[np.float64], pair: float
) -> tuple[int, int]:
    """Which kept one leaves and which position enters, for the greatest gain; −1 where there is none. `down` and `up` say what it does to
    the DCG to move kept items by one place, summed from the first place on; `pair` is what the distance of one pair is worth."""
    k = len(kept)
    discount = 1 / np.log2(np.arange(2, k + 3))
    down, up = np.zeros(k + 1), np.zeros(k + 1)
    for r in range(k):
        down[r + 1] = down[r] + (discount[r + 1] - discount[r]) * p[kept[r]]
        up[r + 1] = up[r] + ((discount[r - 1] - discount[r]) * p[kept[r]] if r else 0.0)
    best, leaves, enters, place = 1e-12, -1, -1, 0
    for i in range(len(p)):
        if place < k and kept[place] == i:
            place += 1
            continue
        for r in range(k):
            j = kept[r]
            if place <= r:  # i stands before j did: those between move down
                gain = discount[place] * p[i] + down[r] - down[place] - discount[r] * p[j]
            else:  # those between move up
                gain = discount[place - 1] * p[i] + up[place] - up[r + 1] - discount[r] * p[j]
            gain += 2 * pair * ((total[j] - near[r, j]) - (total[i] - near[r, i]))
            if gain > best:
                best, leaves, enters = gain, r, i
    return leaves, enters


@compiled
def _likeness(rows: NDArray[np.float32], j: int, into: NDArray[np.float32]) -> None:
    """v·v' of item j to all."""
    n, d = rows.shape
    row = rows[j]
    for i in range(n):
        other, alike = rows[i], np.float32(0)
        for c in range(d):
            alike += row[c] * other[c]
        into[i] = alike

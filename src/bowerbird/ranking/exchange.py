"""Slates that give up what they are least sure of: expected NDCG against distance, by exchanging one item at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.ranking.compiled import compiled
from bowerbird.ranking.relevance import ranked
from bowerbird.ranking.space import Vectors, rows_of
from bowerbird.types import Query, Slate

SPREAD = 6.0
"""Where no temperature was learned, the best item of a pool is e⁶ times as likely as the worst."""


@dataclass(frozen=True, eq=False)
class Exchange:
    """Start from the best-scored items, and exchange one of them for one of the pool as long as that pays.

        worth of a slate = Σ over ranks r:  p(item at r) / log2(1 + r)  +  price · mean over pairs: (1 − v·v')
        p = softmax(scores / temperature) over the pool

    The first part is what the slate's DCG is expected to be. It is in the same unit for all users, so one price buys distance where it is
    cheapest: where the scorer is sure, the slate stays; where it could as well have been other items, these make way. And it knows places:
    an item of the tenth place costs less than one of the first. What is chosen stands by falling score, as expected DCG wants it, while
    distance does not care. `Mmr` and `Dpp` weigh a score that is spread over 0..1 for everyone alike, and show the picks as picked.

    vectors      (n_items, d) float32, unit length, or an `ItemSpace`
    price        0 or more; what a distance of 1 is worth in expected DCG. 0 keeps the order given
    temperature  above 0, in the unit of the scores: such that p is how likely the user wants the item (`fit_temperature`); None = a sixth
                 of how far the pool's scores lie apart
    raises       DataError if a slate names an item beyond `vectors`
    cost         O(n·k·d + exchanges · n·(k + d)) for a pool of n; at most 4 k exchanges
    source       greedy exchange for max-sum dispersion: Gollapudi & Sharma, WWW 2009; Borodin, Lee & Ye, PODS 2012

    >>> from bowerbird.types import History
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> unsure = Slate(np.array([0, 1, 2], np.int32), np.array([3, 2.1, 2.0], np.float32))
    >>> sure = Slate(np.array([0, 1, 2], np.int32), np.array([9, 8, 2.0], np.float32))
    >>> [Exchange(vectors, price=0.1, temperature=1.0)(slate, Query(History.of([])), k=2).items.tolist() for slate in (unsure, sure)]
    [[0, 2], [0, 1]]
    """

    vectors: Vectors
    price: float
    temperature: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.price < np.inf:
            raise DataError(f"exchange: price must be 0 or more, got {self.price}")
        if self.temperature is not None and not 0 < self.temperature < np.inf:
            raise DataError(f"exchange: temperature must be above 0, got {self.temperature}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """`k` items by falling score."""
        k = min(k, len(slate))
        slate = ranked(slate) if self.price > 0 else slate
        rows = rows_of(self.vectors, slate.items)
        if self.price == 0 or k < 2 or k == len(slate):
            return slate.take(np.arange(k))
        return slate.take(_exchange(rows, likely(slate.scores, self.temperature), self.price, k))


def likely(scores: NDArray[np.float32], temperature: float | None) -> NDArray[np.float64]:
    """How likely each item of a pool is wanted, if one of them is: (n,), sums to 1."""
    wide = scores.astype(np.float64)
    apart = float(wide.max() - wide.min()) / SPREAD if temperature is None else temperature
    odds = np.exp((wide - wide.max()) / (apart or 1.0))
    return np.asarray(odds / odds.sum(), np.float64)


def fit_temperature(pools: list[NDArray[np.float32]], wanted: list[NDArray[np.intp]]) -> float:
    """The temperature under which what users wanted was likeliest.

    pools   the scores of each user's pool, (n,)
    wanted  the positions in it of what the user wanted, perhaps none; users with several count once
    raises  DataError if no user wanted anything of their pool
    source  Guo et al., ICML 2017 (temperature scaling)

    >>> pools = [np.array([2, 0, 0], np.float32)] * 4
    >>> round(fit_temperature(pools, [np.array([0])] * 3 + [np.array([1])]), 2)        # best item wanted 3 times in 4
    1.12
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 a third of a second, only where it is learned

    known = [(pool.astype(np.float64), at) for pool, at in zip(pools, wanted, strict=True) if len(at)]
    if not known:
        raise DataError("temperature: no user wanted anything of what was scored best, so it cannot be learned")
    unit = float(np.median([pool.std() for pool, _ in known])) or 1.0

    def surprise(log_temperature: float) -> float:
        heat = unit * np.exp(log_temperature)
        return float(
            np.mean([np.log(np.exp((pool - pool.max()) / heat).sum()) - np.mean(pool[at] - pool.max()) / heat for pool, at in known])
        )

    return float(unit * np.exp(minimize_scalar(surprise, bounds=(-6, 6), method="bounded").x))


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

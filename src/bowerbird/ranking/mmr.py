"""Maximal marginal relevance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.ranking.compiled import compiled
from bowerbird.ranking.relevance import checked_dial, ranked, relevance
from bowerbird.ranking.space import Vectors, rows_of
from bowerbird.types import Query, Slate


@dataclass(frozen=True, eq=False)
class Mmr:
    """Pick items one by one, each time the best trade of score against likeness to what is already picked.

        next = argmax over i not picked:  trade · relevance(i) − (1 − trade) · max over j picked: vᵢ·vⱼ

    The first pick has nothing to be like and is the best-scored item. Relevance is the score brought to 0..1 within the slate.

    vectors   (n_items, d) float32, unit length, or an `ItemSpace`
    trade     0..1; 1 keeps the order given, 0 looks at variety alone
    raises    DataError if a slate names an item beyond `vectors`
    cost      O(k·n·d) time for a slate of n at worst, far less in practice: an item is compared only when it could win
    source    Carbonell & Goldstein, SIGIR 1998; picked lazily (Minoux 1978), which changes the cost and not the answer

    >>> from bowerbird.types import History
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> slate = Slate(np.array([0, 1, 2], np.int32), np.array([.9, .8, .6], np.float32))
    >>> Mmr(vectors, trade=0.5)(slate, Query(History.of([])), k=2).items.tolist()
    [0, 2]
    """

    vectors: Vectors
    trade: float

    def __post_init__(self) -> None:
        checked_dial("mmr: trade", self.trade)

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """The `k` picks, in the order in which they were picked."""
        slate = ranked(slate) if self.trade < 1 else slate
        rows = rows_of(self.vectors, slate.items)
        if self.trade == 1:
            return slate.take(np.arange(min(k, len(slate))))
        gain = self.trade * relevance(slate.scores).astype(np.float64)
        return slate.take(_pick(rows, gain, 1 - self.trade, min(k, len(slate))))


@compiled
def _pick(rows: NDArray[np.float32], gain: NDArray[np.float64], price: float, k: int) -> NDArray[np.intp]:
    """The positions picked. Likeness to the picks can only grow, so a stale value is a bound from above: refresh only what could win."""
    n, d = rows.shape
    picked = np.empty(k, np.intp)
    near = np.full(n, -1.0, np.float32)  # likeness to the nearest pick so far; no cosine is lower
    met = np.zeros(n, np.intp)  # with how many of the picks it is compared
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
                other = rows[picked[s]]
                alike = np.float32(0)
                for c in range(d):
                    alike += row[c] * other[c]
                near[i] = max(near[i], alike)
            met[i] = t
            value[i] = gain[i] - price * near[i]
            if value[i] > best_value or (value[i] == best_value and i < best):
                best, best_value = i, value[i]
        picked[t] = best
        value[best] = -np.inf
        gain[best] = -np.inf
    return picked

"""The most probable set of a determinantal point process, found greedily."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.ranking.compiled import compiled
from bowerbird.ranking.relevance import checked_dial, checked_window, ranked, relevance
from bowerbird.ranking.space import Vectors, rows_of
from bowerbird.types import Query, Slate

TINY = 1e-200
"""Where the odds of all that is left are below, they are taken anew from the best of it."""


@dataclass(frozen=True, eq=False)
class Dpp:
    """Pick items one by one so that scores are high and the vectors of the picks span much room.

        next = argmax over i not picked:  log det L(picked ∪ i) − log det L(picked)
        L = diag(q) · S · diag(q),   S = (1 − own) · V Vᵀ + own · I,   q = exp(relevance · trade / 2(1 − trade))

    which is the greedy search for the set with the greatest  trade · Σ relevance + (1 − trade) · log det S. Where `Mmr` looks at the
    nearest pick alone, the determinant also sees an item that lies between several picks. `own` is the part of an item that is like
    no other item: it keeps S of full rank, so there is an answer for any k, and an exact double costs log `own` and not infinity.

    With a window w, `picked` in the first line stands for the last w picks alone: what was shown longer ago no longer repels, as in a
    feed of which nobody sees more than w items at a time.

    vectors   (n_items, d) float32, unit length, or an `ItemSpace`
    trade     0..1; 1 keeps the order given, 0 looks at variety alone
    own       above 0, at most 1
    window    how many of the last picks repel, at least 1; None = all
    raises    DataError if a slate names an item beyond `vectors`
    cost      O(k·n·(k + d)) time for a slate of n, O(n·(k + d)) memory: the kernel itself, n × n, is never built. With a window w below k
              O(k·n·(w + d)), and O(n·w) memory
    source    Chen, Zhang & Zhou, NeurIPS 2018 (incremental Cholesky; windows by rotating the oldest pick out of the factor)

    >>> from bowerbird.types import History
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> slate = Slate(np.array([0, 1, 2], np.int32), np.array([.9, .8, .6], np.float32))
    >>> Dpp(vectors, trade=0.5)(slate, Query(History.of([])), k=2).items.tolist()
    [0, 2]
    """

    vectors: Vectors
    trade: float
    own: float = 0.01
    window: int | None = None

    def __post_init__(self) -> None:
        checked_dial("dpp: trade", self.trade)
        if not 0 < self.own <= 1:
            raise DataError(f"dpp: own must be above 0 and at most 1, got {self.own}")
        checked_window("dpp: window", self.window)

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """The `k` picks, in the order in which they were picked."""
        slate = ranked(slate) if self.trade < 1 else slate
        rows = rows_of(self.vectors, slate.items)
        k = min(k, len(slate))
        if self.trade == 1 or k == 0:
            return slate.take(np.arange(k))
        gain = self.trade * relevance(slate.scores).astype(np.float64)
        if self.window is None or self.window >= k - 1:
            return slate.take(_pick(rows, gain, 1 - self.trade, self.own, k))
        return slate.take(_pick_in_window(rows, gain, 1 - self.trade, self.own, self.window, k))


@compiled
def _pick(rows: NDArray[np.float32], gain: NDArray[np.float64], price: float, own: float, k: int) -> NDArray[np.intp]:
    """The positions picked: those with the greatest gain + price · log(rest), found as the greatest exp(gain / price) · rest without a
    logarithm an item. `rest[i]` is what of item i lies outside the span of the picks, `lower[s, i]` its entry for pick s in the Cholesky
    factor of S: what belongs to one pick lies side by side, so that whole vectors are added."""
    n = len(rows)
    columns = np.ascontiguousarray(rows.T)
    least = np.float32(own)
    picked = np.empty(k, np.intp)
    lower = np.empty((k, n), np.float32)
    rest = np.ones(n, np.float32)
    odds = _odds(gain, price)
    for t in range(k):
        best, most = _greatest(odds, rest)
        if most < TINY:
            odds = _odds(gain, price)
            best, most = _greatest(odds, rest)
        picked[t] = best
        gain[best] = -np.inf
        odds[best] = 0.0
        root = np.sqrt(rest[best])
        low = lower[t]
        low[:] = 0
        _add(low, columns, rows[best] * (np.float32(1 - own) / root))
        _add(low, lower, lower[:t, best] * (np.float32(-1) / root))
        for i in range(n):
            left = rest[i] - low[i] * low[i]
            rest[i] = left if left > least else least
    return picked


@compiled
def _odds(gain: NDArray[np.float64], price: float) -> NDArray[np.float64]:
    """exp(gain / price), the greatest 1; 0 for what is too far below to be next."""
    odds: NDArray[np.float64] = np.exp((gain - gain.max()) / price)
    return odds


@compiled
def _greatest(odds: NDArray[np.float64], rest: NDArray[np.float32]) -> tuple[int, float]:
    """Where odds · rest is greatest, the first of equals, and how great."""
    best, most = 0, -1.0
    for i in range(len(odds)):
        value = odds[i] * rest[i]
        if value > most:
            best, most = i, value
    return best, most


@compiled
def _add(into: NDArray[np.float32], table: NDArray[np.float32], factors: NDArray[np.float32]) -> None:
    """Add the first rows of a table, each times its factor; eight at a time, so that sums are seldom written and read again."""
    done = len(factors) // 8 * 8
    for at in range(0, done, 8):
        p, q, r, s = factors[at], factors[at + 1], factors[at + 2], factors[at + 3]
        t, u, v, w = factors[at + 4], factors[at + 5], factors[at + 6], factors[at + 7]
        a, b, c, d = table[at], table[at + 1], table[at + 2], table[at + 3]
        e, f, g, h = table[at + 4], table[at + 5], table[at + 6], table[at + 7]
        for i in range(len(into)):
            into[i] += p * a[i] + q * b[i] + r * c[i] + s * d[i] + t * e[i] + u * f[i] + v * g[i] + w * h[i]
    for at in range(done, len(factors)):
        row, factor = table[at], factors[at]
        for i in range(len(into)):
            into[i] += factor * row[i]


@compiled
def _pick_in_window(
    rows: NDArray[np.float32], gain: NDArray[np.float64], price: float, own: float, window: int, k: int
) -> NDArray[np.intp]:
    """The positions picked. `lower[s, i]` is item i's entry for the s-th pick of the window in the Cholesky factor of S; the picks' own
    columns are the factor. What is left of an item grows when a pick leaves the window, so nothing here can be put off."""
    n, d = rows.shape
    shared = np.float32(1 - own)
    picked = np.empty(k, np.intp)
    lower = np.zeros((window, n), np.float32)
    fresh = np.empty(n, np.float32)
    rest = np.ones(n, np.float32)
    for t in range(k):
        best, best_value = -1, -np.inf
        for i in range(n):
            value = gain[i] + price * np.log(max(rest[i], np.float32(own)))
            if value > best_value:
                best, best_value = i, value
        picked[t] = best
        gain[best] = -np.inf
        held = min(t, window)
        if held == window:
            _forget_oldest(lower, rest, picked[t - window : t])
            held -= 1
        other = rows[best]
        for i in range(n):
            row = rows[i]
            alike = np.float32(0)
            for c in range(d):
                alike += row[c] * other[c]
            fresh[i] = shared * alike
        for s in range(held):
            theirs = lower[s, best]
            for i in range(n):
                fresh[i] -= lower[s, i] * theirs
        root = np.sqrt(max(rest[best], np.float32(own)))
        for i in range(n):
            low = fresh[i] / root
            lower[held, i] = low
            rest[i] -= low * low
        lower[held, best] = root
    return picked


@compiled
def _forget_oldest(lower: NDArray[np.float32], rest: NDArray[np.float32], picks: NDArray[np.intp]) -> None:
    """Take the first of `picks` out of the factor. Without its row the factor has one column too many; each rotation of two columns
    empties the first of them in one more row, and what the first holds in the end is what the items get back."""
    n = lower.shape[1]
    loose = lower[0].copy()
    for s in range(1, len(picks)):
        kept, spilt = lower[s, picks[s]], loose[picks[s]]
        length = np.sqrt(kept * kept + spilt * spilt)
        cos, sin = kept / length, spilt / length
        for i in range(n):
            low = lower[s, i]
            lower[s - 1, i] = cos * low + sin * loose[i]
            loose[i] = cos * loose[i] - sin * low
    for i in range(n):
        rest[i] += loose[i] * loose[i]

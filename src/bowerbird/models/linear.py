"""Item–item weights: the one model that item-kNN, SLIM, EASE and the sequential ridge all fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.data.sequences import decayed_rows, decayed_weights
from bowerbird.errors import DataError
from bowerbird.types import Log, Query, Scores

BLOCK_VALUES = 2**24
"""How many values a block of dense rows has, at most: 64 MB."""


@dataclass(frozen=True, eq=False)
class LinearModel:
    """The score of an item is the sum, over the events of the history, of what each is worth now times its weight for the item.

    weights           (n_items, n_items) float32, zero diagonal: from the item of an event (row) to the item scored (column)
    scorable          (n_items,) bool, the items it can score
    half_life_events  an event counts half once this many newer ones have followed; None = age does not matter
    half_life_days    likewise by the clock, seen from the query's time

    A history in which no item has a weight says nothing: its whole row is NaN. So is the column of an item that is not scorable.

    raises  DataError if the shapes do not fit or an item has a weight for itself
    cost    a query reads one row of `weights` an event

    >>> from bowerbird.types import History
    >>> model = LinearModel.of(np.array([[0, 2.0], [1.0, 0]], np.float32), half_life_events=1)
    >>> model.score([Query(History.of([0, 1])), Query(History.of([]))])
    array([[ 1.,  1.],
           [nan, nan]], dtype=float32)
    """

    kind: ClassVar[str] = "linear"
    weights: sparse.csr_array
    scorable: NDArray[np.bool_]
    half_life_events: float | None = None
    half_life_days: float | None = None

    def __post_init__(self) -> None:
        n = len(self.scorable)
        if self.weights.shape != (n, n):
            raise DataError(f"linear model: weights must be ({n}, {n}) as there are {n} items, got {self.weights.shape}")
        if self.weights.diagonal().any():
            raise DataError(
                f"linear model: no item may have a weight for itself, item {int(self.weights.diagonal().nonzero()[0][0])} has one"
            )

    @staticmethod
    def of(
        weights: sparse.csr_array | NDArray[np.float32], half_life_events: float | None = None, half_life_days: float | None = None
    ) -> "LinearModel":
        """The model of these weights; it can score the items that have one."""
        table = sparse.csr_array(weights, dtype=np.float32)
        table.eliminate_zeros()
        scorable = np.bincount(table.indices, minlength=table.shape[1]) > 0
        return LinearModel(table, scorable, half_life_events, half_life_days)

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.scorable)

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        rows = self._rows(queries)
        scores: Scores = (rows @ self.weights).toarray()
        scores[:, ~self.scorable] = np.nan
        scores[~self._speaks(rows)] = np.nan
        return scores

    def score_some(self, queries: Sequence[Query], items: NDArray[np.int32]) -> Scores:
        """(n_queries, len(items)): these columns of `score`. O(weights of the items of the histories)."""
        rows = self._rows(queries)
        table = rows @ self.weights
        scores, one = np.zeros((len(queries), len(items)), np.float32), np.zeros(self.n_items, np.float32)
        for row, (start, end) in zip(scores, pairwise(table.indptr.tolist()), strict=True):
            told = table.indices[start:end]
            one[told] = table.data[start:end]
            row[:] = one[items]
            one[told] = 0
        scores[:, ~self.scorable[items]] = np.nan
        scores[~self._speaks(rows)] = np.nan
        return scores

    def nominate(self, queries: Sequence[Query], n: int) -> list[NDArray[np.int32]]:
        """The numbers of the `n` best items above 0 for each query, in any order."""
        table = self._rows(queries) @ self.weights
        found = []
        for start, end in pairwise(table.indptr.tolist()):
            items, scores = table.indices[start:end], table.data[start:end]
            best = np.argpartition(-scores, n)[:n] if len(scores) > n else np.arange(len(scores))
            found.append(items[best[scores[best] > 0]].astype(np.int32))
        return found

    def moments(self, queries: Sequence[Query], among: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The mean and the variance of each query's scores of these items, (n_queries,); NaN where the history says nothing."""
        rows = self._rows(queries)
        table, counted = rows @ self.weights, (among & self.scorable).astype(np.float64)
        n = counted.sum()
        if not n:
            return np.full(len(queries), np.nan), np.full(len(queries), np.nan)
        exact = table.astype(np.float64)
        mean = (exact @ counted) / n
        variance = (exact.multiply(exact) @ counted) / n - mean**2
        silent = ~self._speaks(rows)
        mean[silent], variance[silent] = np.nan, np.nan
        return mean, variance

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): what each event adds to the score of each of `items`; the columns sum to the scores.

        0 for an item that it cannot score.
        """
        worth = decayed_weights(
            [query.history], half_life_events=self.half_life_events, half_life_days=self.half_life_days, now=np.array([query.time])
        )
        parts = np.zeros((len(query.history), len(items)), np.float32)
        events = np.flatnonzero(query.history.items < self.n_items)
        known = np.flatnonzero(items < self.n_items)
        table = self.weights[query.history.items[events]][:, items[known]].toarray()
        parts[np.ix_(events, known)] = table * worth[events, None]
        return parts

    @cached_property
    def _heard(self) -> NDArray[np.float32]:
        """(n_items,): 1 for items with a weight for another."""
        heard: NDArray[np.float32] = (np.diff(self.weights.indptr) > 0).astype(np.float32)
        return heard

    def _rows(self, queries: Sequence[Query]) -> sparse.csr_array:
        """(n_queries, n_items): what each item of the histories is worth now."""
        return decayed_rows(
            [query.history for query in queries],
            self.n_items,
            half_life_events=self.half_life_events,
            half_life_days=self.half_life_days,
            now=np.array([query.time for query in queries]),
        )

    def _speaks(self, rows: sparse.csr_array) -> NDArray[np.bool_]:
        """(n_queries,) whether some item of the history has a weight."""
        speaks: NDArray[np.bool_] = (abs(rows) @ self._heard) > 0
        return speaks


def interactions(log: Log, *, weighted: bool = False) -> sparse.csr_array:
    """X: (n_users, n_items) float32, 1 where the user showed interest in the item. What speaks against an item is no interest.

    weighted  the greatest weight of the user's events on the item, instead of 1
    cost      O(n log n)
    """
    liked = log.where(log.weights > 0)
    order = np.lexsort((-liked.weights, liked.items, liked.users))
    users, items, weights = liked.users[order], liked.items[order], liked.weights[order]
    first = np.ones(len(users), bool)
    first[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
    values = weights[first] if weighted else np.ones(int(first.sum()), np.float32)
    return sparse.csr_array((values, (users[first], items[first])), shape=(log.n_users, log.n_items), dtype=np.float32)


def strongest(blocks: Iterator[NDArray[np.float32]], n_items: int, keep: int | None) -> sparse.csr_array:
    """Sparse weights out of dense ones: of each item that is scored, the `keep` weights greatest in size.

    blocks  (some items scored, n_items) float32: the transposed weights, block by block. Each row is one scored item's weights
    keep    None = all that are not 0
    cost    O(n_items²) time; memory for one block and for what is kept
    """
    if keep is None or keep >= n_items:
        kept = [sparse.csr_array(block) for block in blocks]
    else:
        kept = [_strongest_of(block, keep) for block in blocks]
    if not kept:
        return sparse.csr_array((n_items, n_items), dtype=np.float32)
    return sparse.vstack(kept, format="csr").T.tocsr()


def _strongest_of(block: NDArray[np.float32], keep: int) -> sparse.csr_array:
    items, values = _select(block, keep)
    starts = np.arange(len(block) + 1) * keep
    return sparse.csr_array((values.ravel(), items.ravel(), starts), shape=block.shape)


@njit(nogil=True, cache=True)
def _select(block: NDArray[np.float32], keep: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The places and values, (n_rows, keep), of the values of each row that are greatest in size; of equals the first."""
    n_rows, n = block.shape
    items, values = np.empty((n_rows, keep), np.int32), np.empty((n_rows, keep), np.float32)
    for row in range(n_rows):
        sizes = np.abs(block[row])
        least = np.partition(sizes, n - keep)[n - keep]
        equals = keep - (sizes > least).sum()
        at = 0
        for place in range(n):
            if sizes[place] < least or (sizes[place] == least and equals == 0):
                continue
            if sizes[place] == least:
                equals -= 1
            items[row, at], values[row, at] = place, block[row, place]
            at += 1
    return items, values


def most_popular(X: sparse.csr_array, most: int | None) -> NDArray[np.intp]:
    """The numbers, rising, of the `most` items that most users showed interest in; items without any are never among them.

    X     (n_users, n_items)
    most  None = all that have any
    """
    users = np.bincount(X.indices, minlength=X.shape[1])
    best = np.argsort(-users, kind="stable")[:most]
    return np.sort(best[users[best] > 0])


def spread(weights: sparse.csr_array, items: NDArray[np.intp], n_items: int) -> sparse.csr_array:
    """Weights between some items as weights between all: row and column i become `items[i]`."""
    compact = weights.tocoo()
    return sparse.coo_array((compact.data, (items[compact.row], items[compact.col])), shape=(n_items, n_items)).tocsr()


def block_rows(n_items: int) -> Iterator[slice]:
    """Slices of item numbers, in order, whose dense rows fit in one block."""
    size = max(BLOCK_VALUES // max(n_items, 1), 1)
    for start in range(0, n_items, size):
        yield slice(start, min(start + size, n_items))

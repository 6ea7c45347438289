"""SLIM: sparse item–item weights, none below 0, by coordinate descent on the Gram matrix."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.models.linear import LinearModel, interactions, most_popular, spread
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log

CHUNK = 256
SWEEPS = 1000


class Slim(Settings):
    """For each item j, weights w ≥ 0 with w_j = 0 that rebuild its column of X from a few other columns.

    w minimises ½ ‖x_j − X w‖² + l1 ‖w‖₁ + ½ l2 ‖w‖².

    l1                greater: fewer weights. Only items that share more than `l1` users with j can have one, which saves most of the work
    l2                greater: smoother
    neighbours        of the items that could have a weight, only this many most alike (cosine) are tried
    half_life_events  of the query's history; None = age does not matter
    half_life_days    likewise by the clock
    max_items         only the most popular ones are learned, the others cannot be scored; None = all
    tolerance         stop when no weight moves by more

    cost    O(n_items · neighbours · weights · sweeps) time, and the Gram matrix, sparse, in memory
    source  Ning & Karypis, ICDM 2011 (with `neighbours`: its fsSLIM); descent as in Friedman, Hastie & Tibshirani, JSS 2010

    >>> log = Log(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones(4, np.float32), np.full(4, np.nan), n_users=2, n_items=2)
    >>> model = Slim(l1=1, l2=2).fit(log, Catalogue.of(["a", "b"]), np.random.default_rng(0))  # (2 − l1) / (2 + l2)
    >>> model.weights.toarray().round(2)
    array([[0.  , 0.25],
           [0.25, 0.  ]], dtype=float32)
    """

    kind: Literal["slim"] = "slim"
    l1: float = Field(default=1.0, ge=0)
    l2: float = Field(default=50.0, ge=0)
    neighbours: int = Field(default=200, gt=0)
    half_life_events: Span = 3.0
    half_life_days: Span = None
    max_items: int | None = Field(default=50_000, gt=1)
    tolerance: float = Field(default=1e-4, gt=0)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"half_life_events": (3.0, 8.0, None), "l1": (0.5, 2.0), "l2": (10.0, 50.0, 200.0)}
    RANGES: ClassVar[dict[str, Range]] = {
        "half_life_events": Range(1.0, 50.0, log=True, endless=True),
        "l1": Range(0.1, 10.0, log=True),
        "l2": Range(1.0, 500.0, log=True),
    }

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> LinearModel:  # noqa: ARG002
        """Descend, items side by side on all cores; see the class."""
        X = interactions(log)
        learned = most_popular(X, self.max_items)
        X = X[:, learned]
        gram = (X.T @ X).tocsr()
        gram.sort_indices()
        weights = self._columns(gram, progress)
        return LinearModel.of(spread(weights, learned, len(catalogue)), self.half_life_events, self.half_life_days)

    def _columns(self, gram: sparse.csr_array, progress: Progress) -> sparse.csr_array:
        """B: each column solved by itself."""
        n = gram.shape[0]
        parts = (
            gram.indptr.astype(np.int64),
            gram.indices.astype(np.int32),
            gram.data.astype(np.float64),
            gram.diagonal().astype(np.float64),
        )
        settings = (self.l1, self.l2, self.neighbours, self.tolerance)
        starts = range(0, n, CHUNK)
        done = []
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for start, found in zip(starts, threads.map(lambda at: _solve(*parts, at, min(at + CHUNK, n), *settings), starts), strict=True):
                done.append(found)
                progress("slim", min(start + CHUNK, n), n)
        items, sources, values = (np.concatenate([part[place] for part in done] or [np.zeros(0)]) for place in range(3))
        return sparse.coo_array((values.astype(np.float32), (sources.astype(np.int32), items.astype(np.int32))), shape=(n, n)).tocsr()


Found = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]


@njit(nogil=True, cache=True)
def _solve(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    first: int,
    last: int,
    l1: float,
    l2: float,
    most: int,
    tolerance: float,
) -> Found:
    """The weights of the items first..last: (items scored, items of the history, weights)."""
    items, sources, values = [np.int32(0) for _ in range(0)], [np.int32(0) for _ in range(0)], [0.0 for _ in range(0)]
    for j in range(first, last):
        candidates = _candidates(indptr, indices, data, diagonal, j, l1, most)
        w = _descend(indptr, indices, data, diagonal, candidates, j, l1, l2, tolerance)
        for place in range(len(candidates)):
            if w[place] > 0:
                items.append(np.int32(j))
                sources.append(candidates[place])
                values.append(w[place])
    return np.array(items, np.int32), np.array(sources, np.int32), np.array(values, np.float64)


@njit(nogil=True, cache=True)
def _candidates(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    j: int,
    l1: float,
    most: int,
) -> NDArray[np.int32]:
    """The items, rising, that can have a weight for j: with w ≥ 0 and a Gram matrix ≥ 0, none that shares l1 users or fewer."""
    here = slice(indptr[j], indptr[j + 1])
    others, shared = indices[here], data[here]
    able = (shared > l1) & (others != j)
    nearest: NDArray[np.int32] = others[able]
    if len(nearest) > most:
        best = np.argsort(-shared[able] / np.sqrt(diagonal[nearest]), kind="mergesort")[:most]
        nearest = np.sort(nearest[best])
    return nearest


@njit(nogil=True, cache=True)
def _descend(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    candidates: NDArray[np.int32],
    j: int,
    l1: float,
    l2: float,
    tolerance: float,
) -> NDArray[np.float64]:
    """Coordinate descent: w_i ← max(0, G_ij − Σ_k≠i G_ik w_k − l1) / (G_ii + l2), over all, then over those above 0, until still."""
    n = len(candidates)
    w = np.zeros(n)
    residual = _row(indptr, indices, data, j, candidates)
    rows = np.zeros((n, n))
    read = np.zeros(n, np.bool_)
    for sweep in range(SWEEPS):
        everything = sweep % 5 == 0
        moved = 0.0
        for i in range(n):
            if not everything and w[i] == 0.0:
                continue
            own = diagonal[candidates[i]]
            new = max(0.0, residual[i] + own * w[i] - l1) / (own + l2)
            step = new - w[i]
            if step != 0.0:
                if not read[i]:
                    rows[i] = _row(indptr, indices, data, candidates[i], candidates)
                    read[i] = True
                residual -= step * rows[i]
                w[i] = new
                moved = max(moved, abs(step))
        if everything and moved <= tolerance:
            break
    return w


@njit(nogil=True, cache=True)
def _row(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], data: NDArray[np.float64], i: int, columns: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Row i of the Gram matrix at these columns, which rise."""
    found = np.zeros(len(columns))
    own = indices[indptr[i] : indptr[i + 1]]
    places = np.searchsorted(own, columns)
    for place in range(len(columns)):
        at = places[place]
        if at < len(own) and own[at] == columns[place]:
            found[place] = data[indptr[i] + at]
    return found

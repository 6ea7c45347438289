"""Sequential ridge: the next item as a linear function of the decayed history before it, in closed form."""

from collections.abc import Iterator
from math import ceil, log2
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.models.linear import LinearModel, block_rows, interactions, most_popular, spread, strongest
from bowerbird.models.solving import inverse, product
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log

FADED = 1e-2
"""A history learned from is cut where its events are worth less than this."""


class Sequential(Settings):
    """Item–item weights B that best tell each event's item from the decayed history before it, and each history from itself.

    B minimises ‖T − S B‖² + together ‖X − X B‖² + l2 ‖B‖² over all events t of all users: row t of S is the decayed history before t,
    row t of T its item, and X are the users' whole histories, where order does not matter. With P = (SᵀS + together XᵀX + l2 I)⁻¹ it is
    B = P (SᵀT + together XᵀX), its diagonal then set to 0.

    l2                greater: smoother, popular items gain
    together          how much items tell about each other by being in one history, in whatever order; 0 = what comes next, alone
    half_life_events  of the histories learned from
    ask_events        of the query's history; None = as learned
    half_life_days    of the query's history, by the clock
    keep              weights kept for each scored item; None = all, which brings nothing on Beauty (`benchmarks/beauty.py`)
    max_items         only the most popular ones are learned, the others cannot be scored; None = all.
                      A fit holds 4 bytes · items²: 1.6 GB for 20,000, 40 GB for 100,000

    cost    O(n_items³ + n_items · events · half_life) time, one n_items² float32 matrix
    source  Choi et al., WWW 2021 (SLIST), here without the constraint on the diagonal

    >>> log = Log(np.array([0, 0, 0]), np.array([0, 1, 2]), np.ones(3, np.float32), np.full(3, np.nan), n_users=1, n_items=3)
    >>> recipe = Sequential(l2=1, half_life_events=1, together=0)
    >>> recipe.fit(log, Catalogue.of(["a", "b", "c"]), np.random.default_rng(0)).weights.toarray().round(2)
    array([[0.  , 0.47, 0.12],
           [0.  , 0.  , 0.47],
           [0.  , 0.  , 0.  ]], dtype=float32)
    """

    kind: Literal["sequential"] = "sequential"
    l2: float = Field(default=150.0, gt=0)
    together: float = Field(default=0.3, ge=0)
    half_life_events: float = Field(default=3.0, gt=0)
    ask_events: float | None = Field(default=None, gt=0)
    half_life_days: Span = None
    keep: int | None = Field(default=500, gt=0)
    max_items: int | None = Field(default=20_000, gt=1)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"half_life_events": (3.0, 6.0), "l2": (50.0, 150.0, 500.0), "together": (0.3, 1.0)}
    RANGES: ClassVar[dict[str, Range]] = {
        "half_life_events": Range(1.0, 20.0, log=True),
        "l2": Range(10.0, 2000.0, log=True),
        "together": Range(0.0, 2.0),
    }

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> LinearModel:  # noqa: ARG002
        """Solve; see the class."""
        X = interactions(log)
        learned = most_popular(X, self.max_items)
        compact = np.full(log.n_items, -1, np.int32)
        compact[learned] = np.arange(len(learned))
        told = log.where((log.weights > 0) & (compact[log.items] >= 0))
        squares, nexts = moments(compact[told.items], told.starts, len(learned), self.half_life_events)
        columns = solve(squares, nexts, X[:, learned], self.together, self.l2, progress)
        weights = strongest(columns, len(learned), self.keep)
        return LinearModel.of(spread(weights, learned, len(catalogue)), self.ask_events or self.half_life_events, self.half_life_days)


def moments(
    items: NDArray[np.int32], starts: NDArray[np.int64], n_items: int, half_life: float
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """SᵀS and SᵀT without ever making S, whose rows have the newest `window` events before t.

    An event is worth γ^(steps before the newest event of its row) with γ = ½^(1/half_life). So a pair of events a < b of one user is in
    (SᵀT)[a, b] once, as γ^(b−1−a), and in (SᵀS)[a, b] for every row t after b that still has a: γ^(b−a) · Σ_t γ^(2(t−1−b)).

    items, starts  events grouped by user, oldest first: user u's are starts[u] : starts[u + 1]
    cost           O(events · half_life) time and memory
    """
    decay, window = 0.5 ** (1 / half_life), ceil(-half_life * log2(FADED))
    ends = np.repeat(starts[1:], np.diff(starts))
    places = np.arange(len(items))
    shape = (n_items, n_items)
    squares, nexts = sparse.csr_array(shape), sparse.csr_array(shape)
    for gap in range(min(window, int(np.diff(starts).max(initial=0))) + 1):
        a = places[places + gap < ends]
        b = a + gap
        rows = np.minimum(ends[b] - 1 - b, window - gap)
        half = _pairs(items[a], items[b], decay**gap * (1 - decay ** (2.0 * rows)) / (1 - decay**2), shape)
        squares = squares + half
        if gap:
            squares = squares + half.T
            nexts = nexts + _pairs(items[a], items[b], np.full(len(a), decay ** (gap - 1)), shape)
    return squares, nexts


def _pairs(rows: NDArray[np.int32], columns: NDArray[np.int32], values: NDArray[np.float64], shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.coo_array((values, (rows, columns)), shape=shape).tocsr()


def solve(
    squares: sparse.csr_array, nexts: sparse.csr_array, X: sparse.csr_array, together: float, l2: float, progress: Progress = silent
) -> Iterator[NDArray[np.float32]]:
    """Bᵀ in blocks of rows. As P⁻¹ = SᵀS + together XᵀX + l2 I, B = I − l2 P − P (SᵀS − SᵀT), which spares the product with the dense XᵀX.

    An item that follows nothing and is together with nothing has no weights.
    """
    n = squares.shape[0]
    progress("sequential", 0, n)
    shared = together * (X.T @ X)
    asked = (nexts.sum(axis=0) + shared.sum(axis=0) - shared.diagonal()) > 0
    gram = np.asfortranarray((squares + shared).toarray(), dtype=np.float32)
    gram[np.diag_indices(n)] += l2
    P = inverse(gram)
    surplus = (squares - nexts).T.tocsr().astype(np.float32)
    for rows in block_rows(n):
        block = -np.float32(l2) * P[rows] - product(surplus[rows], P)
        places = np.arange(len(block))
        block[places, rows.start + places] = 0
        block[~asked[rows]] = 0
        yield block
        progress("sequential", rows.stop, n)

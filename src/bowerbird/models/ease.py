"""EASE: a linear autoencoder that may not use an item to explain itself, in closed form."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import linalg, sparse

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.models.linear import LinearModel, block_rows, interactions, most_popular, spread, strongest
from bowerbird.models.solving import inverse
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log


class Ease(Settings):
    """Item–item weights B that best rebuild each user's interests X from the user's other interests.

    B minimises ‖X − X B‖² + l2 ‖B‖² with diag(B) = 0; with G = XᵀX and P = (G + l2 I)⁻¹ it is B = I − P / diag(P).

    l2                greater: smoother, popular items gain
    half_life_events  of the query's history; None = plain EASE, which does not know what came last
    half_life_days    likewise by the clock
    keep              weights kept for each scored item; None = all, which brings nothing on Beauty (`benchmarks/beauty.py`)
    max_items         only the most popular ones are learned, the others cannot be scored; None = all.
                      A fit holds 4 bytes · items²: 1.6 GB for 20,000, 40 GB for 100,000

    cost    Many users: O(n_items³) time, one n_items² float32 matrix. Few users (a third of the items or less): the same B through the
            users × users Gram matrix, O(n_users · n_items²) time, n_users · n_items memory.
    source  Steck, WWW 2019

    >>> log = Log(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]), np.ones(4, np.float32), np.full(4, np.nan), n_users=2, n_items=4)
    >>> Ease(l2=1).fit(log, Catalogue.of(["a", "b", "c", "d"]), np.random.default_rng(0)).weights.toarray().round(2)
    array([[ 0. ,  0.5, -0.2,  0. ],
           [ 0.4,  0. ,  0.4,  0. ],
           [-0.2,  0.5,  0. ,  0. ],
           [ 0. ,  0. ,  0. ,  0. ]], dtype=float32)
    """

    kind: Literal["ease"] = "ease"
    l2: float = Field(default=100.0, gt=0)
    half_life_events: Span = 3.0
    half_life_days: Span = None
    keep: int | None = Field(default=300, gt=0)
    max_items: int | None = Field(default=20_000, gt=1)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"half_life_events": (3.0, 8.0, None), "l2": (30.0, 100.0, 300.0, 1000.0)}
    RANGES: ClassVar[dict[str, Range]] = {"half_life_events": Range(1.0, 50.0, log=True, endless=True), "l2": Range(10.0, 3000.0, log=True)}

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> LinearModel:  # noqa: ARG002
        """Solve; see the class."""
        X = interactions(log)
        learned = most_popular(X, self.max_items)
        X = X[:, learned]
        X = X[np.diff(X.indptr) > 0]
        n_users, n_items = X.shape
        columns = through_users(X, self.l2, progress) if 3 * n_users <= n_items else through_items(X, self.l2, progress)
        weights = strongest(columns, n_items, self.keep)
        return LinearModel.of(spread(weights, learned, len(catalogue)), self.half_life_events, self.half_life_days)


def through_items(X: sparse.csr_array, l2: float, progress: Progress = silent) -> Iterator[NDArray[np.float32]]:
    """Bᵀ in blocks of rows, by the inverse of the items × items Gram matrix."""
    n = X.shape[1]
    progress("ease", 0, n)
    gram = np.asfortranarray((X.T @ X).toarray(), dtype=np.float32)
    gram[np.diag_indices(n)] += l2
    P = inverse(gram)
    for rows in block_rows(n):
        yield _without_self(-P[rows] / P.diagonal()[rows, None], rows.start)
        progress("ease", rows.stop, n)


def through_users(X: sparse.csr_array, l2: float, progress: Progress = silent) -> Iterator[NDArray[np.float32]]:
    """Bᵀ in blocks of rows, by the users × users Gram matrix.

    With X Xᵀ + l2 I = L Lᵀ and V = L⁻¹ X, Woodbury's identity says P = (I − Vᵀ V) / l2; so for i ≠ j, B_ij = (Vᵀ V)_ij / (1 − (Vᵀ V)_jj).
    """
    n = X.shape[1]
    progress("ease", 0, n)
    gram = np.asarray((X @ X.T).toarray(), np.float64)
    gram[np.diag_indices(len(gram))] += l2
    L = linalg.cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
    exact = linalg.solve_triangular(L, X.toarray().astype(np.float64), lower=True, overwrite_b=True, check_finite=False)
    unexplained = (1 - np.einsum("uj,uj->j", exact, exact)).astype(np.float32)
    V = exact.astype(np.float32)
    for rows in block_rows(n):
        yield _without_self((V[:, rows].T @ V) / unexplained[rows, None], rows.start)
        progress("ease", rows.stop, n)


def _without_self(block: NDArray[np.float32], start: int) -> NDArray[np.float32]:
    """The block of rows that begins at `start`, its part of the diagonal set to 0."""
    places = np.arange(len(block))
    block[places, start + places] = 0
    return block

"""Where tastes lie: items as vectors of who took them, the space in which one person's items stand together."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds

from bowerbird.errors import DataError
from bowerbird.types import History, Log


def taste_vectors(log: Log, dimensions: int = 64) -> NDArray[np.float32]:
    """Items that the same users took, whatever they said of them, point the same way: (n_items, d) float32, unit length.

    The left singular vectors, times the singular values, of the items × users matrix in which a user's items share one length. Items
    without an event are zeros. The sign of a direction is fixed, so the same log gives the same vectors.

    dimensions  at least 1; fewer come out where there are fewer users or items
    raises      DataError if dimensions < 1
    cost        O(events · dimensions) time a step of the solver, a few hundred steps

    >>> log = Log(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]), np.ones(4, np.float32), np.full(4, np.nan), n_users=2, n_items=5)
    >>> vectors = taste_vectors(log, 1)
    >>> vectors.shape, bool(vectors[4].any())
    ((5, 1), False)
    """
    if dimensions < 1:
        raise DataError(f"taste vectors: dimensions must be at least 1, got {dimensions}")
    d = min(dimensions, log.n_users - 1, log.n_items - 1)
    if d < 1 or not len(log):
        return np.zeros((log.n_items, 1), np.float32)
    table = sparse.csr_array((np.ones(len(log)), (log.items, log.users)), shape=(log.n_items, log.n_users))
    table.data[:] = 1
    table = table @ sparse.diags_array(1 / np.sqrt(np.maximum(table.sum(axis=0), 1)))
    directions, lengths, _ = svds(table, k=d, v0=np.ones(min(table.shape)))
    order = np.argsort(-lengths, kind="stable")
    placed = directions[:, order] * lengths[order]
    placed *= np.where(placed.sum(axis=0) < 0, -1, 1)
    return unit(placed)


def unit(raw: NDArray[np.floating]) -> NDArray[np.float32]:
    """The rows brought to unit length; rows of zeros or NaN, which say nothing, are zeros.

    >>> unit(np.array([[3.0, 4.0], [np.nan, 1.0], [0.0, 0.0]])).round(1).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0], [0.0, 0.0]]
    """
    exact = np.asarray(raw, np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    told = np.isfinite(lengths) & (lengths > 1e-9)
    return np.where(told, exact / np.where(told, lengths, 1), 0).astype(np.float32)


def told_events(history: History, vectors: NDArray[np.float32]) -> NDArray[np.intp]:
    """The places of the events that tell a taste: their weight is not 0 and their item has a vector.

    >>> told_events(History.of([0, 1, 7, 0], weights=[1, 1, 1, 0]), np.array([[1.0], [0.0]], np.float32)).tolist()
    [0]
    """
    inside = np.flatnonzero((history.items < len(vectors)) & (history.weights != 0))
    return inside[vectors[history.items[inside]].any(axis=1)]

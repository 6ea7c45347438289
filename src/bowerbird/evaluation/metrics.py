"""Accuracy at k of ranked lists, one value a user; every definition stands in its docstring.

Throughout, of one user: k the cut-off, T the number of wanted items (targets), h_j = 1 if the item at rank j is wanted and
0 if not (j = 1 … k). Sums run over j = 1 … k. A list shorter than k has h_j = 0 beyond its end, and precision still divides by k.

Ties are pessimistic (`judging.judge`). All functions take a `Judged` and give (n_users,) float64 in [0, 1], in O(n_users · k).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.evaluation.judging import Judged

PerUser = NDArray[np.float64]


def precision(judged: Judged, k: int) -> PerUser:
    """Σ h_j / k."""
    return np.asarray(_found(judged, k) / k)


def recall(judged: Judged, k: int) -> PerUser:
    """Σ h_j / T."""
    return np.asarray(_found(judged, k) / judged.sizes)


def f1(judged: Judged, k: int) -> PerUser:
    """2 P R / (P + R), which is 2 Σ h_j / (k + T)."""
    return np.asarray(2 * _found(judged, k) / (k + judged.sizes))


def hit_rate(judged: Judged, k: int) -> PerUser:
    """1 if any h_j = 1, else 0."""
    return np.asarray(_head(judged, k).any(axis=1), np.float64)


def ndcg(judged: Judged, k: int) -> PerUser:
    """Σ h_j / log2(j + 1), divided by the best that can be had: Σ_{j ≤ min(k, T)} 1 / log2(j + 1).

    source  Järvelin & Kekäläinen, TOIS 2002; binary gains, the ideal cut at k as well

    >>> from bowerbird.evaluation.judging import judge
    >>> from bowerbird.types import Slate
    >>> one = Slate(np.array([4, 8], np.int32), np.array([2.0, 1.0], np.float32))
    >>> ndcg(judge([one], [np.array([8], np.int32)], 2), 2).round(4).tolist()
    [0.6309]
    """
    discounts = discount(np.arange(1, k + 1))
    ideal = np.cumsum(discounts)[np.minimum(judged.sizes, k) - 1]
    return np.asarray(_head(judged, k) @ discounts / ideal, np.float64)


def mrr(judged: Judged, k: int) -> PerUser:
    """1 / j of the first j with h_j = 1; 0 if there is none up to k."""
    head = _head(judged, k)
    return np.where(head.any(axis=1), 1.0 / (head.argmax(axis=1) + 1), 0.0)


def average_precision(judged: Judged, k: int) -> PerUser:
    """Σ h_j P_j / min(k, T), P_j the precision at j. Its mean over users is MAP at k.

    Divided by min(k, T), so that a perfect list has 1; trec_eval's `map_cut` and ranx divide by T.
    """
    head = _head(judged, k)
    precisions = np.cumsum(head, axis=1) / np.arange(1, k + 1)
    return np.asarray((head * precisions).sum(axis=1) / np.minimum(judged.sizes, k), np.float64)


Metric = Callable[[Judged, int], PerUser]

METRICS: Mapping[str, Metric] = {
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
    "f1": f1,
    "hit": hit_rate,
    "mrr": mrr,
    "map": average_precision,
}


def discount(ranks: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 / log2(rank + 1), and 0 for rank 0, which stands for "not found".

    >>> discount(np.array([0, 1, 3])).tolist()
    [0.0, 1.0, 0.5]
    """
    return np.where(ranks > 0, 1.0 / np.log2(np.maximum(ranks, 1) + 1.0), 0.0)


def _head(judged: Judged, k: int) -> NDArray[np.bool_]:
    depth = judged.hits.shape[1]
    if not 1 <= k <= depth:
        raise DataError(f"metric: k must be within 1 … {depth}, the depth the lists were judged at, got {k}")
    return judged.hits[:, :k]


def _found(judged: Judged, k: int) -> PerUser:
    return np.asarray(_head(judged, k).sum(axis=1), np.float64)

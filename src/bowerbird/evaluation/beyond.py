"""What accuracy does not see: how much of the catalogue is shown, how evenly, how new, how varied, how true to the user's tastes.

Functions over all lists give one number; the others give (n_users,) float64 with NaN where a list cannot be said anything of.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.errors import DataError
from bowerbird.intents import Intents
from bowerbird.types import History, Log, Slate

PerUser = NDArray[np.float64]
Table: TypeAlias = NDArray[np.float32] | sparse.csr_matrix | sparse.csr_array
"""(n_items, d): one vector an item, dense or sparse; a row of zeros = no vector."""

USERS_AT_ONCE = 1024


def exposure(slates: Sequence[Slate], n_items: int) -> NDArray[np.int64]:
    """(n_items,): in how many lists each item stands.

    raises  DataError if a list names an item beyond the catalogue
    """
    return np.bincount(_incidence(slates, n_items).indices, minlength=n_items)


def coverage(shown: NDArray[np.int64]) -> float:
    """The share of the catalogue that stands in at least one list.

    shown  (n_items,), from `exposure`

    >>> coverage(np.array([3, 0, 1, 0]))
    0.5
    """
    return float((shown > 0).mean()) if len(shown) else float("nan")


def gini(shown: NDArray[np.int64]) -> float:
    """Gini index of exposure: 0 = all items are shown equally often, 1 − 1/n = one item gets it all. NaN if nothing is shown.

    Σ_i (2 i − n − 1) x_i / (n Σ_i x_i), with x sorted, smallest first, i = 1 … n.

    >>> gini(np.array([5, 5, 5])), gini(np.array([0, 0, 0, 9]))
    (0.0, 0.75)
    """
    total, n = shown.sum(), len(shown)
    if not total:
        return float("nan")
    return float((2 * np.arange(1, n + 1) - n - 1) @ np.sort(shown) / (n * total))


def novelty(slates: Sequence[Slate], counts: NDArray[np.int64]) -> PerUser:
    """The mean of −log2 p over the items of a list, p an item's share of the training events.

    p = (count + 1) / (events + n_items), so that an item without events has a large but finite value.

    counts  (n_items,), training events of each item
    source  Vargas & Castells, RecSys 2011 (free discovery)
    """
    surprise = -np.log2((counts + 1) / (counts.sum() + len(counts)))
    return _mean(slates, surprise)


def new_share(slates: Sequence[Slate], counts: NDArray[np.int64]) -> PerUser:
    """The share of the items of a list that have no training event."""
    return _mean(slates, (counts == 0).astype(np.float64))


def intra_list_distance(slates: Sequence[Slate], vectors: Table) -> PerUser:
    """The mean of 1 − cosine over all pairs of a list; NaN for a list with fewer than two items that have a vector.

    Items without a vector (`without_vector`) take no part. Measured with the vectors that a re-ranker optimises it proves
    nothing: look at a second, independent table as well.

    cost    O(n_users · k · d), by Σ_{i ≠ j} cos = |Σ v|² − number of v, for unit vectors
    source  Ziegler et al., WWW 2005
    """
    unit = _unit(vectors)
    held = _held(vectors).astype(np.float64)
    distances = np.full(len(slates), np.nan)
    for rows, lists in _blocks(slates, vectors.shape[0]):
        n = lists @ held
        total = lists.astype(np.float32) @ unit
        squared = total.multiply(total).sum(axis=1) if sparse.issparse(total) else np.einsum("ij,ij->i", total, total)
        pairs = n * (n - 1)
        likeness = np.asarray(squared, np.float64).ravel() - n
        distances[rows] = 1 - np.divide(likeness, pairs, out=np.full(len(n), np.nan), where=pairs > 0)
    return distances


def without_vector(slates: Sequence[Slate], vectors: Table) -> int:
    """How many of all shown items have no vector."""
    return int(exposure(slates, vectors.shape[0])[~_held(vectors)].sum())


def calibration(slates: Sequence[Slate], histories: Sequence[History], categories: Table, alpha: float = 0.01) -> PerUser:
    """How far the categories of a list are from those of the history, in nats: 0 = the same mix, larger = further away.

    KL(p ‖ q̃) = Σ_c p_c ln(p_c / q̃_c), q̃ = (1 − α) q + α p: p the mix of categories of the history's liked items (by weight,
    those above 0), q the list's; an item of several categories is shared among them. NaN without categories on either side.

    categories  (n_items, n_categories), not negative
    source      Steck, Calibrated recommendations, RecSys 2018
    """
    if len(slates) != len(histories):
        raise DataError(f"calibration: there must be one history for each slate, got {len(slates)} slates and {len(histories)} histories")
    table = sparse.csr_array(categories, dtype=np.float64)
    shares = sparse.diags_array(1 / np.maximum(np.asarray(table.sum(axis=1)).ravel(), 1e-12)) @ table
    gaps = np.full(len(slates), np.nan)
    for rows, lists in _blocks(slates, table.shape[0]):
        p = _mix((_liked(histories[rows], table.shape[0]) @ shares).toarray())
        q = _mix((lists @ shares).toarray())
        ratio = np.divide(p, (1 - alpha) * q + alpha * p, out=np.ones_like(p), where=p > 0)
        gaps[rows] = (p * np.log(ratio)).sum(axis=1)
        gaps[rows][(p.sum(axis=1) == 0) | (q.sum(axis=1) == 0)] = np.nan
    return gaps


def intents_shown(slates: Sequence[Slate], intents: Intents) -> PerUser:
    """How many intents the items of a list belong to most, none counted twice; NaN for an empty list."""
    one_each = np.flatnonzero(intents.main >= 0)
    mains = sparse.csr_array((np.ones(len(one_each)), (one_each, intents.main[one_each])), shape=intents.membership.shape)
    counts = np.full(len(slates), np.nan)
    for rows, lists in _blocks(slates, mains.shape[0]):
        counts[rows] = np.where(np.diff(lists.indptr) > 0, np.diff(sparse.csr_array(lists @ mains).indptr), np.nan)
    return counts


def intents_served(slates: Sequence[Slate], histories: Sequence[History], intents: Intents) -> PerUser:
    """The share of a user's intents that a list serves: 1 = there is something in it for each of them.

    Σ_i p_i (1 − Π_j (1 − m_ji)): p the intents of the history's liked items (`intent_shares`), m_ji how far item j of the list belongs to
    intent i. NaN for an empty list or where the history has no intents.

    source  Agrawal et al., Diversifying search results, WSDM 2009, with every item of an intent as good as another
    """
    if len(slates) != len(histories):
        raise DataError(f"intents: there must be one history for each slate, got {len(slates)} slates and {len(histories)} histories")
    belongs = sparse.csr_array(intents.membership, dtype=np.float64)
    left = belongs.copy()
    left.data = np.log1p(-np.minimum(left.data, 1 - 1e-9))
    shares = np.full(len(slates), np.nan)
    for rows, lists in _blocks(slates, belongs.shape[0]):
        wanted = _mix((_liked(histories[rows], belongs.shape[0]) @ belongs).toarray())
        served = (wanted * -np.expm1((lists @ left).toarray())).sum(axis=1)
        known = (wanted.sum(axis=1) > 0) & (np.diff(lists.indptr) > 0)
        shares[rows] = np.where(known, served, np.nan)
    return shares


def co_consumption(log: Log, max_users: int = 20_000) -> sparse.csr_array:
    """(n_items, users): items as the sets of the users who liked them; a similarity that has never read a text.

    max_users  where there are more users, this many of them, evenly spaced
    """
    step = max(1, -(-log.n_users // max_users))
    keep = (log.weights > 0) & (log.users % step == 0)
    users, items = log.users[keep] // step, log.items[keep]
    table = sparse.csr_array((np.ones(len(users), np.float32), (items, users)), shape=(log.n_items, -(-log.n_users // step)))
    table.data[:] = 1  # a user who came back counts once
    return table


def _incidence(slates: Sequence[Slate], n_items: int) -> sparse.csr_array:
    """(n, n_items): 1 where the list holds the item."""
    indices = np.concatenate([slate.items for slate in slates]) if slates else np.empty(0, np.int32)
    if len(indices) and not 0 <= indices.min() <= indices.max() < n_items:
        raise DataError(f"slates: items must be within 0 … {n_items - 1}, got {indices.min()} … {indices.max()}")
    starts = np.cumsum([0, *(len(slate) for slate in slates)])
    return sparse.csr_array((np.ones(len(indices)), indices, starts), shape=(len(slates), n_items))


def _blocks(slates: Sequence[Slate], n_items: int) -> Iterator[tuple[slice, sparse.csr_array]]:
    for start in range(0, len(slates), USERS_AT_ONCE):
        rows = slice(start, start + USERS_AT_ONCE)
        yield rows, _incidence(slates[rows], n_items)


def _mean(slates: Sequence[Slate], values: NDArray[np.float64]) -> PerUser:
    """The mean of `values` over the items of each list; NaN for an empty one."""
    lists = _incidence(slates, len(values))
    n = np.diff(lists.indptr)
    means: PerUser = np.divide(lists @ values, n, out=np.full(len(n), np.nan), where=n > 0)
    return means


def _liked(histories: Sequence[History], n_items: int) -> sparse.csr_array:
    """(n, n_items): the positive weights of each history."""
    starts = np.cumsum([0, *(len(history) for history in histories)])
    items = np.concatenate([history.items for history in histories])
    weights = np.maximum(np.concatenate([history.weights for history in histories]), 0)
    return sparse.csr_array((weights.astype(np.float64), items, starts), shape=(len(histories), n_items))


def _mix(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows that sum to 1; rows of zeros stay."""
    total = amounts.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.divide(amounts, total, out=np.zeros_like(amounts), where=total > 0)
    return shares


def _norms(vectors: Table) -> NDArray[np.float64]:
    if sparse.issparse(vectors):
        return np.sqrt(np.asarray(sparse.csr_array(vectors).power(2).sum(axis=1), np.float64).ravel())
    return np.asarray(np.linalg.norm(vectors, axis=1), np.float64)


def _held(vectors: Table) -> NDArray[np.bool_]:
    return _norms(vectors) > 0


def _unit(vectors: Table) -> Any:
    scale = (1 / np.where(_held(vectors), _norms(vectors), 1)).astype(np.float32)
    if sparse.issparse(vectors):
        return sparse.diags_array(scale) @ sparse.csr_array(vectors, dtype=np.float32)
    return np.asarray(vectors * scale[:, None], np.float32)

"""Lists held against what was wanted: the one place where ties are decided, and always against us."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.types import Slate


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """Lists of `depth` items held against what their users wanted.

    hits   (n_users, depth) bool, whether the item at rank j + 1 was wanted
    sizes  (n_users,) int64, how many items each user wanted, at least 1
    ranks  (sizes.sum(),) int64, the rank 1 … depth of each wanted item, users in order; 0 = not among the first `depth`
    """

    hits: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    ranks: NDArray[np.int64]

    @property
    def owners(self) -> NDArray[np.int64]:
        """(sizes.sum(),): the row of the user that each of `ranks` belongs to."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)


def judge(slates: Sequence[Slate], targets: Sequence[NDArray[np.int32]], k: int) -> Judged:
    """Hold each slate against its user's wanted items, ties pessimistic.

    A tie is a run of neighbours of one score. Inside it wanted items are moved behind unwanted ones; a run that reaches rank
    k + 1 may go on unseen, so its wanted items are misses. So ask for k + 1 items: then every cut-off up to k is as the worst
    order of the whole catalogue would have it, or worse. A slate of just k items that ends in a tie counts as running on; a
    shorter one is complete.

    targets  item numbers, none twice, at least one each
    raises   DataError if the lengths differ, k < 1, or a user wants nothing
    cost     O(n_users · k log k)

    >>> tied = Slate(np.array([7, 3, 5], np.int32), np.array([0.9, 0.4, 0.4], np.float32))
    >>> judge([tied], [np.array([3, 7], np.int32)], k=2).hits.tolist()
    [[True, False]]
    """
    sizes = _sizes(slates, targets, k)
    items, scores = _padded(slates, k + 1)
    flat = np.concatenate([np.empty(0, np.int64), *targets]).astype(np.int64)
    span = int(max(items.max(initial=0), flat.max(initial=0))) + 2
    shown = np.arange(len(items))[:, None] * span + items + 1  # one key for each user and item; the padding is its own item
    wanted_keys = np.repeat(np.arange(len(sizes)), sizes) * span + flat + 1
    wanted = np.isin(shown, wanted_keys)
    runs = np.cumsum(np.diff(scores, axis=1, prepend=np.nan) != 0, axis=1)  # NaN − NaN ≠ 0: padding never ties
    order = np.argsort(2 * runs + wanted, axis=1, kind="stable")
    found = wanted & ~_running_on(runs, np.array([len(slate) for slate in slates]), k)
    hits = np.take_along_axis(found, order, axis=1)[:, :k]
    return Judged(hits, sizes, _ranks(np.take_along_axis(shown, order, axis=1)[:, :k], hits, wanted_keys))


def _sizes(slates: Sequence[Slate], targets: Sequence[NDArray[np.int32]], k: int) -> NDArray[np.int64]:
    if len(slates) != len(targets):
        raise DataError(f"judge: there must be one list of targets for each slate, got {len(slates)} slates and {len(targets)} lists")
    if k < 1:
        raise DataError(f"judge: k must be at least 1, got {k}")
    sizes = np.array([len(wanted) for wanted in targets], np.int64)
    if (sizes == 0).any():
        raise DataError(f"judge: every user must want at least one item, user {int(np.argmin(sizes))} wants none")
    return sizes


def _padded(slates: Sequence[Slate], width: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(n, width) items and scores of the heads of the slates; −1 and NaN beyond their ends."""
    items = np.full((len(slates), width), -1, np.int64)
    scores = np.full((len(slates), width), np.nan, np.float32)
    for row, slate in enumerate(slates):
        n = min(len(slate), width)
        items[row, :n] = slate.items[:n]
        scores[row, :n] = slate.scores[:n]
    return items, scores


def _running_on(runs: NDArray[np.int64], lengths: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """(n, k + 1): the positions in a tie that may go on where nobody looked."""
    over_the_edge: NDArray[np.bool_] = runs == runs[:, k:]
    if k == 1:
        return over_the_edge
    cut_in_a_tie = (lengths == k) & (runs[:, k - 1] == runs[:, k - 2])
    over_the_edge |= cut_in_a_tie[:, None] & (runs == runs[:, k - 1 : k])
    return over_the_edge


def _ranks(shown: NDArray[np.int64], hits: NDArray[np.bool_], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """(len(wanted),): the rank of every wanted key; 0 = not found."""
    ranks = np.zeros(len(wanted), np.int64)
    order = np.argsort(wanted, kind="stable")
    ranks[order[np.searchsorted(wanted[order], shown[hits])]] = np.nonzero(hits)[1] + 1
    return ranks

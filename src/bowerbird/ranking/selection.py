"""Which items of a slate are shown: the best ones that keep to limits and fill quotas."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Limit:
    """At most so many items of one label. An item of several labels counts for each; one of none is never held back.

    labels  (n, n_labels) sparse, a row for each item of the slate
    most    at least 1
    """

    labels: csr_array
    most: int


@dataclass(frozen=True, eq=False)
class Quota:
    """At least so many items that fit, if there are so many.

    fits   (n,) bool, of the items of the slate
    least  0 or more
    """

    fits: NDArray[np.bool_]
    least: int


def select(
    n: int,
    k: int,
    limits: Sequence[Limit] = (),
    quotas: Sequence[Quota] = (),
    wishes: NDArray[np.bool_] | None = None,
    soft: Sequence[Limit] = (),
) -> NDArray[np.intp]:
    """Choose at most `k` of n positions, first come first served: (≤ k,) positions, rising.

    Three rounds, each from the first position to the last: an item for each wish, then what the quotas still lack, then whatever the
    limits let in. A limit is never broken, so fewer than `k` may come out; a wish or a quota takes what there is.

    wishes  (n, n_wishes) bool: which items fit each of some places; every place needs an item of its own. As many are served as the
            limits allow when better items go first
    soft    limits that give way: to wishes, and to whatever would else come out short
    cost    O(labels of the items looked at), and O(n · n_wishes²) for the wishes at worst

    >>> select(4, 2, quotas=[Quota(np.array([False, False, False, True]), 1)]).tolist()
    [0, 3]
    """
    choice = _Choice(n, k, limits, soft)
    if wishes is not None and wishes.shape[1]:
        owners: dict[int, int] = {}
        for position in np.flatnonzero(wishes.any(axis=1)).tolist():
            if len(owners) < wishes.shape[1] and choice.may(position, hard_only=True) and _served(position, wishes, owners):
                choice.add(position)
    for quota in quotas:
        lacking = quota.least - int(quota.fits[choice.chosen].sum())
        choice.fill(np.flatnonzero(quota.fits).tolist(), lacking)
    choice.fill(range(n), k)
    return np.flatnonzero(choice.chosen)


def count_served(wishes: NDArray[np.bool_]) -> int:
    """How many of some places can have an item of their own: (n, n_wishes) bool says which items fit each.

    >>> count_served(np.array([[True, True], [True, False]])), count_served(np.array([[True, True], [False, False]]))
    (2, 1)
    """
    owners: dict[int, int] = {}
    for position in np.flatnonzero(wishes.any(axis=1)).tolist():
        if len(owners) == wishes.shape[1]:
            break
        _served(position, wishes, owners)
    return len(owners)


def _served(position: int, wishes: NDArray[np.bool_], owners: dict[int, int]) -> bool:
    """Give an item a place, moving others if need be (an augmenting path); False if all places that it could take are needed."""
    seen: set[int] = set()

    def place(item: int) -> bool:
        for wish in np.flatnonzero(wishes[item]).tolist():
            if wish not in seen:
                seen.add(wish)
                if wish not in owners or place(owners[wish]):
                    owners[wish] = item
                    return True
        return False

    return place(position)


class _Choice:
    """What is chosen so far, and how often each label is in it."""

    def __init__(self, n: int, k: int, limits: Sequence[Limit], soft: Sequence[Limit]) -> None:
        self.chosen = np.zeros(n, bool)
        self.room = k
        self.limits = [*limits, *soft]
        self.hard = len(limits)
        self.counts = [np.zeros(limit.labels.shape[1], np.int64) for limit in self.limits]

    def may(self, position: int, *, hard_only: bool = False) -> bool:
        """Whether an item can be added."""
        held_to = range(self.hard if hard_only else len(self.limits))
        return (
            self.room > 0
            and not self.chosen[position]
            and all((self.counts[at][self._labels(at, position)] < self.limits[at].most).all() for at in held_to)
        )

    def fill(self, positions: Sequence[int], wanted: int) -> None:
        """Add `wanted` of these, the first first; those that soft limits hold back only if there are not enough others."""
        for hard_only in (False, True) if self.hard < len(self.limits) else (False,):
            for position in positions:
                if wanted <= 0 or self.room == 0:
                    return
                if self.may(position, hard_only=hard_only):
                    self.add(position)
                    wanted -= 1

    def add(self, position: int) -> None:
        """Add an item."""
        self.chosen[position] = True
        self.room -= 1
        for at, counts in enumerate(self.counts):
            counts[self._labels(at, position)] += 1

    def _labels(self, at: int, position: int) -> NDArray[np.int32]:
        labels = self.limits[at].labels
        found: NDArray[np.int32] = labels.indices[labels.indptr[position] : labels.indptr[position + 1]]
        return found

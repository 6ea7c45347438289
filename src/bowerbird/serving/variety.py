"""How varied slates are, each in itself and all of them together."""

from collections import Counter, deque
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.types import ItemId

LAST = 1000
"""So many of the last slates are looked at together."""
FIRST = 50
"""So many items of each."""


class Shown:
    """What the last slates showed.

    cost  O(items in the slate); room for `LAST` × `FIRST` ids

    >>> shown = Shown(last=2)
    >>> for slate in (["a"], ["b", "c"], ["b"]):
    ...     shown.add(slate)
    >>> shown.slates, shown.distinct
    (2, 2)
    """

    def __init__(self, last: int = LAST) -> None:
        self._last: deque[tuple[ItemId, ...]] = deque(maxlen=last)
        self._times: Counter[ItemId] = Counter()
        self._lock = Lock()

    def add(self, items: list[ItemId]) -> None:
        """A slate, from the first place down."""
        with self._lock:
            if len(self._last) == self._last.maxlen:
                self._times.subtract(gone := self._last[0])
                for item in set(gone):
                    if not self._times[item]:
                        del self._times[item]
            self._last.append(tuple(items))
            self._times.update(items)

    @property
    def slates(self) -> int:
        """How many are looked at."""
        return len(self._last)

    @property
    def distinct(self) -> int:
        """How many items these showed."""
        return len(self._times)


def variety(items: list[ItemId], catalogue: Catalogue) -> float | None:
    """The mean distance of two items of a slate, 1 − cosine of their language vectors; None where no two have vectors.

    Over all pairs without forming them: with unit vectors v, |Σ v|² is n and twice the sum of the pairs' cosines.

    cost  O(n d)

    >>> shop = Catalogue.of(["a", "b", "c"], vectors=[[1, 0], [0, 1], [1, 0]])
    >>> variety(["a", "b"], shop), variety(["a", "c"], shop), variety(["a"], shop)
    (1.0, 0.0, None)
    """
    if catalogue.vectors is None:
        return None
    numbers = catalogue.numbers(items)
    vectors: NDArray[np.float64] = catalogue.vectors[numbers[numbers >= 0]].astype(np.float64)
    n = len(vectors)
    if n < 2:
        return None
    total = vectors.sum(axis=0)
    return float(1 - (total @ total - np.einsum("nd,nd->", vectors, vectors)) / (n * (n - 1)))

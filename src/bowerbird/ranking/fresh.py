"""Places kept for fresh items."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.ranking.selection import Quota, select
from bowerbird.ranking.space import checked_items
from bowerbird.types import Query, Slate

DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class FreshQuota:
    """Keep the order, and pass over as many items that are not fresh as it takes to have `least` fresh ones among the k.

    Fresh is what came out at most `days` before the query is asked. What has no time, or comes out later, is not fresh; nor is anything
    where the query has no time. The fresh items that are brought in stand behind better ones, as in the order given. Where the slate has
    fewer fresh items than wanted, all of them are shown, and the rest of the places go to others.

    born    (n_items,) float64, seconds since 1970, NaN = not known; or (n_items,) bool, True = fresh whenever it is asked
    least   at least 1; of a slate of fewer places, all
    days    above 0; without effect where `born` is bool
    raises  DataError if a slate names an item beyond `born`
    cost    O(n) for a slate of n

    >>> from bowerbird.types import History
    >>> slate = Slate(np.array([0, 1, 2], np.int32), np.array([.9, .8, .6], np.float32))
    >>> FreshQuota(np.array([False, False, True]), least=1)(slate, Query(History.of([])), k=2).items.tolist()
    [0, 2]
    >>> FreshQuota(np.array([3, 5, 9]) * DAY, least=1, days=2)(slate, Query(History.of([]), time=6 * DAY), k=1).items.tolist()
    [1]
    """

    born: NDArray[np.float64] | NDArray[np.bool_]
    least: int
    days: float = 30.0

    def __post_init__(self) -> None:
        if self.least < 1:
            raise DataError(f"fresh: least must be at least 1, got {self.least}")
        if not self.days > 0:
            raise DataError(f"fresh: days must be above 0, got {self.days}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:
        """At most `k` items."""
        return slate.take(select(len(slate), k, quotas=[self.quota(slate, query)]))

    def quota(self, slate: Slate, query: Query) -> Quota:
        """The rule for the items of this slate."""
        checked_items(slate.items, len(self.born))
        born = self.born[slate.items]
        if born.dtype == bool:
            return Quota(born.astype(bool), self.least)
        age = query.time - born
        return Quota((age >= 0) & (age <= self.days * DAY), self.least)  # NaN is neither

"""All rules of a slate at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.ranking.exposure import MaxShare
from bowerbird.ranking.fresh import FreshQuota
from bowerbird.ranking.rules import MaxPerCategory
from bowerbird.ranking.selection import select
from bowerbird.ranking.slots import Apart, Pinned, arrange
from bowerbird.ranking.space import category_rows
from bowerbird.types import Query, Slate


@dataclass(frozen=True, eq=False)
class Rulebook:
    """Choose which items of a slate are shown, then in which places, so that all rules hold together; where they cannot, in this order:

    1. limits     (`MaxPerCategory`, `MaxShare`) are never broken: the slate comes out short
    2. pins       (`Pinned`) get their items before anyone else; a place without an item that fits goes to the next item in order
    3. fresh      (`FreshQuota`) takes what there is within the limits
    4. apart      (`Apart`) is shortened where the slate lacks the variety, and drops nothing
    5. order      all else is as it was given: the order of the scorer, or of the re-ranker that the dial drives

    One after the other the rules would spoil each other's work: a limit could leave out the one fresh item, a quota the one that a pinned
    place needs. Together they choose once. The choice is made item by item, best first, and not by search: of rules that can only just
    all be kept, one may be found wanting.

    cost  O(n) for a slate of n, and what arranging k items costs

    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from bowerbird.types import History
    >>> toys = MaxPerCategory(csr_array(np.array([[1], [1], [1], [0]], np.float32)), n=1)
    >>> slate = Slate(np.arange(4, dtype=np.int32), np.array([.9, .8, .6, .5], np.float32))
    >>> book = Rulebook(limits=[toys], fresh=FreshQuota(np.array([False, False, True, False]), least=1))
    >>> book(slate, Query(History.of([])), k=2).items.tolist()
    [2, 3]
    """

    limits: Sequence[MaxPerCategory | MaxShare] = ()
    pinned: Pinned | None = None
    fresh: FreshQuota | None = None
    apart: Apart | None = None

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:
        """At most `k` items."""
        k = min(k, len(slate))
        wishes, places = (self.pinned or Pinned(())).wishes(slate, k)
        room = self.apart.room(slate, k) if self.apart else None
        chosen = select(
            len(slate),
            k,
            limits=[rule.limit(slate, k) for rule in self.limits],
            quotas=[self.fresh.quota(slate, query)] if self.fresh else [],
            wishes=wishes,
            soft=[room] if room else [],
        )
        labels, distance = (room.labels[chosen], self.apart.distance) if room and self.apart else (None, 1)
        return slate.take(chosen[arrange(len(chosen), wishes[chosen], places, labels, distance)])

    def lets_in(self, slate: Slate, place: int, others: Slate, query: Query, k: int) -> NDArray[np.bool_]:
        """Which of n other items may take a place from the item that has it, so that no rule is kept less than before: (n,) bool.

        A limit is kept; a pinned place that has an item that fits gets one that fits; of fresh items there are as many as are wanted, or
        as there were; and no item of the same category stands too near.

        place  from 0
        k      how many items were asked for
        cost   O(labels of all of them)
        """
        both = Slate(np.concatenate((slate.items, others.items)), np.concatenate((slate.scores, others.scores)))
        n = len(slate)
        rest = np.delete(np.arange(n), place)
        fine = np.ones(len(others), bool)
        for rule in self.limits:
            limit = rule.limit(both, k)
            full = limit.labels[rest].sum(axis=0) >= limit.most
            fine &= limit.labels[n:] @ full.astype(np.float32) == 0
        wishes, places = (self.pinned or Pinned(())).wishes(both, n)
        for wish in wishes.T[places == place]:
            fine &= wish[n:] | ~wish[place]
        if self.fresh:
            quota = self.fresh.quota(both, query)
            fine &= quota.fits[rest].sum() + quota.fits[n:] >= min(quota.least, quota.fits[:n].sum())
        if self.apart:
            near = rest[np.abs(rest - place) < self.apart.distance]
            labels = category_rows(self.apart.categories, both.items)
            fine &= labels[n:] @ (labels[near].sum(axis=0) > 0).astype(np.float32) == 0
        return fine

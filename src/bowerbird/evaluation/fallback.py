"""What is popular, for whoever a baseline can say nothing of: as anyone would run it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.protocols import Scorer
from bowerbird.types import Query, Scores


@dataclass(frozen=True, eq=False, slots=True)
class Fallback:
    """The scores of `scorer`; for a query of which it can say nothing at all (all NaN), those of `popular`.

    Else a baseline that cannot answer newcomers would lose to any system that can, by that alone.

    Both must score the same items.
    """

    scorer: Scorer
    popular: Scorer

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        scores = self.scorer.score(queries)
        mute = np.flatnonzero(np.isnan(scores).all(axis=1))
        if not len(mute):
            return scores
        filled = scores.copy()
        filled[mute] = self.popular.score([queries[place] for place in mute.tolist()])
        return filled

"""How often each item was shown before a bundle was fitted, read from the logged slates."""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bowerbird.bundle import Bundle
from bowerbird.pipeline import RankingSettings
from bowerbird.store import SqlStore


def shown_before(store: SqlStore, bundle: Bundle, ranking: RankingSettings) -> NDArray[np.int64] | None:
    """(n_items,): in how many slates of the last `days` before a bundle was fitted each of its items stands; None where `ranking` does
    not look at it.

    It does not change while the bundle is live, so a slate that was made with it can be made again as long as the log keeps those slates.

    cost  reads all slates of these days, a page at a time
    """
    if ranking.exposure.strength == 0:
        return None
    counts = np.zeros(len(bundle.catalogue), np.int64)
    for slate in store.all_slates(since=bundle.created - timedelta(days=ranking.exposure.days), until=bundle.created):
        numbers = bundle.catalogue.numbers(slate.items)
        counts[numbers[numbers >= 0]] += 1
    return counts

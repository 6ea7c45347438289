"""The interests of one user, each as a history of its own: so that a minor one is asked for as well."""

import numpy as np

from bowerbird.intents import OTHER, Intents
from bowerbird.types import History

LEAST_EVENTS, LEAST_SHARE = 3, 0.05
"""An interest is an intent that at least so many likes, and this share of them, belong to most."""


def interests(history: History, intents: Intents, most: int) -> list[History]:
    """The events of each of the user's interests, the strongest first; none where there are fewer than two interests.

    A scorer that is asked with all of a history answers what most of it is about. Asked with the events of one interest alone, likes and
    dislikes, it answers that interest, however small.

    most    at most so many interests
    cost    O(events)
    source  several queries a user: Pal et al., KDD 2020 (PinnerSage); Cen et al., KDD 2020 (ComiRec)

    >>> from scipy import sparse
    >>> two = sparse.csr_array(np.array([[1, 0], [1, 0], [0, 1]], np.float32))
    >>> intents = Intents(("tea", "rope"), np.eye(2, dtype=np.float32), np.array([0, 1], np.int32), 0.1, two)
    >>> [part.items.tolist() for part in interests(History.of([0, 1, 2, 0, 1, 2, 0, 2]), intents, most=4)]
    [[0, 1, 0, 1, 0], [2, 2, 2]]
    """
    main = intents.main[history.items]
    liked = (history.weights > 0) & (main >= 0)
    named = np.array([name != OTHER for name in intents.names])
    counts = np.bincount(main[liked], minlength=len(intents)) * named
    strong = np.flatnonzero((counts >= LEAST_EVENTS) & (counts >= LEAST_SHARE * max(liked.sum(), 1)))
    strong = strong[np.argsort(-counts[strong], kind="stable")][:most]
    return [history.take(np.flatnonzero(main == intent)) for intent in strong] if len(strong) > 1 else []

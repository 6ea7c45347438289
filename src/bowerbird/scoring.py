"""Asking a scorer about some of the items, by the cheapest way that it has."""

import threading
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from bowerbird.protocols import Scorer, ScoresSome, VectorScorer
from bowerbird.types import Query, Scores

FEW = 4
"""Where fewer than one item in so many is asked for, to gather these is cheaper than to score all."""


class _Last(threading.local):
    """What this thread asked last of each scorer."""

    def __init__(self) -> None:
        self.vectors: WeakKeyDictionary[VectorScorer, tuple[tuple[Query, ...], NDArray[np.float32]]] = WeakKeyDictionary()


_last = _Last()


def vectors_of(scorer: VectorScorer, queries: Sequence[Query]) -> NDArray[np.float32]:
    """(n_queries, d): the query vectors; those of the very queries that this thread asked about last are not made again.

    For one request they are needed to retrieve, to standardise and to score.
    """
    asked, vectors = _last.vectors.get(scorer, (None, None))
    if (
        vectors is None
        or asked is None
        or len(asked) != len(queries)
        or any(one is not two for one, two in zip(asked, queries, strict=True))
    ):
        vectors = scorer.query_vectors(queries)
        vectors.setflags(write=False)
        _last.vectors[scorer] = (tuple(queries), vectors)
    return vectors


def scores_of(scorer: Scorer, queries: Sequence[Query], items: NDArray[np.int32]) -> Scores:
    """(n_queries, len(items)): what the scorer says of these items; NaN for an item number beyond what it knows.

    cost    that of these items alone where they are few and the scorer `ScoresSome` or is a `VectorScorer`; else that of all

    >>> from bowerbird.types import History
    >>> class Toy:
    ...     def score(self, queries):
    ...         return np.tile(np.array([3, 1, 2], np.float32), (len(queries), 1))
    >>> scores_of(Toy(), [Query(History.of([]))], np.array([2, 0, 9])).tolist()
    [[2.0, 3.0, nan]]
    """
    scores = np.full((len(queries), len(items)), np.nan, np.float32)
    if isinstance(scorer, ScoresSome) and len(items) * FEW <= scorer.n_items:
        inside = items < scorer.n_items
        scores[:, inside] = scorer.score_some(queries, items[inside])
    elif isinstance(scorer, VectorScorer) and len(items) * FEW <= len(scorer.item_vectors):
        inside = items < len(scorer.item_vectors)
        scores[:, inside] = vectors_of(scorer, queries) @ scorer.item_vectors[items[inside]].T
    else:
        every = scorer.score(queries)
        inside = items < every.shape[1]
        scores[:, inside] = every[:, items[inside]]
    return scores

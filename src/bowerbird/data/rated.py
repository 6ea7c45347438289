"""Ratings hidden by chance, to see how near predictions come. By chance, not by time: so the field compares, and it flatters all alike."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.data.values import marks
from bowerbird.errors import DataError
from bowerbird.types import Log, Query


@dataclass(frozen=True, eq=False)
class Rated:
    """Hidden ratings, user by user.

    queries  what else each user rated, in the order of time
    items    for each query, the items that are asked for: (n,) int32
    marks    for each query, where they were rated: (n,) float32 in −1..1
    """

    queries: tuple[Query, ...]
    items: tuple[NDArray[np.int32], ...]
    marks: tuple[NDArray[np.float32], ...]

    def __len__(self) -> int:
        return len(self.queries)


def hide(log: Log, share: float, rng: np.random.Generator) -> tuple[Log, Rated]:
    """The log without a share of its ratings, drawn by chance, and these.

    >>> log = Log(np.array([0, 0, 1]), np.array([3, 4, 5]), np.ones(3, np.float32), np.full(3, np.nan), 2, 6)
    >>> rest, rated = hide(log, 0.5, np.random.default_rng(0))
    >>> rest.items.tolist(), [items.tolist() for items in rated.items], rated.queries[0].history.items.tolist()
    ([3], [[4], [5]], [3])
    """
    return _without(log, (log.weights != 0) & (rng.random(len(log)) < share))


def folds(log: Log, k: int, rng: np.random.Generator) -> Iterator[tuple[Log, Rated]]:
    """The log in `k` parts drawn by chance; each in turn is hidden.

    raises  DataError if k is below 2
    """
    if k < 2:
        raise DataError(f"folds: k must be at least 2, got {k}")
    fold = rng.permutation(len(log)) % k
    for hidden in range(k):
        yield _without(log, (log.weights != 0) & (fold == hidden))


def _without(log: Log, away: NDArray[np.bool_]) -> tuple[Log, Rated]:
    told, hidden = log.where(~away), log.where(away)
    users = np.unique(hidden.users).tolist()
    asked = [hidden.history(user) for user in users]
    queries = tuple(Query(told.history(user)) for user in users)
    return told, Rated(queries, tuple(history.items for history in asked), tuple(marks(history.weights) for history in asked))

"""What a split gives: queries with what their users wanted next, and the behaviour that models may learn from."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.types import Log, Query


@dataclass(frozen=True, eq=False, slots=True)
class Cases:
    """Questions with known answers, one a user.

    queries  what the user had done, and when we ask
    targets  for each query, the item numbers that the user then took with a weight above 0, in their order: (n,) int32, none twice,
             none of the query's history unless repeats are wanted
    users    (n_queries,) int32, user numbers, rising
    """

    queries: tuple[Query, ...]
    targets: tuple[NDArray[np.int32], ...]
    users: NDArray[np.int32]

    def __post_init__(self) -> None:
        n = len(self.queries)
        if not n == len(self.targets) == len(self.users):
            raise DataError(
                f"cases: there must be one target list and one user a query, got {n} queries, {len(self.targets)} and {len(self.users)}"
            )

    def __len__(self) -> int:
        return len(self.queries)

    def take(self, places: NDArray[np.intp]) -> "Cases":
        """The cases at these places."""
        chosen = np.asarray(places, np.intp).tolist()
        return Cases(tuple(self.queries[i] for i in chosen), tuple(self.targets[i] for i in chosen), self.users[chosen])


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """One log, cut so that nothing learned from is later than what is asked.

    name         "time", "last" or "users"
    train        what a model is fitted on while it is tuned
    validation   what it is tuned by
    before_test  what the final model is fitted on: `train` and what happened in validation
    test         what it is judged by, once
    """

    name: str
    train: Log
    validation: Cases
    before_test: Log
    test: Cases


def cases_at(log: Log, known: NDArray[np.int64], wanted: NDArray[np.bool_], times: NDArray[np.float64], repeats: bool) -> Cases:
    """The cases where of each user's events the first `known` are the history and those of `wanted` are what came next.

    log      sorted by user and time
    known    (n_users,) how many of the user's events the query has; its context is that of the event after these
    wanted   (n_events,) bool; only those with a weight above 0 become targets
    times    (n_users,) when each query is asked
    repeats  whether an item of the history can be a target
    cost     O(n log n)
    """
    position = np.arange(len(log)) - log.starts[log.users]
    past = position < known[log.users]
    keys = log.users.astype(np.int64) * max(log.n_items, 1) + log.items
    hits = np.flatnonzero(wanted & ~past & (log.weights > 0))
    if not repeats:
        taken = np.append(np.sort(keys[past]), -1)  # sorted by hand: numpy's isin hashes such keys badly
        hits = hits[taken[np.searchsorted(taken[:-1], keys[hits])] != keys[hits]]
    _, first = np.unique(keys[hits], return_index=True)
    hits = hits[np.sort(first)]
    users, begins = np.unique(log.users[hits], return_index=True)
    targets = np.split(log.items[hits], begins[1:]) if len(users) else []
    nexts = (log.starts[users] + known[users]).tolist()  # with hits, there is an event after the known ones
    asked = zip(map(log.before, nexts), times[users].tolist(), strict=True)
    queries = tuple(replace(query, time=time) for query, time in asked)
    return Cases(queries, tuple(targets), users.astype(np.int32))

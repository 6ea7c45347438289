"""What the trainer judges a net by: some users' last events, hidden from training and asked for over the full catalogue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.types import Log, Query, Scores

MOST = 2000
"""Users asked in validation, at most."""

BATCH = 256


@dataclass(frozen=True, eq=False)
class Held:
    """Hidden events: one query each, and the item that it wants."""

    queries: tuple[Query, ...]
    targets: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.queries)

    def ndcg(self, score: Callable[[Sequence[Query]], Scores], k: int = 10) -> float:
        """Mean NDCG@k: every item competes, those of the history are left out, a tie counts as lost.

        score  queries → (n_queries, n_items), NaN = cannot say
        """
        gains = np.zeros(len(self))
        for start in range(0, len(self), BATCH):
            queries, targets = self.queries[start : start + BATCH], self.targets[start : start + BATCH]
            scores = score(queries).copy()
            wanted = scores[np.arange(len(queries)), targets]
            for query, row in zip(queries, scores, strict=True):
                row[query.history.items] = np.nan
            with np.errstate(invalid="ignore"):
                ranks = (scores >= wanted[:, None]).sum(axis=1)
            found = (ranks > 0) & (ranks <= k)
            gains[start : start + BATCH][found] = 1 / np.log2(1 + ranks[found])
        return float(gains.mean()) if len(gains) else float("nan")


def hold_out(log: Log, share: float, rng: np.random.Generator) -> tuple[Log, Held]:
    """Hide the last liked event, on an item not touched before, of this share of the users; and all that those users did after it.

    Users without an earlier event are left as they are, for nothing could be asked.

    >>> log = Log(np.array([0, 0, 1]), np.array([3, 4, 5]), np.ones(3, np.float32), np.full(3, np.nan), 2, 6)
    >>> rest, held = hold_out(log, 0.99, np.random.default_rng(0))
    >>> rest.items.tolist(), held.targets.tolist(), held.queries[0].history.items.tolist()
    ([3, 5], [4], [3])
    """
    keys = log.users.astype(np.int64) * max(log.n_items, 1) + log.items
    first = np.zeros(len(log), bool)
    first[np.unique(keys, return_index=True)[1]] = True
    places = np.flatnonzero(first & (log.weights > 0) & (np.arange(len(log)) > log.starts[log.users]))
    users, count = np.unique(log.users[places], return_counts=True)
    last = places[np.cumsum(count) - 1] if len(users) else places
    wanted = min(int(np.ceil(share * len(last))) if share > 0 else 0, MOST)
    asked = np.sort(rng.choice(last, wanted, replace=False)) if wanted else last[:0]
    ends = np.full(log.n_users, len(log), np.int64)
    ends[log.users[asked]] = asked
    return log.where(np.arange(len(log)) < ends[log.users]), Held(tuple(map(log.before, asked.tolist())), log.items[asked])

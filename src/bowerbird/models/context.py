"""What is taken in these circumstances: popularity, and what the hour, the weekday and every declared feature do to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.models.circumstances import Circumstances, circumstances_of, told_of
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log, Query, Scores

HOUR, DAY = 3600.0, 86_400.0
HOURS, WEEKDAYS = 24, 7
CLOCK = HOURS + WEEKDAYS


class Context(Settings):
    """Score an item by how likely it is taken in the circumstances of the query, whoever asks.

        score(i) = log p(i) + Σ over the circumstances v that are told: effect(i, v)
        effect(i, v) = log((n(i, v) + prior · p(i)) / (n(v) + prior)) − log p(i)

    p(i) is the share of the signs of interest that went to i, n(i, v) how many went to it in circumstance v, n(v) how many to all items:
    naive Bayes, its shares drawn towards those of the whole log by as much as `prior` events would. So what was seen seldom has next to
    no effect, and a circumstance that no event had has none. Meant as a member of a blend: it does not look at the history.

    context  names of circumstances that are read, of those that `[data] context` keeps: ("device",)
    clock    whether the hour and the weekday (UTC) of events are read, where they have times
    prior    above 0

    cost    O(events · features) to fit; memory for n_items numbers a value; O(n_items · features) a query
    source  naive Bayes, smoothed towards the whole collection as in Zhai & Lafferty, SIGIR 2001 (Dirichlet prior)
    raises  DataError for a circumstance that the events do not have

    >>> Context(context=("device",)).prior
    50.0
    """

    kind: Literal["context"] = "context"
    context: tuple[str, ...] = ()
    clock: bool = True
    prior: float = Field(default=50.0, gt=0)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"prior": (10.0, 50.0, 250.0)}
    RANGES: ClassVar[dict[str, Range]] = {"prior": Range(1.0, 1000.0, log=True)}

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "ContextModel":  # noqa: ARG002
        """Count; see the class."""
        liked = log.where(log.weights > 0)
        circumstances, told = circumstances_of(liked, self.context, self.kind)
        n_values = sum(len(values) for _, values in circumstances)
        columns = np.concatenate((moments(liked.times if self.clock else np.full(len(liked), np.nan)), CLOCK + told), axis=1)
        counts = np.zeros((CLOCK + n_values + 1, len(catalogue)))
        for column in columns.T:
            np.add.at(counts, (column, liked.items), liked.weights)
        known = np.bincount(liked.items, minlength=len(catalogue)) > 0
        taken = np.bincount(liked.items, weights=liked.weights, minlength=len(catalogue))
        share = np.where(known, taken, np.nan) / max(taken.sum(), 1e-12)
        effects = np.log((counts + self.prior * share) / (counts.sum(axis=1, keepdims=True) + self.prior)) - np.log(share)
        effects[-1] = np.where(known, 0, np.nan)
        return ContextModel(np.log(share).astype(np.float32), effects.astype(np.float32), circumstances)


@dataclass(frozen=True, eq=False)
class ContextModel:
    """Popularity and effects, to be added up.

    strengths  (n_items,) float32, log p; NaN for items that nobody ever liked
    effects    (31 + n_values + 1, n_items) float32: of the hours, the weekdays, the values of the features; the last row, for what is
               not told, is 0
    context    the circumstances that are read
    """

    kind: ClassVar[str] = "context"
    strengths: NDArray[np.float32]
    effects: NDArray[np.float32]
    context: Circumstances

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.strengths)

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that someone liked."""
        return ~np.isnan(self.strengths)

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        told = CLOCK + told_of([query.context for query in queries], self.context)
        when = moments(np.array([query.time for query in queries], np.float64), untold=len(self.effects) - 1)
        scores = np.tile(self.strengths, (len(queries), 1))
        for feature in np.concatenate((when, told), axis=1).T:
            scores += self.effects[feature]
        return scores

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """All zero: no event of a history carries any of it."""
        return np.zeros((len(query.history), len(items)), np.float32)


def moments(times: NDArray[np.float64], untold: int = -1) -> NDArray[np.int64]:
    """(n, 2): the numbers of the hour, 0 … 23, and of the weekday, 24 (Monday) … 30; `untold` where the time is not known. UTC.

    >>> moments(np.array([0.0, 90_000.0, np.nan])).tolist()                         # a Thursday at midnight, Friday at one
    [[0, 27], [1, 28], [-1, -1]]
    """
    known = ~np.isnan(times)
    seconds = np.where(known, times, 0)
    hour, weekday = seconds % DAY // HOUR, (seconds // DAY + 3) % WEEKDAYS
    return np.where(known[:, None], np.stack((hour, HOURS + weekday), axis=1), untold).astype(np.int64)

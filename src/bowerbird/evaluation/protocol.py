"""Put a recommender to the test: ask it what the server would ask it, and keep every user's figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Cases, Catalogue
from bowerbird.errors import DataError
from bowerbird.evaluation import beyond
from bowerbird.evaluation.beyond import PerUser, Table
from bowerbird.evaluation.judging import Judged, judge
from bowerbird.evaluation.metrics import METRICS
from bowerbird.evaluation.significance import Interval, intervals
from bowerbird.protocols import Progress, silent
from bowerbird.types import Log, Query, Request, Slate

Recommend = Callable[[Sequence[Request]], list[Slate]]
"""What is evaluated: `Pipeline.recommend`, the same function that the server calls."""


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """How one recommender did on one set of cases.

    ks          the cut-offs
    values      name -> (n_users,) one figure a user: "ndcg@10", "novelty", "distance:language" …; NaN = cannot be said
    totals      name -> one figure over all lists: "coverage", "gini", and how many shown items had no vector
    judged      the lists against the targets, to max(ks)
    slates      the lists as they would be shown, to max(ks)
    targets     (events,) int32, the wanted items, users in order: what `judged.ranks` ranks
    lengths     (n_users,) int64, events in each history
    ages        (n_items,) int64, training events of each item
    seconds     spent in `recommend`, wall time
    """

    ks: tuple[int, ...]
    values: Mapping[str, PerUser]
    totals: Mapping[str, float]
    judged: Judged
    slates: tuple[Slate, ...]
    targets: NDArray[np.int32]
    lengths: NDArray[np.int64]
    ages: NDArray[np.int64]
    seconds: float

    @property
    def users(self) -> int:
        """How many cases were asked."""
        return len(self.slates)

    @property
    def ms_per_query(self) -> float:
        """Wall milliseconds a query, asked in batches."""
        return 1000 * self.seconds / max(self.users, 1)

    def means(self, rng: np.random.Generator, resamples: int = 1000) -> dict[str, Interval]:
        """The mean of each of `values` over users, with its 95 % bootstrap interval."""
        return dict(zip(self.values, intervals(np.stack(list(self.values.values()), axis=1), rng, resamples), strict=True))


def evaluate(
    recommend: Recommend,
    cases: Cases,
    catalogue: Catalogue,
    train: Log,
    *,
    ks: Sequence[int] = (10,),
    tables: Mapping[str, Table] | None = None,
    batch: int = 256,
    seed: int = 0,
    progress: Progress = silent,
) -> Result:
    """Ask for one list a case and hold it against the targets. Full ranking: every item may be recommended.

    Each request is the server's, but for max(ks) + 1 items: the last shows whether a tie runs over the edge (`judging`).

    train    what the recommender was fitted on: tells how popular and how old items are
    tables   the vectors for intra-list distance, by name; `similarities(catalogue, train)` unless given
    raises   DataError if a k is below 1, there is no case, a case has no target, or `recommend` does not answer every request
    cost     that of `recommend`; the measuring itself is small beside it
    """
    if not ks or min(ks) < 1:
        raise DataError(f"evaluate: ks must be one or more cut-offs of at least 1, got {tuple(ks)}")
    if not len(cases):
        raise DataError("evaluate: there must be at least one case, got none")
    depth = max(ks)
    start = perf_counter()
    lists = _ask(recommend, [Request(query, k=depth + 1, seed=seed) for query in cases.queries], batch, progress)
    seconds = perf_counter() - start
    judged = judge(lists, cases.targets, depth)
    slates = tuple(slate.take(range(min(len(slate), depth))) for slate in lists)
    ages = np.bincount(train.items, minlength=len(catalogue))
    accuracy = {f"{name}@{k}": metric(judged, k) for k in ks for name, metric in METRICS.items()}
    tables = similarities(catalogue, train) if tables is None else tables
    return Result(
        ks=tuple(ks),
        values={**accuracy, **_qualities(slates, cases.queries, catalogue, ages, tables)},
        totals=_totals(slates, len(catalogue), tables),
        judged=judged,
        slates=slates,
        targets=np.concatenate(cases.targets),
        lengths=np.array([len(query.history) for query in cases.queries]),
        ages=ages,
        seconds=seconds,
    )


def similarities(catalogue: Catalogue, train: Log) -> dict[str, Table]:
    """The tables that variety is measured with: the language vectors, if there are any, and one that has read no text.

    That is the categories, or, in a catalogue without, who liked the item (`beyond.co_consumption`).
    """
    tables: dict[str, Table] = {}
    if catalogue.vectors is not None:
        tables["language"] = catalogue.vectors
    categories = catalogue.category_matrix
    if categories.nnz:
        tables["categories"] = categories
    else:
        tables["co-consumption"] = beyond.co_consumption(train)
    return tables


def _ask(recommend: Recommend, requests: Sequence[Request], batch: int, progress: Progress) -> list[Slate]:
    slates: list[Slate] = []
    for start in range(0, len(requests), batch):
        progress("evaluating", start, len(requests))
        slates += recommend(requests[start : start + batch])
    progress("evaluating", len(requests), len(requests))
    if len(slates) != len(requests):
        raise DataError(f"evaluate: every request must get one slate, got {len(slates)} slates for {len(requests)} requests")
    return slates


def _qualities(
    slates: Sequence[Slate], queries: Sequence[Query], catalogue: Catalogue, ages: NDArray[np.int64], tables: Mapping[str, Table]
) -> dict[str, PerUser]:
    """The per-user figures beyond accuracy."""
    values = {"novelty": beyond.novelty(slates, ages), "new": beyond.new_share(slates, ages)}
    for name, table in tables.items():
        values[f"distance:{name}"] = beyond.intra_list_distance(slates, table)
    if catalogue.category_matrix.nnz:
        values["calibration"] = beyond.calibration(slates, [query.history for query in queries], catalogue.category_matrix)
    if catalogue.intents is not None:
        values["intents"] = beyond.intents_shown(slates, catalogue.intents)
        values["served"] = beyond.intents_served(slates, [query.history for query in queries], catalogue.intents)
    return values


def _totals(slates: Sequence[Slate], n_items: int, tables: Mapping[str, Table]) -> dict[str, float]:
    shown = beyond.exposure(slates, n_items)
    blind = {f"without:{name}": float(beyond.without_vector(slates, table)) for name, table in tables.items()}
    return {"coverage": beyond.coverage(shown), "gini": beyond.gini(shown), **blind}

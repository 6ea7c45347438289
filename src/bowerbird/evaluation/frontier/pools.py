"""The test questions scored once: every re-ranker and every strength chooses from the same pools."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bowerbird.data import Cases
from bowerbird.evaluation import beyond
from bowerbird.evaluation.beyond import Table
from bowerbird.evaluation.protocol import Result, evaluate
from bowerbird.pipeline import Pipeline, joined
from bowerbird.protocols import Progress, silent
from bowerbird.ranking import Chances, RerankSettings, fit_chances
from bowerbird.types import Log, Request, Slate

BATCH = 256
"""Queries scored at a time."""


@dataclass(frozen=True, eq=False, slots=True)
class Pools:
    """What was scored best for each case.

    cases     the questions and what was wanted
    slates    the pool of each, best first
    pipeline  that scored them
    train     what its model has read
    k         how many items a list has
    """

    cases: Cases
    slates: tuple[Slate, ...]
    pipeline: Pipeline
    train: Log
    k: int

    def under(self, rerank: RerankSettings, strength: float, tables: dict[str, Table], *, appetite: bool = False) -> Result:
        """The lists of one re-ranker at one strength of its own dial, held against what was wanted.

        tables    the vectors that distance is measured with, by name
        appetite  whether the strength is stretched for each user by what the history wants
        cost      one re-ranking a case
        """
        own = {"rerank": rerank, "dial": None, "diversity": strength, "appetite": appetite}
        settings = self.pipeline.settings.model_copy(update=own)
        pipeline, rest = Pipeline(self.pipeline.scorer, self.pipeline.catalogue, settings), iter(self.slates)

        def recommend(requests: Sequence[Request]) -> list[Slate]:
            return [_shown(pipeline, replace(request, k=self.k), rest) for request in requests]

        return evaluate(recommend, self.cases, pipeline.catalogue, self.train, ks=(self.k,), tables=tables)


def pooled(pipeline: Pipeline, cases: Cases, train: Log, k: int, seed: int = 0, progress: Progress = silent) -> Pools:
    """Score the cases, and keep what a re-ranker may choose from.

    cost  one `score` for each batch of 256 queries
    """
    slates: list[Slate] = []
    for start in range(0, len(cases), BATCH):
        progress("scoring", start, len(cases))
        requests = [Request(query, k=k, diversity=1.0, seed=seed) for query in cases.queries[start : start + BATCH]]
        scores = pipeline.candidates(requests)
        asked = zip(requests, scores, pipeline.parts(requests, scores), strict=True)
        slates += [pipeline.pool(request, row, parts) for request, row, parts in asked]
    progress("scoring", len(cases), len(cases))
    return Pools(cases, tuple(slates), pipeline, train, k)


def learned_chances(pools: Pools) -> Chances:
    """What an item of these pools is worth, by its score and its place (`fit_chances`).

    raises  DataError if nobody wanted anything of their pool
    """
    discounts = 1 / np.log2(np.arange(2, pools.k + 2))
    gains = [
        np.isin(slate.items, wanted) / max(discounts[: len(wanted)].sum(), discounts[0])
        for slate, wanted in zip(pools.slates, pools.cases.targets, strict=True)
    ]
    return fit_chances([slate.scores for slate in pools.slates], gains)


def similarities(pools: Pools) -> dict[str, Table]:
    """All tables that distance can be measured with here: language vectors, categories, and who liked the items of the training log."""
    catalogue, tables = pools.pipeline.catalogue, {}
    if catalogue.vectors is not None:
        tables["language"] = catalogue.vectors
    if catalogue.category_matrix.nnz:
        tables["categories"] = catalogue.category_matrix
    tables["co-consumption"] = beyond.co_consumption(pools.train)
    return tables


def _shown(pipeline: Pipeline, request: Request, pools: Iterator[Slate]) -> Slate:
    """The list as the request would get it, and behind it one more item of the pool that ties with its last, if there is one: it shows the
    judge that the tie goes on."""
    pool = next(pools)
    slate = pipeline.arranged(request, pool)
    if len(slate) < request.k:
        return slate
    level = np.flatnonzero((pool.scores == slate.scores[-1]) & ~np.isin(pool.items, slate.items))
    return joined(slate, pool.take(level[:1])) if len(level) else slate

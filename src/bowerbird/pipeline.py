"""The one path from a request to a slate: score → mask → retrieve → re-rank. Evaluation and the live engine both take it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.explain import ExplainSettings, Reason, explain
from bowerbird.protocols import Scorer
from bowerbird.ranking import DppSettings, RerankSettings, Rulebook, RulesSettings
from bowerbird.types import Request, Scores, Slate

TENTHS = 10
"""Steps of a dial that was learned."""


class RankingSettings(Settings):
    """How scores become a slate.

    rerank     which re-ranker the diversity dial drives
    diversity  0..1, where a request does not say
    dial       the re-ranker's own dial at 0, .1 … 1 of the request's, straight lines between, as `bowerbird frontier` learns it from what
               each costs: 11 numbers in 0..1, the first 0, none below the one before it; None = the request's is the re-ranker's
    pool       how many of the best-scored items the re-ranker chooses from; never fewer than 5 k
    repeats    whether items of the history may be recommended again (music, groceries)
    rules      what every slate keeps to
    """

    rerank: RerankSettings = Field(default_factory=DppSettings)
    diversity: float = Field(default=0.0, ge=0, le=1)
    dial: tuple[float, ...] | None = None
    pool: int = Field(default=200, ge=1)
    repeats: bool = False
    rules: RulesSettings = Field(default_factory=RulesSettings)

    @field_validator("dial")
    @classmethod
    def _rises(cls, dial: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if dial is None:
            return None
        rises = all(low <= high for low, high in pairwise(dial))
        if not (len(dial) == TENTHS + 1 and dial[0] == 0 and dial[-1] <= 1 and rises):
            raise ValueError(f"must be {TENTHS + 1} numbers from 0 on, none above 1 or below the one before it")
        return dial

    def strength(self, diversity: float | None = None) -> float:
        """Where the re-ranker's own dial stands for a request's diversity; None = it does not say.

        >>> RankingSettings(dial=(0, 0.1, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 1)).strength(0.15)
        0.2
        """
        asked = self.diversity if diversity is None else diversity
        return asked if self.dial is None else float(np.interp(asked * TENTHS, range(TENTHS + 1), self.dial))


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A scorer over a catalogue, and the settings that turn its scores into slates.

    raises  ConfigError if a rule names a column that the items do not have; DataError, when asked, if the scorer knows more items than
            the catalogue
    cost    one `score` call for a batch of requests; O(n_items) to retrieve; then what the re-ranker says, over the pool
    """

    scorer: Scorer
    catalogue: Catalogue
    settings: RankingSettings = field(default_factory=RankingSettings)
    rules: Rulebook | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", self.settings.rules.build(self.catalogue))

    def recommend(self, requests: Sequence[Request]) -> list[Slate]:
        """One slate for each request, in their order; shorter than `k` where fewer items can be said anything of."""
        return [self._slate(request, row) for request, row in zip(requests, self.candidates(requests), strict=True)]

    def candidates(self, requests: Sequence[Request]) -> Scores:
        """(n_requests, n_items): the scores of the items that may be shown, NaN for all others."""
        scores = np.full((len(requests), len(self.catalogue)), np.nan, np.float32)
        if requests:
            said = self.scorer.score([request.query for request in requests])
            if said.shape[1] > len(self.catalogue):
                raise DataError(f"pipeline: the scorer knows {said.shape[1]} items and the catalogue only {len(self.catalogue)}")
            scores[:, : said.shape[1]] = said
        for request, row in zip(requests, scores, strict=True):
            row[~self.allowed(request)] = np.nan
        return scores

    def allowed(self, request: Request) -> NDArray[np.bool_]:
        """(n_items,): available, allowed by the request, and not in the history unless repeats are wanted."""
        mask = self.catalogue.available.copy()
        if request.allowed is not None:
            mask &= request.allowed
        if not self.settings.repeats:
            mask[request.query.history.items] = False
        return mask

    def explain(self, request: Request, slate: Slate, settings: ExplainSettings) -> list[Reason]:
        """Why each item of the slate is there, each reason checked by taking the cited events away."""
        return explain(self.scorer, request.query, slate, self.allowed(request), self.catalogue, settings)

    def pool(self, request: Request, scores: NDArray[np.float32]) -> Slate:
        """What the re-ranker chooses from: the best-scored items of one row of `candidates`."""
        return best(scores, max(self.settings.pool, 5 * request.k))

    def arranged(self, request: Request, slate: Slate) -> Slate:
        """The slate of a request, chosen from its pool."""
        strength = self.settings.strength(request.diversity)
        if strength == 0:
            return slate.take(np.arange(min(request.k, len(slate)))) if self.rules is None else self.rules(slate, request.query, request.k)
        rerank = self.settings.rerank.build(self.catalogue, strength)
        picked = rerank(slate, request.query, request.k)
        if self.rules is None:
            return picked
        rest = without(slate, picked)
        spare = rerank(rest, request.query, request.k)  # for those that a rule passes over
        return self.rules(joined(picked, spare, without(rest, spare)), request.query, request.k)

    def _slate(self, request: Request, scores: NDArray[np.float32]) -> Slate:
        if self.settings.strength(request.diversity) == 0 and self.rules is None:
            return best(scores, request.k)
        return self.arranged(request, self.pool(request, scores))


def without(slate: Slate, taken: Slate) -> Slate:
    """The slate less the items of another one."""
    return slate.take(np.flatnonzero(~np.isin(slate.items, taken.items)))


def joined(*slates: Slate) -> Slate:
    """One slate after the other."""
    return Slate(np.concatenate([slate.items for slate in slates]), np.concatenate([slate.scores for slate in slates]))


def best(scores: NDArray[np.float32], n: int) -> Slate:
    """The `n` best of one row of scores; NaN never, ties to the lower item number. O(n_items + n log n).

    >>> best(np.array([0.1, np.nan, 0.5, 0.5], np.float32), 2).items.tolist()
    [2, 3]
    """
    known = np.flatnonzero(~np.isnan(scores))
    values = scores[known]
    if len(known) > n:
        edge = -np.partition(-values, n - 1)[n - 1]  # from this side it is fast also where most scores are one and the same
        above = np.flatnonzero(values > edge)
        level = np.flatnonzero(values == edge)[: n - len(above)]
        chosen = np.concatenate((above, level))
        known, values = known[chosen], values[chosen]
    order = np.lexsort((known, -values))
    return Slate(known[order].astype(np.int32), values[order])

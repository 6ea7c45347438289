"""The one path from a request to a slate: score → mask → retrieve → re-rank. Evaluation and the live engine both take it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.explain import ExplainSettings, Reason, explain
from bowerbird.protocols import Scorer
from bowerbird.ranking import DppSettings, RerankSettings, Rulebook, RulesSettings, appetite, interests, item_space, stretched
from bowerbird.types import Request, Scores, Slate


class RankingSettings(Settings):
    """How scores become a slate.

    rerank     which re-ranker the diversity dial drives
    diversity  0..1, where a request does not say
    appetite   whether `diversity` is that of a user whose history is as varied as the slate, and grows and shrinks with how varied it is
    pool       how many of the best-scored items the re-ranker chooses from; never fewer than 5 k
    interests  up to so many of a user's interests are asked for one by one, and half of the pool is theirs, so that a minor one is in it at
               all; 0 = the pool is what the whole history asks for. Has a part only where a re-ranker chooses and intents were found
    repeats    whether items of the history may be recommended again (music, groceries)
    rules      what every slate keeps to
    """

    rerank: RerankSettings = Field(default_factory=DppSettings)
    diversity: float = Field(default=0.0, ge=0, le=1)
    appetite: bool = False
    pool: int = Field(default=200, ge=1)
    interests: int = Field(default=0, ge=0)
    repeats: bool = False
    rules: RulesSettings = Field(default_factory=RulesSettings)


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
        scores = self.candidates(requests)
        strengths = [self.strength(request, row) for request, row in zip(requests, scores, strict=True)]
        asked = zip(requests, scores, strengths, self.parts(requests, scores, strengths), strict=True)
        return [self._slate(request, row, strength, parts) for request, row, strength, parts in asked]

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

    def strength(self, request: Request, scores: NDArray[np.float32]) -> float:
        """The strength of the re-ranker: as the request says; else as the settings and, where these look at it, the user's appetite do.

        scores  (n_items,) of this request
        """
        if request.diversity is not None or not (self.settings.appetite and self.settings.diversity):
            return self.settings.diversity if request.diversity is None else request.diversity
        return stretched(self.settings.diversity, appetite(request.query.history, best(scores, request.k), item_space(self.catalogue)))

    def parts(self, requests: Sequence[Request], scores: Scores, strengths: Sequence[float]) -> list[Scores]:
        """For each request the scores that each of its user's interests asks for alone, (n_interests, n_items); all are asked at once."""
        found, most = self.catalogue.intents, self.settings.interests
        histories = [
            interests(request.query.history, found, most) if found and most and strength else []
            for request, strength in zip(requests, strengths, strict=True)
        ]
        queries = [replace(request.query, history=part) for request, parts in zip(requests, histories, strict=True) for part in parts]
        said = np.full((len(queries), scores.shape[1]), np.nan, np.float32)
        if queries:
            answered = self.scorer.score(queries)
            said[:, : answered.shape[1]] = answered
        ends = np.cumsum([len(parts) for parts in histories])
        split = np.split(said, ends[:-1]) if requests else []
        return [np.where(np.isnan(row), np.nan, part) for row, part in zip(scores, split, strict=True)]

    def _slate(self, request: Request, scores: NDArray[np.float32], strength: float, parts: Scores) -> Slate:
        if strength == 0 and self.rules is None:
            return best(scores, request.k)
        slate = pooled(scores, parts, max(self.settings.pool, 5 * request.k))
        if strength == 0:
            return slate if self.rules is None else self.rules(slate, request.query, request.k)
        rerank = self.settings.rerank.build(self.catalogue, strength)
        picked = rerank(slate, request.query, request.k)
        if self.rules is None:
            return picked
        rest = without(slate, picked)
        spare = rerank(rest, request.query, request.k)  # for those that a rule passes over
        return self.rules(joined(picked, spare, without(rest, spare)), request.query, request.k)


def pooled(scores: NDArray[np.float32], parts: Scores, n: int) -> Slate:
    """The `n` best of one row of scores; where there are parts, half of the places go to the best of each in equal numbers. By score.

    >>> pooled(np.array([9, 8, 7, 1], np.float32), np.array([[9, 8, 7, 0], [0, 0, 0, 5]], np.float32), 2).items.tolist()
    [0, 3]
    """
    if not len(parts):
        return best(scores, n)
    each = max(n // (2 * len(parts)), 1)
    theirs = np.unique(np.concatenate([best(part, each).items for part in parts]))
    rest = scores.copy()
    rest[theirs] = np.nan
    items = np.concatenate((theirs, best(rest, max(n - len(theirs), 0)).items))
    order = np.lexsort((items, -scores[items]))
    return Slate(items[order], scores[items[order]])


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
    known = np.flatnonzero(~np.isnan(scores))[: None if n > 0 else 0]
    values = scores[known]
    if len(known) > n:
        edge = -np.partition(-values, n - 1)[n - 1]  # from this side it is fast also where most scores are one and the same
        above = np.flatnonzero(values > edge)
        level = np.flatnonzero(values == edge)[: n - len(above)]
        chosen = np.concatenate((above, level))
        known, values = known[chosen], values[chosen]
    order = np.lexsort((known, -values))
    return Slate(known[order].astype(np.int32), values[order])

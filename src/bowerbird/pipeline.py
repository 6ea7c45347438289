"""The one path from a request to a slate: score → mask → retrieve → re-rank → explore. Evaluation and the live engine both take it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from bowerbird.adaptation import Bandit
from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.explain import ExplainSettings, Reason, explain
from bowerbird.protocols import Scorer
from bowerbird.ranking import (
    DppSettings,
    Exploration,
    ExploreSettings,
    ExposureSettings,
    InverseExposure,
    RerankSettings,
    Rulebook,
    RulesSettings,
    appetite,
    interests,
    item_space,
    standing,
    stretched,
)
from bowerbird.retrieval import Retriever, RetrieveSettings
from bowerbird.scoring import scores_of
from bowerbird.tracing import stage, staged
from bowerbird.types import History, Query, Request, Scores, Slate

TENTHS = 10
"""Steps of a dial that was learned."""


class RankingSettings(Settings):
    """How scores become a slate.

    rerank     which re-ranker the diversity dial drives
    diversity  0..1, where a request does not say
    appetite   whether `diversity` is that of a user whose history is as varied as the slate, and grows and shrinks with how varied it is
    dial       the re-ranker's own dial at 0, .1 … 1 of the request's, straight lines between, as `bowerbird frontier` learns it from what
               each costs: 11 numbers in 0..1, the first 0, none below the one before it; None = the request's is the re-ranker's
    pool       how many of the best-scored items the re-ranker chooses from; never fewer than 5 k
    interests  up to so many of a user's interests are asked for one by one, and half of the pool is theirs, so that a minor one is in it at
               all; 0 = the pool is what the whole history asks for. Has a part only where a re-ranker chooses and intents were found
    repeats    whether items of the history may be recommended again (music, groceries)
    exposure   how far items that were shown little are preferred
    rules      what every slate keeps to
    explore    which places are drawn, so that new and uncertain items are shown
    retrieve   from how many items on only some are scored, and which
    """

    rerank: RerankSettings = Field(default_factory=DppSettings)
    diversity: float = Field(default=0.0, ge=0, le=1)
    appetite: bool = False
    dial: tuple[float, ...] | None = None
    pool: int = Field(default=200, ge=1)
    interests: int = Field(default=0, ge=0)
    repeats: bool = False
    exposure: ExposureSettings = Field(default_factory=ExposureSettings)
    rules: RulesSettings = Field(default_factory=RulesSettings)
    explore: ExploreSettings = Field(default_factory=ExploreSettings)
    retrieve: RetrieveSettings = Field(default_factory=RetrieveSettings)

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

    bandit     what is known of rewards, to explore by; None = what is believed before any is seen
    shown      (≤ n_items,) how often each item was shown; those beyond it never. None = nothing is known of that
    retriever  finds the items that are worth scoring; None = all are
    raises  ConfigError if a rule names a column that the items do not have; DataError, when asked, if the scorer knows more items than
            the catalogue
    cost    one `score` call for a batch of requests; O(n_items) to retrieve; then what the re-ranker says, over the pool
    """

    scorer: Scorer
    catalogue: Catalogue
    settings: RankingSettings = field(default_factory=RankingSettings)
    bandit: Bandit | None = None
    shown: NDArray[np.int64] | None = None
    retriever: Retriever | None = None
    rules: Rulebook | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", self.settings.rules.build(self.catalogue))

    def recommend(self, requests: Sequence[Request]) -> list[Slate]:
        """One slate for each request, in their order; shorter than `k` where fewer items can be said anything of. With standings, the
        propensities of what was drawn, and the items that were worth scoring."""
        slates = []
        for request, (slate, offered) in zip(requests, self._ranked(requests), strict=True):
            if self.exploration is None:
                slates.append(replace(slate, propensities=np.ones(len(slate))))
            else:
                with stage("explore"):
                    drawn = self.exploration(slate, offered, request.query, request.k, drawn_by(request))
                slates.append(replace(drawn, considered=slate.considered))
        return slates

    def chances(self, requests: Sequence[Request], shown: Sequence[NDArray[np.int32]]) -> list[NDArray[np.float64]]:
        """How likely each item of these slates is to be at its place when the request is made, given those above it: of each slate (k,).

        Whatever the request's seed: exactly, as the propensities of `recommend` are. 0 for all from the first on that could not be there.

        shown  of each slate the item numbers, from the first place down; −1 = no longer in the catalogue
        """
        found = []
        for request, items, (slate, offered) in zip(requests, shown, self._ranked(requests), strict=True):
            if self.exploration is None:
                found.append(certain(slate, items))
            else:
                found.append(self.exploration.chances(slate, offered, request.query, request.k, items))
        return found

    @staged("score")
    def candidates(self, requests: Sequence[Request]) -> Scores:
        """(n_requests, n_items): the scores of the items that may be shown, NaN for all others."""
        scores = np.full((len(requests), len(self.catalogue)), np.nan, np.float32)
        if requests:
            said = self.scorer.score([request.query for request in requests])
            if said.shape[1] > len(self.catalogue):
                raise DataError(f"pipeline: the scorer knows {said.shape[1]} items and the catalogue only {len(self.catalogue)}")
            scores[:, : said.shape[1]] = said
        for request, row in zip(requests, scores, strict=True):
            if request.bonus is not None:
                row[:] = steered(row[None], request.bonus)[0]
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

    @staged("explain")
    def explain(self, request: Request, slate: Slate, settings: ExplainSettings) -> list[Reason]:
        """Why each item of the slate is there, each reason checked by taking the cited events away.

        Ranks are those among the items that were worth scoring.
        """
        scorer, allowed = self.scorer if request.bonus is None else Steered(self.scorer, request.bonus), self.allowed(request)
        if slate.considered is not None:
            worth = np.zeros(len(allowed), bool)
            worth[slate.considered] = True
            allowed &= worth
        return explain(scorer, request.query, slate, allowed, self.catalogue, settings)

    @staged("interests")
    def parts(self, requests: Sequence[Request], scores: Scores) -> list[Scores]:
        """For each request the scores that each of its user's interests asks for alone, (n_interests, n_items); all are asked at once."""
        histories = [self._interests(request) for request in requests]
        queries = [replace(request.query, history=part) for request, parts in zip(requests, histories, strict=True) for part in parts]
        said = np.full((len(queries), scores.shape[1]), np.nan, np.float32)
        if queries:
            answered = self.scorer.score(queries)
            said[:, : answered.shape[1]] = answered
            bonuses = [request.bonus for request, parts in zip(requests, histories, strict=True) for _ in parts]
            for row, bonus in zip(said, bonuses, strict=True):
                if bonus is not None:
                    row[:] = steered(row[None], bonus)[0]
        ends = np.cumsum([len(parts) for parts in histories])
        split = np.split(said, ends[:-1]) if requests else []
        return [np.where(np.isnan(row), np.nan, part) for row, part in zip(scores, split, strict=True)]

    @staged("retrieve")
    def pool(self, request: Request, scores: NDArray[np.float32], parts: Scores | None = None) -> Slate:
        """What the re-ranker chooses from: the best-scored items of one row of `candidates`, and of the user's interests, if there are."""
        pool = pooled(scores, parts, max(self.settings.pool, 5 * request.k))
        return pool if self.exposure is None else self.exposure.traded(pool)

    def strength(self, request: Request, pool: Slate) -> float:
        """Where the re-ranker's own dial stands: as the request says; else as the settings and, where these look at it, the appetite do."""
        if request.diversity is not None or not (self.settings.appetite and self.settings.diversity):
            return self.settings.strength(request.diversity)
        wanted = appetite(request.query.history, pool.take(np.arange(min(request.k, len(pool)))), item_space(self.catalogue))
        return self.settings.strength(stretched(self.settings.diversity, wanted))

    @staged("arrange")
    def arranged(self, request: Request, slate: Slate) -> Slate:
        """The slate of a request, chosen from its pool."""
        strength = self.strength(request, slate)
        if strength == 0:
            return slate.take(np.arange(min(request.k, len(slate)))) if self.rules is None else self.rules(slate, request.query, request.k)
        rerank = self.settings.rerank.build(self.catalogue, strength)
        picked = rerank(slate, request.query, request.k)
        if self.rules is None:
            return picked
        rest = without(slate, picked)
        spare = rerank(rest, request.query, request.k)  # for those that a rule passes over
        return self.rules(joined(picked, spare, without(rest, spare)), request.query, request.k)

    def _interests(self, request: Request) -> list[History]:
        """The parts of a user's history that are asked for one by one."""
        found, most = self.catalogue.intents, self.settings.interests
        return interests(request.query.history, found, most) if found and most and self.settings.strength(request.diversity) else []

    @cached_property
    def unexplored(self) -> "Pipeline":
        """The same, but no place is drawn."""
        return replace(self, settings=self.settings.model_copy(update={"explore": ExploreSettings()}))

    @cached_property
    def exposure(self) -> InverseExposure | None:
        """What prefers items that were shown little; None where nothing does."""
        strength = self.settings.exposure.strength
        if self.shown is None or strength == 0:
            return None
        return InverseExposure(np.pad(self.shown, (0, len(self.catalogue) - len(self.shown))), strength)

    @cached_property
    def exploration(self) -> Exploration | None:
        """What draws the places that are explored; None where none are."""
        settings = self.settings.explore
        if not settings.places:
            return None
        bandit = settings.bandit.begin(len(self.catalogue), self.catalogue.vectors) if self.bandit is None else self.bandit
        return Exploration(settings, bandit, self.rules)

    def _ranked(self, requests: Sequence[Request]) -> list[tuple[Slate, Slate]]:
        """Of each request the slate before any place is drawn, and what the places may be drawn from; both with standings in the pool."""
        ranked = []
        for request, chosen in zip(requests, self._fields(requests), strict=True):
            pool = chosen.named(self.pool(request, chosen.scores, chosen.parts))
            reach = chosen.named(best(chosen.scores, self.settings.explore.reach)) if self.exploration else pool.take([])
            slate, offered = (
                replace(slate, standings=standing(slate.scores, pool.scores), considered=chosen.items)
                for slate in (self.arranged(request, pool), reach)
            )
            ranked.append((slate, offered))
        return ranked

    def _fields(self, requests: Sequence[Request]) -> Iterator["_Field"]:
        """What each request's slate is chosen from: where nothing is steered and the catalogue is large, items that are worth scoring;
        all items where these are some but do not fill the slate."""
        few = [None if self.retriever is None or request.bonus is not None else self._nominated(request) for request in requests]
        chosen = [None if one is None or 0 < one.known < request.k else one for one, request in zip(few, requests, strict=True)]
        asked = [request for one, request in zip(chosen, requests, strict=True) if one is None]
        scores = self.candidates(asked)
        whole = zip(scores, self.parts(asked, scores), strict=True)
        for one in chosen:
            yield _Field(None, *next(whole)) if one is None else one

    @staged("score")
    def _nominated(self, request: Request) -> "_Field":
        """The items that are worth scoring for a request, and for its user's interests one by one."""
        assert self.retriever is not None
        allowed = self.allowed(request)
        queries = [request.query, *(replace(request.query, history=part) for part in self._interests(request))]
        with stage("retrieve"):
            items = np.unique(np.concatenate([self.retriever.nominees(query, allowed) for query in queries]))
        scores = scores_of(self.scorer, queries, items)
        return _Field(items, scores[0], np.where(np.isnan(scores[0]), np.nan, scores[1:]))


@dataclass(frozen=True, eq=False, slots=True)
class _Field:
    """What a slate is chosen from.

    items   (n,) int32, rising numbers of the items that were scored; None = all
    scores  (n,), NaN = may not be shown, or cannot be scored
    parts   (n_interests, n), what each of the user's interests asks for alone
    """

    items: NDArray[np.int32] | None
    scores: NDArray[np.float32]
    parts: Scores

    @property
    def known(self) -> int:
        """How many items may be shown and can be scored."""
        return int(np.count_nonzero(~np.isnan(self.scores)))

    def named(self, slate: Slate) -> Slate:
        """A slate of places among the items, as one of item numbers."""
        return slate if self.items is None else replace(slate, items=self.items[slate.items])


@dataclass(frozen=True, eq=False)
class Steered:
    """A scorer with a request's bonus on it, so that reasons are tested in the ranking that is shown."""

    scorer: Scorer
    bonus: NDArray[np.float32]

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        said = self.scorer.score(queries)
        scores = np.full((len(said), len(self.bonus)), np.nan, np.float32)
        scores[:, : said.shape[1]] = said
        return steered(scores, self.bonus)


def steered(scores: Scores, bonus: NDArray[np.float32]) -> Scores:
    """Standard scores of each row, over all that is scored, plus a bonus (n_items,). NaN stays NaN.

    >>> steered(np.array([[1, 3, np.nan]], np.float32), np.array([0, 1, 9], np.float32)).tolist()
    [[-1.0, 2.0, nan]]
    """
    known = ~np.isnan(scores)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = scores - np.where(known, scores, 0).sum(axis=1, keepdims=True, dtype=np.float64) / count
    spread = np.sqrt(np.where(known, centred**2, 0).sum(axis=1, keepdims=True) / count)
    return np.asarray(centred / np.where(spread > 0, spread, 1) + bonus, np.float32)


def pooled(scores: NDArray[np.float32], parts: Scores | None, n: int) -> Slate:
    """The `n` best of one row of scores; where there are parts, half of the places go to the best of each in equal numbers. By score.

    >>> pooled(np.array([9, 8, 7, 1], np.float32), np.array([[9, 8, 7, 0], [0, 0, 0, 5]], np.float32), 2).items.tolist()
    [0, 3]
    """
    if parts is None or not len(parts):
        return best(scores, n)
    each = max(n // (2 * len(parts)), 1)
    theirs = np.unique(np.concatenate([best(part, each).items for part in parts]))
    rest = scores.copy()
    rest[theirs] = np.nan
    items = np.concatenate((theirs, best(rest, max(n - len(theirs), 0)).items))
    order = np.lexsort((items, -scores[items]))
    return Slate(items[order], scores[items[order]])


def drawn_by(request: Request) -> np.random.Generator:
    """What the places of a slate are drawn by: the seed and the history, so that one seed draws for each user anew, and for a request made
    again the same."""
    return np.random.default_rng([request.seed % 2**64, crc32(np.ascontiguousarray(request.query.history.items).tobytes())])


def certain(slate: Slate, shown: NDArray[np.int32]) -> NDArray[np.float64]:
    """(len(shown),): 1 down to the first place where another item was shown than the slate has, 0 from there on.

    >>> certain(Slate(np.array([5, 3, 4], np.int32), np.zeros(3, np.float32)), np.array([5, 4, 4, 1], np.int32)).tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    n = min(len(slate), len(shown))
    return np.concatenate((np.cumprod(slate.items[:n] == shown[:n]), np.zeros(len(shown) - n))).astype(np.float64)


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
    known = _reaching(scores, n)
    order = np.lexsort((known, -scores[known]))
    return Slate(known[order].astype(np.int32), scores[known[order]])


def _reaching(scores: NDArray[np.float32], n: int) -> NDArray[np.intp]:
    """The numbers of the `n` best, rising; those of all known ones where there are fewer."""
    if not 0 < n < len(scores):
        return np.flatnonzero(~np.isnan(scores))[: max(n, 0)]
    edge = -np.partition(-scores, n - 1)[n - 1]  # from this side it is fast also where most scores are one and the same; NaN comes last
    if np.isnan(edge):
        return np.flatnonzero(~np.isnan(scores))
    known = np.flatnonzero(scores >= edge)
    level = np.flatnonzero(scores[known] == edge)
    return np.delete(known, level[len(level) - (len(known) - n) :])

"""What everyone likes: the floor under every other model, and all there is for someone of whom nothing is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.models.maturity import maturities
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log, Query, Scores

DAY = 86_400.0


class Popular(Settings):
    """Count who shows interest in each item, and how much.

    window_days     only events of the log's last days count; None = all. 7 gives "popular in the last 7 days"
    half_life_days  an event this old counts half; None = age does not matter
    share           the most that one user is of one item's count, in plain signs of interest: whatever one user sends
    mature          a user may be all of their `share` once they have shown interest in so many items, and in proportion before
    mature_days     likewise, so long after they first showed interest in anything

    Both look back from the newest event of the log, so the answer moves when the model is fitted again. A log without a clock
    has no "recent": there both are without effect and all events count alike.

    cost    O(events) to fit, O(n_queries · n_items) to score

    >>> from bowerbird.types import History
    >>> log = Log(np.array([0, 0, 1], np.int32), np.array([0, 2, 2], np.int32), np.ones(3, np.float32), np.full(3, np.nan), 2, 3)
    >>> model = Popular().fit(log, Catalogue.of(["a", "b", "c"]), np.random.default_rng(0))
    >>> np.expm1(model.score([Query(History.of([]))])).round(2)
    array([[ 1., nan,  2.]], dtype=float32)
    """

    kind: Literal["popular"] = "popular"
    window_days: Span = None
    half_life_days: Span = None
    share: float = Field(default=1.0, gt=0)
    mature: int = Field(default=1, ge=1)
    mature_days: float = Field(default=0.0, ge=0)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"window_days": (7.0, 30.0, None), "half_life_days": (30.0, None)}
    RANGES: ClassVar[dict[str, Range]] = {
        "window_days": Range(3.0, 365.0, log=True, endless=True),
        "half_life_days": Range(3.0, 730.0, log=True, endless=True),
    }

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "PopularModel":  # noqa: ARG002
        """Count; see the class."""
        liked = log.where(log.weights > 0)
        worth, bounds = liked.weights * self._worth(liked), self.share * maturities(liked, self.mature, self.mature_days)
        pairs, pair = np.unique(liked.users.astype(np.int64) * len(catalogue) + liked.items, return_inverse=True)
        most = np.zeros(len(pairs))
        np.maximum.at(most, pair, bounds)
        each = np.minimum(np.bincount(pair, weights=worth, minlength=len(pairs)), most)
        counts = np.bincount(pairs % max(len(catalogue), 1), weights=each, minlength=len(catalogue))
        known = np.bincount(liked.items, minlength=len(catalogue)) > 0
        return PopularModel(np.where(known, np.log1p(counts), np.nan).astype(np.float32))

    def _worth(self, log: Log) -> NDArray[np.float64]:
        """(n_events,) what each event counts for its age."""
        if not log.has_clock:
            return np.ones(len(log))
        age = (log.times.max() - log.times) / DAY
        worth = np.ones(len(log)) if self.half_life_days is None else 0.5 ** (age / self.half_life_days)
        return worth if self.window_days is None else np.where(age <= self.window_days, worth, 0.0)


@dataclass(frozen=True, eq=False)
class PopularModel:
    """The same scores for every history, the empty one too.

    strengths  (n_items,) float32, log(1 + what was counted); NaN for items that nobody ever liked
    """

    kind: ClassVar[str] = "popular"
    strengths: NDArray[np.float32]

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
        return np.tile(self.strengths, (len(queries), 1))

    @property
    def item_vectors(self) -> NDArray[np.float32]:
        """(n_items, 1): the strengths."""
        return self.strengths[:, None]

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, 1): ones."""
        return np.ones((len(queries), 1), np.float32)

    def nominate(self, queries: Sequence[Query], n: int) -> list[NDArray[np.int32]]:
        """The numbers of the `n` best items for each query, the best first."""
        return [self._best[:n]] * len(queries)

    @cached_property
    def _best(self) -> NDArray[np.int32]:
        """The numbers of all that it can score, the best first."""
        return np.argsort(-self.strengths, kind="stable")[: int(self.scorable.sum())].astype(np.int32)

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """All zero: no event of a history carries any of it."""
        return np.zeros((len(query.history), len(items)), np.float32)

"""A model of behaviour that hears less of an interest which has broken off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.adaptation import Breaks, Fading, Watch
from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.models.bpr import Bpr, BprModel
from bowerbird.models.ease import Ease
from bowerbird.models.ials import Ials, IalsModel
from bowerbird.models.itemknn import ItemKnn
from bowerbird.models.linear import LinearModel
from bowerbird.models.mf import Mf, MfModel
from bowerbird.models.ncf import Ncf, NcfModel
from bowerbird.models.sequential import Sequential
from bowerbird.models.slim import Slim
from bowerbird.models.warm import Start, fit_again
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log, Query, Scores

Member = Annotated[ItemKnn | Slim | Ease | Sequential | Ials | Mf | Bpr | Ncf, Field(discriminator="kind")]


class Faded(Settings):
    """Ask a model with each history faded: where interests broke, what came before weighs less, but for what is like the new interest.

    member  the model; one that knows items from behaviour alone. Those with a long memory gain: where an event of three events ago counts
            half anyway there is little left to fade (`docs/adaptation.md`)
    breaks  how breaks are learned from the log
    fading  what is done where there is one

    A log in which nobody did enough to learn what a break is leaves histories as they are.

    cost    the member's fit and that of `Breaks`; a query costs what `Fading` does on top
    raises  as the member

    >>> Faded(member=Ials(half_life_events=None), fading=Fading(fade=0.1)).member.kind
    'ials'
    """

    kind: Literal["faded"] = "faded"
    member: Member = Field(default_factory=Ials)
    breaks: Breaks = Field(default_factory=Breaks)
    fading: Fading = Field(default_factory=Fading)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"fading.fade": (0.1, 0.3, 1.0)}
    RANGES: ClassVar[dict[str, Range]] = {"fading.fade": Range(0.0, 1.0), "fading.alarm": Range(0.01, 0.3, log=True)}

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "FadedModel":
        """Fit the member, then learn what a break is."""
        return self._fit(None, log, catalogue, rng, progress)

    def fit_from(self, start: Start, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "FadedModel":
        """As `fit`, the member from the member of a `FadedModel`, or from a model of its own kind, where it can."""
        member = start.model.member if isinstance(start.model, FadedModel) else start.model
        return self._fit(Start(member, start.items), log, catalogue, rng, progress)

    def _fit(self, start: Start | None, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress) -> "FadedModel":
        model = fit_again(self.member, start, log, catalogue, rng, progress)
        progress("faded: breaks", 0, 1)
        try:
            watch = self.breaks.fit(log, rng)
        except DataError:  # nobody has done enough
            watch = None
        progress("faded: breaks", 1, 1)
        return FadedModel(model, watch, self.fading.alarm, self.fading.fade, self.fading.kin)


@dataclass(frozen=True, eq=False)
class FadedModel:
    """The member, and what finds breaks; None where nothing was learned of them."""

    kind: ClassVar[str] = "faded"
    member: LinearModel | IalsModel | MfModel | BprModel | NcfModel
    watch: Watch | None
    alarm: float
    fade: float
    kin: float

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return self.member.n_items

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that the member can score."""
        return self.member.scorable

    @cached_property
    def fading(self) -> Fading:
        """What is done where there is a break."""
        return Fading(alarm=self.alarm, fade=self.fade, kin=self.kin)

    def heard(self, query: Query) -> Query:
        """The query as the member is asked it."""
        return query if self.watch is None else replace(query, history=self.fading(query.history, self.watch))

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        return self.member.score([self.heard(query) for query in queries])

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): what the member's events add, faded as they are. What an event does to the break is in none of them."""
        return self.member.contributions(self.heard(query), items)

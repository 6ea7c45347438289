"""Several models as one: how far to trust each, by the length of the history and by who asks, is learned by rehearsal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.errors import BundleError, ConfigError
from bowerbird.models.circumstances import Circumstances, met
from bowerbird.models.ease import Ease
from bowerbird.models.ials import Ials
from bowerbird.models.mixing import Floats, standardise
from bowerbird.models.popular import Popular
from bowerbird.models.rehearsal import N_STAGES, rehearse, stage
from bowerbird.models.sequential import Sequential
from bowerbird.models.single import Single, SingleModel
from bowerbird.models.spread import spread, widened
from bowerbird.models.steps import Lessons, example, moved
from bowerbird.models.text import Text
from bowerbird.models.weighing import known_items, weigh
from bowerbird.protocols import Follows, Progress, ReadsVectors, silent
from bowerbird.scoring import scores_of
from bowerbird.types import Happened, Log, Query, Scores

Member = Annotated[Single, Field(discriminator="kind")]

BATCH = 128

DEFAULT: tuple[Single, ...] = (Popular(), Popular(half_life_days=365), Popular(half_life_days=30), Ease(), Sequential(), Ials(), Text())
"""Popularity for newcomers, two linear models and a factorisation for behaviour, texts for what is new."""


class Blend(Settings):
    """Add up the members' standard scores with weights that depend on how long the history is.

    members  the models to blend; `text` takes part only where the catalogue's texts have been read
    cases    about how many times hidden events are asked for to learn the weights, at most
    hide     which events are hidden to learn the weights. "newest": the last tenth of the log, which is what tomorrow is like;
             "last": the last one of each user, whenever it was, as papers ask for it. A log without a clock has only the latter.
             None: "newest", but "last" where an evaluation splits the log so
    newness  how much room new items get. 1: as much as brings the hidden events to the top; 2: what doubles their share of the first
             ten places; 0: none before the known items run out
    lessons  how the weights move while the log grows; unless set, they stand (`docs/adaptation.md` has what moving them is worth)

    Part of the log is hidden and asked for (`rehearsal.py`). The weights, none below 0, are those that bring the hidden
    events to the top. Then the members are fitted again on the whole log; one without weight is left out,
    unless it reads texts. `docs/blending.md` has the reasons and what was measured.

    A *new* item, one that no member knows from behaviour, has its own weights for the members that read texts, and an offset, learned
    from hidden events on new items and from known items that are treated as new.

    cost  each member's fit, twice; the rehearsal scores at most `cases` queries; about 150 MB for 2,000 cases

    >>> recipe = Blend(members=(Popular(), Ease()), newness=2)
    >>> [member.kind for member in recipe.members]
    ['popular', 'ease']
    """

    kind: Literal["blend"] = "blend"
    members: tuple[Member, ...] = Field(default=DEFAULT, min_length=1)
    cases: int = Field(default=2000, ge=10)
    hide: Literal["newest", "last"] | None = None
    newness: float = Field(default=1.0, ge=0)
    lessons: Lessons = Field(default_factory=Lessons)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {}  # newness is a wish, not something that a validation set can tell

    def for_split(self, name: str) -> Self:
        """The blend that rehearses what a split of this name asks, unless `hide` says otherwise.

        >>> Blend().for_split("last").hide, Blend().for_split("time").hide, Blend(hide="newest").for_split("last").hide
        ('last', None, 'newest')
        """
        return self.model_copy(update={"hide": "last"}) if self.hide is None and name == "last" else self

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "BlendModel":
        """Rehearse, learn the weights, fit the members on everything.

        raises  ConfigError if no member can take part
        """
        recipes = [recipe for recipe in self.members if recipe.kind != "text" or catalogue.vectors is not None]
        if not recipes:
            raise ConfigError("blend.members: the text model is the only member, and the catalogue's texts have not been read")
        rehearsal = rehearse(log, self.cases, rng, newest=self.hide != "last")
        seeds = rng.integers(2**63, size=len(recipes))
        again = [np.random.default_rng(seed) for seed in seeds]
        total = 2 * len(recipes) + 1
        members = []
        for place, (recipe, seed) in enumerate(zip(recipes, seeds, strict=True)):
            progress(f"blend: rehearse {recipe.kind}", place, total)
            members.append(recipe.fit(rehearsal.log, catalogue, np.random.default_rng(seed), progress))
        progress("blend: weigh", len(recipes), total)
        weights, fresh, offsets = weigh(tuple(members), rehearsal, len(catalogue), self.newness, rng)
        reads = np.array([isinstance(member, ReadsVectors) for member in members])
        useful = np.flatnonzero((weights > 1e-3).any(axis=0) | reads)
        fitted = []
        for place in useful.tolist():
            progress(f"blend: fit {recipes[place].kind}", len(recipes) + 1 + place, total)
            fitted.append(recipes[place].fit(log, catalogue, again[place], progress))
        progress("blend", total, total)
        known = known_items(tuple(fitted), len(catalogue))
        parts = tuple(fitted), known, weights[:, useful], fresh[:, useful], offsets
        if self.lessons.step == 0 and not any(isinstance(member, Follows) for member in fitted):
            return BlendModel(*parts)
        return FollowingBlendModel(*parts, anchor=weights[:, useful], **self.lessons.model_dump())


@dataclass(frozen=True, eq=False)
class BlendModel:
    """A weighted sum of standard scores; z is a member's score less its mean over the known items, by its standard deviation there.

    members  the models
    known    (n_items,) items that some member knows from behaviour; the others are new
    weights  (n_stages, n_members) of z for known items (`rehearsal.stage`); a member that cannot say counts as saying the mean
    fresh    (n_stages, n_members) of z for new items
    offsets  (n_stages,) added for new items
    """

    kind: ClassVar[str] = "blend"
    members: tuple[SingleModel, ...]
    known: NDArray[np.bool_]
    weights: NDArray[np.float32]
    fresh: NDArray[np.float32]
    offsets: NDArray[np.float32]

    def __post_init__(self) -> None:
        if len(self.weights) != N_STAGES:
            raise BundleError(f"blend: weights must have {N_STAGES} rows, one a stage, got {len(self.weights)}; fit it again")

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.known)

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that some member can score."""
        able = np.zeros(self.n_items, bool)
        for member in self.members:
            able[: member.n_items] |= member.scorable
        return able

    @property
    def context(self) -> Circumstances:
        """What the members read of a query's circumstances, and the values that any of them met."""
        return met(self.members)

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        total = np.full((len(queries), self.n_items), np.nan, np.float32)
        for start in range(0, len(queries), BATCH):
            batch = queries[start : start + BATCH]
            rows, said = total[start : start + BATCH], np.zeros((len(batch), self.n_items), bool)
            rows[:] = np.where(self.known, 0, self.offsets[stage(batch)][:, None])
            for place, member in enumerate(self.members):
                z, _, _ = self._standard(member, batch)
                said |= ~np.isnan(z)
                rows += np.nan_to_num(z, copy=False, nan=0.0) * self._weights(batch, place)
            rows[~said] = np.nan
        return total

    def score_some(self, queries: Sequence[Query], items: NDArray[np.int32]) -> Scores:
        """(n_queries, len(items)): these columns of `score`, up to rounding."""
        stages, known = stage(queries), self.known[items]
        total = np.where(known, 0, self.offsets[stages][:, None]).astype(np.float32)
        said = np.zeros(total.shape, bool)
        for place, member in enumerate(self.members):
            mean, deviation = spread(member, queries, self.known)
            z = (scores_of(member, queries, items) - mean[:, None]) / deviation[:, None]
            said |= ~np.isnan(z)
            weights = np.where(known, self.weights[stages, place][:, None], self.fresh[stages, place][:, None])
            total += np.nan_to_num(z, copy=False, nan=0.0) * weights
        total[~said] = np.nan
        return total

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): what each member's contributions come to, weighted and by the standard deviation of its scores.

        As exact as the members' own. What an event changes besides (that deviation, the stage) is in none of them.
        """
        total = np.zeros((len(query.history), len(items)), np.float32)
        for place, member in enumerate(self.members):
            _, deviation = spread(member, [query], self.known)
            inside = items < member.n_items
            parts = member.contributions(query, items[inside])
            total[:, inside] += parts * (self._weights([query], place)[0, items[inside]] / deviation[0])
        return total

    def with_vectors(self, vectors: NDArray[np.float32]) -> Self:
        """The same blend over another table of language vectors; items that are added are new.

        raises  DataError if a member that reads vectors refuses them
        """
        members = tuple(member.with_vectors(vectors) if isinstance(member, ReadsVectors) else member for member in self.members)
        known = np.zeros(max(len(vectors), self.n_items), bool)
        known[: self.n_items] = self.known
        return replace(self, members=members, known=known)

    def _standard(self, member: SingleModel, queries: Sequence[Query]) -> tuple[Floats, Floats, Floats]:
        return standardise(widened(member.score(queries), self.n_items), self.known)

    def _weights(self, queries: Sequence[Query], place: int) -> Floats:
        """(n_queries, n_items): the weight of one member."""
        stages = stage(queries)
        table: Floats = np.where(self.known, self.weights[stages, place][:, None], self.fresh[stages, place][:, None])
        return table


@dataclass(frozen=True, eq=False)
class FollowingBlendModel(BlendModel):
    """A blend that learns from what happens: it has a member that does, or its weights move. Any other stands still.

    anchor  (n_stages, n_members) the weights as the fit gave them
    step …  how they move, as in `Lessons`
    """

    kind: ClassVar[str] = "following_blend"
    anchor: NDArray[np.float32]
    step: float
    pull: float
    reach: float

    def after(self, happened: Sequence[Happened]) -> Self:
        """The blend once these happened too: members that follow are told, and each lesson moves the weights of its stage.

        What was new stays new until the next fit.

        cost  what the members say; where weights move, also each member's scores of one query a lesson
        """
        if self.step == 0:
            return self._told(happened)
        model = self
        for one in happened:
            model = model._taught(one)._told([one])
        return model

    def _told(self, happened: Sequence[Happened]) -> Self:
        members = tuple(member.after(happened) if isinstance(member, Follows) else member for member in self.members)
        if all(told is member for told, member in zip(members, self.members, strict=True)):
            return self
        n_items = max(self.n_items, *(member.n_items for member in members))
        return replace(self, members=members, known=np.pad(self.known, (0, n_items - self.n_items)))

    def _taught(self, one: Happened) -> Self:
        """The blend with its weights moved, if the event is a lesson."""
        query = one.query
        if one.weight <= 0 or one.item >= self.n_items or not self.known[one.item] or one.item in query.history.items:
            return self
        z = np.stack([self._standard(member, [query])[0][0] for member in self.members], axis=-1)
        able = self.known & ~np.isnan(z).all(axis=1)
        able[query.history.items[query.history.items < self.n_items]] = False
        if not able[one.item]:
            return self
        [number] = stage([query])
        weights = self.weights.copy()
        weights[number] = moved(weights[number], self.anchor[number], example(z, able, one), self.step, self.pull, self.reach)
        return replace(self, weights=weights)

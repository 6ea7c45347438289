"""The same small budget of trials for every recipe: fitted on train, judged on validation, the best settings handed back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.config import changed
from bowerbird.data import Cases, Catalogue, Split
from bowerbird.errors import BowerbirdError, ConfigError
from bowerbird.evaluation.protocol import evaluate
from bowerbird.evaluation.watching import Watch, Watched, stages
from bowerbird.models import Blend, Recipe
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.protocols import Progress, silent
from bowerbird.types import Json, Log

Space = Mapping[str, tuple[Any, ...]]
"""Setting, by its dotted name (`config.value_at`) -> the values to try; `type(recipe).SPACE` of the recipes in `bowerbird.models`."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One fit with some settings.

    score    mean NDCG at the first k on the validation users; −inf where the fit was refused
    seconds  the fit took, wall time
    note     why it was refused
    values   (n_users,) the NDCG of each validation user, in the order of the cases; None where the trial has no score
    """

    recipe: Recipe
    score: float
    seconds: float
    note: str = ""
    values: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> Json:
        """As the report has it."""
        refused = self.score == -np.inf
        return {
            "settings": self.recipe.model_dump(mode="json"),
            "ndcg": None if refused else self.score,
            "seconds": self.seconds,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Tuned:
    """The best recipe, the trials it was chosen from in their order, and how many validation users judged them."""

    recipe: Recipe
    trials: tuple[Trial, ...]
    users: int


@dataclass(frozen=True)
class Bench:
    """What stays the same in all trials and for all recipes, so that none has an advantage.

    budget     fits a recipe may have, at least 1
    ks         cut-offs; the NDCG at the first judges
    max_users  at most this many validation users, drawn by `seed`: the same ones for every recipe
    seed       of every fit
    repeats    whether items of the history may be recommended
    refit      whether the last fit, the one that is judged, also reads what happened in validation, as a deployed model would
    """

    split: Split
    catalogue: Catalogue
    budget: int = 8
    ks: tuple[int, ...] = (10,)
    max_users: int = 2000
    seed: int = 0
    repeats: bool = False
    refit: bool = True
    progress: Progress = field(default=silent)

    @property
    def learned(self) -> Log:
        """What the models that are judged have read."""
        return self.split.before_test if self.refit else self.split.train

    def cases(self) -> Cases:
        """The validation cases that judge."""
        return sample(self.split.validation, self.max_users, np.random.default_rng(self.seed))

    def rehearsed(self, recipe: Recipe) -> Recipe:
        """The recipe; a blend that is not told what to hide rehearses what the split asks."""
        return recipe.for_split(self.split.name) if isinstance(recipe, Blend) else recipe

    def try_out(self, recipe: Recipe, cases: Cases, watch: Watch | None = None) -> Trial:
        """Fit on train, judge on validation. A recipe that refuses the data is a trial without a score.

        watch  is told the validation figure of each epoch by recipes that have epochs (`protocols.Watches`). By others, which is after
               the fit, the mean NDCG of the first eighth of the users, then of half, in an order drawn by `seed`; see `stages`
        """
        start, asked = perf_counter(), self.rehearsed(recipe)
        watched = self.progress if watch is None else Watched(self.progress, watch)
        try:
            model = asked.fit(self.split.train, self.catalogue, np.random.default_rng(self.seed), watched)
        except BowerbirdError as refusal:
            return Trial(recipe, -np.inf, perf_counter() - start, str(refusal))
        seconds = perf_counter() - start
        pipeline = Pipeline(model, self.catalogue, RankingSettings(diversity=0, repeats=self.repeats))
        values = self._judge(pipeline, cases, None if isinstance(watched, Watched) and watched.epochs else watch)
        return Trial(recipe, float(values.mean()), seconds, values=values)

    def _judge(self, pipeline: Pipeline, cases: Cases, watch: Watch | None) -> NDArray[np.float64]:
        """(n_users,): each user's NDCG, stage by stage where someone watches."""
        ends = [len(cases)] if watch is None else stages(len(cases))
        order = np.arange(len(cases)) if watch is None else np.random.default_rng(self.seed).permutation(len(cases))
        values = np.full(len(cases), np.nan)
        for step, (start, end) in enumerate(pairwise([0, *ends])):
            result = evaluate(pipeline.recommend, cases.take(order[start:end]), self.catalogue, self.split.train, ks=self.ks[:1], tables={})
            values[order[start:end]] = result.values[f"ndcg@{self.ks[0]}"]
            if watch is not None and end < len(cases):
                watch(step, float(values[order[:end]].mean()), f"{end} of {len(cases)} users")
        return values


def tune(recipe: Recipe, bench: Bench, space: Space | None = None) -> Tuned:
    """The best settings within the budget, the recipe's own settings being the first trial.

    Setting by setting: each value of the first with the rest as they are, the best is kept, then the second …; then what is left of the
    budget walks the full grid in order. Everything in a fixed order, so the same seed gives the same answer; of equals the first.

    A blend that is not told what to hide rehearses what the bench's split asks (`Blend.for_split`).

    space   setting -> values; the recipe's `SPACE` unless given. Empty = nothing to tune, no trial is made
    raises  the first refusal if every trial was refused
    cost    at most `budget` fits, and as many evaluations of at most `max_users` users
    """
    recipe = bench.rehearsed(recipe)
    space = dict(type(recipe).SPACE if space is None else space)
    if not space:
        return Tuned(recipe, (), 0)
    cases = bench.cases()
    trials: list[Trial] = []

    def score(candidate: Recipe) -> float:
        bench.progress(f"tuning {recipe.kind}", len(trials), bench.budget)
        trials.append(bench.try_out(candidate, cases))
        return trials[-1].score

    best = walk(recipe, space, score, bench.budget)
    bench.progress(f"tuning {recipe.kind}", bench.budget, bench.budget)
    if all(trial.note for trial in trials):
        raise ConfigError(f"tuning {recipe.kind}: no settings could be fitted; the first: {trials[0].note}")
    return Tuned(best, tuple(trials), len(cases))


def walk(recipe: Recipe, space: Space, score: Callable[[Recipe], float], budget: int) -> Recipe:
    """The best of at most `budget` recipes: coordinate by coordinate, then the grid; each settings once."""
    scores: dict[str, tuple[float, Recipe]] = {}

    def attempt(candidate: Recipe | None) -> None:
        if candidate is not None and len(scores) < budget and (key := candidate.model_dump_json()) not in scores:
            scores[key] = (score(candidate), candidate)

    def best() -> Recipe:
        return max(scores.values(), key=lambda pair: pair[0])[1]

    attempt(recipe)
    for name, values in space.items():
        base = best()
        for value in values:
            attempt(_changed(base, {name: value}))
    for values in product(*space.values()):
        attempt(_changed(recipe, dict(zip(space, values, strict=True))))
    return best()


def sample(cases: Cases, most: int, rng: np.random.Generator) -> Cases:
    """At most `most` of the cases, drawn without replacement, in their old order."""
    if len(cases) <= most:
        return cases
    return cases.take(np.sort(rng.choice(len(cases), most, replace=False)))


def _changed(recipe: Recipe, changes: Json) -> Recipe | None:
    """The recipe with these settings; None where they do not go together."""
    try:
        return changed(recipe, changes)
    except ConfigError:
        return None

"""The user's model beside the baselines that it has to beat, all tuned alike, on cases that none of them has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time

import numpy as np

from bowerbird.data import Catalogue, Split
from bowerbird.evaluation.controls import CONTROLS
from bowerbird.evaluation.fallback import Fallback
from bowerbird.evaluation.protocol import Result, evaluate, similarities
from bowerbird.evaluation.tuning import Bench, Space, Tuned, tune
from bowerbird.models import Ease, Ials, ItemKnn, Popular, Recipe
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.protocols import Progress, Scorer, silent


@dataclass(frozen=True, slots=True)
class Baseline:
    """A recipe that stands in every table.

    space  what may be tuned of it: not the settings that make it what it is called
    """

    name: str
    recipe: Recipe
    space: Space
    needs_clock: bool = False


def _ease_space(*, recency: bool) -> Space:
    """What may be tuned of EASE that stays with, or without, recency."""
    rest = {name: values for name, values in Ease.SPACE.items() if name != "half_life_events"}
    if not recency:
        return rest
    return {"half_life_events": tuple(value for value in Ease.SPACE["half_life_events"] if value is not None), **rest}


BASELINES: tuple[Baseline, ...] = (
    Baseline("popular, all time", Popular(), {}),
    Baseline("popular, last 7 days", Popular(window_days=7), {}, needs_clock=True),
    Baseline("item-kNN", ItemKnn(), ItemKnn.SPACE),
    Baseline("EASE", Ease(half_life_events=None), _ease_space(recency=False)),
    Baseline("EASE, recency-weighted", Ease(), _ease_space(recency=True)),
    Baseline("iALS", Ials(), Ials.SPACE),
)


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """One system in the table.

    role         "baseline", "system" (the first is the one compared) or "control"
    tuned        its settings and the trials that chose them
    fit_seconds  of the last fit; wall time
    cpu_seconds  of the last fit; processor time of all threads, which a busy machine does not stretch
    """

    name: str
    role: str
    tuned: Tuned
    result: Result
    fit_seconds: float
    cpu_seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class Leaderboard:
    """All rows, and what they have in common.

    bench  the split and the catalogue, cut-offs, seed, and the budget of the tuning
    """

    rows: tuple[Row, ...]
    bench: Bench


def leaderboard(
    split: Split,
    catalogue: Catalogue,
    systems: Mapping[str, Recipe],
    *,
    ranking: RankingSettings | None = None,
    baselines: Sequence[Baseline] = BASELINES,
    controls: bool = False,
    budget: int = 8,
    max_validation_users: int = 2000,
    ks: Sequence[int] = (10,),
    seed: int = 0,
    refit: bool = True,
    progress: Progress = silent,
) -> Leaderboard:
    """Tune every recipe on validation, fit it once more, judge it on the test.

    systems    name -> recipe; the first is compared with the best baseline. They are ranked by `ranking`, as they would be served;
               baselines by their scores alone, with the same rule for repeats, and filled up by what is popular (tuned as well) for
               queries of which they can say nothing
    controls   beside each system also with shuffled texts and with random vectors, at the settings tuned with the true ones
    budget     trials a recipe
    ks         cut-offs; the first is the headline: tuned by, compared by, shown in the tables
    refit      whether the last fit also reads what happened in validation, as a deployed model would. Papers with leave-last-out mostly
               fit on train alone and only ask with the validation event in the history: compare with them by False
    cost       (budget + 1) fits a recipe, one more for each control
    raises     DataError if the test has no case with a target, ConfigError for a rule on a column that the items do not have
    """
    ranking = ranking or RankingSettings()
    ranking.rules.build(catalogue)
    bench = Bench(split, catalogue, budget, tuple(ks), max_validation_users, seed, ranking.repeats, refit, progress)
    plain = RankingSettings(diversity=0, repeats=ranking.repeats)
    popular = fitted_popular(bench) if baselines else None
    rows = []
    for baseline in baselines:
        if split.train.has_clock or not baseline.needs_clock:
            tuned = tune(baseline.recipe, bench, baseline.space)
            rows.append(judged_row(bench, baseline.name, "baseline", tuned, told=catalogue, ranking=plain, fallback=popular))
    for name, recipe in systems.items():
        tuned = tune(recipe, bench)
        rows.append(judged_row(bench, name, "system", tuned, told=catalogue, ranking=ranking))
        for control, blind in CONTROLS.items() if controls and catalogue.vectors is not None else ():
            told = blind(catalogue, np.random.default_rng(seed))
            rows.append(judged_row(bench, f"{name}, {control}", "control", Tuned(tuned.recipe, (), 0), told=told, ranking=ranking))
    return Leaderboard(tuple(rows), bench)


def fitted_popular(bench: Bench, recipe: Recipe | None = None) -> Scorer:
    """The best way to say what is popular (tuned, unless the recipe is given), fitted on what the judged models read."""
    recipe = recipe or tune(Popular(), bench).recipe
    return recipe.fit(bench.learned, bench.catalogue, np.random.default_rng(bench.seed))


def judged_row(
    bench: Bench, name: str, role: str, tuned: Tuned, *, told: Catalogue, ranking: RankingSettings, fallback: Scorer | None = None
) -> Row:
    """Fit once more with the tuned settings, and judge on the test.

    told      the catalogue that the model reads; variety is measured with the bench's own
    fallback  answers the queries of which the model can say nothing
    """
    start, worked = perf_counter(), process_time()
    model = tuned.recipe.fit(bench.learned, told, np.random.default_rng(bench.seed), bench.progress)
    seconds, worked = perf_counter() - start, process_time() - worked
    pipeline = Pipeline(Fallback(model, fallback) if fallback else model, told, ranking)
    result = evaluate(
        pipeline.recommend,
        bench.split.test,
        bench.catalogue,
        bench.learned,
        ks=bench.ks,
        tables=similarities(bench.catalogue, bench.learned),
        seed=bench.seed,
        progress=bench.progress,
    )
    return Row(name, role, tuned, result, seconds, worked)

"""Tune one recipe with a budget of trials, of minutes, or of both."""

from collections.abc import Callable, Mapping
from itertools import count
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from bowerbird.errors import ConfigError
from bowerbird.evaluation.study.attempts import allowed, attempt
from bowerbird.evaluation.study.ledger import begin, close_running, done
from bowerbird.evaluation.study.outcome import Outcome, outcome
from bowerbird.evaluation.study.plan import Plan
from bowerbird.evaluation.study.workers import side_by_side
from bowerbird.evaluation.tuning import Bench
from bowerbird.models import Recipe

if TYPE_CHECKING:
    import optuna

ENDLESS = 1 << 40
"""A budget of trials that only minutes, or Ctrl-C, will end."""


def search(
    recipe: Recipe,
    bench: Bench,
    *,
    minutes: float | None = None,
    file: Path | None = None,
    jobs: int = 1,
    facts: Mapping[str, str] | None = None,
) -> Outcome:
    """The best settings that can be found, the recipe as given being the first trial. Ctrl-C ends it with what was found until then.

    bench    its `budget` is how many trials the study may have in all, those of earlier runs counted
    minutes  no trial begins later; one may begin in any case
    file     where the study is kept (SQLite), so that it can go on another day; in memory unless given
    jobs     processes; more than one share the `file`, and a script that asks for them needs the guard `if __name__ == "__main__"`
    facts    what the scores rest on besides recipe and bench, by name: a study of other facts is refused
    raises   ConfigError if there is nothing to tune, every trial was refused, the study in `file` was made with something else, or
             Optuna is not installed; DataError if `file` is something else
    cost     a fit a trial, and judging at most `bench.max_users` users
    """
    plan = Plan(recipe, bench, facts or {})
    if not plan.choices:
        raise ConfigError(f"tuning {recipe.kind}: the model has no settings to tune")
    if jobs > 1 and file is None:
        raise ConfigError(f"jobs: more than one need a study file that they share, got {jobs} and no file")
    study = begin(plan, file)
    report = _reporter(study, plan, minutes)
    trials, until = bench.budget - len(done(study)), inf if minutes is None else monotonic() + 60 * minutes
    lost, interrupted = 0, False
    try:
        report()
        if jobs > 1 and file is not None:
            lost = side_by_side(plan, file, jobs, trials, until, report)
        else:
            for _ in allowed(count().__next__, trials, until):
                attempt(study, plan)
                report()
    except KeyboardInterrupt:
        if not done(study):
            raise
        interrupted = True
    finally:
        close_running(study)
    return outcome(study, plan, interrupted=interrupted, lost=lost)


def _reporter(study: "optuna.Study", plan: Plan, minutes: float | None) -> Callable[[], None]:
    """Tells the bench's `progress` how far it is: by trials or, without a budget of them, by seconds."""
    start = monotonic()

    def report() -> None:
        ended = done(study)
        scores = [trial.value for trial in ended if "values" in trial.user_attrs]
        what = f"tuning {plan.recipe.kind}: best NDCG {max(scores):.4f}" if scores else f"tuning {plan.recipe.kind}"
        if minutes is None or plan.bench.budget < ENDLESS:
            plan.bench.progress(what, len(ended), plan.bench.budget)
        else:
            plan.bench.progress(what, min(round(monotonic() - start), round(60 * minutes)), round(60 * minutes))

    return report

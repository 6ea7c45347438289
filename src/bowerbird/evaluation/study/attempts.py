"""Trials, one after the other, until the budget is spent."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

import numpy as np

from bowerbird.errors import ConfigError
from bowerbird.evaluation.study.ledger import GIVEN, done, optuna_itself
from bowerbird.evaluation.study.plan import Plan
from bowerbird.evaluation.tuning import Trial
from bowerbird.ranges import Range

if TYPE_CHECKING:
    import optuna


def allowed(ticket: Callable[[], int], trials: int, until: float) -> Iterator[int]:
    """Numbers from 0 as long as a trial may begin: at most `trials`, and none after the instant `until` but the first."""
    while (number := ticket()) < trials and (number == 0 or monotonic() < until):
        yield number


def attempt(study: "optuna.Study", plan: Plan, worker: int = 0, alone: AbstractContextManager[object] | None = None) -> None:
    """Draw settings, fit, judge, and write down what came of it.

    Settings are drawn by a generator of their own, seeded by how many trials are done: so a study that was interrupted goes on as if
    it had not been. A trial that is interrupted stays open in the ledger, and is closed uncounted.

    alone  is held while a trial is taken from the ledger: two processes could otherwise take the same waiting one
    """
    seeds = np.random.SeedSequence([plan.bench.seed, len(done(study)), worker])
    study.sampler = optuna_itself().samplers.TPESampler(seed=int(seeds.generate_state(1)[0]))
    with alone or nullcontext():
        trial = study.ask({name: _distribution(choice) for name, choice in plan.choices.items()})
    tried, state = _try_out(trial, plan)
    trial.set_user_attr("seconds", tried.seconds)
    trial.set_user_attr("note", tried.note)
    if tried.values is not None:
        trial.set_user_attr("values", tried.values.round(6).tolist())
    trial.set_user_attr("settings", tried.recipe.model_dump(mode="json"))
    study.tell(trial, None if tried.values is None else tried.score, state)


def _try_out(trial: "optuna.Trial", plan: Plan) -> "tuple[Trial, optuna.trial.TrialState]":
    """Fit and judge. Of a trial that was stopped early or refused, the note says why."""
    optuna = optuna_itself()
    states, start = optuna.trial.TrialState, perf_counter()

    def watch(step: int, figure: float, where: str) -> None:
        trial.report(figure, step)
        if trial.should_prune():
            raise optuna.TrialPruned(f"stopped after {where}, where {figure:.4f} was below the median of earlier trials")

    recipe = plan.recipe
    try:
        if GIVEN not in trial.user_attrs:
            recipe = plan.recipe_at(trial.params)
        tried = plan.bench.try_out(recipe, plan.cases, watch)
    except ConfigError as refusal:
        return Trial(recipe, -np.inf, 0.0, str(refusal)), states.FAIL
    except optuna.TrialPruned as why:
        return Trial(recipe, -np.inf, perf_counter() - start, str(why)), states.PRUNED
    return tried, states.FAIL if tried.note else states.COMPLETE


def _distribution(choice: Range | tuple[object, ...]) -> "optuna.distributions.BaseDistribution":
    kinds = optuna_itself().distributions
    if not isinstance(choice, Range):
        return kinds.CategoricalDistribution(choice)
    kind = kinds.IntDistribution if choice.whole else kinds.FloatDistribution
    return kind(choice.low, choice.end, log=choice.log)

"""What came of a study: its trials, the best of them, and how sure that is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from warnings import catch_warnings, filterwarnings

import numpy as np

from bowerbird.config import parse
from bowerbird.errors import ConfigError
from bowerbird.evaluation.significance import Difference, paired
from bowerbird.evaluation.study.ledger import GIVEN, done, optuna_itself
from bowerbird.evaluation.study.plan import Plan
from bowerbird.evaluation.tuning import Trial
from bowerbird.models import Recipe

if TYPE_CHECKING:
    import optuna


FEW = 10
"""Of fewer trials with a score, importance would be chance."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """All trials of a study, those of earlier runs too.

    plan         what was tried
    trials       in their order; refused ones and ones stopped early have no score, and a note
    given        the trial with the settings as given
    best         the trial with the highest score, of equals the first
    difference   best less given, NDCG of the same validation users; None if the settings as given were refused. The best of many is
                 chosen by these users, which flatters it: only cases that nobody tuned by can tell what it is worth
    importance   setting -> its share, of 1, in telling the best trials from the rest (PED-ANOVA); empty where fewer than `FEW` trials
                 have a score, or all have the same
    stopped      how many trials were stopped early
    refused      how many were refused by the recipe
    interrupted  whether it was ended by Ctrl-C
    lost         processes that died
    ledger       Optuna's study, for its plots
    """

    plan: Plan
    trials: tuple[Trial, ...]
    given: Trial
    best: Trial
    difference: Difference | None
    importance: dict[str, float]
    stopped: int
    refused: int
    interrupted: bool
    lost: int
    ledger: "optuna.Study"


def outcome(study: "optuna.Study", plan: Plan, *, interrupted: bool, lost: int) -> Outcome:
    """Sum up.

    raises  ConfigError if no trial has a score
    """
    ended = done(study)
    trials = tuple(_read(trial, plan) for trial in ended)
    if not any(trial.values is not None for trial in trials):
        why = f"the first: {trials[0].note}" if trials else f"{lost} processes died"
        raise ConfigError(f"tuning {plan.recipe.kind}: no settings could be fitted and judged; {why}")
    best = max(trials, key=lambda trial: trial.score)
    given = next((read for read, trial in zip(trials, ended, strict=True) if GIVEN in trial.user_attrs), trials[0])
    difference = None
    if given.values is not None and best.values is not None:
        difference = paired(best.values, given.values, np.random.default_rng(plan.bench.seed))
    states = [trial.state.name for trial in ended]
    return Outcome(
        plan=plan,
        trials=trials,
        given=given,
        best=best,
        difference=difference,
        importance=_importance(study) if states.count("COMPLETE") >= FEW else {},
        stopped=states.count("PRUNED"),
        refused=states.count("FAIL"),
        interrupted=interrupted,
        lost=lost,
        ledger=study,
    )


def _read(trial: "optuna.trial.FrozenTrial", plan: Plan) -> Trial:
    """A trial as the ledger has it."""
    told = trial.user_attrs
    recipe: Recipe = parse(type(plan.recipe), told["settings"])
    if "values" not in told:
        return Trial(recipe, -np.inf, told["seconds"], told["note"])
    assert trial.value is not None
    return Trial(recipe, trial.value, told["seconds"], values=np.array(told["values"]))


def _importance(study: "optuna.Study") -> dict[str, float]:
    """Optuna warns where it cannot tell, and then calls all settings alike."""
    with catch_warnings():
        filterwarnings("error", message=".*importances will be equal")
        try:
            shares: dict[str, float] = optuna_itself().importance.get_param_importances(study)
        except UserWarning:
            return {}
    return shares

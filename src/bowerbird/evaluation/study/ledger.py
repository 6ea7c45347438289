"""The ledger of a study, kept by Optuna in memory or in an SQLite file: opened, checked, cleared of what was left behind."""

import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation.study.plan import Plan

if TYPE_CHECKING:
    import optuna

NAME = "bowerbird"
"""Of the study in its file."""

GIVEN, MADE_WITH = "given", "made with"
"""The mark of the trial with the settings as given; where a study says what it was made with."""

STARTUP = 5
"""Trials that are judged in full before one is stopped early."""


def needed(library: str) -> Any:
    """A library that comes with the extra `train`, imported where it is used only.

    raises  ConfigError where it is not installed
    """
    try:
        return import_module(library)
    except ImportError:
        raise ConfigError(f"tune: needs {library}, which is not installed; it comes with pip install 'bowerbird[train]'") from None


def optuna_itself() -> Any:
    """Optuna, quiet."""
    optuna = needed("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def begin(plan: Plan, file: Path | None) -> "optuna.Study":
    """The study of the file (of memory, without one), made if it is not there; the settings as given wait to be its first trial.

    Trials that a killed command left running are closed, and not counted: only one command at a time may work on a file.

    raises  DataError if the file is something else, or cannot be opened
            ConfigError if the study was made with something else than the plan, named
    """
    study = open_study(file)
    made_with = study.user_attrs.get(MADE_WITH)
    if made_with is None:
        study.set_user_attr(MADE_WITH, plan.identity)
    elif made_with != plan.identity:
        raise ConfigError(f"study {file}: {_first_difference(made_with, plan.identity)}; give another file to --study")
    close_running(study)
    if not any(GIVEN in trial.user_attrs and (is_done(trial) or not trial.state.is_finished()) for trial in study.trials):
        study.enqueue_trial(plan.given, user_attrs={GIVEN: True})
    return study


def open_study(file: Path | None) -> "optuna.Study":
    """The study of a file, of memory without one."""
    optuna = optuna_itself()
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP)
    made = {"study_name": NAME, "direction": "maximize", "pruner": pruner, "load_if_exists": True}
    if file is None:
        return optuna.create_study(**made)
    _refuse_what_is_no_study(file)
    try:
        return optuna.create_study(storage=f"sqlite:///{file.absolute()}", **made)
    except (SQLAlchemyError, optuna.exceptions.OptunaError, RuntimeError) as error:
        raise DataError(f"study {file}: cannot be opened ({str(error).splitlines()[0]})") from None


def is_done(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether a trial has come to its end: judged, stopped early or refused, and not interrupted."""
    return trial.state.is_finished() and "settings" in trial.user_attrs


def done(study: "optuna.Study") -> "list[optuna.trial.FrozenTrial]":
    """The trials that have come to their ends, in order."""
    return [trial for trial in study.get_trials(deepcopy=False) if is_done(trial)]


def close_running(study: "optuna.Study") -> None:
    """Close trials that nobody works on any more."""
    states = optuna_itself().trial.TrialState
    for trial in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        study.tell(trial.number, state=states.FAIL)


def _refuse_what_is_no_study(file: Path) -> None:
    """Optuna would put its tables into any SQLite file, an event store too."""
    if not file.exists() or file.stat().st_size == 0:
        return
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error as error:
        raise DataError(f"study {file}: is not a study ({error})") from None
    if "studies" not in tables:
        raise DataError(f"study {file}: is not a study, but another SQLite database")


def _first_difference(was: dict[str, str], now: dict[str, str]) -> str:
    """`it was made with k = 10, now 20`."""
    name = next(name for name in [*now, *was] if was.get(name) != now.get(name))
    return f"it was made with {name} = {was.get(name, 'nothing')}, now {now.get(name, 'nothing')}"

"""What a peer is asked for, and what it says of its run: the two JSON files of an exchange."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from bowerbird.config import Settings, parse
from bowerbird.errors import DataError
from bowerbird.types import Json


class Task(Settings):
    """What `task.json` says.

    k                   at most so many items a query are wanted
    trials              settings that may be tried on validation, the library's own defaults first; 0 = take the defaults
    threads             to compute with
    has_clock           whether events have times; else they only have an order
    n_users, n_items    numbers run from 0
    queries             how many are asked, also those without a history
    validation_queries  likewise
    repeats             whether items of the history may be recommended
    metric              what to tune by
    epochs              above 0: no tuning; train a SASRec for so many epochs, and say what each took
    """

    seed: int = 0
    k: int = Field(default=11, ge=1)
    trials: int = Field(default=4, ge=0)
    threads: int = Field(default=1, ge=1)
    has_clock: bool
    n_users: int
    n_items: int
    queries: int
    validation_queries: int
    repeats: bool = False
    metric: Literal["ndcg@10"] = "ndcg@10"
    epochs: int = Field(default=0, ge=0)


class Spent(Settings):
    """What one model cost, and how it was set.

    fit_seconds        of the last fit, wall time
    recommend_seconds  for all queries
    tune_seconds       for all trials
    peak_memory_mb     of the process, 10⁶ bytes
    settings           those of the last fit
    note               what a reader must know: a user asked by number and not by history, a loss …
    epoch_seconds      each epoch's, where there are epochs; wall time
    epoch_cpu_seconds  the same, processor time of all threads
    """

    fit_seconds: float
    recommend_seconds: float
    tune_seconds: float = 0.0
    peak_memory_mb: float
    settings: Json
    note: str = ""
    epoch_seconds: tuple[float, ...] = ()
    epoch_cpu_seconds: tuple[float, ...] = ()


class ModelReport(Spent):
    """One model of a peer that brings several; its lists lie in `answers-<model>.parquet`."""

    model: str


class Report(Spent):
    """What `run.json` says of a peer; where it brings several models, the totals over them.

    version  of the library
    """

    peer: str
    version: str
    models: tuple[ModelReport, ...] = ()

    def of_models(self) -> dict[str, Spent]:
        """By the names that `read_answers` gives."""
        return {report.model: report for report in self.models} or {self.peer: self}


def read_task(folder: Path) -> Task:
    """What the folder asks for.

    raises  DataError if there is no `task.json` or it is no JSON, ConfigError where it does not say what it must
    """
    task: Task = parse(Task, _read_json(folder / "task.json"), "task.json")
    return task


def read_report(folder: Path) -> Report:
    """What the peer says of its run.

    raises  DataError if there is no `run.json` or it is no JSON, ConfigError where it does not say what it must
    """
    report: Report = parse(Report, _read_json(folder / "run.json"), "run.json")
    return report


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise DataError(f"{path}: is no JSON ({error})") from None

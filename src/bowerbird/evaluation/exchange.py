"""Files through which programs of other libraries are asked what we are judged by: a folder of questions out, ranked lists back.

`docs/peers.md` has the columns of every file. What comes back is checked here and scored by `judge`, like any list of ours.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird.data import Cases, Split
from bowerbird.errors import DataError
from bowerbird.evaluation.task import Task, read_report, read_task
from bowerbird.types import History, Log, Slate

STRANGER = -1
"""The user number of a query whose user no training event tells of."""

ANSWERS = {"query": pl.Int32, "rank": pl.Int32, "item": pl.Int32, "score": pl.Float32}
"""The columns of an answer file."""


def write_exchange(
    folder: Path,
    split: Split,
    *,
    k: int = 11,
    trials: int = 4,
    seed: int = 0,
    threads: int = 1,
    repeats: bool = False,
    refit: bool = True,
    epochs: int = 0,
) -> Task:
    """Write all that a peer may know into `folder`; the targets of the test stay out of it.

    refit   whether the last fit also reads what happened in validation (`Bench.refit`)
    cost    O(events of the histories): a time split writes each user's history once for validation and once for the test
    """
    learned = split.before_test if refit else split.train
    task = Task(
        seed=seed,
        k=k,
        trials=trials,
        threads=threads,
        has_clock=learned.has_clock,
        n_users=learned.n_users,
        n_items=learned.n_items,
        queries=len(split.test),
        validation_queries=len(split.validation),
        repeats=repeats,
        epochs=epochs,
    )
    folder.mkdir(parents=True, exist_ok=True)
    forget_answers(folder)
    tables = {
        "train": _events(learned),
        "tune": _events(split.train),
        "queries": _queries(split.test, learned),
        "validation_queries": _queries(split.validation, split.train),
        "validation": _wanted(split.validation),
    }
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    (folder / "task.json").write_text(task.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return task


def forget_answers(folder: Path) -> None:
    """Remove what a peer left, so that nobody takes old answers for new ones."""
    for path in (*folder.glob("answers*.parquet"), folder / "run.json"):
        path.unlink(missing_ok=True)


def read_answers(folder: Path, split: Split) -> dict[str, list[Slate]]:
    """The lists of each model, one a query of `split.test` in its order; empty where a model said nothing.

    raises  DataError if a file is missing, or has a list that is too long, ranks or scores out of order, or items that are unknown, come
            twice, or stand in the history though repeats are not wanted
    """
    task = read_task(folder)
    if task.queries != len(split.test):
        raise DataError(f"{folder}: was written for {task.queries} queries, got a split with {len(split.test)}")
    report = read_report(folder)
    files = {model.model: f"answers-{model.model}.parquet" for model in report.models} or {report.peer: "answers.parquet"}
    histories = [query.history for query in split.test.queries]
    return {name: _slates(folder / file, task, histories) for name, file in files.items()}


def _events(log: Log) -> pl.DataFrame:
    times = pl.Series(log.times).fill_nan(None)
    return pl.DataFrame({"user": log.users, "item": log.items, "weight": log.weights, "time": times})


def _queries(cases: Cases, learned: Log) -> pl.DataFrame:
    """One row an event of a history."""
    known = np.diff(learned.starts) > 0
    users = np.where(known[cases.users], cases.users, STRANGER).astype(np.int32)
    lengths = [len(query.history) for query in cases.queries]
    whole = _joined([query.history for query in cases.queries])
    return pl.DataFrame(
        {
            "query": np.repeat(np.arange(len(cases), dtype=np.int32), lengths),
            "user": np.repeat(users, lengths),
            "item": whole.items,
            "weight": whole.weights,
            "time": pl.Series(whole.times).fill_nan(None),
        }
    )


def _wanted(cases: Cases) -> pl.DataFrame:
    sizes = [len(targets) for targets in cases.targets]
    items = np.concatenate([np.empty(0, np.int32), *cases.targets])
    return pl.DataFrame({"query": np.repeat(np.arange(len(cases), dtype=np.int32), sizes), "item": items})


def _joined(histories: Sequence[History]) -> History:
    """All events of the histories, one history after the other."""
    all_of = [History.of([]), *histories]
    parts = ("items", "weights", "times", "kinds")
    return History(*(np.concatenate([getattr(each, part) for each in all_of]) for part in parts))


def _slates(path: Path, task: Task, histories: Sequence[History]) -> list[Slate]:
    rows = _read(path)
    queries, items, scores = (rows[name].to_numpy() for name in ("query", "item", "score"))
    _check(path.name, rows, task, histories)
    bounds = np.searchsorted(queries, np.arange(task.queries + 1)).tolist()
    return [Slate(items[start:end], scores[start:end]) for start, end in pairwise(bounds)]


def _read(path: Path) -> pl.DataFrame:
    """The answers by query and rank."""
    try:
        rows = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path.name}: cannot be read ({str(error).splitlines()[0]})") from None
    if dict(rows.schema) != ANSWERS:
        raise DataError(f"{path.name}: columns must be {_named(ANSWERS)}, got {_named(rows.schema)}")
    if rows.null_count().sum_horizontal().item():
        raise DataError(f"{path.name}: no value may be missing, got {rows.null_count().sum_horizontal().item()} that are")
    return rows.sort("query", "rank")


def _check(name: str, rows: pl.DataFrame, task: Task, histories: Sequence[History]) -> None:
    """Refuse lists that no judge should see."""
    queries, ranks, items, scores = (rows[column].to_numpy() for column in ANSWERS)
    follows = np.append(False, np.diff(queries) == 0)
    due = np.arange(len(rows)) - np.maximum.accumulate(np.where(follows, 0, np.arange(len(rows))))
    rises = follows & ~(np.diff(scores, prepend=np.float32(np.inf)) <= 0)
    keys = queries.astype(np.int64) * task.n_items + items
    again = np.ones(len(rows), bool)
    again[np.unique(keys, return_index=True)[1]] = False
    whole = _joined(histories).items
    taken = np.repeat(np.arange(len(histories)), [len(history) for history in histories]) * task.n_items + whole
    refusals: tuple[tuple[NDArray[np.bool_], str], ...] = (
        ((queries < 0) | (queries >= task.queries), f"query must be 0 … {task.queries - 1}"),
        ((items < 0) | (items >= task.n_items), f"item must be 0 … {task.n_items - 1}"),
        (ranks != due, "the ranks of a query must be 0, 1, 2 …"),
        (ranks >= task.k, f"a list must have at most {task.k} items"),
        (again, "no item may come twice in a list"),
        (~np.isfinite(scores) | rises, "scores must be numbers that do not rise along a list"),
        (np.isin(keys, taken) & (not task.repeats), "no item of the history may be recommended"),
    )
    for wrong, rule in refusals:
        if wrong.any():
            row = dict(zip(ANSWERS, rows.row(int(np.argmax(wrong))), strict=True))
            raise DataError(f"{name}: {rule}, got {', '.join(f'{column} {value:g}' for column, value in row.items())}")


def _named(columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())

"""How every peer answers: a few trials on validation, one more fit, the lists written. Needs numpy, scipy and polars alone."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from memory import forget_peak, peak_mb
from questions import Events, Questions, Task, Validation

BATCH = 256

LOOK_BATCHES, PATIENCE, MOST_EPOCHS, TRIAL_SECONDS = 50, 3, 200, 300.0
"""When a trial of a net looks at validation, and when it ends; seconds of processor time, which neighbours on the machine touch least."""

Settings = dict[str, Any]

Lists = tuple[np.ndarray, np.ndarray]
"""(n, width) items and their scores, best first; item −1 or a score that is no number = nothing there."""

Ask = Callable[[Questions, int], Lists]
"""Lists for each of the questions, at least so many items long. Items of the history may be in them: they are taken out afterwards."""


@dataclass(frozen=True)
class Fitted:
    """What a fit gives.

    found              NDCG@10 on validation at its best and after how many epochs, where the fit was shown one and stopped early
    epoch_seconds      of each epoch, where there are epochs; wall time
    epoch_cpu_seconds  the same, processor time of all threads
    """

    ask: Ask
    found: tuple[float, int] | None = None
    epoch_seconds: tuple[float, ...] = ()
    epoch_cpu_seconds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Model:
    """One model of a library.

    fit       settings, events, task, and in trials the validation that may stop it early
    defaults  the library's own
    good      what to try next, the field's customary settings: each says what differs from the defaults
    space     then draws from this grid
    note      what a reader must know
    """

    name: str
    fit: Callable[[Settings, Events, Task, Validation | None], Fitted]
    defaults: Settings
    good: Sequence[Settings] = ()
    space: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    note: str = ""

    def candidates(self, trials: int, seed: int) -> list[Settings]:
        """At most so many settings, none twice: the defaults, the good ones, then draws from the grid."""
        grid = [dict(zip(self.space, values, strict=True)) for values in product(*self.space.values())]
        drawn = [grid[place] for place in np.random.default_rng(seed).permutation(len(grid))]
        found: list[Settings] = []
        for changes in ({}, *self.good, *drawn):
            settings = self.defaults | changes
            if settings not in found:
                found.append(settings)
        return found[:trials]


def run(peer: str, version: str, models: Sequence[Model], epochs: Model | None = None) -> None:
    """Answer the folder that the command line names.

    models  in turn, or those that the command line names after the folder
    epochs  instead of them where the task wants epochs timed; its settings have the number of `epochs` in them
    """
    if len(sys.argv) < 2:
        raise SystemExit(f"usage: {sys.argv[0]} EXCHANGE_DIR [MODEL …]; the models are {', '.join(model.name for model in models)}")
    task = Task.read(Path(sys.argv[1]))
    if task.epochs:
        chosen = [] if epochs is None else [epochs]
    else:
        chosen = [model for model in models if not sys.argv[2:] or model.name in sys.argv[2:]]
    reports, failures = [], []
    for model in chosen:
        try:
            reports.append(answer(model, task))
        except Exception as failure:  # noqa: BLE001 a model that fails must not take the others with it
            failures.append(" ".join(f"{model.name} failed, {type(failure).__name__}: {failure}".split())[:300])
            print(failures[-1], flush=True)
    if not reports:
        raise SystemExit("; ".join(failures) or "it has no model that was asked for")
    totals = {key: sum(report[key] for report in reports) for key in ("fit_seconds", "recommend_seconds", "tune_seconds")}
    most = max(report["peak_memory_mb"] for report in reports)
    whole = {"peer": peer, "version": version, **totals, "peak_memory_mb": most, "settings": {}, "note": "; ".join(failures)}
    (task.folder / "run.json").write_text(json.dumps(whole | {"models": reports}, indent=2) + "\n", encoding="utf-8")


def answer(model: Model, task: Task) -> dict[str, Any]:
    """Tune, fit, write the lists; returns the model's entry of `run.json`."""
    forget_peak()
    start = time.perf_counter()
    settings = model.defaults | {"epochs": task.epochs} if task.epochs else tune(model, task)
    tuned = time.perf_counter()
    fitted = model.fit(settings, task.events("train"), task, None)
    ready = time.perf_counter()
    columns = answers(fitted.ask, task.questions(), task.k)
    done = time.perf_counter()
    types = {"query": pl.Int32, "rank": pl.Int32, "item": pl.Int32, "score": pl.Float32}
    table = pl.DataFrame({name: pl.Series(column).cast(kind) for (name, kind), column in zip(types.items(), columns, strict=True)})
    table.write_parquet(task.folder / f"answers-{model.name}.parquet")
    return {
        "model": model.name,
        "fit_seconds": ready - tuned,
        "recommend_seconds": done - ready,
        "tune_seconds": tuned - start,
        "peak_memory_mb": peak_mb(),
        "settings": settings,
        "note": model.note,
        "epoch_seconds": fitted.epoch_seconds,
        "epoch_cpu_seconds": fitted.epoch_cpu_seconds,
    }


def tune(model: Model, task: Task) -> Settings:
    """The settings with the best NDCG@10 on validation; without trials, the defaults."""
    best, settings = -1.0, model.defaults
    validation = task.validation()
    for candidate in model.candidates(task.trials, task.seed):
        fitted = model.fit(candidate, task.events("tune"), task, validation)
        if fitted.found is None:
            score = ndcg(fitted.ask, validation)
        else:
            score, epochs = fitted.found
            candidate |= {"epochs": epochs}
        print(f"{model.name}: NDCG@10 {score:.4f} on validation with {candidate}", flush=True)
        if score > best:
            best, settings = score, candidate
    return settings


def train(step: Callable[[], object], ask: Ask, epochs: int, batches: int, validation: Validation | None) -> Fitted:
    """Train epoch by epoch.

    step     trains one
    epochs   as many, where there is no validation; else until its NDCG has not risen for PATIENCE looks or the time is over
    batches  of an epoch: a look comes after LOOK_BATCHES, or after each epoch where it has more
    """
    seconds, worked, best, best_epochs = [], [], -1.0, 0
    every = -(-LOOK_BATCHES // batches)
    for epoch in range(1, (epochs if validation is None else MOST_EPOCHS) + 1):
        start, working = time.perf_counter(), time.process_time()
        step()
        seconds.append(time.perf_counter() - start)
        worked.append(time.process_time() - working)
        if validation is None or epoch % every:
            continue
        if (score := ndcg(ask, validation)) > best:
            best, best_epochs = score, epoch
        if epoch - best_epochs >= PATIENCE * every or sum(worked) > TRIAL_SECONDS:
            break
    return Fitted(ask, (best, best_epochs) if validation else None, tuple(seconds), tuple(worked))


def ndcg(ask: Ask, validation: Validation, k: int = 10) -> float:
    """Mean NDCG@k over all questions, also over those that get no list."""
    query, rank, item, _ = answers(ask, validation.questions, k)
    width = validation.questions.n_items
    hits = np.isin(query * width + item, validation.queries * width + validation.items)
    worth = 1 / np.log2(np.arange(k) + 2)
    gains = np.bincount(query[hits], weights=worth[rank[hits]], minlength=len(validation.questions))
    sizes = np.minimum(np.bincount(validation.queries, minlength=len(validation.questions)), k)
    return float(np.mean(gains / np.cumsum(worth)[sizes - 1]))


def answers(ask: Ask, questions: Questions, k: int) -> tuple[np.ndarray, ...]:
    """Query, rank, item and score of each answer: at most k a query, none to a history that likes nothing, none that was taken."""
    parts = []
    for start in range(0, len(questions), BATCH):
        batch = questions.take(start, min(start + BATCH, len(questions)))
        items, scores = ask(batch, k)
        good = batch.says[:, None] & (items >= 0) & np.isfinite(scores)
        if not batch.repeats:
            shown = np.arange(len(batch))[:, None] * batch.n_items + items
            good &= ~np.isin(shown, batch.owners * batch.n_items + batch.items)
        rank = np.cumsum(good, axis=1) - 1
        row, place = np.nonzero(good & (rank < k))
        parts.append((row + start, rank[row, place], items[row, place], scores[row, place]))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def top(scores: np.ndarray, questions: Questions, k: int) -> Lists:
    """The k best of (n, n_items) scores, NaN never, ties to the lower item number; what was taken is left out."""
    scores = np.nan_to_num(scores, nan=-np.inf)
    if not questions.repeats:
        scores[questions.owners, questions.items] = -np.inf
    items = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return items, np.take_along_axis(scores, items, axis=1)

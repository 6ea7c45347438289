"""How long from an event to a changed answer, in process: `python benchmarks/adaptive.py`.

100,000 items with drawn vectors of 64 dimensions as an `IalsModel`, users who take items of one of 50 tastes, one thread. Each round a user
takes one more item and is asked for 10, through `Pipeline` (the history is at hand) and through `Engine` (the event is on disk when
`observe` returns; the database lies under `--folder`, else the system's temporary one). The slate must differ from the one before.
Beside it, in the same rounds, what is written down in ten lines of numpy: fold-in, all scores, the hundred best.

Processor time and time on the clock, in milliseconds: the former is what the work takes, the latter also what others on the machine
and the disk do.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bowerbird.bundle import Bundle, Config
from bowerbird.data import Catalogue, ValueScale
from bowerbird.engine import Engine
from bowerbird.models import Ials
from bowerbird.models.ials import IalsModel, gram
from bowerbird.pipeline import Pipeline
from bowerbird.store import SqlStore
from bowerbird.types import Event, History, Query, Request, Slate

FACTORS, TASTES, LENGTH, K, TOP = 64, 50, 30, 10, 100
START = datetime(2026, 1, 1, tzinfo=UTC)


class Clocks:
    """Times of named stages: of the processor, and on the clock."""

    def __init__(self) -> None:
        self.taken: dict[str, list[tuple[float, float]]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block."""
        before = time.process_time(), time.perf_counter()
        yield
        after = time.process_time(), time.perf_counter()
        self.taken.setdefault(name, []).append((after[0] - before[0], after[1] - before[1]))

    def show(self) -> None:
        """A line for each stage."""
        print(f"{'':<44} {'processor p50':>14} {'p95':>7} {'least':>7} {'clock p50':>10} {'p95':>7}")
        for name, taken in self.taken.items():
            own, wall = np.array(taken).T * 1000
            figures = (*np.quantile(own, (0.5, 0.95)), own.min(), *np.quantile(wall, (0.5, 0.95)))
            print(f"{name:<44} {figures[0]:>14.2f} {figures[1]:>7.2f} {figures[2]:>7.2f} {figures[3]:>10.2f} {figures[4]:>7.2f}")


def world(n_items: int, rng: np.random.Generator) -> tuple[IalsModel, NDArray[np.int64]]:
    """A model of items around their tastes, and the taste of each."""
    recipe = Ials()
    tastes = rng.integers(TASTES, size=n_items)
    vectors = rng.normal(size=(TASTES, FACTORS))[tastes] + rng.normal(size=(n_items, FACTORS))
    vectors = (vectors / FACTORS).astype(np.float32)
    return IalsModel(vectors, gram(vectors), recipe.l2, recipe.alpha, recipe.half_life_events), tastes


def plain(model: IalsModel, items: NDArray[np.int32], clocks: Clocks) -> NDArray[np.intp]:
    """The hundred best for a history in plain numpy: what stands in the docstring of `IalsModel`, for a history without repeats."""
    with clocks.stage("numpy: fold-in"):
        worth = model.alpha * 0.5 ** (np.arange(len(items))[::-1] / (model.half_life_events or np.inf))
        rows = model.item_vectors[items].astype(np.float64)
        system = model.gram + model.l2 * np.eye(len(model.gram)) + (rows.T * (worth - 1)) @ rows
        user = np.linalg.solve(system, rows.T @ worth).astype(np.float32)
    with clocks.stage(f"numpy: scores, the {TOP} best"):
        scores = model.item_vectors @ user
        scores[items] = -np.inf
        top = np.argpartition(-scores, TOP)[:TOP]
        return top[np.argsort(-scores[top])]


def in_process(pipeline: Pipeline, histories: list[NDArray[np.int32]], diversity: float, clocks: Clocks) -> int:
    """Ask with each history and one event more; how many slates differ."""
    changed, model = 0, pipeline.scorer
    assert isinstance(model, IalsModel)
    for items in histories:
        before = ask(pipeline, items[:-1], diversity)
        plainly = plain(model, items, clocks)
        with clocks.stage("pipeline, from the event to the slate"):
            after = ask(pipeline, items, diversity)
        changed += after.items.tolist() != before.items.tolist()
        if diversity == 0 and after.items.tolist() != plainly[:K].tolist():
            raise SystemExit("the pipeline and plain numpy disagree")
        stages(pipeline, Request(Query(History.of(items.tolist())), k=K, diversity=diversity), clocks)
    return changed


def ask(pipeline: Pipeline, items: NDArray[np.int32], diversity: float) -> Slate:
    """One slate."""
    return pipeline.recommend([Request(Query(History.of(items.tolist())), k=K, diversity=diversity)])[0]


def stages(pipeline: Pipeline, request: Request, clocks: Clocks) -> None:
    """The same request, one step after another."""
    model = pipeline.scorer
    assert isinstance(model, IalsModel)
    with clocks.stage("  fold-in"):
        vectors = model.query_vectors([request.query])
    with clocks.stage("  score"):
        scores = vectors @ model.item_vectors.T
    with clocks.stage("  mask"):
        scores[0, ~pipeline.allowed(request)] = np.nan
    with clocks.stage("  retrieve"):
        pool = pipeline.pool(request, scores[0])
    with clocks.stage("  rank"):
        pipeline.arranged(request, pool)


def live(engine: Engine, tastes: NDArray[np.int64], rounds: int, rng: np.random.Generator, clocks: Clocks) -> int:
    """Users who do one thing more; how many slates differ."""
    changed = 0
    for _ in range(rounds):
        user = f"user {engine.store.newest()}"
        *past, last = taste_of(tastes, rng).tolist()
        engine.observe([Event(user, str(item), START + timedelta(minutes=place)) for place, item in enumerate(past)])
        before = engine.recommend(user=user, k=K)
        with clocks.stage("engine, from the event to the slate"):
            with clocks.stage("  observe, on disk"):
                engine.observe([Event(user, str(last), START + timedelta(hours=1))])
            with clocks.stage("  recommend"):
                after = engine.recommend(user=user, k=K)
        with clocks.stage("  of which: the user's history"):
            engine.store.history(user, LENGTH)
        changed += [one.item for one in after.items] != [one.item for one in before.items]
    with clocks.stage(f"  logging {rounds} slates or so, in the background"):
        engine.flush()
    return changed


def taste_of(tastes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int32]:
    """Items of one taste, and at the end one of another."""
    mine, other = rng.choice(TASTES, 2, replace=False)
    return np.append(rng.choice(np.flatnonzero(tastes == mine), LENGTH, replace=False), rng.choice(np.flatnonzero(tastes == other))).astype(
        np.int32
    )


def bundle_of(model: IalsModel) -> Bundle:
    """The model as if it had been fitted."""
    catalogue = Catalogue.of([str(number) for number in range(model.n_items)])
    nothing = pl.DataFrame(schema={"user": pl.String, "item": pl.String, "time": pl.Datetime("us", "UTC"), "kind": pl.String})
    return Bundle(Config(model=Ials()), catalogue, model, ValueScale(), nothing, "drawn", 0, START)


def main() -> None:
    """Time all of it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--diversity", type=float, default=0.0)
    options.add_argument("--folder", type=Path, help="a folder on the disk to be timed")
    given = options.parse_args()
    rng = np.random.default_rng(0)
    model, tastes = world(given.items, rng)
    bundle, clocks = bundle_of(model), Clocks()
    histories = [taste_of(tastes, rng) for _ in range(given.rounds)]
    with threadpool_limits(1), tempfile.TemporaryDirectory(dir=given.folder) as folder, SqlStore(f"sqlite:///{folder}/log.db") as store:
        engine = Engine(bundle, store)
        in_process(bundle.pipeline, histories[:5], given.diversity, Clocks())
        live(engine, tastes, 5, rng, Clocks())
        changed = in_process(bundle.pipeline, histories, given.diversity, clocks)
        changed_live = live(engine, tastes, given.rounds, rng, clocks)
    print(f"{given.items} items, {FACTORS} factors, histories of {LENGTH + 1} events, k {K}, {given.rounds} rounds; milliseconds")
    clocks.show()
    print(f"slates that one event changed: {changed} of {given.rounds} by the pipeline, {changed_live} of {given.rounds} by the engine")


if __name__ == "__main__":
    main()

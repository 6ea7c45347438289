"""What the event store and bundles cost on this machine's disk: `python benchmarks/store.py`.

SQLite in a new folder under the one given (`--folder`, else the system's temporary one, which may be memory), a PostgreSQL server
started in it, and beside both bare SQLite: the same rows and indices by the driver alone, a transaction a group, in the same run.
The rates of appends are the middle ones of some rounds, each of which measures all in turn.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import polars as pl

from bowerbird.store import SqlStore, read_bundle, write_bundle
from bowerbird.types import Event

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import postgres

ROUNDS, SINGLES, GROUPS, SIZE, CLIENTS, EACH = 5, 30, 10, 100, 32, 10
COLUMNS = ("user", "item", "kind", "time", "value", "text", "context", "key", "slate")
ROW = ("ann", "heat", "view", None, None, None, None, None, None)
BATCHES, GROUPED = 0.6, 4.0
"""What is wanted: batches of ours as a share of bare SQLite's, single events of many clients as a multiple of its single commits."""


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def behaviour(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """Events of 20,000 users on 20,000 items, sorted by user."""
    users, items = np.sort(rng.integers(20_000, size=rows)), rng.integers(20_000, size=rows)
    times = pl.from_epoch(pl.Series(rng.integers(1_500_000_000, 1_700_000_000, rows)), "s").dt.replace_time_zone("UTC")
    return pl.DataFrame({"user": users, "item": items, "time": times}).with_columns(
        pl.col("user", "item").cast(pl.String), kind=pl.lit("click")
    )


class Bare:
    """SQLite by its driver alone."""

    def __init__(self, path: Path) -> None:
        SqlStore(f"sqlite:///{path}").close()
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA synchronous = FULL").close()
        self.insert = f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"

    def append(self, rows: int) -> None:
        """One transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(self.insert, [ROW] * rows)
        self.connection.execute("COMMIT")


def clients(store: SqlStore) -> None:
    """Threads that post single events, each the next when the one before is durable."""
    threads = [threading.Thread(target=lambda: [store.append([Event("ann", "heat")]) for _ in range(EACH)]) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def rates(bare: Bare, stores: dict[str, SqlStore]) -> dict[tuple[str, str], float]:
    """(what, where) -> events/s."""
    found = defaultdict(list)
    batch = [Event("ann", "heat")] * SIZE
    for _ in range(ROUNDS):
        found["one event", "bare SQLite"].append(SINGLES / seconds(lambda: [bare.append(1) for _ in range(SINGLES)]))
        found["batches", "bare SQLite"].append(GROUPS * SIZE / seconds(lambda: [bare.append(SIZE) for _ in range(GROUPS)]))
        for name, store in stores.items():
            found["one event", name].append(SINGLES / seconds(lambda: [store.append(batch[:1]) for _ in range(SINGLES)]))  # noqa: B023
            found["batches", name].append(GROUPS * SIZE / seconds(lambda: [store.append(batch) for _ in range(GROUPS)]))  # noqa: B023
            found["clients", name].append(CLIENTS * EACH / seconds(lambda: clients(store)))  # noqa: B023
    return {what: statistics.median(several) for what, several in found.items()}


def table(found: dict[tuple[str, str], float], names: list[str]) -> None:
    """The rates side by side, and what they are of bare SQLite's."""
    single, grouped = found["one event", "bare SQLite"], found["batches", "bare SQLite"]
    print(f"{'events/s':<36}{'bare SQLite':>14}" + "".join(f"{name:>14}" for name in names))
    for what, words in (
        ("one event", "append, one event"),
        ("batches", f"append, {SIZE} events"),
        ("clients", f"one event, {CLIENTS} clients"),
    ):
        cells = [found.get((what, name)) for name in ["bare SQLite", *names]]
        print(f"{words:<36}" + "".join(f"{'' if cell is None else format(cell, ',.0f'):>14}" for cell in cells))
    for name in names:
        share, times = found["batches", name] / grouped, found["clients", name] / single
        print(f"{name}: batches {share:.2f} × bare SQLite (wanted {BATCHES})")
        print(f"{name}: {CLIENTS} clients {times:.1f} × its single commits (wanted {GROUPED})")


def log(name: str, store: SqlStore, frame: pl.DataFrame) -> None:
    """Import and read."""
    print(f"{name}: import {len(frame) / seconds(lambda: store.import_events(frame)):,.0f} rows/s")
    users = frame["user"].unique(maintain_order=True)[:300].to_list()
    print(f"{name}: history of 50, {seconds(lambda: [store.seen(user, 50) for user in users]) / len(users) * 1000:.2f} ms")


def bundles(folder: Path, frame: pl.DataFrame, rng: np.random.Generator) -> None:
    """Write and read 200 MB of arrays and a table."""
    arrays = {"model": {"weights": rng.random((50_000, 1000), np.float32)}}
    print(f"write a bundle of 200 MB: {seconds(lambda: write_bundle(folder / 'bundle', {}, arrays, {'events': frame})):.2f} s")
    print(f"read it, with checksums: {seconds(lambda: read_bundle(folder / 'bundle')):.2f} s")


@contextmanager
def opened(folder: Path) -> Iterator[dict[str, SqlStore]]:
    """A store in each kind of database that there is."""
    with ExitStack() as stack:
        stores = {"SQLite": stack.enter_context(SqlStore(f"sqlite:///{folder}/log.db"))}
        try:
            server = stack.enter_context(postgres.started(settings=(), within=folder))
            stores["PostgreSQL"] = stack.enter_context(SqlStore(server.database()))
        except LookupError as missing:
            print(missing)
        yield stores


def main() -> None:
    """Time all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="a folder on the disk to be timed")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the import")
    parser.add_argument("--only-appends", action="store_true")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory(dir=given.folder, ignore_cleanup_errors=True) as place:
        folder = Path(place)
        folder.chmod(0o755)
        with opened(folder) as stores:
            if not given.only_appends:
                frame = behaviour(rng, given.rows)
                for name, store in stores.items():
                    log(name, store, frame)
                bundles(folder, frame, rng)
            table(rates(Bare(folder / "bare.db"), stores), list(stores))


if __name__ == "__main__":
    main()

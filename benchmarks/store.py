"""What the event store and bundles cost on this machine's disk: `python benchmarks/store.py`.

A database in a new folder under the one given (`--folder`, else the system's temporary one, which may be memory).
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from bowerbird.store import SqlStore, read_bundle, write_bundle
from bowerbird.types import Event

ROWS, SINGLES, GROUPS, THREADS = 1_000_000, 300, 50, 32


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def behaviour(rng: np.random.Generator) -> pl.DataFrame:
    """Events of 20,000 users on 20,000 items, sorted by user."""
    users, items = np.sort(rng.integers(20_000, size=ROWS)), rng.integers(20_000, size=ROWS)
    times = pl.from_epoch(pl.Series(rng.integers(1_500_000_000, 1_700_000_000, ROWS)), "s").dt.replace_time_zone("UTC")
    return pl.DataFrame({"user": users, "item": items, "time": times}).with_columns(
        pl.col("user", "item").cast(pl.String), kind=pl.lit("click")
    )


def show(what: str, rate: float, unit: str) -> None:
    """One line of the table."""
    print(f"{what:<48}{rate:>12,.2f} {unit}")


def events(folder: Path, frame: pl.DataFrame) -> None:
    """Import, read, append."""
    with SqlStore(f"sqlite:///{folder}/log.db") as store:
        show("import", ROWS / seconds(lambda: store.import_events(frame)), "rows/s")
        users = frame["user"].unique(maintain_order=True)[:SINGLES].to_list()
        show("history of 50", seconds(lambda: [store.history(user, 50) for user in users]) / SINGLES * 1000, "ms")
        show("append, one event", SINGLES / seconds(lambda: [store.append([Event("ann", "heat")]) for _ in range(SINGLES)]), "events/s")
        batch = [Event("ann", "heat")] * 100
        show("append, 100 events", GROUPS * 100 / seconds(lambda: [store.append(batch) for _ in range(GROUPS)]), "events/s")
        threads = [threading.Thread(target=lambda: [store.append([Event("ann", "heat")]) for _ in range(10)]) for _ in range(THREADS)]
        took = seconds(lambda: [thread.start() for thread in threads] and [thread.join() for thread in threads])
        show(f"append, one event, {THREADS} threads", THREADS * 10 / took, "events/s")


def bundles(folder: Path, frame: pl.DataFrame, rng: np.random.Generator) -> None:
    """Write and read 200 MB of arrays and a table."""
    arrays = {"model": {"weights": rng.random((50_000, 1000), np.float32)}}
    show("write a bundle of 200 MB", seconds(lambda: write_bundle(folder / "bundle", {}, arrays, {"events": frame})), "s")
    show("read it, with checksums", seconds(lambda: read_bundle(folder / "bundle")), "s")


def main() -> None:
    """Time both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="a folder on the disk to be timed")
    rng = np.random.default_rng(0)
    frame = behaviour(rng)
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as folder:
        events(Path(folder), frame)
        bundles(Path(folder), frame, rng)


if __name__ == "__main__":
    main()

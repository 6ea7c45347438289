"""How long is an epoch of SASRec? Ours, RecTools' and RecBole's, on the same data: `python benchmarks/epoch.py`.

All have 64 dimensions, 2 blocks, length 50 and as many threads; the losses and batches are their own, as the table says. Each library
trains in a process of its own, all in turn, `--repeats` times over; the figure of a library is the median of its epochs. Then each
is asked for the last events of MovieLens latest-small, leave-last-out, and scored by our evaluator: after as many epochs each.

An epoch is not the same work everywhere: RecTools reads the newest events of a user and leaves out the rest, ours and RecBole's read all.
So beside it stand the events that an epoch learns to foretell, and the time of a thousand of them. Processor time is that of all threads;
on a machine that others use it says more than wall time does.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from bowerbird.data import DataSettings, Split, clean, read, sample_path, split_last
from bowerbird.evaluation.exchange import read_answers, write_exchange
from bowerbird.evaluation.judging import judge
from bowerbird.evaluation.metrics import METRICS
from bowerbird.evaluation.peers import Peer, run
from bowerbird.evaluation.task import Report
from bowerbird.types import Log

HERE = Path(__file__).parent / "peers"
OURS = Peer(HERE / "ours" / "bowerbird_sasrec.py")
RECTOOLS = Peer(HERE / "rectools_models.py")
PEERS = (OURS, RECTOOLS, Peer(HERE / "recbole_models.py"))
LENGTH = 50


def main() -> None:
    """Train in turn, print."""
    options = arguments()
    settings = DataSettings(format="movielens")
    data = clean(read(sample_path(), settings=settings), settings)
    split = split_last(of_users(data.log, options.users))
    found: dict[str, list[tuple[Report, float]]] = {}
    for _ in range(options.repeats):
        for peer, report, ndcg in trained(split, options.epochs, options.threads):
            if isinstance(report, str):
                print(report)
            else:
                found.setdefault(peer.name, []).append((report, ndcg))
    title = f"an epoch of SASRec, {len(split.before_test)} events, {options.threads} threads; data {data.fingerprint}; seed 0"
    table = Table(title=title, title_justify="left")
    ndcg_heading = f"NDCG@10 after {options.epochs} epochs"
    for heading in ("library", "seconds", "to ours", "CPU seconds", "to ours", "events", "CPU ms for 1,000", ndcg_heading, "loss"):
        table.add_column(heading, justify="left" if heading in ("library", "loss") else "right")
    ours = figures(found.get(OURS.name, []))
    for name, runs in found.items():
        wall, work, ndcg = figures(runs)
        events = foretold(split.before_test, LENGTH if name == RECTOOLS.name else None)
        cells = (f"{wall:.2f}", f"{wall / ours[0]:.2f}", f"{work:.2f}", f"{work / ours[1]:.2f}", str(events), f"{1e6 * work / events:.0f}")
        report = runs[0][0]
        table.add_row(f"{report.peer} {report.version}", *cells, f"{ndcg:.4f}", report.models[0].note)
    Console(width=150).print(table)


def arguments() -> argparse.Namespace:
    """How much of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, help="only so many users, drawn by chance")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def of_users(log: Log, n: int | None) -> Log:
    """The log of some users."""
    if n is None or n >= log.n_users:
        return log
    return log.where(np.isin(log.users, np.random.default_rng(0).choice(log.n_users, n, replace=False)))


def trained(split: Split, epochs: int, threads: int) -> Iterator[tuple[Peer, Report | str, float]]:
    """Each library once: what it says of its run, and its NDCG."""
    for peer in PEERS:
        with tempfile.TemporaryDirectory() as folder:
            write_exchange(Path(folder), split, epochs=epochs, threads=threads)
            report = run(peer, Path(folder), Path(sys.executable) if peer is OURS else None)
            if isinstance(report, str):
                yield peer, report, 0.0
            else:
                (slates,) = read_answers(Path(folder), split).values()
                yield peer, report, float(METRICS["ndcg"](judge(slates, split.test.targets, 10), 10).mean())


def foretold(log: Log, newest: int | None) -> int:
    """Events that an epoch learns to foretell: all liked ones but a user's first, or the newest of them."""
    counts = np.maximum(np.diff(log.where(log.weights > 0).starts) - 1, 0)
    return int((counts if newest is None else np.minimum(counts, newest)).sum())


def figures(runs: list[tuple[Report, float]]) -> tuple[float, float, float]:
    """Medians: seconds of an epoch, processor seconds of one, NDCG; NaN where there was no run."""
    if not runs:
        return (float("nan"),) * 3
    walls = [seconds for report, _ in runs for seconds in report.models[0].epoch_seconds]
    works = [seconds for report, _ in runs for seconds in report.models[0].epoch_cpu_seconds]
    return median(walls), median(works), median(ndcg for _, ndcg in runs)


if __name__ == "__main__":
    main()

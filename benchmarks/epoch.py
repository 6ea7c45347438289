"""How long is an epoch of SASRec? Ours, RecTools' and RecBole's, on the same data: `python benchmarks/epoch.py [--data FOLDER]`.

All have 64 dimensions, 2 blocks, length 50 and 2 threads; the losses and batches are their own, as the table says. Each library
trains in a process of its own, all in turn, `--repeats` times over; the figure of a library is the median of its epochs. Then each
is asked for MovieLens' last events, leave-last-out, and scored by our evaluator: after as many epochs each.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from explicit import ratings_of
from rich.console import Console
from rich.table import Table

from bowerbird.data import Split, split_last
from bowerbird.evaluation.exchange import read_answers, write_exchange
from bowerbird.evaluation.judging import judge
from bowerbird.evaluation.metrics import METRICS
from bowerbird.evaluation.peers import Peer, run
from bowerbird.evaluation.task import Report
from bowerbird.types import Log

HERE = Path(__file__).parent / "peers"
OURS = Peer(HERE / "ours" / "bowerbird_sasrec.py")
PEERS = (OURS, Peer(HERE / "rectools_models.py"), Peer(HERE / "recbole_models.py"))
THREADS = 2


def main() -> None:
    """Train in turn, print."""
    options = arguments()
    data = ratings_of(options.data)
    split = split_last(of_users(data.log, options.users))
    found: dict[str, list[tuple[Report, float]]] = {}
    for _ in range(options.repeats):
        for peer, report, ndcg in trained(split, options.epochs):
            if isinstance(report, str):
                print(report)
            else:
                found.setdefault(peer.name, []).append((report, ndcg))
    title = f"one epoch of SASRec, {len(split.before_test)} events, {THREADS} threads; data {data.fingerprint}; seed 0"
    table = Table(title=title, title_justify="left")
    for heading in ("library", "seconds", "CPU seconds", "to ours", "to ours, CPU", f"NDCG@10 after {options.epochs} epochs", "loss"):
        table.add_column(heading, justify="left" if heading in ("library", "loss") else "right")
    ours = figures(found[OURS.name])
    for runs in found.values():
        wall, work, ndcg = figures(runs)
        report = runs[0][0]
        cells = (f"{wall:.2f}", f"{work:.2f}", f"{wall / ours[0]:.2f}", f"{work / ours[1]:.2f}", f"{ndcg:.4f}")
        table.add_row(f"{report.peer} {report.version}", *cells, report.models[0].note)
    Console(width=150).print(table)


def arguments() -> argparse.Namespace:
    """How much of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("BOWERBIRD_DATA", ""), help="folder that holds the data sets")
    parser.add_argument("--users", type=int, help="only so many users, drawn by chance")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def of_users(log: Log, n: int | None) -> Log:
    """The log of some users."""
    if n is None or n >= log.n_users:
        return log
    return log.where(np.isin(log.users, np.random.default_rng(0).choice(log.n_users, n, replace=False)))


def trained(split: Split, epochs: int) -> Iterator[tuple[Peer, Report | str, float]]:
    """Each library once: what it says of its run, and its NDCG."""
    for peer in PEERS:
        with tempfile.TemporaryDirectory() as folder:
            write_exchange(Path(folder), split, epochs=epochs, threads=THREADS, k=11)
            report = run(peer, Path(folder), Path(sys.executable) if peer is OURS else None)
            if isinstance(report, str):
                yield peer, report, 0.0
            else:
                (slates,) = read_answers(Path(folder), split).values()
                yield peer, report, float(METRICS["ndcg"](judge(slates, split.test.targets, 10), 10).mean())


def figures(runs: list[tuple[Report, float]]) -> tuple[float, float, float]:
    """Medians: seconds of an epoch, processor seconds of one, NDCG."""
    walls = [seconds for report, _ in runs for seconds in report.models[0].epoch_seconds]
    works = [seconds for report, _ in runs for seconds in report.models[0].epoch_cpu_seconds]
    return median(walls), median(works), median(ndcg for _, ndcg in runs)


if __name__ == "__main__":
    main()

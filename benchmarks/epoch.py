"""How long is an epoch of SASRec? Ours, RecTools' and RecBole's, on the same data: `python benchmarks/epoch.py`.

All have 64 dimensions, 2 blocks, length 50 and as many threads; the losses and batches are their own, as the table says. Each library
trains in a process of its own, all in turn, `--repeats` times over; the figure of a library is the median of its epochs. Then each
is asked for the last events of MovieLens latest-small, leave-last-out, and scored by our evaluator: after as many epochs each.

RecTools reads the newest events of a user and leaves out the rest, ours and RecBole's read all. So that an epoch is the same work, all
are given the newest 51 events of each user. Processor time is that of all threads; on a machine that others use it says more than wall
time does. `--data FOLDER` takes Amazon Beauty instead (`Beauty.txt` of S3-Rec), where histories are short.
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
    settings = DataSettings(format="s3rec" if options.data else "movielens")
    data = clean(read(options.data / "Beauty.txt" if options.data else sample_path(), settings=settings), settings)
    split = split_last(newest(of_users(data.log, options.users)))
    found: dict[str, list[tuple[Report, float]]] = {}
    for _ in range(options.repeats):
        for peer, report, ndcg in trained(split, options.epochs, options.threads, options.without):
            if isinstance(report, str):
                print(report)
            else:
                found.setdefault(peer.name, []).append((report, ndcg))
    title = f"an epoch of SASRec, {len(split.before_test)} events, {options.threads} threads; data {data.fingerprint}; seed 0"
    table = Table(title=title, title_justify="left")
    ndcg_heading = f"NDCG@10 after {options.epochs} epochs"
    for heading in ("library", "seconds", "to ours", "CPU seconds", "to ours", ndcg_heading, "loss"):
        table.add_column(heading, justify="left" if heading in ("library", "loss") else "right")
    ours = figures(found.get(OURS.name, []))
    for runs in found.values():
        wall, work, ndcg = figures(runs)
        cells = (f"{wall:.2f}", f"{wall / ours[0]:.2f}", f"{work:.2f}", f"{work / ours[1]:.2f}")
        report = runs[0][0]
        table.add_row(f"{report.peer} {report.version}", *cells, f"{ndcg:.4f}", report.models[0].note)
    Console(width=150).print(table)


def arguments() -> argparse.Namespace:
    """How much of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with Beauty.txt; the bundled MovieLens sample unless given")
    parser.add_argument("--without", nargs="*", default=[], help="peers that are left out, as recbole_models")
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


def newest(log: Log) -> Log:
    """The newest events of each user, one more than are read at a time."""
    return log.where(np.arange(len(log)) >= log.starts[1:][log.users] - LENGTH - 1)


def trained(split: Split, epochs: int, threads: int, without: list[str]) -> Iterator[tuple[Peer, Report | str, float]]:
    """Each library once: what it says of its run, and its NDCG."""
    for peer in (peer for peer in PEERS if peer.name not in without):
        with tempfile.TemporaryDirectory() as folder:
            write_exchange(Path(folder), split, epochs=epochs, threads=threads)
            report = run(peer, Path(folder), Path(sys.executable) if peer is OURS else None)
            if isinstance(report, str):
                yield peer, report, 0.0
            else:
                (slates,) = read_answers(Path(folder), split).values()
                yield peer, report, float(METRICS["ndcg"](judge(slates, split.test.targets, 10), 10).mean())


def figures(runs: list[tuple[Report, float]]) -> tuple[float, float, float]:
    """Medians: seconds of an epoch, processor seconds of one, NDCG; NaN where there was no run."""
    if not runs:
        return (float("nan"),) * 3
    walls = [seconds for report, _ in runs for seconds in report.models[0].epoch_seconds]
    works = [seconds for report, _ in runs for seconds in report.models[0].epoch_cpu_seconds]
    return median(walls), median(works), median(ndcg for _, ndcg in runs)


if __name__ == "__main__":
    main()

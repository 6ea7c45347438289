"""Trials side by side in processes that share one study's file."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context, parent_process
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from threading import current_thread, main_thread

from threadpoolctl import threadpool_limits

from bowerbird.evaluation.study.attempts import allowed, attempt
from bowerbird.evaluation.study.ledger import open_study
from bowerbird.evaluation.study.plan import Plan
from bowerbird.protocols import silent


def side_by_side(plan: Plan, file: Path, jobs: int, trials: int, until: float, report: Callable[[], None]) -> int:
    """Make at most `trials` trials by `jobs` processes, and return how many of these died (for want of memory, say).

    Each has its own copy of the data, its share of the cores, and generators of its own. What is drawn rests on who is done first,
    so only one job alone makes the same trials again.

    report  called every second or so
    """
    context = get_context("spawn")
    taken: Synchronized[int] = context.Value("q", 0)
    plan = replace(plan, bench=replace(plan.bench, progress=silent))
    workers = [context.Process(target=_work, args=(number, plan, file, jobs, taken, trials, until), daemon=True) for number in range(jobs)]
    try:
        with _deaf_to_interrupts():
            for worker in workers:
                worker.start()
        while any(worker.is_alive() for worker in workers):
            for worker in workers:
                worker.join(1 / jobs)
            report()
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
                worker.join()
    return sum(worker.exitcode != 0 for worker in workers)


def _work(number: int, plan: Plan, file: Path, jobs: int, taken: "Synchronized[int]", trials: int, until: float) -> None:
    """One process, until the budget is spent or its parent is gone."""
    cores = max(1, (os.cpu_count() or 1) // jobs)
    os.environ.setdefault("OMP_NUM_THREADS", str(cores))

    def ticket() -> int:
        with taken.get_lock():
            taken.value += 1
            return taken.value - 1

    study, parent = open_study(file), parent_process()
    with threadpool_limits(cores):
        for _ in allowed(ticket, trials, until):
            if parent is not None and not parent.is_alive():
                return
            attempt(study, plan, number, taken.get_lock())


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started meanwhile do not hear Ctrl-C, which a terminal sends to all: it is their parent's business."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

"""A data set made up on the spot, suites over it, and ways to have jobs done that count them or fall over."""

import os
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path

from bowerbird.evaluation.benchmark import Contestant, Hands, Options, Outcome, Shelf, Source, Suite, run
from little_world import raw

MODELS = (
    Contestant("popular", {"kind": "popular"}, {}, baseline=True),
    Contestant("item-kNN", {"kind": "itemknn"}, {"weighting": ("bm25", "cosine")}, baseline=True),
    Contestant("EASE", {"kind": "ease"}, {"l2": (1.0, 10.0)}),
)
SUITE = Suite("toy", (("toy", "time"), ("toy", "last")), MODELS, system="EASE")
OPTIONS = Options(seeds=(0, 1), trials=2, resamples=200)
JOBS = 2 * (1 + 2 + 2 * 3)
"""Two tables: what is popular and two models are tuned, three models fitted with two seeds."""

SOURCES = {
    "toy": Source("Toy", "made up, https://example.org/toy", "toy", "events.csv", "items.ndjson"),
    "gone": Source("Gone", "to be had at https://example.org/gone", "gone", "events.csv"),
}


def written(root: Path) -> Path:
    """The data folder."""
    events = raw()
    (root / "toy").mkdir()
    events.events.write_csv(root / "toy" / "events.csv")
    events.items.write_ndjson(root / "toy" / "items.ndjson")
    return root


@dataclass
class Here:
    """Does jobs in this process and counts them; before job number `falls` it is killed, as by the kernel, or stopped, as by Ctrl-C."""

    falls: int = -1
    how: str = "stopped"
    done: list = field(default_factory=list)

    def __call__(self, job, threads, progress):
        if len(self.done) == self.falls:
            if self.how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyboardInterrupt
        self.done.append(job)
        return Outcome(job(progress), 10**6)


def measured(root, launch, suite=SUITE, peers=(), **options):
    hands = Hands(Shelf(root / "work"), launch=launch)
    return run(suite, SOURCES, root, replace(OPTIONS, **options), hands, peers)

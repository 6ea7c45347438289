"""How soon is a drop taken back, and how often one that is none? `python benchmarks/guard.py [--runs N] [--seed N]`.

The former bundle had 20,000 slates, the new one is looked at after each of its own. "made for one look" is what happens without such a
guard: a test made for one look (binomial, at the same alarm, against the former rate as if it were known) is looked at after every slate
from the hundredth on. Simulated; slates are independent of each other.
"""

import argparse

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import binom

from bowerbird.retraining import Guard, GuardSettings, Rate
from bowerbird.retraining.guard import evidence

BEFORE, SINCE = 20_000, 20_000
RATES = ((0.1, (0.1, 0.097, 0.095, 0.09, 0.08, 0.05)), (0.02, (0.02, 0.018, 0.015, 0.01)))


def main() -> None:
    """Simulate, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    settings = GuardSettings()
    table = Table(title=f"alarm {settings.alarm:g}, {told.runs} runs of {SINCE:,} slates, seed {told.seed}", title_justify="left")
    for heading in ("rate before", "rate since", "taken back", "at slate, median", "made for one look: taken back"):
        table.add_column(heading, justify="right")
    rng = np.random.default_rng(told.seed)
    for before, rates in RATES:
        for rate in rates:
            kept = [Guard(Rate(BEFORE, int(n)), settings).kept for n in rng.binomial(BEFORE, before, told.runs)]
            seen = [np.cumsum(rng.random(SINCE) < rate) for _ in kept]
            first = np.array([first_of(alarms(one, q, settings)) for one, q in zip(seen, kept, strict=True)])
            naive = np.array([first_of(rash(one, before, settings)) for one in seen])
            found = first[first > 0]
            at = f"{np.median(found):,.0f}" if len(found) else "–"
            table.add_row(f"{before:.1%}", f"{rate:.1%}", f"{(first > 0).mean():.0%}", at, f"{(naive > 0).mean():.0%}")
    Console(width=120).print(table)


def alarms(seen: NDArray[np.int64], kept: float, settings: GuardSettings) -> NDArray[np.bool_]:
    """(n,): after which slates the evidence is enough."""
    return evidence(seen, np.arange(1, len(seen) + 1), kept) >= np.log(2 / settings.alarm)


def rash(seen: NDArray[np.int64], rate: float, settings: GuardSettings) -> NDArray[np.bool_]:
    """(n,): after which slates so little would be rare, were this the only look."""
    n = np.arange(1, len(seen) + 1)
    return (n >= 100) & (binom.cdf(seen, n, rate) <= settings.alarm)


def first_of(there: NDArray[np.bool_]) -> int:
    """The place of the first, from 1; 0 if there is none."""
    return int(there.argmax()) + 1 if there.any() else 0


if __name__ == "__main__":
    main()

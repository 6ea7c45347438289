"""Breaks of interest: where the newest events stop being like what came before, judged by how unlike one person's own events can be."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.adaptation.likeness import RUNS, Floats, Groups, alike, likeliest_run, newest_against_before
from bowerbird.adaptation.space import taste_vectors, told_events, unit
from bowerbird.config import Settings
from bowerbird.errors import DataError
from bowerbird.types import History, Log

FEW = 20
"""With fewer examples of a length of run, nothing is said of runs of that length."""


class Breaks(Settings):
    """Learn from a log how unlike the newest events of people who did not change are to what they did before.

    dimensions  of the taste vectors; more tell finer tastes apart, and are surer of them than they should be
    before      how many events, just before the newest, those are held against
    least       with fewer before them nothing is said
    draws       moments in the log at which it is looked

    cost    that of `taste_vectors`, and O(draws · (before + 64) · dimensions)
    """

    dimensions: int = Field(default=16, ge=1)
    before: int = Field(default=20, ge=2)
    least: int = Field(default=5, ge=2)
    draws: int = Field(default=3000, ge=FEW)

    def fit(self, log: Log, rng: np.random.Generator) -> "Watch":
        """Taste vectors from half of the users, and from the other half how unlike one user's events are: vectors flatter those they know.

        raises  DataError as `calibrated`
        """
        half = rng.permutation(log.n_users)[: log.n_users // 2]
        learned = np.isin(log.users, half)
        return self.calibrated(log.where(~learned), taste_vectors(log.where(learned), self.dimensions), rng)

    def calibrated(self, log: Log, vectors: NDArray[np.float32], rng: np.random.Generator) -> "Watch":
        """The same over given vectors, (n_items, d). The log's users must not be those that the vectors were learned from.

        raises  DataError if no user has more than `least` events with a vector
        """
        vectors = unit(vectors)
        rows = [vectors[history.items[told_events(history, vectors)]] for history in map(log.history, range(log.n_users))]
        rows = [events for events in rows if len(events) > self.least]
        if not rows:
            raise DataError(f"breaks: some user must have more than {self.least} events on items with a vector, nobody has")
        level = float(np.mean([_mean_pair(events[-200:].astype(np.float64)) for events in rows]))
        likeness = np.empty((self.draws, len(RUNS)))
        for draw in likeness:
            events = rows[int(rng.integers(len(rows)))]
            end = int(rng.integers(self.least + 1, len(events) + 1))
            draw[:] = newest_against_before(events[:end], self.before, self.least, level)
        null = np.sort(likeness.T, axis=1)  # NaN go to the end
        watch = Watch(vectors, null, np.zeros(0), level, self.before, self.least)
        return Watch(vectors, null, np.sort([_least(watch.shares(draw)) for draw in likeness]), level, self.before, self.least)


@dataclass(frozen=True, slots=True)
class Break:
    """A break of interest in a history.

    start  the number of the event that the new interest begins with
    run    how many events that tell a taste there are from it on
    alarm  the share of people who did not change of whom this, or more, would be said as well
    """

    start: int
    run: int
    alarm: float


@dataclass(frozen=True, eq=False)
class Watch:
    """Finds breaks. A function of the history alone: nothing is remembered, and a break that is past is none.

    vectors  (n_items, d) float32, unit length; zeros for items of which nothing is known
    null     (len(RUNS), draws) how alike the newest events were to what came before in the log, rising; NaN, at the end, where nothing
             could be said
    least_share  (draws,) rising: the smallest `shares` of each of these moments; corrects for there being many runs to look at
    level, before, least  as in `alike` and `Breaks`
    cost     O((64 + before) · d) a history
    """

    kind: ClassVar[str] = "watch"
    vectors: NDArray[np.float32]
    null: Floats
    least_share: Floats
    level: float
    before: int
    least: int

    def find(self, history: History, alarm: float) -> Break | None:
        """The newest break of a history; None where there is none, and where too little is known.

        Whether there is one tells the rarest of all runs; where it is, the place at which the two sides are best told apart. Then the
        part since is looked at alone, in case interests broke again.

        alarm  0..1: what at most this share of people who did not change would show as well is a break
        """
        told = told_events(history, self.vectors)
        rows, found = self.vectors[history.items[told]], None
        while len(rows) > self.least:
            seen = self._rank(self.least_share, _least(self.shares(newest_against_before(rows, self.before, self.least, self.level))))
            if not seen <= alarm:
                break
            run = likeliest_run(rows, self.before, self.least)
            found, rows = Break(int(told[-run]), run, seen), rows[-run:]
        return found

    def shares(self, likeness: Floats) -> Floats:
        """(len(RUNS),): in what share of the moments of the log the newest events, run by run, were as unlike to what came before."""
        return np.array([self._rank(known, value) for known, value in zip(self.null, likeness, strict=True)])

    def strange(self, history: History, broken: Break) -> list[tuple[slice, float]]:
        """The older events in blocks, newest block first, and how rarely one person's events are as unlike to the new ones.

        The block just before the break is the first.
        """
        told = told_events(history, self.vectors)
        rows = self.vectors[history.items[told]].astype(np.float64)
        place = int(np.searchsorted(RUNS, broken.run, side="right")) - 1
        end = len(told) - broken.run
        new, blocks = _group(rows[end:]), []
        while end > 0:
            start = end - self.before if end - self.before >= self.least else 0
            share = self._rank(self.null[place], float(alike(new, _group(rows[start:end]), self.level)[0]))
            blocks.append((slice(int(told[start]) if start else 0, int(told[end]) if end < len(told) else len(history)), share))
            end = start
        return blocks

    @staticmethod
    def _rank(known: Floats, value: float) -> float:
        """The share of `known` that does not exceed `value`, the value counted as one of them; NaN where too little is known."""
        count = len(known) - int(np.isnan(known).sum())
        if np.isnan(value) or count < FEW:
            return float("nan")
        return float((1 + np.searchsorted(known[:count], value, side="right")) / (1 + count))


def _least(shares: Floats) -> float:
    return float("nan") if np.isnan(shares).all() else float(np.nanmin(shares))


def _group(rows: Floats) -> Groups:
    return Groups(rows.sum(axis=0)[None], np.array([len(rows)]))


def _mean_pair(rows: Floats) -> float:
    """The mean dot product of two different rows."""
    total = rows.sum(axis=0)
    return float((total @ total - len(rows)) / (len(rows) * (len(rows) - 1)))

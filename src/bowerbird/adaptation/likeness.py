"""How alike two runs of events are: the cosine between what two groups of unit vectors have in common."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RUNS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64])
"""How many of the newest events are held against what came before; in a longer run a break is past."""

PAIRS = 10.0
"""How many imagined pairs, as alike as one user's events are on average, stand beside the pairs of a group."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Groups:
    """Sums of unit vectors, group by group.

    sums    (n, d)
    counts  (n,)
    """

    sums: Floats
    counts: NDArray[np.int64]

    def cohesion(self, level: float) -> Floats:
        """(n,): the mean dot product of two different members, drawn to `level` by ten imagined pairs."""
        pairs = self.counts * (self.counts - 1) / 2
        found = (np.einsum("ij,ij->i", self.sums, self.sums) - self.counts) / 2
        mean: Floats = (found + PAIRS * level) / (pairs + PAIRS)
        return np.maximum(mean, 1e-6)


def alike(one: Groups, other: Groups, level: float) -> Floats:
    """(n,): the mean dot product across two groups over the geometric mean of those within them.

    About 1 if both were drawn from one taste, about 0 if their tastes have nothing in common, whatever the scatter of each: pairs of an
    event with itself are left out, so small groups are not flattered.

    level  the mean dot product of two events of one user

    >>> same = Groups(np.array([[2.0, 0.0]]), np.array([2]))
    >>> alike(same, same, 1.0).tolist(), alike(same, Groups(np.array([[0.0, 2.0]]), np.array([2])), 1.0).tolist()
    ([1.0], [0.0])
    """
    across = np.einsum("ij,ij->i", one.sums, other.sums) / (one.counts * other.counts)
    cosines: Floats = across / np.sqrt(one.cohesion(level) * other.cohesion(level))
    return cosines


def newest_against_before(rows: NDArray[np.float32], before: int, least: int, level: float) -> Floats:
    """(len(RUNS),): how alike the newest events, each of `RUNS` in turn, are to the `before` events that came before them.

    rows   (n, d) unit vectors, oldest first
    least  NaN where fewer came before
    cost   O((64 + before) · d)

    >>> newest_against_before(np.repeat(np.eye(2, dtype=np.float32), [3, 2], axis=0), 3, 3, 1.0)[:4].round(2).tolist()
    [0.36, 0.0, nan, nan]
    """
    rows = rows[-(int(RUNS[-1]) + before) :].astype(np.float64)
    n = len(rows)
    found = np.full(len(RUNS), np.nan)
    runs = RUNS[: int(np.searchsorted(RUNS, n - least, side="right"))]
    if len(runs):
        sums = np.concatenate((np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)))
        starts = n - runs
        begins = np.maximum(starts - before, 0)
        found[: len(runs)] = alike(Groups(sums[n] - sums[starts], runs), Groups(sums[starts] - sums[begins], starts - begins), level)
    return found


def likeliest_run(rows: NDArray[np.float32], before: int, least: int) -> int:
    """How many of the newest events are best told apart from the `before` events that came before them; at most 64.

    The run w maximises w·m / (w + m) · ‖mean of the run − mean of the m before it‖², which scatter alone makes equally large for every w.

    rows    (n, d) unit vectors, oldest first; n > least
    source  the least-squares change point (Hinkley, Biometrika 1970; binary segmentation), one change, within a window

    >>> likeliest_run(np.repeat(np.eye(2, dtype=np.float32), [9, 7], axis=0), before=20, least=2)
    7
    """
    rows = rows[-(int(RUNS[-1]) + before) :].astype(np.float64)
    n = len(rows)
    runs = np.arange(1, min(int(RUNS[-1]), n - least) + 1)
    sums: Floats = np.concatenate((np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)))
    starts = n - runs
    begins = np.maximum(starts - before, 0)
    held = starts - begins
    gaps = (sums[n] - sums[starts]) / runs[:, None] - (sums[starts] - sums[begins]) / held[:, None]
    return int(runs[np.argmax(runs * held / (runs + held) * np.einsum("ij,ij->i", gaps, gaps))])

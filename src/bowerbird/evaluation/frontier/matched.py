"""What a list gives up for so much more distance: read between the strengths that were measured."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.beyond import PerUser
from bowerbird.evaluation.significance import Interval, ratios

Weights = NDArray[np.float64]
"""(n_strengths,): how much of each strength, sums to 1; at most two neighbours are above 0."""


def reach(means: Sequence[float], target: float) -> Weights | None:
    """Which strengths to mix so that the mean distance is just `target`: the first that has it, and the one before it.

    means   the mean distance at each strength, weakest first
    target  None is handed back where no strength has it

    >>> reach([0.5, 0.625, 0.875], 0.75).tolist()
    [0.0, 0.5, 0.5]
    >>> reach([0.5, 0.625], 0.75) is None
    True
    """
    there = np.flatnonzero(np.asarray(means) >= target)
    if not len(there):
        return None
    at = int(there[0])
    weights = np.zeros(len(means))
    if at == 0:
        weights[0] = 1.0
        return weights
    share = (target - means[at - 1]) / (means[at] - means[at - 1])
    weights[[at - 1, at]] = 1 - share, share
    return weights


def mixed(values: Sequence[PerUser], weights: Weights) -> PerUser:
    """(n_users,): each user's figures at the strengths, mixed with the same weights for all, so that users can be paired.

    >>> mixed([np.array([1.0, 0.0]), np.array([0.0, 0.0])], np.array([0.25, 0.75])).tolist()
    [0.25, 0.0]
    """
    return np.asarray(weights @ np.stack(list(values)), np.float64)


def given_up(base: PerUser, now: PerUser, seed: int, resamples: int = 1000) -> Interval:
    """What `now` lost, as a share of the mean of `base`, with its paired bootstrap interval over users. Below 0 is a gain.

    >>> given_up(np.array([0.5, 0.5]), np.array([0.25, 0.5]), seed=0).mean
    0.25
    """
    return ratios((base - now)[:, None], base[:, None], np.random.default_rng(seed), resamples)[0]


def more_given_up(base: PerUser, now: PerUser, other: PerUser, seed: int, resamples: int = 1000) -> Interval:
    """How much more `now` lost than `other`, as a share of the mean of `base`; below 0 it lost less. Intervals as `given_up`.

    >>> more_given_up(np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([0.25, 0.5]), seed=0).mean
    -0.25
    """
    return ratios((other - now)[:, None], base[:, None], np.random.default_rng(seed), resamples)[0]

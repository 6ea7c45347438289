"""Newcomers count for less: so many users in one hand do not count as many, where they come for one thing, or all of a sudden."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.types import Log

DAY = 86_400.0

Floats = NDArray[np.float64]


def maturity(items: NDArray[np.int32], times: Floats, mature: int, mature_days: float = 0.0) -> Floats:
    """(n,): how much of a user each sign of interest is of, from 0 to 1 and never falling: the lesser of how many items they have shown
    interest in by then, this one among them, as a share of `mature`, and how long ago the first time was, as a share of `mature_days`.

    items, times  (n,) of the signs, in the order in which they were told; without a time nobody is too young
    mature_days   0 = as old as that they are at once

    >>> maturity(np.array([7, 7, 3, 5, 3]), np.zeros(5), mature=2).tolist()
    [0.5, 0.5, 1.0, 1.0, 1.0]
    >>> maturity(np.array([7, 3, 5]), DAY * np.array([0.0, 1.0, 8.0]), mature=1, mature_days=4).tolist()
    [0.0, 0.25, 1.0]
    """
    first = np.zeros(len(items))
    first[np.unique(items, return_index=True)[1]] = 1
    return np.asarray(np.maximum.accumulate(_least(np.cumsum(first) / mature, times - np.fmin.accumulate(times), mature_days)))


def maturities(log: Log, mature: int, mature_days: float = 0.0) -> Floats:
    """(n_events,): `maturity` of each user's signs in a log of signs of interest alone.

    >>> signs = Log(np.array([0, 0, 1], np.int32), np.array([4, 2, 4], np.int32), np.ones(3, np.float32), np.arange(3.0), 2, 5)
    >>> maturities(signs, mature=4).tolist()
    [0.25, 0.5, 0.25]
    """
    pairs = log.users.astype(np.int64) * max(log.n_items, 1) + log.items
    first = np.zeros(len(log))
    first[np.unique(pairs, return_index=True)[1]] = 1
    so_far, starts = np.cumsum(first), log.starts[log.users]
    before = np.concatenate(([0.0], so_far))[starts]
    return _least((so_far - before) / mature, log.times - log.times[starts], mature_days)


def _least(grown: Floats, ages: Floats, mature_days: float) -> Floats:
    old = np.ones(len(ages)) if mature_days == 0 else np.nan_to_num(ages / (mature_days * DAY), nan=1.0)
    return np.asarray(np.minimum(np.minimum(grown, old), 1.0))

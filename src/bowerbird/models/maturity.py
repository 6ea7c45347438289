"""Newcomers count for less: so many users in one hand do not count as many, where each of them comes for one thing."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.types import Log

Floats = NDArray[np.float64]


def maturity(items: NDArray[np.int32], mature: int) -> Floats:
    """(n,): how much of a user each sign of interest is of, from 0 to 1: how many items they have shown interest in by then, this one
    among them, as a share of `mature`.

    items  (n,) of the signs, oldest first

    >>> maturity(np.array([7, 7, 3, 5, 3]), mature=2).tolist()
    [0.5, 0.5, 1.0, 1.0, 1.0]
    """
    first = np.zeros(len(items))
    first[np.unique(items, return_index=True)[1]] = 1
    return np.minimum(np.cumsum(first) / mature, 1.0)


def maturities(log: Log, mature: int) -> Floats:
    """(n_events,): `maturity` of each user's signs in a log of signs of interest alone.

    >>> signs = Log(np.array([0, 0, 1], np.int32), np.array([4, 2, 4], np.int32), np.ones(3, np.float32), np.arange(3.0), 2, 5)
    >>> maturities(signs, mature=4).tolist()
    [0.25, 0.5, 0.25]
    """
    pairs = log.users.astype(np.int64) * max(log.n_items, 1) + log.items
    first = np.zeros(len(log))
    first[np.unique(pairs, return_index=True)[1]] = 1
    so_far = np.cumsum(first)
    before = np.concatenate(([0.0], so_far))[log.starts[log.users]]
    return np.minimum((so_far - before) / mature, 1.0)

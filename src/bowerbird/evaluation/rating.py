"""How far predicted ratings lie from those that were given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.evaluation.significance import Interval, ratios

PerUser = Sequence[NDArray[np.floating]]
"""For each user, an array of ratings."""


@dataclass(frozen=True, slots=True)
class RatingErrors:
    """Over all ratings, in the unit of the ratings, with 95 % intervals over users.

    rmse  root of the mean squared error
    mae   mean absolute error
    """

    rmse: Interval
    mae: Interval


def rating_errors(predicted: PerUser, given: PerUser, rng: np.random.Generator, resamples: int = 1000) -> RatingErrors:
    """Every rating counts alike; users are drawn, each with all of their ratings.

    raises  DataError unless each user has as many predictions as ratings
    cost    O(ratings + resamples · n_users)

    >>> errors = rating_errors([np.array([4.0, 2.0])], [np.array([5.0, 2.0])], np.random.default_rng(0))
    >>> round(errors.rmse.mean, 4), errors.mae.mean
    (0.7071, 0.5)
    """
    if [len(user) for user in predicted] != [len(user) for user in given]:
        raise DataError("rating errors: each user must have as many predictions as ratings")
    gaps = [ours - theirs for ours, theirs in zip(predicted, given, strict=True)]
    sums = np.array([[np.sum(gap**2), np.abs(gap).sum()] for gap in gaps]).reshape(-1, 2)
    counts = np.repeat(np.array([len(gap) for gap in gaps], np.float64)[:, None], 2, axis=1)
    squared, absolute = ratios(sums, counts, rng, resamples)
    return RatingErrors(Interval(*(float(np.sqrt(end)) for end in (squared.mean, squared.low, squared.high))), absolute)

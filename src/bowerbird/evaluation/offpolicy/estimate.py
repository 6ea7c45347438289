"""From the terms of an estimator to a figure that says how sure it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from bowerbird.evaluation.offpolicy.importance import effective
from bowerbird.evaluation.significance import Interval, sum_of_ratios

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Terms:
    """What an estimate is made of: Σ_j (Σ_i parts_ij / Σ_i wholes_ij), over decisions or slates i.

    parts, wholes  (n, m)
    raw            (n, c), importance as the two policies have it, NaN beyond the end of a slate; c = 0 where none is used
    used           (n, c), importance after its limit
    rounds         (n,) int, equal where rows hang together; None = each alone
    """

    parts: Floats
    wholes: Floats
    raw: Floats
    used: Floats
    rounds: NDArray[np.integer] | None = None

    @property
    def value(self) -> float:
        """The estimate; NaN if nothing of the log speaks of the target policy."""
        wholes = self.wholes.sum(axis=0)
        return float((self.parts.sum(axis=0) / np.where(wholes > 0, wholes, np.nan)).sum())


@dataclass(frozen=True, slots=True)
class Estimate:
    """A policy's value (mean reward of a decision, or of a slate) from the log of another, and how far to trust it.

    bootstrap  percentile bootstrap over rounds
    normal     the same mean, ± the normal quantile times the standard error over rounds, of ratios by the delta method
    effective  effective sample size of the importance as used; of slates, at the position that has least. NaN = none is used
    mean       mean of the raw importance. Far from 1: propensities are wrong, or the target does what the log does not show
    clipped    share of the raw importance that the limit took away

    Both intervals see chance only, and no bias; and of importance that the log happens not to hold they know nothing.
    """

    bootstrap: Interval
    normal: Interval
    effective: float
    mean: float
    clipped: float

    @property
    def value(self) -> float:
        """The estimate itself."""
        return self.bootstrap.mean


def estimate(terms: Terms, rng: np.random.Generator, resamples: int = 1000, level: float = 0.95) -> Estimate:
    """The figure with its intervals.

    raises  DataError if level is not within (0, 1) or resamples < 1
    cost    O(resamples · n)

    >>> from bowerbird.evaluation.offpolicy import Decisions, Ips
    >>> logged = Decisions(np.array([0, 1]), np.array([0.0, 1.0]), np.array([0.5, 0.5]), 2)
    >>> estimate(Ips().terms(logged, np.array([[0.25, 0.75]] * 2)), np.random.default_rng(0)).value
    0.75
    """
    parts, wholes = _by_round(terms.parts, terms.rounds), _by_round(terms.wholes, terms.rounds)
    bootstrap = sum_of_ratios(parts, wholes, rng, resamples, level)
    half = float(ndtri((1 + level) / 2)) * _standard_error(parts, wholes)
    total = float(np.nansum(terms.raw))
    return Estimate(
        bootstrap,
        Interval(bootstrap.mean, bootstrap.mean - half, bootstrap.mean + half),
        min((effective(column[~np.isnan(column)]) for column in terms.used.T), default=float("nan")),
        float(np.nanmean(terms.raw)) if terms.raw.size else float("nan"),
        1 - float(np.nansum(terms.used)) / total if total else float("nan"),
    )


def _by_round(rows: Floats, rounds: NDArray[np.integer] | None) -> Floats:
    """(n_rounds, m): sums over the rows of each round."""
    if rounds is None:
        return rows
    numbers = np.unique(rounds, return_inverse=True)[1]
    return np.stack([np.bincount(numbers, weights=column) for column in rows.T], axis=1)


def _standard_error(parts: Floats, wholes: Floats) -> float:
    """Of Σ_j P_j / W_j: each round moves it by about Σ_j (parts_j − value_j wholes_j) / W_j, and these moves are independent."""
    n, totals = len(parts), wholes.sum(axis=0)
    if n < 2 or not (totals > 0).all():
        return float("nan")
    moves = ((parts - parts.sum(axis=0) / totals * wholes) / totals).sum(axis=1)
    return float(np.sqrt(n / (n - 1) * (moves**2).sum()))

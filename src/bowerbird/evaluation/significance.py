"""How sure a mean is: bootstrap intervals over users, the paired bootstrap for differences, and Holm's correction for many of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError

CHUNK = 1 << 22
"""How many drawn user numbers are held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over users and the ends of its confidence interval; NaN where no user has a value."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of a − b over the same users, its confidence interval, and the two-sided p-value of "no difference"."""

    mean: float
    low: float
    high: float
    p: float


def intervals(values: NDArray[np.float64], rng: np.random.Generator, resamples: int = 1000, level: float = 0.95) -> list[Interval]:
    """The percentile bootstrap of the mean of each column, users drawn with replacement, the same draws for all columns.

    values  (n_users, m); NaN = no value for this user, left out of the mean
    raises  DataError if level is not within (0, 1) or resamples < 1
    cost    O(resamples · n_users · m)
    source  Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13

    >>> intervals(np.array([[0.25], [0.25]]), np.random.default_rng(0))
    [Interval(mean=0.25, low=0.25, high=0.25)]
    """
    known = ~np.isnan(values)
    return ratios(np.where(known, values, 0.0), known.astype(np.float64), rng, resamples, level)


def ratios(
    parts: NDArray[np.float64], wholes: NDArray[np.float64], rng: np.random.Generator, resamples: int = 1000, level: float = 0.95
) -> list[Interval]:
    """As `intervals`, for figures that are a sum over users divided by another sum over users (recall over events, say).

    parts, wholes  (n_users, m)
    """
    _check(resamples, level)
    if not len(parts):
        return [Interval(float("nan"), float("nan"), float("nan"))] * parts.shape[1]
    means = _divide(parts.sum(axis=0), wholes.sum(axis=0))
    draws = _draw(parts, wholes, rng, resamples)
    ends = np.full((2, parts.shape[1]), np.nan)
    some = ~np.isnan(draws).all(axis=0)
    ends[:, some] = np.nanquantile(draws[:, some], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [Interval(float(mean), float(low), float(high)) for mean, low, high in zip(means, *ends, strict=True)]


def sum_of_ratios(
    parts: NDArray[np.float64], wholes: NDArray[np.float64], rng: np.random.Generator, resamples: int = 1000, level: float = 0.95
) -> Interval:
    """As `ratios`, for one figure that is the sum of such ratios, one a column. Draws in which a ratio has no value are left out.

    parts, wholes  (n_users, m)

    >>> sum_of_ratios(np.array([[1.0, 4.0]]), np.array([[2.0, 4.0]]), np.random.default_rng(0))
    Interval(mean=1.5, low=1.5, high=1.5)
    """
    _check(resamples, level)
    if not len(parts):
        return Interval(float("nan"), float("nan"), float("nan"))
    draws = _draw(parts, wholes, rng, resamples).sum(axis=1)
    draws = draws[~np.isnan(draws)]
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]) if len(draws) else (np.nan, np.nan)
    return Interval(float(_divide(parts.sum(axis=0), wholes.sum(axis=0)).sum()), float(low), float(high))


def paired(
    a: NDArray[np.float64], b: NDArray[np.float64], rng: np.random.Generator, resamples: int = 1000, level: float = 0.95
) -> Difference:
    """Is system a better than system b on the same users? Draws users, each with both of its values.

    a, b    (n_users,), the same users in the same order; a user with NaN in either is left out
    p       2 · min(share of draws ≤ 0, share of draws ≥ 0), at most 1, each share counted with one draw more
    raises  DataError if the lengths differ, or as `intervals`
    source  Efron & Tibshirani 1993; Smucker, Allan & Carterette, CIKM 2007

    >>> paired(np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.random.default_rng(0)).p
    1.0
    """
    if len(a) != len(b):
        raise DataError(f"paired: both systems must have the same users, got {len(a)} and {len(b)}")
    gap = a - b
    return differences(gap[~np.isnan(gap)][:, None], rng, resamples, level)[0]


def differences(gaps: NDArray[np.float64], rng: np.random.Generator, resamples: int = 1000, level: float = 0.95) -> list[Difference]:
    """As `paired`, for several differences at once, the same draws of users for all.

    gaps    (n_users, m), each column one system's values less another's; no NaN
    cost    O(resamples · n_users · m)

    >>> [gap.p for gap in differences(np.array([[0.5, 0.0], [0.25, 0.0], [0.5, 0.0]]), np.random.default_rng(0), resamples=999)]
    [0.002, 1.0]
    """
    _check(resamples, level)
    if not len(gaps):
        return [Difference(float("nan"), float("nan"), float("nan"), 1.0)] * gaps.shape[1]
    draws = _draw(gaps, np.ones_like(gaps), rng, resamples)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    tails = 1 + np.minimum((draws <= 0).sum(axis=0), (draws >= 0).sum(axis=0))
    p = np.minimum(1.0, 2 * tails / (resamples + 1))
    return [Difference(*map(float, column)) for column in zip(gaps.mean(axis=0), low, high, p, strict=True)]


def holm(p: Sequence[float]) -> list[float]:
    """The p-values of a family of tests, corrected so that the chance of even one false alarm in the family keeps to the level.

    The smallest of m is multiplied by m, the next by m − 1 …; none falls below one before it, none exceeds 1. Nothing is assumed of how
    the tests hang together, which matters here: all of them compare with one system.

    raises  DataError if a value is not within 0..1
    source  Holm, Scandinavian Journal of Statistics 6, 1979

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p, np.float64)
    if not ((raw >= 0) & (raw <= 1)).all():
        raise DataError(f"holm: p-values must be between 0 and 1, got {list(p)}")
    order = np.argsort(raw, kind="stable")
    corrected = np.empty_like(raw)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1)))
    return [float(value) for value in corrected]


def _draw(parts: NDArray[np.float64], wholes: NDArray[np.float64], rng: np.random.Generator, resamples: int) -> NDArray[np.float64]:
    """(resamples, m): the figures of worlds in which n users were drawn from the n with replacement."""
    n = len(parts)
    step = max(1, CHUNK // n)
    draws = []
    for start in range(0, resamples, step):
        worlds = min(step, resamples - start)
        drawn = rng.integers(n, size=(worlds, n)) + n * np.arange(worlds)[:, None]
        times = np.bincount(drawn.ravel(), minlength=worlds * n).reshape(worlds, n).astype(np.float64)
        draws.append(_divide(times @ parts, times @ wholes))
    return np.concatenate(draws)


def _divide(parts: NDArray[np.float64], wholes: NDArray[np.float64]) -> NDArray[np.float64]:
    quotients: NDArray[np.float64] = np.divide(parts, wholes, out=np.full(parts.shape, np.nan), where=wholes > 0)
    return quotients


def _check(resamples: int, level: float) -> None:
    if resamples < 1:
        raise DataError(f"bootstrap: resamples must be at least 1, got {resamples}")
    if not 0 < level < 1:
        raise DataError(f"bootstrap: level must be between 0 and 1, got {level}")

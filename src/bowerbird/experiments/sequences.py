"""Intervals that hold at every look: a mean of bounded values, and the difference between two arms; and whether the arms are as large as
they should be. All may be looked at after every user, and the experiment ended at any of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bowerbird.errors import DataError

Values = NDArray[np.float64]

CAP = 0.5
"""No bet is larger than this: Waudby-Smith and Ramdas advise 1/2 or 3/4."""

BELIEF = 100.0
"""How many users the belief in the planned shares weighs as much as, in the test of sizes: the larger, the smaller the shifts that it sees
first."""


@dataclass(frozen=True, eq=False, slots=True)
class Sequence:
    """An interval after each value: with a chance of `level`, all of them hold at once.

    low, high  (n,), each at least as narrow as the one before
    """

    low: Values
    high: Values


def mean_sequence(values: Values, low: float, high: float, level: float = 0.95) -> Sequence:
    """The mean of values that lie in [low, high], and whose mean given all before them is one and the same. Nothing else is assumed, and it
    holds from the first value on, not in the limit.

    values  (n,), in the order in which they came
    raises  DataError for a value outside, or a level outside of (0, 1)
    cost    O(n)
    source  the predictable plug-in empirical Bernstein sequence: Waudby-Smith & Ramdas, Estimating means of bounded random variables by
            betting, JRSS B 86, 2024, theorem 2 and equation 15; intersected, as they advise

    >>> sequence = mean_sequence(np.tile([0.0, 1.0], 500), 0.0, 1.0)
    >>> bool(sequence.low[-1] < 0.5 < sequence.high[-1]), bool(sequence.high[-1] - sequence.low[-1] < 0.15)
    (True, True)
    """
    if not 0 < level < 1:
        raise DataError(f"level: must be within (0, 1), got {level}")
    if len(values) and not ((values >= low) & (values <= high)).all():
        raise DataError(f"confidence sequence: values must lie in {low:g}..{high:g}, got {values.min():g} to {values.max():g}")
    x, t = (values - low) / (high - low), np.arange(1, len(values) + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    variances = (0.25 + np.cumsum((x - means) ** 2)) / (t + 1)
    means_before, variances_before = np.append(0.5, means)[:-1], np.append(0.25, variances)[:-1]
    odds = np.log(2 / (1 - level))
    bets = np.minimum(np.sqrt(2 * odds / (variances_before * t * np.log1p(t))), CAP)
    weight = np.cumsum(bets)
    spent = np.cumsum((x - means_before) ** 2 * (-np.log1p(-bets) - bets))
    middle, margin = np.cumsum(bets * x) / weight, (odds + spent) / weight
    ends = np.maximum.accumulate(np.maximum(middle - margin, 0)), np.minimum.accumulate(np.minimum(middle + margin, 1))
    return Sequence(low + ends[0] * (high - low), low + ends[1] * (high - low))


def difference_sequence(values: Values, treated: NDArray[np.bool_], share: float, level: float = 0.95) -> Sequence:
    """How much higher the mean is of the treated than of the others, after each user.

    Each user's value becomes one of the difference itself: m₁ − m₀ + A (Y − m₁) / π − (1 − A) (Y − m₀) / (1 − π), where m are the means of
    the users before, and π the chance to be treated. Its mean given all before is the difference, whatever m is, since the arm is drawn by
    a hash; m only takes away scatter. It lies within ± 1 / min(π, 1 − π).

    values   (n,) in 0..1, in the order in which they came, one a user
    treated  (n,), as they were dealt
    share    π
    source   Horvitz & Thompson 1952, with the augmentation of Robins, Rotnitzky & Zhao 1994; in sequences: Waudby-Smith, Arbour, Sinha,
             Kennedy & Ramdas, Time-uniform central limit theory and asymptotic confidence sequences, Annals of Statistics 52, 2024
    """
    if not 0 < share < 1:
        raise DataError(f"share: must be within (0, 1), got {share}")
    mine, other = (_means_before(values, here) for here in (treated, ~treated))
    scaled = np.where(treated, (values - mine) / share, -(values - other) / (1 - share))
    bound = 1 / min(share, 1 - share)
    return mean_sequence(np.clip(mine - other + scaled, -bound, bound), -bound, bound, level)  # the clip takes off what is rounding alone


def mismatch(counts: NDArray[np.int64], shares: Values) -> float:
    """The evidence that users do not come to the arms in the shares that were planned: 1 at the beginning, and at most with a chance of α
    ever above 1 / α where they do, however often it is looked at. Above 1000 something is wrong with how users are dealt or logged.

    counts  (n_arms,) of users
    shares  (n_arms,), above 0, sum 1
    source  Lindon & Malek, Anytime-valid inference for multinomial count data, NeurIPS 2022, equation 6: a mixture over all shares, by a
            Dirichlet distribution around the planned ones

    >>> round(mismatch(np.array([500, 500]), np.array([0.5, 0.5])), 2), mismatch(np.array([500, 650]), np.array([0.5, 0.5])) > 1000
    (0.3, True)
    """
    belief = BELIEF * shares
    before = gammaln(belief.sum()) - gammaln(belief).sum()
    after = gammaln(belief + counts).sum() - gammaln(belief.sum() + counts.sum())
    return float(np.exp(min(before + after - (counts * np.log(shares)).sum(), 700.0)))


def _means_before(values: Values, here: NDArray[np.bool_]) -> Values:
    """(n,): the mean of the values `here` before each, which begins at 1/2 as if one had been seen."""
    total, count = np.cumsum(np.where(here, values, 0.0)), np.cumsum(here)
    return np.append(0.5, (0.5 + total) / (1 + count))[:-1]

"""Has a bundle that went live brought the reward down? A test that may be looked at after every slate."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import log
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, betaln

from bowerbird.errors import DataError
from bowerbird.retraining.settings import GuardSettings

Verdict = Literal["watching", "dropped", "held"]


@dataclass(frozen=True, slots=True)
class Rate:
    """Slates, and how many of them were rewarded.

    raises  DataError unless 0 ≤ rewarded ≤ slates
    """

    slates: int = 0
    rewarded: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.rewarded <= self.slates:
            raise DataError(f"guard: rewarded slates must be between 0 and all slates, got {self.rewarded} of {self.slates}")

    def after(self, reward: float) -> "Rate":
        """The rate with one slate more.

        raises  DataError unless the reward is 0 or 1
        """
        if reward not in (0, 1):
            raise DataError(f"guard: a slate's reward must be 0 or 1, got {reward}")
        return Rate(self.slates + 1, self.rewarded + int(reward))


@dataclass(frozen=True, slots=True)
class Guard:
    """What is to be known of a bundle since it went live. A value: `after` gives the next one, a fold over the rewards of its slates.

    Let q be what must be kept: the lower confidence limit (Clopper and Pearson, at half of the alarm) of the former bundle's rate, less the
    tolerance. Every lower rate θ bets against q: after s rewards in n slates it has (θ/q)^s ((1−θ)/(1−q))^(n−s). The evidence is the mean
    of that over all θ in (0, q), none preferred. As long as each slate is rewarded with a chance of q or more, whatever came before it, the
    evidence is a supermartingale from 1 on, so that the chance that it *ever* reaches 2 / alarm is at most half of the alarm (Ville).
    Together with the other half: a bundle as good as the former one is ever taken back with a chance of `alarm` at most, however often
    it is looked at, and wherever one stops.

    It holds the slates after the swap against those before it. If everything falls in between (a Monday, an outage), it falls too.
    The slates before are taken as independent of each other; of those after no more is asked than said.

    before    the former bundle's slates
    since     the new one's
    verdict   "dropped", for good, once the evidence was enough; "held" once `until` slates were seen without

    cost      O(1) a slate
    source    Ville 1939; mixtures: Robbins, Annals of Mathematical Statistics 41, 1970; a survey: Ramdas, Grünwald, Vovk & Shafer,
              Game-theoretic statistics and safe anytime-valid inference, Statistical Science 38, 2023

    >>> guard = Guard(Rate(1000, 300))
    >>> for slate in range(200):
    ...     guard = guard.after(slate % 10 == 0)
    >>> guard.verdict, guard.since.slates
    ('dropped', 57)
    """

    before: Rate
    settings: GuardSettings = field(default_factory=GuardSettings)
    since: Rate = field(default_factory=Rate)
    verdict: Verdict = "watching"

    @property
    def kept(self) -> float:
        """q: the rate that must be kept; 0 where so little is known of the former bundle that nothing can be a drop."""
        return _kept(self.before, self.settings)

    @property
    def evidence(self) -> float:
        """The logarithm of the evidence of a drop: 0 at the beginning."""
        return float(evidence(self.since.rewarded, self.since.slates, self.kept)) if self.kept else 0.0

    def after(self, reward: float) -> "Guard":
        """The state once a slate of the new bundle had this reward, 0 or 1; what is decided stays decided.

        raises  DataError for any other reward
        """
        since = self.since.after(reward)
        if self.verdict != "watching":
            return self
        seen = replace(self, since=since)
        if seen.evidence >= log(2 / self.settings.alarm):
            return replace(seen, verdict="dropped")
        return replace(seen, verdict="held") if since.slates >= self.settings.until else seen


def evidence(rewarded: ArrayLike, slates: ArrayLike, kept: float) -> NDArray[np.float64]:
    """The logarithm of ∫₀^q (θ/q)^s ((1−θ)/(1−q))^(n−s) dθ / q, as an incomplete beta function; of many numbers at once.

    rewarded, slates  s and n
    kept              q, in (0, 1)

    >>> evidence([0, 1], [1, 1], kept=0.5).round(6).tolist() == np.log([1.5, 0.5]).round(6).tolist()
    True
    """
    s, f = np.asarray(rewarded, np.float64), np.asarray(slates, np.float64) - np.asarray(rewarded, np.float64)
    with np.errstate(divide="ignore"):  # far above q the evidence is 0
        below = np.log(betainc(s + 1, f + 1, kept))
    return np.asarray(betaln(s + 1, f + 1) + below - np.log(kept) - s * np.log(kept) - f * np.log1p(-kept))


@lru_cache(maxsize=64)
def _kept(before: Rate, settings: GuardSettings) -> float:
    if before.rewarded == 0:
        return 0.0
    low = betaincinv(before.rewarded, before.slates - before.rewarded + 1, settings.alarm / 2)
    return float(low) * (1 - settings.tolerance)

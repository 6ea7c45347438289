"""Importance: how many times likelier the target policy was to do what was done; limits that tame it, and how much of the log it leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import ConfigError

Importance = NDArray[np.float64]
"""(n,) or (n, k), at least 0; its mean is 1, but for chance, wherever the estimate can be trusted."""

Limit: TypeAlias = Callable[[Importance], Importance]
"""Makes large importance smaller: less variance for some bias."""


def unlimited(importance: Importance) -> Importance:
    """As it is: no bias, and all of the variance."""
    return importance


@dataclass(frozen=True, slots=True)
class Clip:
    """min(w, λ).

    at      λ, above 0
    source  Ionides, Truncated importance sampling, JCGS 17(2), 2008

    >>> Clip(2.0)(np.array([0.5, 8.0])).tolist()
    [0.5, 2.0]
    """

    at: float

    def __post_init__(self) -> None:
        _check("clip: at", self.at)

    def __call__(self, importance: Importance) -> Importance:
        """The clipped importance."""
        return np.minimum(importance, self.at)


@dataclass(frozen=True, slots=True)
class Shrink:
    """λ w / (w² + λ): about w where it is far below √λ, and back towards 0 far above. For `DoublyRobust`, whose model fills the gap.

    by      λ, above 0
    source  Su, Dimakopoulou, Krishnamurthy & Dudík, ICML 2020 ("optimistic" shrinkage)

    >>> Shrink(4.0)(np.array([0.0, 2.0])).tolist()
    [0.0, 1.0]
    """

    by: float

    def __post_init__(self) -> None:
        _check("shrink: by", self.by)

    def __call__(self, importance: Importance) -> Importance:
        """The shrunk importance."""
        return self.by * importance / (importance**2 + self.by)


@dataclass(frozen=True, slots=True)
class Switch:
    """w up to τ, and 0 above it. For `DoublyRobust`, whose model then stands alone.

    above   τ, above 0
    source  Wang, Agarwal & Dudík, ICML 2017

    >>> Switch(2.0)(np.array([0.5, 2.0, 8.0])).tolist()
    [0.5, 2.0, 0.0]
    """

    above: float

    def __post_init__(self) -> None:
        _check("switch: above", self.above)

    def __call__(self, importance: Importance) -> Importance:
        """The importance, without what is too large."""
        return np.where(importance <= self.above, importance, 0.0)


def effective(importance: Importance) -> float:
    """Effective sample size: as many decisions of the target policy's own would tell as much; (Σ w)² / Σ w². NaN if all are 0.

    importance  (n,)
    source      Kish, Survey Sampling, 1965

    >>> effective(np.array([1.0, 1.0, 1.0])), effective(np.array([3.0, 0.0, 0.0]))
    (3.0, 1.0)
    """
    squares = float((importance**2).sum())
    return float(importance.sum()) ** 2 / squares if squares else float("nan")


def _check(name: str, value: float) -> None:
    if not value > 0:
        raise ConfigError(f"{name} must be above 0, got {value}")

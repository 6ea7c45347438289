"""Logs with propensities: single decisions, or whole slates; and what a target policy says of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""How far the probabilities of one decision may be from a sum of 1."""


@dataclass(frozen=True, eq=False, slots=True)
class Decisions:
    """What a policy did, how likely it was to do just that, and what came of it. One row a decision.

    actions       (n,) int, what was done: 0 … n_actions − 1, item numbers, say
    rewards       (n,) float64
    propensities  (n,) float64 in (0, 1], the logging policy's probability of the logged action at that moment
    n_actions     how many actions there are
    rounds        (n,) int, equal for decisions that hang together (one page, one user): intervals draw them together. None = each alone
    expected      (n, n_actions) float64, rewards that a model foretells, best without having seen the row (`foretold`). None = no model

    raises  DataError if shapes differ, a number is not finite, an action is unknown or a propensity is not within (0, 1]
    """

    actions: NDArray[np.integer]
    rewards: Floats
    propensities: Floats
    n_actions: int
    rounds: NDArray[np.integer] | None = None
    expected: Floats | None = None

    def __post_init__(self) -> None:
        n = len(self.actions)
        if not np.issubdtype(self.actions.dtype, np.integer):
            raise DataError(f"decisions: actions must be whole numbers, got {self.actions.dtype}")
        for name, values in (("rewards", self.rewards), ("propensities", self.propensities), ("rounds", self.rounds)):
            if values is not None and values.shape != (n,):
                raise DataError(f"decisions: {name} must have the shape ({n},), one for each action, got {values.shape}")
        _refuse("decisions: actions", f"0 … {self.n_actions - 1}", self.actions, (self.actions >= 0) & (self.actions < self.n_actions))
        _refuse("decisions: rewards", "finite", self.rewards, np.isfinite(self.rewards))
        _refuse("decisions: propensities", _SEEN, self.propensities, (self.propensities > 0) & (self.propensities <= 1))
        if self.expected is not None:
            if self.expected.shape != (n, self.n_actions):
                raise DataError(f"decisions: expected must have the shape ({n}, {self.n_actions}), got {self.expected.shape}")
            _refuse("decisions: expected", "finite", self.expected, np.isfinite(self.expected))

    def __len__(self) -> int:
        return len(self.actions)


@dataclass(frozen=True, eq=False, slots=True)
class LoggedSlates:
    """Slates that a policy showed, one row each; NaN beyond the end of a short one, in both arrays.

    rewards       (n, k) float64, what each position earned; a slate's reward is their sum
    propensities  (n, k) float64 in (0, 1], of the item that was shown at each position; which probability that is, `SlateIps` says

    raises  DataError if shapes or ends differ, a slate is empty, or a propensity is not within (0, 1]
    """

    rewards: Floats
    propensities: Floats

    def __post_init__(self) -> None:
        if self.rewards.ndim != 2 or self.rewards.shape != self.propensities.shape:
            shapes = f"{self.rewards.shape} and {self.propensities.shape}"
            raise DataError(f"slates: rewards and propensities must have one shape, (n_slates, k), got {shapes}")
        shown = self.shown
        _refuse("slates: rewards", "finite, or NaN beyond the end of a slate", self.rewards, ~np.isinf(self.rewards))
        if (np.diff(shown.astype(np.int8), axis=1) > 0).any() or not shown.any(axis=1).all():
            raise DataError("slates: each must have an item, and NaN only beyond its last one")
        known = (self.propensities > 0) & (self.propensities <= 1)
        _refuse(
            "slates: propensities",
            f"{_SEEN}, and NaN where the reward is",
            self.propensities,
            np.where(shown, known, np.isnan(self.propensities)),
        )

    @property
    def shown(self) -> NDArray[np.bool_]:
        """(n, k): True up to the end of each slate."""
        return ~np.isnan(self.rewards)

    def __len__(self) -> int:
        return len(self.rewards)


def chances(decisions: Decisions, target: Floats) -> Floats:
    """(n,): the target policy's probabilities of the logged actions.

    target  (n, n_actions) float64, rows that sum to 1; or (n,), of the logged actions alone
    raises  DataError if the shape is another, a number is not within 0..1, or a row does not sum to 1

    >>> logged = Decisions(np.array([1]), np.array([1.0]), np.array([0.5]), 2)
    >>> chances(logged, np.array([[0.3, 0.7]])).tolist()
    [0.7]
    """
    n = len(decisions)
    if target.shape not in ((n,), (n, decisions.n_actions)):
        raise DataError(f"target: must have the shape ({n}, {decisions.n_actions}) or ({n},), got {target.shape}")
    _refuse("target: probabilities", "within 0..1", target, (target >= 0) & (target <= 1))
    if target.ndim == 1:
        return target
    sums = target.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > TOLERANCE)
    if len(wrong):
        raise DataError(f"target: the probabilities of a decision must sum to 1, got {sums[wrong[0]]:.6g} in row {wrong[0]}")
    return np.asarray(target[np.arange(n), decisions.actions])


def slate_chances(logged: LoggedSlates, target: Floats) -> Floats:
    """(n, k): the target policy's probabilities of the shown items, checked; 1 beyond the end of a slate.

    raises  DataError if the shape is another, or a number is not within 0..1
    """
    if target.shape != logged.rewards.shape:
        raise DataError(f"target: must have the shape {logged.rewards.shape}, as the slates have, got {target.shape}")
    _refuse("target: probabilities", "within 0..1", target, ((target >= 0) & (target <= 1)) | ~logged.shown)
    return np.where(logged.shown, target, 1.0)


_SEEN = "above 0 and at most 1"


def _refuse(what: str, rule: str, values: NDArray[np.generic], fine: NDArray[np.bool_]) -> None:
    if not fine.all():
        place = np.unravel_index(int(np.argmin(fine)), fine.shape)
        raise DataError(f"{what} must be {rule}, got {values[place]} in row {place[0]}")

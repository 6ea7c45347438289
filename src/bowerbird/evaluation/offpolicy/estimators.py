"""Estimators of a policy's value from single decisions. Throughout, w = π(a|x) / p: the target's probability over the propensity.

Each gives `Terms`, which `estimate` turns into a figure with intervals. r is the reward, q̂ the expected one (`Decisions.expected`).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.evaluation.offpolicy.estimate import Terms
from bowerbird.evaluation.offpolicy.importance import Limit, unlimited
from bowerbird.evaluation.offpolicy.logged import Decisions, chances

Floats = NDArray[np.float64]


class Estimator(Protocol):
    """What can be said of a target policy's value from logged decisions."""

    def terms(self, decisions: Decisions, target: Floats) -> Terms:
        """target is (n, n_actions), rows that sum to 1; where no model is asked, also (n,), of the logged actions."""
        ...


@dataclass(frozen=True, slots=True)
class Ips:
    """Inverse propensity scoring: the mean of ŵ r.

    Without bias where propensities are right and the logging policy does, now and then, whatever the target does; with a `limit`, low
    for rewards above 0.

    limit   what is done with large w
    cost    O(n)
    source  Horvitz & Thompson, JASA 47, 1952

    >>> logged = Decisions(np.array([0, 1]), np.array([0.0, 1.0]), np.array([0.5, 0.5]), 2)
    >>> Ips().terms(logged, np.array([0.5, 0.8])).value
    0.8
    """

    limit: Limit = unlimited

    def terms(self, decisions: Decisions, target: Floats) -> Terms:
        """One ratio: rewards by importance, over decisions."""
        raw = _importance(decisions, target)
        used = self.limit(raw)
        return _terms(decisions, raw, used, (used * decisions.rewards, np.ones(len(raw))))


@dataclass(frozen=True, slots=True)
class Snips:
    """Self-normalised: Σ ŵ r / Σ ŵ. Stays within the rewards that were seen, and adding a constant to all rewards adds it to the value.

    A little bias that fades as the log grows, for much less variance where w varies.

    limit   what is done with large w
    cost    O(n)
    source  Swaminathan & Joachims, NIPS 2015

    >>> logged = Decisions(np.array([0, 1]), np.array([0.0, 1.0]), np.array([0.5, 0.5]), 2)
    >>> round(Snips().terms(logged, np.array([0.5, 0.8])).value, 4)
    0.6154
    """

    limit: Limit = unlimited

    def terms(self, decisions: Decisions, target: Floats) -> Terms:
        """One ratio: rewards by importance, over importance."""
        raw = _importance(decisions, target)
        used = self.limit(raw)
        return _terms(decisions, raw, used, (used * decisions.rewards, used))


@dataclass(frozen=True, slots=True)
class Direct:
    """The direct method: the mean of Σ_a π(a|x) q̂(x, a). As good as the model, and its interval does not see the model's error.

    raises  DataError if there are no expected rewards, or only the logged actions' probabilities
    cost    O(n · n_actions)
    """

    def terms(self, decisions: Decisions, target: Floats) -> Terms:
        """One ratio: expected rewards, over decisions."""
        chances(decisions, target)
        none = np.empty((len(decisions), 0))
        return _terms(decisions, none, none, (_foretold(decisions, target), np.ones(len(decisions))))


@dataclass(frozen=True, slots=True)
class DoublyRobust:
    """The model's word, mended where the log knows better: the mean of Σ_a π(a|x) q̂(x, a) + ŵ (r − q̂(x, a)).

    Without bias if the propensities are right, however bad the model; the better the model, the less of w's variance is left.

    limit       what is done with large w: `Clip`, `Shrink`, `Switch`
    normalised  whether the second part is divided by the mean of ŵ
    raises      DataError as `Direct`
    cost        O(n · n_actions)
    source      Dudík, Langford & Li, ICML 2011
    """

    limit: Limit = unlimited
    normalised: bool = False

    def terms(self, decisions: Decisions, target: Floats) -> Terms:
        """Two ratios: expected rewards over decisions, and what they missed by importance."""
        raw = _importance(decisions, target)
        used, ones = self.limit(raw), np.ones(len(raw))
        foretold = _foretold(decisions, target)
        assert decisions.expected is not None
        missed = used * (decisions.rewards - decisions.expected[np.arange(len(raw)), decisions.actions])
        return _terms(decisions, raw, used, (foretold, ones), (missed, used if self.normalised else ones))


def _importance(decisions: Decisions, target: Floats) -> Floats:
    return np.asarray(chances(decisions, target) / decisions.propensities)


def _foretold(decisions: Decisions, target: Floats) -> Floats:
    """(n,): Σ_a π(a|x) q̂(x, a)."""
    if decisions.expected is None:
        raise DataError("decisions: this estimator needs expected rewards, and there are none; `foretold` makes them")
    if target.ndim != 2:
        raise DataError(f"target: this estimator needs the probabilities of all actions, (n, {decisions.n_actions}), got {target.shape}")
    return np.asarray((target * decisions.expected).sum(axis=1))


def _terms(decisions: Decisions, raw: Floats, used: Floats, *ratios: tuple[Floats, Floats]) -> Terms:
    parts, wholes = (np.stack(columns, axis=1) for columns in zip(*ratios, strict=True))
    n = len(decisions)
    columns = raw.shape[1] if raw.ndim > 1 else 1
    return Terms(parts, wholes, raw.reshape(n, columns), used.reshape(n, columns), decisions.rounds)

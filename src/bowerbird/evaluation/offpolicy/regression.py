"""What reward is to be expected of each action: a small regression, made without the rows it speaks of."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation.offpolicy.logged import Decisions

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RewardRegression:
    """Explain the reward of action a in context x by x·(β + γ_a), x with a 1 in front: what x tells of any action, and of this one.

    Minimises Σ cost(x·(β + γ_a), r) + l2 / 2 (‖β‖² + Σ_a ‖γ_a‖²), β's constant left free; features are brought to mean 0 and deviation 1
    first. So an action with few decisions is foretold as the others are.

    loss    "logistic" for rewards within 0..1: cross-entropy; "squared" for any: (x·(β + γ_a) − r)² / 2
    l2      pulls towards a common constant; above 0

    cost    O(n · d) an iteration, a few dozen of them (L-BFGS); d features
    raises  ConfigError if l2 is not above 0 or the loss is another
    """

    loss: Literal["logistic", "squared"] = "logistic"
    l2: float = 1.0

    def __post_init__(self) -> None:
        if self.loss not in ("logistic", "squared"):
            raise ConfigError(f"reward regression: loss must be logistic or squared, got {self.loss}")
        if not self.l2 > 0:
            raise ConfigError(f"reward regression: l2 must be above 0, got {self.l2}")

    def fit(self, contexts: Floats, actions: NDArray[np.integer], rewards: Floats, n_actions: int) -> "RewardModel":
        """contexts (n, d), finite; raises DataError if a reward is not within 0..1 and the loss is logistic."""
        if self.loss == "logistic" and len(rewards) and not 0 <= rewards.min() <= rewards.max() <= 1:
            raise DataError(f"reward regression: a logistic loss needs rewards within 0..1, got {rewards.min():g} … {rewards.max():g}")
        mean, scale = contexts.mean(axis=0), contexts.std(axis=0)
        scale = np.where(scale > 1e-12, scale, 1.0)
        x = _with_constant((contexts - mean) / scale)  # (n, 1 + d)
        n, width = x.shape
        done = sparse.csr_array((np.ones(n), (actions, np.arange(n))), shape=(n_actions, n))
        pulls = np.full((1 + n_actions, width), self.l2)
        pulls[0, 0] = 0

        def cost(flat: Floats) -> tuple[float, Floats]:
            weights = flat.reshape(1 + n_actions, width)  # β, then each γ_a
            scores = np.einsum("nd,nd->n", x, weights[0] + weights[1 + actions])
            gaps = (expit(scores) if self.loss == "logistic" else scores) - rewards
            costs = np.logaddexp(0, scores) - rewards * scores if self.loss == "logistic" else gaps**2 / 2
            rises = done @ (gaps[:, None] * x)  # (n_actions, 1 + d)
            gradient = np.vstack([rises.sum(axis=0), rises]) + pulls * weights
            return float(costs.sum() + (pulls * weights**2).sum() / 2), gradient.ravel()

        start = np.zeros((1 + n_actions) * width)
        found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-10, "gtol": 1e-6}).x
        weights = found.reshape(1 + n_actions, width)
        return RewardModel(weights[0] + weights[1:], mean, scale, self.loss)


@dataclass(frozen=True, eq=False, slots=True)
class RewardModel:
    """What was found.

    weights      (n_actions, 1 + d), β + γ_a
    mean, scale  (d,), of the features
    """

    weights: Floats
    mean: Floats
    scale: Floats
    loss: str

    def predict(self, contexts: Floats) -> Floats:
        """(n, n_actions): the expected reward of each action. O(n · n_actions · d)."""
        scores = _with_constant((contexts - self.mean) / self.scale) @ self.weights.T
        return np.asarray(expit(scores) if self.loss == "logistic" else scores)


def foretold(
    decisions: Decisions, contexts: Floats, rng: np.random.Generator, recipe: RewardRegression | None = None, folds: int = 3
) -> Decisions:
    """The decisions with expected rewards, each row's from a model that has not seen its round (cross-fitting).

    A model that has seen the row flatters itself: what it missed is then too small, and the doubly robust estimate leans on it.

    contexts  (n, d), what was known when deciding; d may be 0. A position that matters belongs in it
    recipe    None = `RewardRegression()`
    raises    DataError if contexts have not one finite row for each decision, or folds is not within 2 … rounds
    cost      O(folds) fits
    source    Chernozhukov et al., The Econometrics Journal 21(1), 2018
    """
    if contexts.ndim != 2 or len(contexts) != len(decisions) or not np.isfinite(contexts).all():
        raise DataError(f"contexts: must be ({len(decisions)}, d) and finite, one row for each decision, got {contexts.shape}")
    rounds = np.arange(len(decisions)) if decisions.rounds is None else np.unique(decisions.rounds, return_inverse=True)[1]
    n_rounds = int(rounds.max(initial=-1)) + 1
    if not 2 <= folds <= n_rounds:
        raise DataError(f"cross-fitting: folds must be within 2 … {n_rounds}, the number of rounds, got {folds}")
    fold = (rng.permutation(n_rounds) % folds)[rounds]
    expected = np.empty((len(decisions), decisions.n_actions))
    for number in range(folds):
        hidden = fold == number
        told = (contexts[~hidden], decisions.actions[~hidden], decisions.rewards[~hidden])
        expected[hidden] = (recipe or RewardRegression()).fit(*told, decisions.n_actions).predict(contexts[hidden])
    return replace(decisions, expected=expected)


def _with_constant(features: Floats) -> Floats:
    return np.hstack([np.ones((len(features), 1)), features])

"""Estimators of a policy's value from whole slates: what one position earns may hang on others, and that decides what w is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import ConfigError
from bowerbird.evaluation.offpolicy.estimate import Terms
from bowerbird.evaluation.offpolicy.importance import Limit, unlimited
from bowerbird.evaluation.offpolicy.logged import LoggedSlates, slate_chances

INTERACTIONS = ("all", "above", "none")


@dataclass(frozen=True, slots=True)
class SlateIps:
    """Inverse propensity scoring of slates: the mean over slates of Σ_j ŵ_j r_j.

    interaction  what the reward of a position may hang on, and so what the probabilities (of both policies) must be:
                 "all"    on the whole slate. w is the ratio of the slates' probabilities, the same at each position. Never wrong, and of
                          a variance that grows with every position. Of each item given those above it
                 "above"  on what stands above it: who reads from the top. w_j is the ratio down to j. Of each item given those above it
                 "none"   on the item and its position alone. w_j is the ratio at j. Of each item at its position, whatever else is shown
    limit        what is done with large w
    normalised   whether, at each position, Σ ŵ_j r_j is divided by the mean of ŵ_j over the slates that have it

    raises  ConfigError if interaction is another
    cost    O(n · k)
    source  "all", "above": McInerney et al., KDD 2020; "none": Li et al., KDD 2018 (item-position model)

    >>> logged = LoggedSlates(np.array([[1.0, 1.0]]), np.array([[0.5, 0.5]]))
    >>> [SlateIps(how).terms(logged, np.array([[1.0, 0.25]])).value for how in ("all", "above", "none")]
    [2.0, 3.0, 2.5]
    """

    interaction: Literal["all", "above", "none"] = "above"
    limit: Limit = unlimited
    normalised: bool = False

    def __post_init__(self) -> None:
        if self.interaction not in INTERACTIONS:
            raise ConfigError(f"slate estimator: interaction must be one of {', '.join(INTERACTIONS)}, got {self.interaction}")

    def terms(self, logged: LoggedSlates, target: NDArray[np.float64]) -> Terms:
        """One ratio a position. target is (n, k), the target policy's probabilities of the shown items."""
        n, shown = len(logged), logged.shown
        raw = self._importance(slate_chances(logged, target) / np.where(shown, logged.propensities, 1.0))
        raw = np.where(shown, raw, np.nan)
        used = self.limit(raw)
        wholes = np.full(raw.shape, 1.0)
        if self.normalised:  # Σ ŵ r / (Σ ŵ / those who have the position) / n
            wholes = np.where(shown, used, 0.0) * n / np.maximum(shown.sum(axis=0), 1)
        return Terms(np.where(shown, used * logged.rewards, 0.0), wholes, raw, used)

    def _importance(self, ratios: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, k) from the ratios of the probabilities at each position, 1 beyond the end."""
        if self.interaction == "none":
            return ratios
        down = np.cumprod(ratios, axis=1)
        return np.asarray(np.repeat(down[:, -1:], ratios.shape[1], axis=1) if self.interaction == "all" else down)

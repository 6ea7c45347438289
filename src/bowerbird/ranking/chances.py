"""What an item of a pool is worth to a user, from its score and its place: learned from what users of validation wanted."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.errors import DataError

Floats = NDArray[np.float64]

SPREAD = 6.0
"""Where nothing was learned, the best item of a pool is e⁶ times as likely as the worst."""

BEGIN = np.array([[0.0, 0.0, 1.0, 0.5], [1.0, 0.0, 1.0, 0.5]])
"""Middle and width in units of the scores, power, fall: where the search begins, and the first is what few users lean on."""

BOUNDS = [(None, None), (-10.0, 10.0), (-6.0, 6.0), (0.0, 8.0), (0.0, 4.0)]


class Chances(Settings):
    """What an item adds to the expected NDCG of its user if it stands first, by its score s and its place r in the pool, from 1.

        e^level · softplus((s − middle) / width)^power · r^−fall,   at most 1

    Unlike a softmax it does not sum to the same for all: of a user whose best scores are low, nothing much is expected. Softplus is an
    exponential far below `middle` and straight far above it, so the scores may be of any kind. Neither a lower score nor a later place is
    ever worth more.

    level   logarithm
    middle  in the unit of the scores
    width   above 0, in the unit of the scores
    power   0 or more
    fall    0 or more
    """

    level: float
    middle: float
    width: float = Field(gt=0)
    power: float = Field(ge=0)
    fall: float = Field(ge=0)

    def of(self, scores: NDArray[np.float32]) -> Floats:
        """(n,) in 0..1, never rising, of a pool by falling score.

        >>> halves = Chances(level=-0.6931471805599453, middle=-100.0, width=1.0, power=0.0, fall=1.0)
        >>> halves.of(np.array([3, 2, 2, 1], np.float32)).round(3).tolist()
        [0.5, 0.25, 0.167, 0.125]
        """
        soft, _ = _log_softplus((scores.astype(np.float64) - self.middle) / self.width)
        return np.exp(np.minimum(self.level + self.power * soft - self.fall * _log_places(len(scores)), 0.0))


def unlearned(scores: NDArray[np.float32]) -> Floats:
    """How likely each item of a pool is wanted, if one of them is, for all that scores of unknown scale tell: (n,), sums to 1."""
    wide = scores.astype(np.float64)
    apart = float(wide.max() - wide.min()) / SPREAD
    odds = np.exp((wide - wide.max()) / (apart or 1.0))
    return np.asarray(odds / odds.sum(), np.float64)


def fit_chances(pools: Sequence[NDArray[np.float32]], gains: Sequence[Floats]) -> Chances:
    """The chances under which what users wanted was likeliest, each gain taken as a count of Poisson's law.

    Few users lean on a fall with the root of the place and a worth that is straight in the score, as if one more user had said so.

    pools   the scores of each user's pool, falling, (n,)
    gains   (n,) what each item would add to its user's NDCG in the first place: 0 where it was not wanted
    raises  DataError if no user wanted anything of their pool
    cost    about 150 passes over all pools
    """
    from scipy.optimize import minimize  # noqa: PLC0415 a third of a second, only where it is learned

    scores = np.concatenate([np.empty(0), *pools]).astype(np.float64)
    earned = np.concatenate([np.empty(0), *gains])
    if not earned.any():
        raise DataError("chances: no user wanted anything of what was scored best, so they cannot be learned")
    places = np.concatenate([_log_places(len(pool)) for pool in pools])
    centre, unit = scores.mean(), scores.std() or 1.0
    standard = (scores - centre) / unit

    def surprise(at: Floats) -> tuple[float, Floats]:
        level, middle, log_width, power, fall = at
        width = np.exp(log_width)
        x = (standard - middle) / width
        soft, slope = _log_softplus(x)
        log_worth = level + power * soft - fall * places
        worth = np.exp(np.minimum(log_worth, 50.0))
        more, leaning = worth - earned, at[1:] - BEGIN[0]
        steps = -power * slope * more
        gradient = [more.sum(), steps.sum() / width, steps @ x, more @ soft, -(more @ places)]
        cost = worth.sum() - earned @ log_worth + 0.5 * leaning @ leaning
        return float(cost), np.array(gradient) + np.append(0.0, leaning)

    level = np.log(earned.mean())
    tried = [minimize(surprise, np.append(level, begin), jac=True, method="L-BFGS-B", bounds=BOUNDS) for begin in BEGIN]
    level, middle, log_width, power, fall = min(tried, key=lambda found: found.fun).x.tolist()
    return Chances(level=level, middle=centre + unit * middle, width=unit * np.exp(log_width), power=power, fall=fall)


def _log_softplus(x: Floats) -> tuple[Floats, Floats]:
    """log log(1 + eˣ), and its slope."""
    low = np.maximum(x, -500.0)
    plus = np.logaddexp(0.0, low)
    return np.log(plus) + (x - low), np.exp(low - plus) / plus


def _log_places(n: int) -> Floats:
    return np.log(np.arange(1, n + 1, dtype=np.float64))

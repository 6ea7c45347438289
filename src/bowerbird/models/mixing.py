"""Learning how to add up scores: standard scores as features, and the weights that put what was taken on top."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from bowerbird.types import Scores

Floats = NDArray[np.float32]

TIGHTNESS = 0.3
"""What half the squared distance of the common row of weights to the row of equal weights costs, in hits on rank 1."""

BATCH = 512


def standardise(scores: Scores, known: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Each row as standard scores: how many standard deviations above the mean of what it says of the known items.

    Returns the standard scores (NaN stays NaN; all 0 in a row that says the same of all items), and the means and standard
    deviations (n_queries,) that they were made with; a deviation of 0 is given as infinity.

    >>> z, mean, deviation = standardise(np.array([[1, 3, np.nan, 5]], np.float32), np.array([True, True, True, False]))
    >>> z.tolist(), mean.tolist(), deviation.tolist()
    ([[-1.0, 1.0, nan, 3.0]], [2.0], [1.0])
    """
    reference = scores[:, known]
    said = ~np.isnan(reference)
    counts = np.maximum(said.sum(axis=1), 1)
    filled = np.where(said, reference, 0).astype(np.float64)
    mean = filled.sum(axis=1) / counts
    centred = np.where(said, filled - mean[:, None], 0)
    deviation = heard(np.sqrt((centred**2).sum(axis=1) / counts), mean)
    z = ((scores - mean[:, None]) / deviation[:, None]).astype(np.float32)
    return z, mean.astype(np.float32), deviation.astype(np.float32)


def heard(deviation: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviations to divide by: infinity where a row says the same of all items, but for rounding."""
    return np.where(deviation > 1e-6 * np.abs(mean) + 1e-12, deviation, np.inf)


@dataclass(frozen=True, eq=False)
class Examples:
    """Choices that people made: one item taken, many candidates not.

    features  (n, n_candidates, n_features) float32, of the candidates less those of the item that was taken
    counts    (n, n_candidates) float32, how many items a candidate stands for; 0 for the item taken, and where there is none
    stages    (n,) which row of weights applies
    """

    features: Floats
    counts: Floats
    stages: NDArray[np.intp]


def candidates(
    scores: Sequence[Floats], banned: NDArray[np.bool_], target: int, n_best: int, n_random: int, rng: np.random.Generator
) -> tuple[NDArray[np.intp], Floats]:
    """For one query: the target, the best of each scorer, and a random sample of the rest that stands for all of it.

    scores  one row (n_items,) a scorer
    banned  (n_items,) items that cannot be taken
    returns the items, and how many items each stands for: 0 for the target
    """
    picked = np.zeros(len(banned), bool)
    for row in scores:
        usable = np.where(banned | np.isnan(row), -np.inf, row)
        best = np.argpartition(-usable, n_best)[:n_best] if n_best < len(row) else np.arange(len(row))
        picked[best[np.isfinite(usable[best])]] = True
    picked[target] = True
    rest = np.flatnonzero(~picked & ~banned)
    sample = rest if len(rest) <= n_random else rng.choice(rest, n_random, replace=False)
    best = np.flatnonzero(picked)
    share = len(rest) / max(len(sample), 1)
    counts = np.concatenate((best != target, np.full(len(sample), share))).astype(np.float32)
    return np.concatenate((best, sample)), counts


def learn(examples: Examples, equal: NDArray[np.float64], floors: NDArray[np.float64], allowed: NDArray[np.bool_]) -> Floats:
    """The weights (n_stages, n_features) that bring the items taken to the top: they maximise the sum of 1 / log2(1 + rank).

    A rank is 1 + the sum over the candidates of σ(score − score of the item taken), which makes the NDCG smooth. Stages with few
    examples lean on the others: half the squared distance of each stage's weights to a common row is a cost. With no examples at all the
    weights are equal.

    equal    (n_features,) weights to begin with and, in want of examples, to stay with
    floors   (n_features,) lower bounds of the weights
    allowed  (n_stages, n_features), False where a weight must be 0
    cost     O(n · n_candidates · n_features) a step, at most 60 steps
    source   Qin, Liu & Li, "A general approximation framework for direct optimization of IR measures", 2010

    >>> the_first_counts = np.array([[[-1.0, 1.0]]] * 50, np.float32)
    >>> examples = Examples(the_first_counts, np.ones((50, 1), np.float32), np.zeros(50, np.intp))
    >>> weights = learn(examples, np.ones(2), floors=np.zeros(2), allowed=np.ones((1, 2), bool))
    >>> bool(weights[0, 0] > 1), float(weights[0, 1])
    (True, 0.0)
    """
    n_stages, n_features = allowed.shape

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        table = flat.reshape(n_stages + 1, n_features)
        common, weights = table[0], table[1:]
        gain, slope = smooth_gain(examples, weights)
        apart = weights - common
        gradient = np.concatenate(((TIGHTNESS * (common - equal) - apart.sum(axis=0))[None], apart - slope))
        cost = 0.5 * float((apart**2).sum()) + 0.5 * TIGHTNESS * float(((common - equal) ** 2).sum())
        return cost - gain, gradient.ravel()

    free = np.concatenate((np.ones((1, n_features), bool), allowed)).ravel()
    start = np.where(free, np.tile(equal, n_stages + 1), 0)
    lowest = np.where(free, np.tile(floors, n_stages + 1), 0)
    bounds = list(zip(lowest, np.where(free, np.inf, 0), strict=True))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
    weights: Floats = found.x.reshape(n_stages + 1, n_features)[1:].astype(np.float32)
    return weights


def smooth_gain(examples: Examples, weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The sum of 1 / log2(1 + smooth rank), and its slope by the weights."""
    total, slope = 0.0, np.zeros_like(weights)
    for start in range(0, len(examples.stages), BATCH):
        part = slice(start, start + BATCH)
        features, counts, stages = examples.features[part], examples.counts[part], examples.stages[part]
        ahead = np.matmul(features, weights[stages][:, :, None].astype(np.float32))[..., 0]
        above = expit(ahead)
        ranks = 1 + (above * counts).sum(axis=1)
        logs = np.log2(1 + ranks)
        total += float((1 / logs).sum(dtype=np.float64))
        by_rank = -1 / (logs**2 * (1 + ranks) * np.log(2))
        by_score = by_rank[:, None] * above * (1 - above) * counts
        np.add.at(slope, stages, np.matmul(by_score[:, None, :], features)[:, 0])
    return total, slope

"""From examples to a judge: weights that start somewhere, held the more firmly the fewer examples there are to move them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.liking.behaviour import Others
from bowerbird.liking.calibration import platt
from bowerbird.liking.examples import Examples
from bowerbird.liking.judge import PLAIN, Judge, Vectors, sigmoid
from bowerbird.liking.logistic import log_loss, logistic
from bowerbird.liking.measures import calibration_error
from bowerbird.liking.settings import LikingSettings

Floats = NDArray[np.float64]

FOLDS = 3
FIRM = np.array([100.0, 100.0, 1.0])
"""Precisions of constant, share and taste, and of what others say, around where they start: as firm as some 500 examples would hold the
first two. Tastes differ little from one example to the next, so that no few examples move their weights."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A judge, and what was found on the way.

    texts_l2    the one chosen; None where too few users allow no choice and the firmest was taken
    log_loss    of users not learned from, as calibrated; None likewise
    error       expected calibration error there; None likewise
    """

    judge: Judge
    texts_l2: float | None
    log_loss: float | None
    error: float | None


def fit(
    examples: Examples,
    vectors: Vectors,
    settings: LikingSettings,
    rng: np.random.Generator,
    *,
    start: Judge | None = None,
    others: Others | None = None,
) -> Fitted:
    """Learn from examples; without any the judge says the share of likes alone, or what it started from.

    vectors  (n_items, d), unit length
    start    the judge whose weights these begin at; None = the share of likes alone
    others   what other people's likes say of the examples, without what their own users did (`Crossed`)
    raises   DataError if the vectors hold something that is not finite, or too few items
    cost     O(n·d²) for each of `texts_l2` and each of up to 3 parts of the users
    """
    _refuse(examples, vectors)
    if len(examples) > settings.most:
        examples = examples.take(np.sort(rng.choice(len(examples), settings.most, replace=False)))
    blank = _blank(examples, vectors, settings) if start is None else start
    blank = blank if others is None else blank.hearing()
    X, y = blank.features(examples, vectors, others), examples.labels.astype(float)
    folds = list(_folds(examples.users, rng)) if len(examples) else []
    if not folds:
        return Fitted(_learned(blank, X, y, max(settings.texts_l2)), None, None, None)
    asked = np.concatenate([held for _, held in folds])
    labels = examples.labels[asked]
    outside = _outside(blank, X, y, settings.texts_l2, folds)
    best = min(outside, key=lambda l2: log_loss(outside[l2], labels.astype(float)))
    slope, shift = platt(outside[best], labels)
    judge = _learned(blank, X, y, best)
    calibrated = slope * outside[best] + shift
    weights = slope * judge.weights
    weights[0] += shift
    error = calibration_error(sigmoid(calibrated), labels)
    return Fitted(replace(judge, weights=weights), best, log_loss(calibrated, labels.astype(float)), error)


def _refuse(examples: Examples, vectors: Vectors) -> None:
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise DataError("liking: vectors must be a table of finite numbers, one row an item")
    most = max(examples.items.max(initial=-1), examples.targets.max(initial=-1))
    if most >= len(vectors):
        raise DataError(f"liking: item number {most} must be below the number of vectors, got {len(vectors)}")


def _blank(examples: Examples, vectors: Vectors, settings: LikingSettings) -> Judge:
    """The share of likes alone."""
    seen = np.unique(np.concatenate((examples.targets, examples.items[examples.there])))
    centre = vectors[seen].mean(0) if len(seen) else np.zeros(vectors.shape[1], np.float32)
    mean = (examples.labels.sum() + 1) / (len(examples) + 2)
    weights = np.zeros(PLAIN + vectors.shape[1])
    weights[1] = 1.0
    return Judge(weights, centre.astype(np.float32), float(mean), settings.prior_events)


def _learned(blank: Judge, X: Floats, y: Floats, l2: float, first: Judge | None = None) -> Judge:
    precision = np.concatenate((FIRM, np.full(len(blank.centre), l2), FIRM[: len(blank.heard)]))
    return replace(blank, weights=logistic(X, y, blank.weights, precision, None if first is None else first.weights))


def _outside(
    blank: Judge, X: Floats, y: Floats, tried: Sequence[float], folds: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
) -> dict[float, Floats]:
    """For each strength, the log-odds that each fold's held users get from the others; each search begins where the firmer one ended."""
    said: dict[float, list[Floats]] = {l2: [] for l2 in tried}
    for told, held in folds:
        judge = None
        for l2 in sorted(tried, reverse=True):
            judge = _learned(blank, X[told], y[told], l2, judge)
            said[l2].append(X[held] @ judge.weights)
    return {l2: np.concatenate(parts) for l2, parts in said.items()}


def _folds(users: NDArray[np.int32], rng: np.random.Generator) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Places to learn from and places to ask, no user in both: three parts, or one user a part where there are fewer."""
    names = rng.permutation(np.unique(users))
    if len(names) < 2:
        return
    for part in np.array_split(names, min(FOLDS, len(names))):
        held = np.isin(users, part)
        yield np.flatnonzero(~held), np.flatnonzero(held)

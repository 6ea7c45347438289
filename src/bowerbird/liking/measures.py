"""How well likes were foretold."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from bowerbird.errors import DataError

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


def auc(scores: Floats, labels: Labels) -> float:
    """The share of pairs, one liked and one not, that are in the right order; a tie is half of one. NaN without a pair.

    >>> auc(np.array([0.1, 0.4, 0.4]), np.array([False, True, False]))
    0.75
    """
    liked = int(labels.sum())
    pairs = liked * (len(labels) - liked)
    return float((rankdata(scores)[labels].sum() - liked * (liked + 1) / 2) / pairs) if pairs else float("nan")


def auc_at_equal(scores: Floats, levels: Floats, labels: Labels) -> float:
    """The AUC over the pairs that have one level, such as one share of likes: `levels` themselves get .5. NaN without a pair.

    >>> auc_at_equal(np.array([1.0, 2, 9, 8]), np.array([0.0, 0, 1, 1]), np.array([False, True, False, True]))
    0.5
    """
    right = pairs = 0.0
    for level in np.unique(levels):
        here = levels == level
        n = int(labels[here].sum()) * int((~labels[here]).sum())
        if n:
            right, pairs = right + n * auc(scores[here], labels[here]), pairs + n
    return right / pairs if pairs else float("nan")


def calibration_error(probabilities: Floats, labels: Labels, bins: int = 10) -> float:
    """The expected calibration error: the mean gap of probability said and share that came, over bins of equally many cases.

    raises  DataError without a case
    source  Nguyen & O'Connor, EMNLP 2015 (bins of equal counts)

    >>> calibration_error(np.array([0.25] * 4), np.array([True, False, False, False]), bins=1)
    0.0
    """
    if not len(labels):
        raise DataError("calibration error: must have at least one case, got none")
    parts = np.array_split(np.argsort(probabilities, kind="stable"), min(bins, len(labels)))
    return float(sum(abs(probabilities[part].mean() - labels[part].mean()) * len(part) for part in parts) / len(labels))

import numpy as np
from numpy.typing import NDArray

from bowerbird.liking.logistic import logistic

Floats = NDArray[np.float64]

FIRM = 100.0
"""How strongly a calibration is held at no change: as a standard deviation of .1 would."""


def platt(logits: Floats, labels: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and shift that make these log-odds fit what came; of few cases it stays near 1 and 0, and the slope is never below .05.

    source  Platt, Advances in Large Margin Classifiers 1999, with a Gaussian prior
    """
    X = np.column_stack([logits, np.ones(len(logits))])
    slope, shift = logistic(X, labels.astype(float), np.array([1.0, 0.0]), np.full(2, FIRM))
    return max(float(slope), 0.05), float(shift)

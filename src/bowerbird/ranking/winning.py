"""How likely each of several independent normal draws is to be the greatest."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from bowerbird.errors import DataError

Floats = NDArray[np.float64]

CUTS = np.array([-7.0, -3.0, 0.0, 3.0, 7.0])
"""Where the line is cut, in standard deviations from each mean: on no piece does any density bend by much."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)


def winning(mean: NDArray[np.floating], deviation: NDArray[np.floating]) -> Floats:
    """(n,): the probability that draw i is the greatest, ∫ φ_i(x) Π_{j≠i} Φ_j(x) dx. They sum to 1.

    By Gauss-Legendre quadrature, piece by piece, where all means and standard deviations cut the line; below the highest of all
    mean − 7 standard deviations nothing wins. Off by less than 1e-10, whatever the scales.

    mean, deviation  (n,), n at least 1, deviation above 0
    raises           DataError if a number is not finite, or a deviation not above 0
    cost             O(n²) evaluations of the normal distribution, 50 n² at most: a quarter of a millisecond for 20 that lie close

    >>> winning(np.array([0.0, 0.0, -9.0]), np.array([1.0, 1.0, 1.0])).round(6).tolist()
    [0.5, 0.5, 0.0]
    >>> winning(np.array([1.0, 0.0]), np.array([1.0, 1.0])).round(6).tolist(), float(ndtr(1 / np.sqrt(2)).round(6))
    ([0.76025, 0.23975], 0.76025)
    """
    if not (np.isfinite(mean).all() and np.isfinite(deviation).all() and (deviation > 0).all()):
        raise DataError(f"winning: means must be finite and deviations above 0, got {mean} and {deviation}")
    cuts = (mean[:, None] + deviation[:, None] * CUTS).ravel()
    low = (mean + deviation * CUTS[0]).max()
    step = deviation.min() / 2  # cuts that lie closer count as one
    cuts = np.unique(np.rint((cuts[cuts >= low] - low) / step)) * step + low
    half = np.diff(cuts)[:, None] / 2
    x = (cuts[:-1, None] + half * (1 + NODES)).ravel()  # (m,)
    z = (x - mean[:, None]) / deviation[:, None]  # (n, m)
    below = ndtr(z)
    density = np.exp(-(z**2) / 2) / (np.sqrt(2 * np.pi) * deviation[:, None])
    chances = (density / below * below.prod(axis=0)) @ (half * WEIGHTS).ravel()
    return np.asarray(chances / chances.sum(), np.float64)

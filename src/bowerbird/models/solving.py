"""Inverse of a positive definite matrix, in place."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from bowerbird.errors import DataError

BLOCK = 1024


def inverse(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of a symmetric positive definite matrix; `matrix` is used up.

    matrix  (n, n), float32 or float64, Fortran order; only its lower triangle is read
    raises  DataError if it is not positive definite
    cost    n³ multiply-adds (Cholesky), no memory beside `matrix`

    >>> inverse(np.array([[2.0, 0], [0, 4]], order="F")).round(6).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    factor, solve = (lapack.spotrf, lapack.spotri) if matrix.dtype == np.float32 else (lapack.dpotrf, lapack.dpotri)
    triangle, wrong = factor(matrix, lower=1, clean=0, overwrite_a=1)
    if wrong:
        raise DataError("matrix to invert: must be positive definite, it is not; more regularisation (`l2`) makes it so")
    half, _ = solve(triangle, lower=1, overwrite_c=1)
    n = len(half)
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        half[start:end, end:] = half[end:, start:end].T
        corner = half[start:end, start:end]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
    return np.asarray(half)

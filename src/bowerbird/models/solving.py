"""The two heavy steps of the closed forms: a matrix inverted in place, and a sparse times a dense one."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import lapack

from bowerbird.errors import DataError

BLOCK = 1024
TILE = 64


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


def product(left: sparse.csr_array, right: NDArray[np.float32]) -> NDArray[np.float32]:
    """left @ right, (m, n) @ (n, k) → (m, k) float32, several times as fast as scipy where `right` is large.

    `right` is read in tiles of a few columns, which stay in the processor's cache; tiles are done side by side on all cores.

    cost  O(nnz · k) time; a tile for each core

    >>> product(sparse.csr_array(np.array([[2.0, 0], [1, 1]])), np.eye(2, dtype=np.float32)).tolist()
    [[2.0, 0.0], [1.0, 1.0]]
    """
    result = np.zeros((left.shape[0], right.shape[1]), np.float32)
    data = left.data.astype(np.float32)

    def fill(start: int) -> None:
        end = min(start + TILE, right.shape[1])
        tile = np.zeros((right.shape[0], TILE), np.float32)
        tile[:, : end - start] = right[:, start:end]
        _multiply(left.indptr, left.indices, data, tile, result, start, end)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(fill, range(0, right.shape[1], TILE)))
    return result


@njit(nogil=True, cache=True)
def _multiply(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    data: NDArray[np.float32],
    tile: NDArray[np.float32],
    result: NDArray[np.float32],
    start: int,
    end: int,
) -> None:
    sums = np.empty(TILE, np.float32)
    for row in range(len(indptr) - 1):
        sums[:] = 0
        for place in range(indptr[row], indptr[row + 1]):
            value, source = data[place], tile[indices[place]]
            for column in range(TILE):
                sums[column] += value * source[column]
        result[row, start:end] = sums[: end - start]

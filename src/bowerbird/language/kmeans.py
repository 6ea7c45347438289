"""Spherical k-means: unit vectors into groups by direction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

BLOCK = 8192
"""Rows whose likenesses to all centres are in memory at a time."""
SAME = 1e-6
"""Vectors with 1 − cosine below this are one and the same."""


@dataclass(frozen=True, eq=False, slots=True)
class Clusters:
    """Groups of unit vectors.

    centres  (k, d) float32, unit length: the direction of each group's sum
    labels   (n,) int64, the nearest centre of each vector; every centre is the nearest of at least one
    fit      the mean cosine of a vector and its centre
    """

    centres: NDArray[np.float32]
    labels: NDArray[np.int64]
    fit: float


def spherical_kmeans(vectors: NDArray[np.float32], k: int, rng: np.random.Generator, *, starts: int = 3, rounds: int = 50) -> Clusters:
    """The best of several starts, by the mean cosine of a vector and its centre.

    A start takes its centres one by one, each the vector that lowers the loss most of a few drawn with a chance in proportion to
    1 − cosine to the nearest centre so far (greedy k-means++). Then, in turn, every vector goes to its nearest centre and every
    centre to the direction of its vectors' sum, until no vector changes its centre. A centre that is left without vectors goes to
    the vector that is farthest from its own. Ties go to the lower number.

    vectors  (n, d) float32, unit length
    k        1 … n; fewer groups come out where fewer different vectors are there
    rounds   at most so many in a start
    cost     O(starts · rounds · n · k · d) time; O(n) memory beside the vectors
    source   Dhillon & Modha, Machine Learning 2001; Arthur & Vassilvitskii, SODA 2007

    >>> north_and_east = np.array([[0, 1], [.1, .995], [1, 0], [.995, .1]], np.float32)
    >>> spherical_kmeans(north_and_east, 2, np.random.default_rng(0)).labels.tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    True
    """
    best: Clusters | None = None
    for _ in range(starts):
        found = _settled(vectors, _seeded(vectors, k, rng), rounds)
        if best is None or found.fit > best.fit:
            best = found
    assert best is not None
    return best


def nearest(vectors: NDArray[np.float32], centres: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The nearest centre of each vector, and the cosine to it; ties go to the lower number."""
    labels, likeness = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), BLOCK):
        rows = slice(start, start + BLOCK)
        cosines = vectors[rows] @ centres.T  # (rows, k)
        labels[rows] = cosines.argmax(axis=1)
        likeness[rows] = cosines.max(axis=1)
    return labels, likeness


def _seeded(vectors: NDArray[np.float32], k: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(≤ k, d): vectors to begin with, all different."""
    tries = 2 + int(np.log(k))
    chosen = [int(rng.integers(len(vectors)))]
    gap = _gap(vectors, chosen)[:, 0]
    while len(chosen) < k and gap.any():
        drawn = np.searchsorted(np.cumsum(gap), rng.random(tries) * gap.sum(), side="right").clip(max=len(gap) - 1)
        gaps = np.minimum(gap[:, None], _gap(vectors, drawn))  # (n, tries)
        best = int(gaps.sum(axis=0).argmin())
        chosen.append(int(drawn[best]))
        gap = gaps[:, best]
    return vectors[chosen]


def _settled(vectors: NDArray[np.float32], centres: NDArray[np.float32], rounds: int) -> Clusters:
    labels, likeness = nearest(vectors, centres)
    for _ in range(rounds):
        centres = moved(vectors, labels, likeness, len(centres))
        before = labels
        labels, likeness = nearest(vectors, centres)
        if np.array_equal(labels, before):
            break
    used, labels = np.unique(labels, return_inverse=True)
    return Clusters(centres[used], labels, float(likeness.mean(dtype=np.float64)))


def moved(vectors: NDArray[np.float32], labels: NDArray[np.int64], likeness: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """(k, d): each centre where its vectors point; those without go to the vectors that are farthest from theirs."""
    n = len(vectors)
    member = sparse.csr_array((np.ones(n, np.float32), labels, np.arange(n + 1)), shape=(n, k))
    sums = np.asarray(member.T @ vectors, np.float32)
    lengths = np.linalg.norm(sums, axis=1)
    empty = np.flatnonzero(lengths == 0)
    farthest = np.argsort(likeness, kind="stable")[: len(empty)]
    sums[empty[: len(farthest)]] = vectors[farthest]
    lengths[empty] = 1
    centres: NDArray[np.float32] = sums / lengths[:, None]
    return centres


def _gap(vectors: NDArray[np.float32], chosen: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, len(chosen)): 1 − cosine to these vectors; what rounding leaves of an exact double counts as 0."""
    gap = 1 - (vectors @ vectors[chosen].T).astype(np.float64)
    gap[gap < SAME] = 0
    return gap

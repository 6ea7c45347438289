"""Mean and standard deviation of what a model says of the known items, without asking for each where that can be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from bowerbird.models.linear import LinearModel
from bowerbird.models.mixing import Floats, heard, standardise
from bowerbird.protocols import Scorer, VectorScorer
from bowerbird.scoring import vectors_of
from bowerbird.types import Query, Scores

BLOCK = 65_536
"""Rows that are taken into double precision at a time."""


def spread(member: Scorer, queries: Sequence[Query], known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The means and standard deviations (n_queries,) that `standardise` would find, up to rounding.

    known   (n_items,) items that count; those beyond the member's table do not
    cost    of vectors O(d²) a query, after O(n_items · d²) once for a table and these items; of item–item weights O(what is scored);
            of anything else one `score`
    """
    if isinstance(member, VectorScorer):
        vectors = vectors_of(member, queries).astype(np.float64)
        moments = _moments(member, known)
        mean, variance = vectors @ moments.mean, np.einsum("qd,de,qe->q", vectors, moments.covariance, vectors)
    elif isinstance(member, LinearModel):
        mean, variance = member.moments(queries, known[: member.n_items])
    else:
        _, means, deviations = standardise(widened(member.score(queries), len(known)), known)
        return means, deviations
    mean, deviation = np.nan_to_num(mean, nan=0.0), np.nan_to_num(np.sqrt(np.maximum(variance, 0)), nan=0.0)
    return mean.astype(np.float32), heard(deviation, mean).astype(np.float32)


def widened(scores: Scores, n_items: int) -> Scores:
    """(n_queries, n_items): NaN for items that were added to the catalogue after the member was fitted."""
    missing = n_items - scores.shape[1]
    return scores if missing == 0 else np.pad(scores, ((0, 0), (0, missing)), constant_values=np.nan)


@dataclass(frozen=True, eq=False)
class _Moments:
    """Of the vectors (n, d) of some items: their mean (d,) and covariance (d, d)."""

    known: NDArray[np.bool_]
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


_found: WeakKeyDictionary[Scorer, _Moments] = WeakKeyDictionary()
"""Of each vector scorer the moments that were found last."""


def _moments(member: VectorScorer, known: NDArray[np.bool_]) -> _Moments:
    kept = _found.get(member)
    if kept is None or not np.array_equal(kept.known, known):
        kept = _found[member] = _moments_of(member.item_vectors, known)
    return kept


def _moments_of(vectors: NDArray[np.float32], known: NDArray[np.bool_]) -> _Moments:
    able = np.flatnonzero(known[: len(vectors)] & ~np.isnan(vectors[:, 0]))
    d = vectors.shape[1]
    total, products = np.zeros(d), np.zeros((d, d))
    centre = vectors[able[:BLOCK]].mean(axis=0, dtype=np.float64) if len(able) else total  # near the mean, so that little cancels
    for start in range(0, len(able), BLOCK):
        block = vectors[able[start : start + BLOCK]] - centre
        total += block.sum(axis=0)
        products += block.T @ block
    if not len(able):
        return _Moments(known, np.full(d, np.nan), np.full((d, d), np.nan))
    off = total / len(able)
    return _Moments(known, centre + off, products / len(able) - np.outer(off, off))

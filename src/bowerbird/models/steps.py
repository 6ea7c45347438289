"""Moving the weights of a blend while the log grows: each lesson is a small step to where what was taken stands higher."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.models.choices import N_BEST, N_RANDOM
from bowerbird.models.mixing import Examples, Floats, candidates, smooth_gain
from bowerbird.types import Happened


class Lessons(Settings):
    """How a blend's weights move while the log grows. A lesson is a sign of interest in a known item that its user had not touched before.

    step   how far one lesson moves the weights of its stage, at most; 0 = they stand as the fit gave them
    pull   how strongly they are drawn back to those meanwhile: without other lessons, a lesson keeps 1 − step · pull of what came before
    reach  how far a weight may get from the fit's, as a share of the greatest one of its stage. Whatever is sent, none gets further

    >>> Lessons().step
    0.0
    """

    step: float = Field(default=0.0, ge=0, le=1)
    pull: float = Field(default=0.02, ge=0, le=1)
    reach: float = Field(default=0.5, ge=0)


def example(z: Floats, able: NDArray[np.bool_], one: Happened) -> Examples:
    """What was taken, among the best of each member and a random sample of the rest; the event itself says which.

    z     (n_items, n_members) standard scores, NaN = cannot say
    able  (n_items,) what could have been taken
    """
    digest = blake2b(f"{one.user} {one.item} {one.query.time}".encode(), digest_size=8).digest()
    rng = np.random.default_rng(int.from_bytes(digest))
    items, counts = candidates(list(z.T), ~able, one.item, N_BEST, N_RANDOM, rng)
    features = np.nan_to_num(z[items]) - np.nan_to_num(z[one.item])
    return Examples(features[None], counts[None], np.zeros(1, np.intp))


def moved(row: Floats, anchor: Floats, lesson: Examples, step: float, pull: float, reach: float) -> Floats:
    """The weights after one lesson.

    row, anchor  (n_members,) as they are, and as the fit gave them
    lesson       one example
    step …       as in `Lessons`
    returns      (n_members,): up the slope of 1 / log2(1 + smooth rank), which is cut to length 1, drawn back to `anchor`, never below 0

    >>> the_first_counts = Examples(np.array([[[-1.0, 1.0]]], np.float32), np.ones((1, 1), np.float32), np.zeros(1, np.intp))
    >>> row = np.array([1.0, 1.0], np.float32)
    >>> first, second = moved(row, row, the_first_counts, step=0.1, pull=0.0, reach=0.5).tolist()
    >>> first > 1 > second
    True
    """
    _, slope = smooth_gain(lesson, row[None].astype(np.float64))
    uphill = slope[0] / max(float(np.linalg.norm(slope)), 1.0)
    span = reach * anchor.max()
    there = row + step * (uphill - pull * (row - anchor))
    kept: Floats = np.clip(there, np.maximum(anchor - span, 0), anchor + span).astype(np.float32)
    return kept

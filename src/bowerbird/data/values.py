"""From what was done, and how much or how well, to a weight in [-1, 1].

A weight is the kind's own weight times what its value makes of it:

    "ignore"  1
    "count"   log(1 + v) / log(1 + most), in 0..1, with the greatest count of that kind in the data
    "dwell"   (v − n) / (v + n), in −1..1, where n is a quarter of the median of that kind in the data: 0.6 at the median, 0 at n,
              −1 for no time at all
    "rating"  v ≥ neutral:  0.5 + 0.5 · (v − neutral) / (high − neutral),  in 0.5..1
              v < neutral: −0.5 · (neutral − v) / (neutral − low),         in −0.5..0

where `neutral` is the middle of the scale ("global") or the user's own mean so far ("user"), drawn to the mean of all by five
imagined ratings. A mean *so far*, since then what a user does later never changes what an earlier event weighs: nothing leaks from
the future into training, and a live history is weighed as the batch was. An event without a value counts as 1.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data.kinds import Kind, check_kinds
from bowerbird.data.settings import DataSettings
from bowerbird.errors import DataError

PRIOR_RATINGS = 5.0
"""How many imagined ratings at the mean of all stand before a user's own."""

GLANCE = 0.25
"""Who stays for less than this share of the usual time has turned away."""


class ValueScale(Settings):
    """How large values are in the data: fixed when a model is fitted, so that live events are weighed as those it learned from.

    low, high  the ends of the rating scale
    mean       of all ratings
    most       kind → its greatest count
    usual      kind → the median of how long somebody stayed: a tab left open over night does not move it
    """

    low: float = 1.0
    high: float = 5.0
    mean: float = 3.0
    most: dict[str, float] = Field(default_factory=dict)
    usual: dict[str, float] = Field(default_factory=dict)

    @staticmethod
    def of(kinds: Sequence[str] | pl.Series, values: ArrayLike, settings: DataSettings) -> "ValueScale":
        """The scale of these events; kinds that are not declared are passed over.

        kinds   (n,) names
        values  (n,) floats, NaN = none

        >>> ValueScale.of(["rating", "rating", "play"], [1, 5, 80], DataSettings())
        ValueScale(low=1.0, high=5.0, mean=3.0, most={'play': 80.0}, usual={})
        """
        frame = pl.DataFrame({"kind": _names(kinds), "value": np.asarray(values, np.float64)}).filter(pl.col("value").is_finite())
        rated = frame.filter(pl.col("kind").is_in(_of_value("rating", settings)))["value"].to_numpy()
        most, usual = (
            _by_kind(frame, "count", pl.col("value").max(), settings),
            _by_kind(frame, "dwell", pl.col("value").median(), settings),
        )
        if not len(rated):
            low, high = settings.rating_range or (1.0, 5.0)
            return ValueScale(low=low, high=high, mean=(low + high) / 2, most=most, usual=usual)
        low, high = settings.rating_range or (float(rated.min()), float(rated.max()))
        return ValueScale(low=low, high=high, mean=float(rated.mean()), most=most, usual=usual)


def weigh(
    kinds: Sequence[str] | pl.Series, values: ArrayLike, users: ArrayLike, settings: DataSettings, scale: ValueScale
) -> NDArray[np.float32]:
    """The weight of each event: (n,) float32 in [-1, 1].

    kinds   (n,) names
    values  (n,) floats, NaN = none; beyond the scale they count as its end
    users   (n,) whole numbers: who; each one's events in order of time (others may stand between them)
    raises  DataError for a kind that is not declared
    cost    O(n log n)

    >>> weigh(["rating", "rating", "like", "dislike"], [5, 1, np.nan, np.nan], [0, 0, 0, 0], DataSettings(), ValueScale()).tolist()
    [1.0, -0.5, 1.0, -1.0]
    """
    known = settings.all_kinds
    number = _numbers(kinds, known)
    modes = np.array([kind.value for kind in known.values()])[number]
    value = np.asarray(values, np.float64)
    present = np.isfinite(value)
    weights = np.array([kind.weight for kind in known.values()], np.float64)[number]
    rated = (modes == "rating") & present
    if rated.any() and settings.ratings != "none":
        weights[rated] *= _mark(value[rated], np.asarray(users)[rated], settings, scale)
    for mode, sizes, share in (("count", scale.most, _amount), ("dwell", scale.usual, _stay)):
        measured = (modes == mode) & present
        if measured.any():
            size = np.array([sizes.get(name, np.nan) for name in known], np.float64)[number[measured]]
            weights[measured] *= share(value[measured], size)
    return weights.astype(np.float32)


def marks(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where ratings lie on their scale, −1 the worst, 0 neutral, 1 the best, out of the weights that they were given: (n,) float32.

    The step that weights make at the neutral rating is undone, so marks are linear in stars (but for `neutral` beside the middle of the
    scale, where the two halves have slopes of their own). A weight between 0 and ½, which no rating has, is neutral.

    >>> marks(np.array([-1, -0.5, -0.25, 0.3, 0.5, 1], np.float32)).tolist()
    [-1.0, -1.0, -0.5, 0.0, 0.0, 1.0]
    """
    return np.where(weights > 0, np.maximum(2 * weights - 1, 0), np.maximum(2 * weights, -1)).astype(np.float32)


def marks_of(
    kinds: Sequence[str] | pl.Series, values: ArrayLike, weights: NDArray[np.float32], settings: DataSettings
) -> NDArray[np.float32]:
    """The `marks` of those events that are ratings: (n,) float32, NaN for others, and for all where ratings count for nothing.

    kinds, values  (n,) as `weigh` was given them
    weights        (n,) as it made them

    >>> marks_of(["rating", "like"], [2.0, np.nan], np.array([-0.25, 1], np.float32), DataSettings()).tolist()
    [-0.5, nan]
    """
    full = {name: kind.weight for name, kind in settings.all_kinds.items() if kind.value == "rating" and kind.weight}
    own = np.array([full.get(name, np.nan) for name in kinds], np.float32)
    if settings.ratings == "none":
        own[:] = np.nan
    return np.where(np.isfinite(np.asarray(values, np.float64)), marks(weights / own), np.float32(np.nan)).astype(np.float32)


def stars(marks: ArrayLike, settings: DataSettings, scale: ValueScale) -> NDArray[np.float64]:
    """Marks as ratings on the data's own scale; beyond −1..1 they count as its ends.

    raises  DataError unless ratings are compared with one point of the scale: marks against a user's own mean do not tell the stars

    >>> stars(marks(weigh(["rating"] * 3, [1, 2.5, 5], [0, 0, 0], DataSettings(), ValueScale())), DataSettings(), ValueScale()).tolist()
    [1.0, 2.5, 5.0]
    """
    if settings.ratings != "global":
        raise DataError(f'data.ratings: must be "global" where stars are predicted, got {settings.ratings!r}')
    place, middle = np.clip(np.asarray(marks, np.float64), -1, 1), _middle(settings, scale)
    return middle + place * np.where(place < 0, middle - scale.low, scale.high - middle)


def _mark(value: NDArray[np.float64], users: NDArray[np.int64], settings: DataSettings, scale: ValueScale) -> NDArray[np.float64]:
    """What ratings make of a weight: −0.5..0 below the neutral point, 0.5..1 from there."""
    value = np.clip(value, scale.low, scale.high)
    neutral = _mean_so_far(value, users, scale.mean) if settings.ratings == "user" else np.full(len(value), _middle(settings, scale))
    good = 0.5 + 0.5 * np.divide(value - neutral, scale.high - neutral, out=np.ones_like(value), where=scale.high > neutral)
    bad = -0.5 * np.divide(neutral - value, neutral - scale.low, out=np.ones_like(value), where=neutral > scale.low)
    return np.where(value >= neutral - 1e-9, good, bad)  # sums of floats must not decide which side of it a mark falls


def _middle(settings: DataSettings, scale: ValueScale) -> float:
    middle = (scale.low + scale.high) / 2 if settings.neutral is None else settings.neutral
    return min(max(middle, scale.low), scale.high)


def _mean_so_far(value: NDArray[np.float64], users: NDArray[np.int64], mean: float) -> NDArray[np.float64]:
    """Each user's mean up to and with each rating, drawn to the mean of all."""
    order = np.argsort(users, kind="stable")
    who, marks = users[order], value[order] - mean
    first = np.concatenate(([True], who[1:] != who[:-1]))
    start = np.maximum.accumulate(np.where(first, np.arange(len(who)), 0))
    sums = np.cumsum(marks)
    before = np.where(start > 0, sums[start - 1], 0.0)
    seen = np.arange(len(who)) - start + 1
    result = np.empty_like(value)
    result[order] = mean + (sums - before) / (seen + PRIOR_RATINGS)
    return result


def _amount(value: NDArray[np.float64], most: NDArray[np.float64]) -> NDArray[np.float64]:
    """What counts make of a weight, 0..1; 1 for a kind that was never counted before."""
    shares = np.divide(np.log1p(np.maximum(value, 0)), np.log1p(most), out=np.ones_like(value), where=most > 0)
    return np.minimum(shares, 1.0)


def _stay(value: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the time that somebody stayed makes of a weight, −1..1; 1 for a kind whose usual time is not known or 0."""
    value, neutral = np.maximum(value, 0), GLANCE * usual
    return np.divide(value - neutral, value + neutral, out=np.ones_like(value), where=neutral > 0)


def _by_kind(frame: pl.DataFrame, mode: str, size: pl.Expr, settings: DataSettings) -> dict[str, float]:
    """One figure for each kind whose values are of this mode."""
    found = frame.filter(pl.col("kind").is_in(_of_value(mode, settings))).group_by("kind").agg(size).sort("kind")
    return {kind: float(value) for kind, value in found.iter_rows()}


def _names(kinds: Sequence[str] | pl.Series) -> pl.Series:
    return kinds.cast(pl.String) if isinstance(kinds, pl.Series) else pl.Series(list(kinds), dtype=pl.String)


def _numbers(kinds: Sequence[str] | pl.Series, known: Mapping[str, Kind]) -> NDArray[np.int64]:
    """(n,): the place of each event's kind among the known ones.

    raises  DataError for one that is not among them
    """
    check_kinds(kinds.unique().to_list() if isinstance(kinds, pl.Series) else kinds, known)
    place = {name: number for number, name in enumerate(known)}
    if isinstance(kinds, pl.Series):
        return kinds.cast(pl.String).replace_strict(place, return_dtype=pl.Int64).to_numpy()
    return np.fromiter((place[name] for name in kinds), np.int64, len(kinds))


def _of_value(value: str, settings: DataSettings) -> list[str]:
    return [name for name, kind in settings.all_kinds.items() if kind.value == value]

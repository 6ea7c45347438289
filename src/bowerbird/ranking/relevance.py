"""From a scorer's scores to relevances that a dial can be set against."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError
from bowerbird.types import Slate


def ranked(slate: Slate) -> Slate:
    """The slate by falling score, ties to the lower item number: re-rankers start here, so the order they are given in does not matter.

    raises  DataError if a score is NaN or infinite

    >>> ranked(Slate(np.array([7, 3, 5], np.int32), np.array([.1, .4, .4], np.float32))).items.tolist()
    [3, 5, 7]
    """
    scores, items = slate.scores, slate.items
    if not np.isfinite(scores).all():
        where = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise DataError(f"slate: scores must be finite to be re-ranked, got {scores[where]} for item {items[where]}")
    falls = (scores[1:] < scores[:-1]) | ((scores[1:] == scores[:-1]) & (items[1:] > items[:-1]))
    return slate if falls.all() else slate.take(np.lexsort((items, -scores)))


def relevance(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores of one slate, brought to 0..1: the best is 1, the worst 0, all 1 where they are equal. (n,) float32.

    Scorers differ in scale and offset, and some are negative: (s − min) / (max − min) is the same for any a·s + b with a > 0, so a dial
    set against it means the same for all of them.

    >>> relevance(np.array([-1, -2, -5], np.float32)).tolist()
    [1.0, 0.75, 0.0]
    """
    if len(scores) == 0:
        return scores
    wide = scores.astype(np.float64)
    low, high = wide.min(), wide.max()
    if high == low:
        return np.ones(len(scores), np.float32)
    between: NDArray[np.float32] = ((wide - low) / (high - low)).astype(np.float32)
    return between


def standing(scores: NDArray[np.float32], pool: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores as standard scores within a pool's: how many standard deviations above its mean. 0 where all of the pool are equal.

    >>> standing(np.array([3, 1], np.float32), np.array([1, 2, 3], np.float32)).round(2).tolist()
    [1.2200000286102295, -1.2200000286102295]
    """
    among = pool.astype(np.float64)
    spread = among.std() if len(among) else 0.0
    return np.asarray((scores - among.mean()) / spread if spread else np.zeros(len(scores)), np.float32)


def checked_dial(name: str, value: float) -> float:
    """The value of a dial, which must lie in 0..1.

    raises  DataError
    """
    if not 0 <= value <= 1:
        raise DataError(f"{name}: must lie in 0..1, got {value}")
    return value


def checked_window(name: str, value: int | None) -> None:
    """Refuse a window that holds no pick.

    raises  DataError
    """
    if value is not None and value < 1:
        raise DataError(f"{name}: must be at least 1, got {value}")

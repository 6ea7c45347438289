"""Histories as rows of a sparse matrix, in which old events count less."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.errors import DataError
from bowerbird.types import History

DAY = 86_400.0


def decayed_rows(
    histories: Sequence[History],
    n_items: int,
    *,
    half_life_events: float | None,
    half_life_days: float | None = None,
    now: NDArray[np.float64] | None = None,
    signed: bool = True,
) -> sparse.csr_array:
    """One row a history: (n_histories, n_items) float32, what each item of it is worth now.

    An item that occurs more than once is worth the *sum* of its events, so that each event adds its own part and a like and a later
    dislike speak against each other. Items numbered `n_items` or higher (newer than the matrix) are left out.

    half_life_events, half_life_days, now, signed  as in `decayed_weights`
    raises  DataError as `decayed_weights`
    cost    O(events), no loop over histories

    >>> decayed_rows([History.of([2, 0]), History.of([])], 3, half_life_events=1).toarray()
    array([[1. , 0. , 0.5],
           [0. , 0. , 0. ]], dtype=float32)
    """
    weights = decayed_weights(histories, half_life_events=half_life_events, half_life_days=half_life_days, now=now, signed=signed)
    items = np.concatenate([history.items for history in histories]) if len(histories) else np.zeros(0, np.int32)
    rows = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
    kept = (items < n_items) & (weights != 0)
    return sparse.coo_array((weights[kept], (rows[kept], items[kept])), shape=(len(histories), n_items)).tocsr()


def decayed_weights(
    histories: Sequence[History],
    *,
    half_life_events: float | None,
    half_life_days: float | None = None,
    now: NDArray[np.float64] | None = None,
    signed: bool = True,
) -> NDArray[np.float32]:
    """What every event is worth now, history after history: (all events,) float32.

    half_life_events  an event counts half once this many newer ones that say something (weight not 0) have followed; None = no decay
    half_life_days    likewise by the clock; without effect on events that have no time, nor on events later than `now`
    now               (n_histories,) seconds since 1970, when it is asked; NaN or None = at the newest event of each history
    signed            False leaves out events that speak against their item
    raises            DataError if a half life is not above 0
    cost              O(events), no loop over histories

    >>> decayed_weights([History.of([7, 8, 9], weights=[1, -1, 0])], half_life_events=1).tolist()
    [0.5, -1.0, 0.0]
    """
    for name, half_life in (("half_life_events", half_life_events), ("half_life_days", half_life_days)):
        if half_life is not None and not half_life > 0:
            raise DataError(f"decay: {name} must be > 0, got {half_life}")
    if not len(histories):
        return np.zeros(0, np.float32)
    weights = np.concatenate([history.weights for history in histories])
    if not signed:
        weights = np.maximum(weights, 0)
    starts = np.concatenate(([0], np.cumsum([len(history) for history in histories])))
    if half_life_events is not None:
        weights = weights * np.exp2(-_events_since(weights, starts) / half_life_events)
    if half_life_days is not None:
        times = np.concatenate([history.times for history in histories])
        weights = weights * np.exp2(-_seconds_since(times, starts, now) / (half_life_days * DAY))
    return np.asarray(weights, np.float32)


def _events_since(weights: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many events that say something follow each one in its history."""
    said = np.concatenate(([0], np.cumsum(weights != 0)))
    return np.repeat(said[starts[1:]], np.diff(starts)) - said[1:]


def _seconds_since(times: NDArray[np.float64], starts: NDArray[np.int64], now: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """How long ago each event was; 0 where that cannot be known."""
    lengths = np.diff(starts)
    newest = np.full(len(lengths), np.nan)
    filled = lengths > 0
    if filled.any():
        newest[filled] = np.fmax.reduceat(times, starts[:-1][filled])
    asked = newest if now is None else np.where(np.isnan(now), newest, now)
    return np.maximum(np.nan_to_num(np.repeat(asked, lengths) - times, nan=0.0), 0.0)

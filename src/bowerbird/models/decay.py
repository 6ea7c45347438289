"""What each event of a history is worth now."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.data.sequences import decayed_weights
from bowerbird.types import History


def worths(history: History, half_life_events: float | None, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(n_events,) float32: the weight of each event, halved by every `half_life_events` newer events (`data.sequences`).

    known  (n_items,) items that the model can say anything of; an event on another one is worth 0, and so is one on an item
           number beyond the table

    >>> worths(History.of([0, 1, 2], weights=[1, -1, 1]), 1.0, np.array([True, True, True])).tolist()
    [0.25, -0.5, 1.0]
    >>> worths(History.of([0, 1, 7]), None, np.array([True, False])).tolist()
    [1.0, 0.0, 0.0]
    """
    worth = decayed_weights([history], half_life_events=half_life_events)
    inside = history.items < len(known)
    heard = inside.copy()
    heard[inside] = known[history.items[inside]]
    return np.where(heard, worth, np.float32(0))


def rows_of(table: NDArray[np.float32], history: History) -> NDArray[np.float32]:
    """(n_events, d): the row of each event's item; zeros for an item number beyond the table."""
    inside = history.items < len(table)
    if inside.all():
        return table[history.items]
    rows = np.zeros((len(history), table.shape[1]), table.dtype)
    rows[inside] = table[history.items[inside]]
    return rows

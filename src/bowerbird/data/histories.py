"""From events as they come from outside to histories on item numbers, weighed as cleaning weighs them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.data.catalogue import Catalogue
from bowerbird.data.kinds import check_kinds
from bowerbird.data.settings import DataSettings
from bowerbird.data.values import ValueScale, weigh
from bowerbird.types import Event, History


def history_of(events: Sequence[Event], catalogue: Catalogue, settings: DataSettings, scale: ValueScale) -> tuple[History, int]:
    """The history of one user, and how many events were left out since the catalogue does not have their item.

    events  of one user, oldest first; if all have times they are sorted by them (stable)
    scale   of the data that the model was fitted on
    raises  DataError for a kind that is not declared
    cost    O(n log n)

    >>> shop = Catalogue.of(["a", "b"])
    >>> history, unknown = history_of([Event("u", "b", kind="like"), Event("u", "z")], shop, DataSettings(), ValueScale())
    >>> history.items.tolist(), history.weights.tolist(), unknown
    ([1], [1.0], 1)
    """
    check_kinds({event.kind for event in events}, settings.all_kinds)
    items = catalogue.numbers([event.item for event in events])
    times = np.array([np.nan if event.time is None else event.time.timestamp() for event in events], np.float64)
    order = np.arange(len(events)) if np.isnan(times).any() else np.argsort(times, kind="stable")
    order = order[items[order] >= 0]
    kinds = [events[place].kind for place in order.tolist()]
    values = np.array([np.nan if (value := events[place].value) is None else value for place in order.tolist()], np.float64)
    weights: NDArray[np.float32] = weigh(kinds, values, np.zeros(len(order), np.int64), settings, scale)
    return History(items[order], weights, times[order]), len(events) - len(order)

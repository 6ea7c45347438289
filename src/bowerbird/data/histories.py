"""From events as they come from outside to histories on item numbers, weighed as cleaning weighs them."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird.data.catalogue import Catalogue
from bowerbird.data.kinds import EDITS, check_kinds, kind_numbers
from bowerbird.data.settings import DataSettings
from bowerbird.data.times import seconds
from bowerbird.data.values import ValueScale, weigh
from bowerbird.types import Event, History, UserId


def history_of(events: Sequence[Event], catalogue: Catalogue, settings: DataSettings, scale: ValueScale) -> tuple[History, int]:
    """The history of one user, and how many events were left out since the catalogue does not have their item.

    events  of one user, oldest first; if all have times they are sorted by them (stable). Edits of a profile are no behaviour: passed over
    scale   of the data that the model was fitted on
    raises  DataError for a kind that is not declared
    cost    O(n log n)

    >>> shop = Catalogue.of(["a", "b"])
    >>> history, unknown = history_of([Event("u", "b", kind="like"), Event("u", "z")], shop, DataSettings(), ValueScale())
    >>> history.items.tolist(), history.weights.tolist(), unknown
    ([1], [1.0], 1)
    """
    events = [event for event in events if event.kind not in EDITS]
    check_kinds({event.kind for event in events}, settings.all_kinds)
    held, items = _held(events, catalogue)
    times = np.array([np.nan if event.time is None else event.time.timestamp() for event in held], np.float64)
    kinds = [event.kind for event in held]
    values = np.array([np.nan if event.value is None else event.value for event in held], np.float64)
    weights: NDArray[np.float32] = weigh(kinds, values, np.zeros(len(held), np.int64), settings, scale)
    return History(items, weights, times, kind_numbers(kinds, settings.all_kinds)), len(events) - len(held)


def held_events(events: Sequence[Event], catalogue: Catalogue) -> list[Event]:
    """The events that `history_of` makes a history of, in its order: those about items of the catalogue, sorted by time if all have one.

    >>> [event.item for event in held_events([Event("u", "b"), Event("u", "z"), Event("u", "a")], Catalogue.of(["a", "b"]))]
    ['b', 'a']
    """
    return _held([event for event in events if event.kind not in EDITS], catalogue)[0]


def histories_of(
    events: pl.DataFrame, catalogue: Catalogue, settings: DataSettings, scale: ValueScale
) -> tuple[tuple[UserId, ...], list[History], int]:
    """The histories of many users at once: their ids in the order of the table, one history each, and how many events were left out.

    events  as `read_events` gives them; each user's are sorted by time, those without one stay in the table's order, behind; edits of
            profiles are passed over
    raises  DataError for a kind that is not declared
    cost    O(n log n)

    >>> table = pl.DataFrame({"user": ["u", "v"], "item": ["b", "z"], "time": [None, None], "kind": ["like"] * 2, "value": [None, None]})
    >>> users, histories, unknown = histories_of(table, Catalogue.of(["a", "b"]), DataSettings(), ValueScale())
    >>> users, [history.items.tolist() for history in histories], unknown
    (('u', 'v'), [[1], []], 1)
    """
    events = events.filter(~pl.col("kind").is_in(EDITS))
    check_kinds(events["kind"].unique().to_list(), settings.all_kinds)
    users = events.select("user").unique(maintain_order=True).with_row_index("number")
    known = events.with_columns(pl.Series("item_number", catalogue.numbers(events["item"].to_list()))).filter(pl.col("item_number") >= 0)
    known = known.join(users, on="user", how="left", maintain_order="left").sort("number", "time", maintain_order=True, nulls_last=True)
    codes = known["number"].to_numpy()
    values = known["value"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    weights = weigh(known["kind"], values, codes, settings, scale)
    items, times, kinds = (
        known["item_number"].to_numpy(),
        seconds(known["time"]).to_numpy(),
        kind_numbers(known["kind"], settings.all_kinds),
    )
    ends = np.searchsorted(codes, np.arange(len(users) + 1))
    cut = [slice(a, b) for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
    return tuple(users["user"].to_list()), [History(items[c], weights[c], times[c], kinds[c]) for c in cut], len(events) - len(known)


def _held(events: Sequence[Event], catalogue: Catalogue) -> tuple[list[Event], NDArray[np.int32]]:
    """Of events that are no edits: those of a history, and their item numbers."""
    items = catalogue.numbers([event.item for event in events])
    times = np.array([np.nan if event.time is None else event.time.timestamp() for event in events], np.float64)
    order = np.arange(len(events)) if np.isnan(times).any() else np.argsort(times, kind="stable")
    order = order[items[order] >= 0]
    return [events[place] for place in order.tolist()], items[order]

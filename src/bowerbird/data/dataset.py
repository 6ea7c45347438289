"""Clean data, ready to be split and learned from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from bowerbird.data.catalogue import Catalogue
from bowerbird.data.fingerprint import fingerprint
from bowerbird.data.kinds import kind_numbers
from bowerbird.data.report import CleaningReport
from bowerbird.data.settings import DataSettings
from bowerbird.data.times import seconds
from bowerbird.data.values import ValueScale, weigh
from bowerbird.types import Circumstances, Log, UserId


@dataclass(frozen=True, eq=False)
class Dataset:
    """Clean events and the items that they are about.

    events     user, item, time, kind, value, text, weight and the context columns, sorted as `log`
    users      user number → id, in the order in which they first appear
    catalogue  the items
    log        the events on numbers, row by row as in `events`
    report     what cleaning did
    scale      how large values are, so that live events are weighed as these were
    """

    events: pl.DataFrame
    users: tuple[UserId, ...]
    catalogue: Catalogue
    log: Log
    report: CleaningReport
    scale: ValueScale

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that change when an event or an item does, and not with the format of the file that they came from."""
        return fingerprint(self.events, self.catalogue.frame)


def assemble(events: pl.DataFrame, items: pl.DataFrame, report: CleaningReport, settings: DataSettings) -> Dataset:
    """Number, sort and weigh clean events; each one's item must be in `items`.

    cost    O(n log n)
    """
    users = events.select("user").unique(maintain_order=True).with_row_index("user_number")
    numbers = items.select("item").with_row_index("item_number")
    events = events.join(users, on="user", how="left", maintain_order="left").join(numbers, on="item", how="left", maintain_order="left")
    events = events.sort("user_number", "time", maintain_order=True)
    codes = events["user_number"].to_numpy().astype(np.int32)
    values = events["value"].fill_null(float("nan")).to_numpy()
    scale = ValueScale.of(events["kind"], values, settings)
    weights = weigh(events["kind"], values, codes, settings, scale)
    log = Log(
        codes,
        events["item_number"].to_numpy().astype(np.int32),
        weights,
        seconds(events["time"]).to_numpy(),
        len(users),
        len(items),
        kind_numbers(events["kind"], settings.all_kinds),
        circumstances(events, settings.context),
    )
    clean = events.select("user", "item", "time", "kind", "value", "text", pl.Series("weight", weights), *settings.context)
    return Dataset(clean, tuple(users["user"].to_list()), Catalogue(items), log, report, scale)


def circumstances(events: pl.DataFrame, features: tuple[str, ...]) -> Circumstances | None:
    """The context columns on numbers, their values in order; None where there are no such columns.

    >>> circumstances(pl.DataFrame({"device": ["tv", None, "phone"]}), ("device",)).codes.tolist()
    [[1], [-1], [0]]
    """
    if not features:
        return None
    columns = {name: events[name] for name in features}
    values = {name: tuple(column.drop_nulls().unique().sort().to_list()) for name, column in columns.items()}
    numbers = [{value: number for number, value in enumerate(known)} for known in values.values()]
    codes = [[known.get(value, -1) for value in column.to_list()] for known, column in zip(numbers, columns.values(), strict=True)]
    return Circumstances(values, np.array(codes, np.int32).T.copy())

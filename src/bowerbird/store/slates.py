"""Slates as they were shown, with how likely each item was to be: rows of the database, and back."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, RowMapping, select

from bowerbird.errors import DataError
from bowerbird.pseudonyms import Pseudonyms
from bowerbird.store.rows import check_text, instant, microseconds, to_json
from bowerbird.store.schema import slates
from bowerbird.types import ItemId, Json, Offset, UserId

IDS = 500
"""Ids of one look-up; databases bound the number of parameters."""


@dataclass(frozen=True, slots=True)
class SlateRow:
    """A slate that was shown.

    id            named by the events that answer it
    offset        of the newest event when it was made
    time          aware UTC
    user          None for a history that came with the request
    bundle        fingerprint of the bundle
    receipt       what it can be made again from, plain JSON
    items         ids, from the first place down
    standings     the score of each as a standard score among those that the slate was chosen from
    propensities  in (0, 1], the probability of each at its place, given those above it

    raises  DataError if the lists are not of one length, an item stands twice, or a propensity is not in (0, 1]
    """

    id: str
    offset: Offset
    time: datetime
    user: UserId | None
    bundle: str
    receipt: Json
    items: tuple[ItemId, ...]
    standings: tuple[float, ...]
    propensities: tuple[float, ...]

    def __post_init__(self) -> None:
        here, n = f"slate {self.id!r}", len(self.items)
        if not len(self.standings) == len(self.propensities) == n:
            lengths = f"{n}, {len(self.standings)} and {len(self.propensities)}"
            raise DataError(f"{here}: items, standings and propensities must have one length, got {lengths}")
        if len(set(self.items)) < n:
            raise DataError(f"{here}: no item may stand twice, got {', '.join(self.items)}")
        if wrong := [chance for chance in self.propensities if not 0 < chance <= 1]:
            raise DataError(f"{here}: propensities must be above 0 and at most 1, got {wrong[0]}")
        if not np.isfinite(self.standings).all():
            raise DataError(f"{here}: standings must be finite, got {self.standings}")
        if self.time.tzinfo is None:
            raise DataError(f"{here}: a time must say its zone, got {self.time.isoformat()}")

    def hidden(self, names: Pseudonyms) -> "SlateRow":
        """The same slate, under its user's pseudonym."""
        if self.user is None:
            return self
        user = names.of(self.user)
        return replace(self, user=user, receipt={**self.receipt, "user": user})


def stored(slate: SlateRow) -> Json:
    """The row that keeps a slate.

    raises  DataError if it holds what cannot be kept
    """
    here = f"slate {slate.id!r}"
    for name in ("id", "user", "bundle"):
        check_text(getattr(slate, name), f"{here}: {name}")
    return {
        "id": slate.id,
        "offset": slate.offset,
        "time": microseconds(slate.time),
        "user": slate.user,
        "bundle": slate.bundle,
        "receipt": to_json(slate.receipt, f"{here}: receipt"),
        **{name: to_json(list(getattr(slate, name)), f"{here}: {name}") for name in ("items", "standings", "propensities")},
    }


def slate_of(row: RowMapping) -> SlateRow:
    """The slate that a row keeps."""
    items, standings, propensities = (tuple(json.loads(row[name])) for name in ("items", "standings", "propensities"))
    return SlateRow(
        row["id"],
        row["offset"],
        instant(row["time"]),
        row["user"],
        row["bundle"],
        json.loads(row["receipt"]),
        items,
        standings,
        propensities,
    )


def found(connection: Connection, ids: Iterable[str]) -> dict[str, RowMapping]:
    """The rows of those that are stored, by id."""
    wanted = sorted(set(ids))
    rows: dict[str, RowMapping] = {}
    for start in range(0, len(wanted), IDS):
        query = select(slates).where(slates.c.id.in_(wanted[start : start + IDS]))
        rows.update((row["id"], row) for row in connection.execute(query).mappings())
    return rows


def forget_unknown(connection: Connection, rows: Sequence[Json]) -> int:
    """Take the slate out of rows of events that name one that is not stored, or that their item is not in. How many those were."""
    known = found(connection, (row["slate"] for row in rows if row["slate"] is not None))
    within = {name: set(json.loads(row["items"])) for name, row in known.items()}
    unknown = [row for row in rows if row["slate"] is not None and row["item"] not in within.get(row["slate"], ())]
    for row in unknown:
        row["slate"] = None
    return len(unknown)

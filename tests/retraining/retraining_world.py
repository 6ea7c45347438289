"""A service in a small town: people take from groups of items that go together, until one day other items go together."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird import fitting
from bowerbird.bundle import Bundle, Config
from bowerbird.data import Catalogue, RawData, clean
from bowerbird.store import SqlStore
from bowerbird.types import Event

ITEMS, GROUP, EACH = 40, 8, 6
START = datetime(2024, 1, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATER = START + 200 * DAY
"""When the second half begins."""

EASE = Config.model_validate({"model": {"kind": "ease", "l2": 5.0}})
POPULAR = Config.model_validate({"model": {"kind": "popular"}})


def group(which: int, *, shifted: bool) -> NDArray[np.int64]:
    """Before, items 0–7 go together, 8–15 …; after the shift every fifth does."""
    return np.arange(which, ITEMS, ITEMS // GROUP) if shifted else np.arange(ITEMS).reshape(-1, GROUP)[which]


def events(name: str, users: int, first: datetime, *, shifted: bool, seed: int) -> list[Event]:
    """Each takes some items of one group, one an hour; a day is one person's."""
    rng = np.random.default_rng(seed)
    taken = []
    for user in range(users):
        items = rng.permutation(group(user % (ITEMS // GROUP), shifted=shifted))[:EACH].tolist()
        taken += [Event(f"{name}{user}", f"i{item}", first + user * DAY + step * HOUR, "like") for step, item in enumerate(items)]
    return taken


def champion(config: Config = EASE, users: int = 120) -> Bundle:
    """Fitted on the first half."""
    old = events("old", users, START, shifted=False, seed=0)
    columns = {name: [getattr(event, name) for event in old] for name in ("user", "item", "time", "kind")}
    table = pl.DataFrame(columns, schema_overrides={"time": pl.Datetime("us", "UTC")})
    names = Catalogue.of([f"i{n}" for n in range(ITEMS)], titles=[f"thing number {n}" for n in range(ITEMS)])
    return fitting.fit(clean(RawData(table, names.frame), config.data), config)


def store(path: Path, bundle: Bundle, *, shifted: bool, users: int = 120) -> SqlStore:
    """The bundle's own events, then the second half."""
    log = SqlStore(f"sqlite:///{path}")
    log.import_events(bundle.events)
    log.append(events("new", users, LATER, shifted=shifted, seed=1))
    return log

"""A little world whose right answers are known: three tastes, and every user has one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird.bundle import Bundle, Config
from bowerbird.data import Dataset, RawData, clean
from bowerbird.fitting import with_intents
from bowerbird.language import item_texts

TASTES = ("tea", "rope", "paint")
ITEMS_EACH, USERS_EACH = 8, 12
START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Spotter:
    """An encoder that sees which taste's word stands in a text, and a little of the rest."""

    name: str = "spotter"
    dimension: int = 4

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [[*(float(taste in text) for taste in TASTES), 0.1 + len(text) % 7 / 50] for text in texts]
        vectors = np.array(rows, np.float32).reshape(-1, self.dimension)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def raw(seed: int = 0) -> RawData:
    """24 items of 3 tastes and 36 users who take 5 items of their taste, one an hour."""
    rng = np.random.default_rng(seed)
    items = [f"{taste}-{number}" for taste in TASTES for number in range(ITEMS_EACH)]
    rows = []
    for user in range(USERS_EACH * len(TASTES)):
        taste = TASTES[user % len(TASTES)]
        for step, number in enumerate(rng.choice(ITEMS_EACH, 5, replace=False)):
            rows.append((f"u{user}", f"{taste}-{number}", START + timedelta(hours=5 * user + step), "like"))
    events = pl.DataFrame(
        rows, schema={"user": pl.String, "item": pl.String, "time": pl.Datetime("us", "UTC"), "kind": pl.String}, orient="row"
    )
    names = pl.DataFrame(
        {"item": items, "title": [item.replace("-", " number ") for item in items], "categories": [[item.split("-")[0]] for item in items]}
    )
    return RawData(events, names)


def data() -> Dataset:
    return clean(raw())


def bundle(config: Config | None = None, seed: int = 0) -> Bundle:
    """Fitted with the spotter in place of the real encoder."""
    config = config or Config()
    dataset = data()
    read = dataset.catalogue.with_vectors(Spotter().encode(item_texts(dataset.catalogue.frame, config.text)))
    catalogue = with_intents(read, config, seed)
    model = config.model.fit(dataset.log, catalogue, np.random.default_rng(seed))
    return Bundle(config, catalogue, model, dataset.scale, dataset.events, dataset.fingerprint, seed, START)

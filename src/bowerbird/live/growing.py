"""Bundles with items put in while they are live."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bowerbird.bundle import Bundle
from bowerbird.language import CachedEncoder, EncoderSettings, item_texts, told
from bowerbird.protocols import Encoder, ReadsVectors
from bowerbird.types import Json


@dataclass(frozen=True, eq=False)
class Grower:
    """Adds rows to a bundle's catalogue, and reads their texts.

    encoder  reads them; unless given, the bundle's own, opened at the first need, with the cache on disk
    """

    encoder: Encoder | None = None
    _opened: dict[EncoderSettings, Encoder] = field(init=False, repr=False, default_factory=dict)

    def grown(self, bundle: Bundle, rows: Sequence[Json]) -> Bundle:
        """The bundle with rows added or changed.

        raises  DataError for a row that does not fit, LanguageError
        cost    the encoder's, for texts that it has not read yet; one copy of the vectors
        """
        if not rows:
            return bundle
        catalogue, model, vectors = bundle.catalogue.upsert(rows), bundle.model, bundle.catalogue.vectors
        if vectors is None:
            return bundle.with_catalogue(catalogue, model)
        changed = np.unique(catalogue.numbers([str(row["item"]) for row in rows]))
        table = np.zeros((len(catalogue), vectors.shape[1]), np.float32)
        table[: len(vectors)] = vectors
        texts = item_texts(catalogue.frame[changed], bundle.config.text)
        table[changed] = self.reader(bundle).encode(texts)
        intents = bundle.catalogue.intents
        placed = None if intents is None else intents.with_items(changed, told(table[changed], texts), len(catalogue))
        read = catalogue.with_vectors(table).with_intents(placed)
        return bundle.with_catalogue(read, model.with_vectors(table) if isinstance(model, ReadsVectors) else model)

    def reader(self, bundle: Bundle) -> Encoder:
        """The encoder that read the bundle's catalogue."""
        if self.encoder is not None:
            return self.encoder
        settings = bundle.config.encoder
        if settings not in self._opened:
            self._opened[settings] = CachedEncoder(settings.open(threads=1))
        return self._opened[settings]

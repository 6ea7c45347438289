"""From clean data and settings to a bundle: read the texts, fit the model."""

from pathlib import Path

import numpy as np

from bowerbird.bundle import Bundle, Config, now
from bowerbird.data import Catalogue, Dataset
from bowerbird.language import CachedEncoder, default_cache_path, item_texts
from bowerbird.protocols import Progress, silent


def read_catalogue(catalogue: Catalogue, config: Config, cache: Path | None = None, progress: Progress = silent) -> Catalogue:
    """The catalogue with its texts read into vectors; texts read before come from the cache.

    cost    the encoder's, for texts that it has not read yet
    raises  LanguageError if the encoder cannot be opened or does not answer
    """
    encoder = CachedEncoder(config.encoder.open(), cache or default_cache_path(), progress)
    return catalogue.with_vectors(encoder.encode(item_texts(catalogue.frame, config.text)))


def fit(dataset: Dataset, config: Config | None = None, *, seed: int = 0, progress: Progress = silent) -> Bundle:
    """Fit the model that `config` names on all of the data.

    seed    of everything random: the same seed, data and settings give the same bundle
    raises  ConfigError for a rule on a column that the items do not have, before anything is learned; LanguageError from reading the
            texts; DataError where the data cannot be learned from
    """
    config = config or Config()
    config.ranking.rules.build(dataset.catalogue)
    catalogue = read_catalogue(dataset.catalogue, config, progress=progress)
    model = config.model.fit(dataset.log, catalogue, np.random.default_rng(seed), progress)
    return Bundle(config, catalogue, model, dataset.scale, dataset.events, dataset.fingerprint, seed, now())

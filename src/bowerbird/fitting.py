"""From clean data and settings to a bundle: read the texts, find the intents, fit the model, learn what reviews say."""

from pathlib import Path

import numpy as np
import polars as pl

from bowerbird.bundle import Bundle, Config, now
from bowerbird.data import Catalogue, Dataset, marks_of
from bowerbird.language import CachedEncoder, Namer, by_terms, default_cache_path, find_intents, item_texts
from bowerbird.language.chat import CachedChat, by_chat
from bowerbird.models import Model
from bowerbird.models.warm import Start, fit_again
from bowerbird.profiles import Polarity, fit_polarity
from bowerbird.protocols import Encoder, Progress, silent
from bowerbird.retrieval import Retriever
from bowerbird.retrieval.retriever import SAMPLE
from bowerbird.types import Log, Query


def read_catalogue(
    catalogue: Catalogue, config: Config, cache: Path | None = None, progress: Progress = silent, *, seed: int = 0
) -> Catalogue:
    """The catalogue with its texts read into vectors, and the intents found in them; texts read before come from the cache.

    seed    of the intents
    cost    the encoder's, for texts that it has not read yet; then `find_intents`
    raises  LanguageError if the encoder cannot be opened or does not answer
    """
    encoder = CachedEncoder(config.encoder.open(), cache or default_cache_path(), progress)
    return with_intents(catalogue.with_vectors(encoder.encode(item_texts(catalogue.frame, config.text))), config, seed, progress)


def with_intents(catalogue: Catalogue, config: Config, seed: int = 0, progress: Progress = silent) -> Catalogue:
    """The catalogue divided into the intents that its vectors and words tell of; as it is where none are wanted or it has no vectors.

    Their names are the chat model's, where one is set and says something that fits; else the texts' own words.
    """
    if catalogue.vectors is None or config.intents.most == 0:
        return catalogue
    words = item_texts(catalogue.frame, config.text, labels=False)
    return catalogue.with_intents(
        find_intents(catalogue.vectors, words, config.intents.most, np.random.default_rng(seed), _namer(config, progress))
    )


def _namer(config: Config, progress: Progress) -> Namer:
    chat = config.chat.open()
    return by_terms if chat is None else by_chat(CachedChat(chat, progress=progress))


def learn_polarity(dataset: Dataset, config: Config, seed: int = 0, encoder: Encoder | None = None) -> Polarity | None:
    """What sentences of reviews say, learned from the events that have both a text and a rating; None where there are too few.

    seed     of which reviews are read, where there are more than the settings say
    encoder  reads them; unless given, the one of the settings
    cost     the encoder's, for each sentence of these reviews; their vectors are not kept on disk
    """
    told, settings = reviewed(dataset, config), config.polarity
    good, bad = np.flatnonzero(told["mark"].to_numpy() > 0), np.flatnonzero(told["mark"].to_numpy() < 0)
    if settings.reviews == 0 or min(len(good), len(bad)) < settings.least:
        return None
    rng, half = np.random.default_rng(seed), settings.reviews // 2
    blame = rng.permutation(bad)[: max(half, settings.reviews - len(good))]
    praise = rng.permutation(good)[: settings.reviews - len(blame)]
    drawn = told[np.sort(np.concatenate([blame, praise]))]
    return fit_polarity(drawn["text"].to_list(), drawn["mark"].to_numpy(), encoder or config.encoder.open(), settings.l2)


def reviewed(dataset: Dataset, config: Config) -> pl.DataFrame:
    """The events with a text and a rating: user, text, and mark in −1..1, rows in the order of the events."""
    there = dataset.events.filter(pl.col("text").fill_null("") != "")
    values = there["value"].fill_null(float("nan")).to_numpy()
    told = marks_of(there["kind"], values, there["weight"].to_numpy(), config.data)
    return there.select("user", "text", pl.Series("mark", told)).filter(pl.col("mark").is_not_nan())


def fit(
    dataset: Dataset, config: Config | None = None, *, start: Bundle | None = None, seed: int = 0, progress: Progress = silent
) -> Bundle:
    """Fit the model that `config` names on all of the data.

    start   a bundle with whose parameters the fit begins, where the model can (`models.warm`)
    seed    of everything random: the same seed, start, data and settings give the same bundle
    raises  ConfigError for a rule on a column that the items do not have, before anything is learned; LanguageError from reading the
            texts; DataError where the data cannot be learned from
    """
    config = config or Config()
    config.ranking.rules.build(dataset.catalogue)
    catalogue = read_catalogue(dataset.catalogue, config, progress=progress, seed=seed)
    begin = None if start is None else Start.between(start.model, start.catalogue, catalogue)
    model = fit_again(config.model, begin, dataset.log, catalogue, np.random.default_rng(seed), progress)
    polarity = learn_polarity(dataset, config, seed)
    retriever = retriever_of(model, dataset.log, config, seed, progress)
    return Bundle(config, catalogue, model, dataset.scale, dataset.events, dataset.fingerprint, seed, now(), polarity, retriever)


def retriever_of(model: Model, log: Log, config: Config, seed: int = 0, progress: Progress = silent) -> Retriever | None:
    """What finds the items worth scoring; None where the catalogue is small, or the model has none nominated.

    The indices are set by histories of the log.

    raises  ConfigError where an index is needed and faiss is not installed
    """
    settings = config.ranking.retrieve
    if model.n_items < settings.from_items or not Retriever(model, settings).able:
        return None
    users = np.random.default_rng(seed).permutation(log.n_users)[:SAMPLE]
    return Retriever.build(model, [Query(log.history(user)) for user in users.tolist()], settings, progress)

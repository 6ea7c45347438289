"""A bundle: all that serving needs, in one immutable value and one folder. Models are swapped and rolled back by the bundle."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bowerbird import __version__
from bowerbird.adaptation import LiveSettings
from bowerbird.config import Settings, parse, read_toml
from bowerbird.conversation import ConversationSettings
from bowerbird.data import Catalogue, DataSettings, Split, SplitSettings, ValueScale, split
from bowerbird.errors import BundleError
from bowerbird.explain import ExplainSettings, Worder
from bowerbird.intents import Intents
from bowerbird.language import EncoderSettings, IntentSettings, MiniLm, TextSettings
from bowerbird.language.chat import CachedChat, ChatSettings, NoChat
from bowerbird.liking import LikingSettings
from bowerbird.models import Blend, Model, Recipe, pack, state, unpack
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.profiles import Polarity, PolaritySettings
from bowerbird.protocols import Progress, silent
from bowerbird.reader import ReaderSettings
from bowerbird.retrieval import Retriever
from bowerbird.store import read_bundle, write_bundle
from bowerbird.types import Json, Log

MODEL, CATALOGUE, EVENTS, INTENTS, POLARITY, INDEX = "model", "catalogue", "events", "intents", "polarity", "index"


class Config(Settings):
    """Everything that can be set, one table of `bowerbird.toml` each.

    >>> Config.model_validate({"ranking": {"diversity": 0.3}}).ranking.diversity
    0.3
    """

    data: DataSettings = Field(default_factory=DataSettings)
    split: SplitSettings = Field(default_factory=SplitSettings)
    encoder: EncoderSettings = Field(default_factory=MiniLm)
    chat: ChatSettings = Field(default_factory=NoChat)
    text: TextSettings = Field(default_factory=TextSettings)
    intents: IntentSettings = Field(default_factory=IntentSettings)
    model: Recipe = Field(default_factory=Blend)
    ranking: RankingSettings = Field(default_factory=RankingSettings)
    explain: ExplainSettings = Field(default_factory=ExplainSettings)
    live: LiveSettings = Field(default_factory=LiveSettings)
    reader: ReaderSettings = Field(default_factory=ReaderSettings)
    liking: LikingSettings = Field(default_factory=LikingSettings)
    conversation: ConversationSettings = Field(default_factory=ConversationSettings)
    polarity: PolaritySettings = Field(default_factory=PolaritySettings)

    @model_validator(mode="after")
    def _words_need_a_model(self) -> Self:
        if self.explain.worded and isinstance(self.chat, NoChat):
            raise ValueError("explain.worded must have a chat model, set the table [chat]")
        return self

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """The settings of a TOML file; what it does not name keeps its default.

        raises  ConfigError that names the file's path of the wrong setting, the rule and the value got
        """
        return parse(cls, read_toml(Path(path)))

    def split_of(self, log: Log, seed: int) -> Split:
        """The log cut as the settings say; items of the history are targets where repeats are recommended."""
        return split(log, self.split, np.random.default_rng(seed), repeats=self.ranking.repeats)


@dataclass(frozen=True, eq=False)
class Bundle:
    """A fitted recommender.

    config       what it was fitted with
    catalogue    the items, with their language vectors and intents
    model        the scorer
    scale        how values become weights, as found in the data
    events       the clean behaviour that it was fitted on: seeds an empty event store
    data_print   fingerprint of events and catalogue
    seed         of the fit
    created      when it was fitted
    polarity     what sentences of reviews say, as far as that was learned
    retriever    finds the items worth scoring, where the catalogue is large; None = all are scored
    """

    config: Config
    catalogue: Catalogue
    model: Model
    scale: ValueScale
    events: pl.DataFrame
    data_print: str
    seed: int
    created: datetime
    polarity: Polarity | None = None
    retriever: Retriever | None = None

    @cached_property
    def pipeline(self) -> Pipeline:
        """The path from request to slate."""
        retriever = None if self.retriever is None else self.retriever.onto(self.model)
        return Pipeline(self.model, self.catalogue, self.config.ranking, retriever=retriever)

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that change when model, settings, catalogue or data change: names the bundle in receipts."""
        shape, arrays = pack(self.model)
        intents, places = self._intents
        polarity, weights = _packed(self.polarity)
        said = [shape, self.config.model_dump(mode="json"), self.data_print, intents, polarity]
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
        heard = {f"{POLARITY}.{name}": array for name, array in weights.items()}
        indices = {f"index.{place}": packed for place, packed in self._indices.items()}
        for name, array in sorted({**arrays, **places, **heard, **indices, "vectors": self._vectors}.items()):
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).view(np.uint8).data)
        return digest.hexdigest()[:16]

    @property
    def _vectors(self) -> NDArray[np.float32]:
        vectors = self.catalogue.vectors
        return np.empty((len(self.catalogue), 0), np.float32) if vectors is None else vectors

    @property
    def _intents(self) -> tuple[Json | None, dict[str, NDArray[Any]]]:
        return _packed(self.catalogue.intents)

    @property
    def _indices(self) -> dict[str, NDArray[np.uint8]]:
        return {} if self.retriever is None else {str(place): index.packed for place, index in self.retriever.indices.items()}

    def facts(self) -> Json:
        """What `inspect` shows, and what the manifest says of the bundle besides its parts."""
        return {
            "fingerprint": self.fingerprint,
            "data_fingerprint": self.data_print,
            "bowerbird": __version__,
            "created": self.created.isoformat(),
            "seed": self.seed,
            "items": len(self.catalogue),
            "intents": 0 if self.catalogue.intents is None else len(self.catalogue.intents),
            "events": len(self.events),
            "users": self.events["user"].n_unique(),
            "reviews_learned_from": 0 if self.polarity is None else self.polarity.reviews,
            "model": self.model.kind,
            "retrieval": "all items" if self.retriever is None else "nominees",
        }

    def intent_facts(self, examples: int = 3) -> list[Json]:
        """What `inspect --intents` shows: of each its name, how many items belong to it most, their events, the best known of them."""
        intents = self.catalogue.intents
        if intents is None:
            return []
        numbers = self.catalogue.numbers(self.events["item"].to_list())
        times = np.bincount(numbers[numbers >= 0], minlength=len(self.catalogue))
        by_times = np.argsort(-times, kind="stable")
        rows = []
        for intent, name in enumerate(intents.names):
            known = by_times[intents.main[by_times] == intent]
            titles = [self.catalogue.titles[item] for item in known[:examples]]
            rows.append({"name": name, "items": len(known), "events": int(times[known].sum()), "best_known": titles})
        return rows

    def save(self, path: Path | str) -> None:
        """Write the bundle as a folder; a bundle that is there is replaced in one rename.

        raises  BundleError if the place holds something else or cannot be written
        """
        shape, arrays = pack(self.model)
        intents, places = self._intents
        polarity, weights = _packed(self.polarity)
        manifest = {
            "facts": self.facts(),
            "config": self.config.model_dump(mode="json"),
            "model": shape,
            "scale": self.scale.model_dump(mode="json"),
            INTENTS: intents,
            POLARITY: polarity,
        }
        write_bundle(
            Path(path),
            manifest,
            {
                MODEL: arrays,
                CATALOGUE: {"vectors": self._vectors},
                **({INTENTS: places} if intents else {}),
                **({POLARITY: weights} if polarity else {}),
                **({} if self.retriever is None else {INDEX: self._indices}),
            },
            {CATALOGUE: self.catalogue.frame, EVENTS: self.events},
        )

    @staticmethod
    def load(path: Path | str) -> "Bundle":
        """Read a bundle back.

        raises  BundleError if it is missing, damaged, not a bundle, or of a format this version does not read
        """
        stored = read_bundle(Path(path))
        try:
            facts, manifest = stored.manifest["facts"], stored.manifest
            vectors = stored.arrays[CATALOGUE]["vectors"]
            places, head = manifest.get(INTENTS), manifest.get(POLARITY)  # bundles of older versions have none
            intents = state.unpack(places, stored.arrays[INTENTS], {Intents.kind: Intents}) if places else None
            polarity = _heard(path, head, stored.arrays[POLARITY], vectors.shape[1]) if head else None
            config: Config = parse(Config, manifest["config"], "config")
            model = unpack(manifest["model"], stored.arrays[MODEL])
            packed = stored.arrays.get(INDEX)
            return Bundle(
                config=config,
                catalogue=Catalogue(stored.tables[CATALOGUE], vectors if vectors.shape[1] else None, intents),
                model=model,
                scale=parse(ValueScale, manifest["scale"], "scale"),
                events=stored.tables[EVENTS],
                data_print=facts["data_fingerprint"],
                seed=facts["seed"],
                created=datetime.fromisoformat(facts["created"]),
                polarity=polarity,
                retriever=None if packed is None else Retriever.of(model, packed, config.ranking.retrieve),
            )
        except KeyError as missing:
            raise BundleError(f"bundle {path}: its manifest does not name {missing}, which every bundle must") from None

    def with_catalogue(self, catalogue: Catalogue, model: Model) -> "Bundle":
        """The same bundle with items put in while it is live."""
        return replace(self, catalogue=catalogue, model=model)


def _packed(part: Intents | Polarity | None) -> tuple[Json | None, dict[str, NDArray[Any]]]:
    return (None, {}) if part is None else pack(part)


def _heard(path: Path | str, shape: Json, arrays: state.Arrays, width: int) -> Polarity:
    """What sentences of reviews say, as it was saved; `width` is how many numbers a vector has."""
    polarity: Polarity = state.unpack(shape, arrays, {Polarity.kind: Polarity})
    if polarity.weights.shape != (width,):
        got = f"{polarity.weights.shape} beside vectors of {width} numbers"
        raise BundleError(f"bundle {path}: {POLARITY} must have a weight for each number of a vector, got {got}")
    if not np.isfinite([*polarity.weights, polarity.bias]).all():
        raise BundleError(f"bundle {path}: {POLARITY} must have finite weights")
    return polarity


def now() -> datetime:
    """The present instant, aware UTC."""
    return datetime.now(UTC)


def words_of(bundle: Bundle, progress: Progress = silent) -> Worder | None:
    """What words a bundle's reasons; None where the templates do.

    raises  LanguageError if the chat model cannot be opened
    """
    settings = bundle.config.explain
    chat = bundle.config.chat.open() if settings.worded else None
    return None if chat is None else Worder(CachedChat(chat, progress=progress), settings.language)

"""Language models: texts in, vectors of unit length out. They read ahead of time; no request waits for them."""

from typing import Annotated

from pydantic import Field

from bowerbird.language.cache import CachedEncoder, default_cache_path
from bowerbird.language.embedded import MiniLm
from bowerbird.language.endpoint import Endpoint, EndpointEncoder
from bowerbird.language.intents import IntentSettings, find_intents, told
from bowerbird.language.naming import Group, Namer, by_terms
from bowerbird.language.onnx import OnnxEncoder
from bowerbird.language.sentence import SentenceTransformer
from bowerbird.language.texts import TextSettings, item_texts

EncoderSettings = Annotated[MiniLm | SentenceTransformer | Endpoint, Field(discriminator="kind")]
"""An encoder in the config: `kind` says which. Each has `open(threads=0) -> Encoder`."""

__all__ = [
    "CachedEncoder",
    "EncoderSettings",
    "Endpoint",
    "EndpointEncoder",
    "Group",
    "IntentSettings",
    "MiniLm",
    "Namer",
    "OnnxEncoder",
    "SentenceTransformer",
    "TextSettings",
    "by_terms",
    "default_cache_path",
    "find_intents",
    "item_texts",
    "told",
]

"""The one file of `language` that knows of torch, and only when a model without an ONNX file is opened."""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import DataError, LanguageError
from bowerbird.language.plain import plain
from bowerbird.language.vectors import unit

NEEDS = ("torch", "sentence_transformers")


def require(model: str) -> None:
    """raises  LanguageError that says what to install, if it is not."""
    if missing := [name for name in NEEDS if importlib.util.find_spec(name) is None]:
        raise LanguageError(f"encoder {model!r}: has no ONNX file and so needs {' and '.join(missing)}; pip install 'bowerbird[train]'")


@dataclass(frozen=True, eq=False)
class TorchEncoder:
    """Reads texts with sentence-transformers.

    model   a `sentence_transformers.SentenceTransformer`
    prompt  put in front of every text
    """

    name: str
    dimension: int
    model: Any
    prompt: str = ""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d), unit length.

        raises  DataError for what is not text
        """
        for place, text in enumerate(texts):
            if not isinstance(text, str):
                raise DataError(f"texts: number {place} must be a string, got {text!r:.40}")
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        asked = [self.prompt + plain(text) for text in texts]
        vectors = self.model.encode(asked, prompt="", batch_size=32, show_progress_bar=False, convert_to_numpy=True)
        return unit(np.asarray(vectors, np.float32))


def load(folder: Path, name: str, prompt: str, max_tokens: int | None, threads: int) -> TorchEncoder:
    """Open a folder of the sentence-transformers layout.

    raises  LanguageError if sentence-transformers cannot load it
    """
    torch, sentence_transformers = (importlib.import_module(name) for name in NEEDS)
    torch.set_num_threads(threads)
    try:
        model = sentence_transformers.SentenceTransformer(str(folder), local_files_only=True)
        dimension = int(np.asarray(model.encode(["dimension"], prompt="", show_progress_bar=False)).shape[1])
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise LanguageError(f"encoder {folder}: sentence-transformers cannot load it ({str(error).splitlines()[0]:.200})") from None
    if max_tokens is not None:
        model.max_seq_length = max_tokens
    return TorchEncoder(name, dimension, model, prompt)

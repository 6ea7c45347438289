"""Vectors from a server that speaks OpenAI's `/embeddings`: OpenAI itself, vLLM, Ollama, text-embeddings-inference, LiteLLM …"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import httpx
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.errors import DataError, LanguageError
from bowerbird.language.plain import plain
from bowerbird.language.server import Server, ServerSettings
from bowerbird.language.vectors import unit


class Endpoint(ServerSettings):
    """An encoder on a server.

    batch      texts a request
    dimension  asked of the server if given, and every vector is held to it
    """

    kind: Literal["openai"] = "openai"
    batch: int = Field(default=64, ge=1, le=2048)
    dimension: int | None = Field(default=None, ge=1)

    def open(self, threads: int = 0, transport: httpx.BaseTransport | None = None) -> "EndpointEncoder":  # noqa: ARG002  the server has its own
        """Get ready to ask; nothing is sent yet.

        threads    not used here: `concurrent` says how many requests run at a time
        transport  for tests
        raises     LanguageError if the environment variable with the key is not set
        """
        return EndpointEncoder(self, Server(self, self.client(transport)))


@dataclass(frozen=True, eq=False)
class EndpointEncoder:
    """Asks the server, in batches. A blank text is sent as one space, which servers take where they refuse an empty string."""

    settings: Endpoint
    server: Server

    @cached_property
    def name(self) -> str:
        """Model and server; the server may change what stands behind them without a word."""
        return self.settings.name + (f"-{self.settings.dimension}" if self.settings.dimension else "")

    @cached_property
    def dimension(self) -> int:
        """As set; else the server is asked once."""
        return self.settings.dimension or self._ask(["dimension"]).shape[1]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d), unit length.

        raises  LanguageError if the server refuses, stays silent, or answers what is no answer; DataError for what is not text
        """
        for place, text in enumerate(texts):
            if not isinstance(text, str):
                raise DataError(f"texts: number {place} must be a string, got {text!r:.40}")
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        asked = [plain(text) or " " for text in texts]
        parts = [asked[start : start + self.settings.batch] for start in range(0, len(asked), self.settings.batch)]
        with ThreadPoolExecutor(min(self.settings.concurrent, len(parts)), "endpoint") as pool:
            answers = list(pool.map(self._ask, parts))
        if len({answer.shape[1] for answer in answers}) > 1:
            raise LanguageError(f"endpoint {self.settings.url}: all vectors must have one dimension, got several")
        return unit(np.concatenate(answers))

    def _ask(self, texts: list[str]) -> NDArray[np.float32]:
        s = self.settings
        body: dict[str, Any] = {"model": s.model, "input": texts, "encoding_format": "float"}
        if s.dimension:
            body["dimensions"] = s.dimension
        return vectors_in(self.server.post("/embeddings", body), len(texts), s)


def vectors_in(answer: httpx.Response, n: int, s: Endpoint) -> NDArray[np.float32]:
    """(n, d) in the order asked, by `index`.

    raises  LanguageError for whatever is not n finite, non-zero vectors of one (and the wanted) dimension
    """
    try:
        data = answer.json()["data"]
        rows = {int(row.get("index", place)): row["embedding"] for place, row in enumerate(data)}
        if len(data) != n or sorted(rows) != list(range(n)):
            raise LanguageError(f"endpoint {s.url}: must answer {n} texts with {n} vectors, each of its own index, got {len(data)}")
        vectors = np.array([rows[place] for place in range(n)], np.float32)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LanguageError(f"endpoint {s.url}: its answer is not of the form of OpenAI's /embeddings ({error!s:.100})") from None
    if vectors.ndim != 2 or not np.isfinite(vectors).all() or not vectors.any(1).all():
        raise LanguageError(f"endpoint {s.url}: every vector must be finite and not zero, got another")
    if s.dimension and vectors.shape[1] != s.dimension:
        raise LanguageError(f"endpoint {s.url}: vectors must have dimension {s.dimension}, got {vectors.shape[1]}")
    return vectors

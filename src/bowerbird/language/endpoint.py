"""Vectors from a server that speaks OpenAI's `/embeddings`: OpenAI itself, vLLM, Ollama, text-embeddings-inference, LiteLLM …"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import httpx
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from bowerbird.config import Settings
from bowerbird.errors import DataError, LanguageError
from bowerbird.language.backoff import Backoff
from bowerbird.language.tokens import clean
from bowerbird.language.vectors import unit

TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class Endpoint(Settings):
    """Where the server is, and how to ask it.

    url         up to `/v1`; `/embeddings` is added
    key_env     name of the environment variable with the key; "" = the server wants none
    batch       texts a request
    timeout_s   for one answer
    retries     more tries after the first where the server is busy, broken or silent
    concurrent  requests at a time
    dimension   asked of the server if given, and every vector is held to it
    """

    kind: Literal["openai"] = "openai"
    url: str = "https://api.openai.com/v1"
    model: str = Field(min_length=1)
    key_env: str = "OPENAI_API_KEY"
    batch: int = Field(default=64, ge=1, le=2048)
    timeout_s: float = Field(default=30.0, gt=0)
    retries: int = Field(default=4, ge=0)
    concurrent: int = Field(default=4, ge=1, le=64)
    dimension: int | None = Field(default=None, ge=1)

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ValueError(f"must be an address ({error})") from None
        if parts.scheme not in ("http", "https") or not parts.host:
            raise ValueError("must be an http or https address")
        if parts.userinfo or parts.query:
            raise ValueError("must hold no user, password or query; the key comes from key_env")
        return url.rstrip("/")

    def open(self, threads: int = 0, transport: httpx.BaseTransport | None = None) -> "EndpointEncoder":  # noqa: ARG002  the server has its own
        """Get ready to ask; nothing is sent yet.

        threads    not used here: `concurrent` says how many requests run at a time
        transport  for tests
        raises     LanguageError if the environment variable with the key is not set
        """
        headers = {}
        if self.key_env:
            key = os.environ.get(self.key_env, "").strip()
            if not key:
                raise LanguageError(f"endpoint {self.url}: environment variable {self.key_env} must hold its key, got none")
            if not key.isascii() or not key.isprintable():
                raise LanguageError(f"endpoint {self.url}: the key in {self.key_env} must be printable ASCII")
            headers["Authorization"] = f"Bearer {key}"
        client = httpx.Client(headers=headers, timeout=self.timeout_s, transport=transport)
        return EndpointEncoder(self, client)


@dataclass(frozen=True, eq=False)
class EndpointEncoder:
    """Asks the server, in batches. A blank text is sent as one space, which servers take where they refuse an empty string.

    backoff, sleep   how long to wait between tries, and how
    """

    settings: Endpoint
    client: httpx.Client = field(repr=False)
    backoff: Backoff = field(default_factory=Backoff)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    @cached_property
    def name(self) -> str:
        """Model and server; the server may change what stands behind them without a word."""
        s = self.settings
        where = hashlib.sha256(s.url.encode()).hexdigest()[:8]
        return f"openai-{re.sub(r'[^A-Za-z0-9._-]+', '-', s.model)}-{where}" + (f"-{s.dimension}" if s.dimension else "")

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
        asked = [clean(text) if text.strip() else " " for text in texts]
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
        return vectors_in(self._answer(body), len(texts), s)

    def _answer(self, body: dict[str, Any]) -> httpx.Response:
        """The first good answer."""
        s = self.settings
        for tries in range(s.retries + 1):
            try:
                answer = self.client.post(f"{s.url}/embeddings", json=body)
            except httpx.TransportError as error:
                wait, trouble = None, f"no answer within {s.timeout_s:g} s" if isinstance(error, httpx.TimeoutException) else str(error)
            else:
                if answer.status_code == 200:
                    return answer
                if answer.status_code not in TRY_AGAIN:
                    raise LanguageError(refusal(answer, s))
                wait, trouble = answer.headers.get("Retry-After"), f"status {answer.status_code}"
            if tries < s.retries:
                self.sleep(self.backoff.wait_s(tries, wait))
        raise LanguageError(f"endpoint {s.url}: gave up after {s.retries + 1} tries, the last: {trouble}")


def refusal(answer: httpx.Response, s: Endpoint) -> str:
    """One sentence for an answer that no second try will better. What the server wrote is kept out where it may repeat the key."""
    code = answer.status_code
    if code in (401, 403):
        return (
            f"endpoint {s.url}: refuses the key in {s.key_env} (status {code})"
            if s.key_env
            else f"endpoint {s.url}: wants a key; set key_env"
        )
    if code == 404:
        return f"endpoint {s.url}: knows no model {s.model!r}, or has no /embeddings there (status 404)"
    said = " ".join(answer.text.split())
    key = answer.request.headers.get("Authorization", "").removeprefix("Bearer ")
    return f"endpoint {s.url}: refuses the request (status {code}: {(said.replace(key, '…') if key else said):.200})"


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

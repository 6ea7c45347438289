"""Any server that speaks OpenAI's protocol: where it is, its key, and the patience to ask again."""

import hashlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import Field, field_validator

from bowerbird.config import Settings
from bowerbird.errors import LanguageError
from bowerbird.language.backoff import Backoff

TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class ServerSettings(Settings):
    """Where the server is, and how to ask it.

    url         up to `/v1`; the route is added
    key_env     name of the environment variable with the key; "" = the server wants none
    timeout_s   of silence before an answer is given up
    retries     more tries after the first where the server is busy, broken or silent
    concurrent  requests at a time
    """

    url: str = "https://api.openai.com/v1"
    model: str = Field(min_length=1)
    key_env: str = "OPENAI_API_KEY"
    timeout_s: float = Field(default=30.0, gt=0)
    retries: int = Field(default=4, ge=0)
    concurrent: int = Field(default=4, ge=1, le=64)

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

    @property
    def name(self) -> str:
        """Model and server, fit for a file; the server may change what stands behind them without a word."""
        where = hashlib.sha256(self.url.encode()).hexdigest()[:8]
        return f"openai-{re.sub(r'[^A-Za-z0-9._-]+', '-', self.model)}-{where}"

    def client(self, transport: httpx.BaseTransport | None = None) -> httpx.Client:
        """A client with the key in its headers; nothing is sent yet.

        raises  LanguageError if the environment variable with the key is not set
        """
        headers = {}
        if self.key_env:
            key = os.environ.get(self.key_env, "").strip()
            if not key:
                raise LanguageError(f"endpoint {self.url}: environment variable {self.key_env} must hold its key, got none")
            if not key.isascii() or not key.isprintable():
                raise LanguageError(f"endpoint {self.url}: the key in {self.key_env} must be printable ASCII")
            headers["Authorization"] = f"Bearer {key}"
        return httpx.Client(headers=headers, timeout=self.timeout_s, transport=transport)


@dataclass(frozen=True, eq=False)
class Server:
    """Asks, and asks again.

    backoff, sleep   how long to wait between tries, and how
    """

    settings: ServerSettings
    client: httpx.Client = field(repr=False)
    backoff: Backoff = field(default_factory=Backoff)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def post(self, route: str, body: dict[str, Any], *, stream: bool = False) -> httpx.Response:
        """The first good answer.

        stream  leave its body to be read by the caller, who must close it
        raises  LanguageError if the server refuses, or gives no good answer in the set number of tries
        """
        s = self.settings
        for tries in range(s.retries + 1):
            try:
                answer = self.client.send(self.client.build_request("POST", f"{s.url}{route}", json=body), stream=stream)
                if answer.status_code == 200:
                    return answer
                answer.read()
            except httpx.TransportError as error:
                wait, trouble = None, f"no answer within {s.timeout_s:g} s" if isinstance(error, httpx.TimeoutException) else str(error)
            else:
                if answer.status_code not in TRY_AGAIN:
                    raise LanguageError(refusal(answer, route, s))
                wait, trouble = answer.headers.get("Retry-After"), f"status {answer.status_code}"
            if tries < s.retries:
                self.sleep(self.backoff.wait_s(tries, wait))
        raise LanguageError(f"endpoint {s.url}: gave up after {s.retries + 1} tries, the last: {trouble}")


def refusal(answer: httpx.Response, route: str, s: ServerSettings) -> str:
    """One sentence for an answer that no second try will better. What the server wrote is kept out where it may repeat the key."""
    code = answer.status_code
    if code in (401, 403):
        return (
            f"endpoint {s.url}: refuses the key in {s.key_env} (status {code})"
            if s.key_env
            else f"endpoint {s.url}: wants a key; set key_env"
        )
    if code == 404:
        return f"endpoint {s.url}: knows no model {s.model!r}, or has no {route} there (status 404)"
    said = " ".join(answer.text.split())
    key = answer.request.headers.get("Authorization", "").removeprefix("Bearer ")
    return f"endpoint {s.url}: refuses the request (status {code}: {(said.replace(key, '…') if key else said):.200})"

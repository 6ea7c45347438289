"""Chat models behind a server that speaks OpenAI's `/chat/completions`: hosted ones, vLLM, Ollama, llama.cpp, LiteLLM …"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import BoundedSemaphore
from typing import Any, Literal

import httpx
from pydantic import Field

from bowerbird.errors import LanguageError
from bowerbird.language.chat.budget import Budget, Usage
from bowerbird.language.chat.schemas import told
from bowerbird.language.server import Server, ServerSettings
from bowerbird.types import Prompt

ROUTE = "/chat/completions"


class ChatEndpoint(ServerSettings):
    """A chat model on a server.

    structured        how the server is told of a JSON schema: json_schema = it holds the answer to it; json_object = it holds the answer to
                      JSON, the schema stands in the prompt; prompt = the prompt alone
    limit_as          the server's name for the limit on an answer's length; newer models of OpenAI want max_completion_tokens
    tokens_per_process, tokens_per_day   budget of tokens, read and written, of each process; None = no limit
    prompt_price, completion_price       of a million tokens, for the counter of the cost
    """

    kind: Literal["openai"] = "openai"
    structured: Literal["json_schema", "json_object", "prompt"] = "json_schema"
    limit_as: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    tokens_per_process: int | None = Field(default=None, ge=1)
    tokens_per_day: int | None = Field(default=None, ge=1)
    prompt_price: float = Field(default=0.0, ge=0)
    completion_price: float = Field(default=0.0, ge=0)

    def open(self, threads: int = 0, transport: httpx.BaseTransport | None = None) -> "EndpointChat":  # noqa: ARG002  the server has its own
        """Get ready to ask; nothing is sent yet.

        threads    not used here: `concurrent` says how many requests run at a time
        transport  for tests
        raises     LanguageError if the environment variable with the key is not set
        """
        return EndpointChat(self, Server(self, self.client(transport)))


@dataclass(frozen=True, eq=False)
class EndpointChat:
    """Asks the server, several prompts at a time, within a budget of tokens.

    settings  how
    server    whom
    """

    settings: ChatEndpoint
    server: Server

    @property
    def name(self) -> str:
        """Model and server."""
        return self.settings.name

    @property
    def usage(self) -> Usage:
        """What was asked so far, and what it cost."""
        return self._budget.usage

    @cached_property
    def _budget(self) -> Budget:
        s = self.settings
        return Budget(f"endpoint {s.url}", s.tokens_per_process, s.tokens_per_day, s.prompt_price, s.completion_price)

    @cached_property
    def _places(self) -> BoundedSemaphore:
        return BoundedSemaphore(self.settings.concurrent)

    def complete(self, prompts: Sequence[Prompt]) -> list[str]:
        """One answer for each prompt; an answer that the server refuses to give is an empty text.

        raises  LanguageError if the server refuses a request, stays silent or answers nonsense, or the budget is spent: all or none
        """
        if not prompts:
            return []
        with ThreadPoolExecutor(min(self.settings.concurrent, len(prompts)), "chat") as pool:
            return list(pool.map(self._ask, prompts))

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The pieces of one answer as they come.

        raises  LanguageError as `complete` does; also in the middle, if the server breaks off
        """
        with self._paid(prompt) as bill:
            answer = self.server.post(ROUTE, {**self._body(prompt), "stream": True, "stream_options": {"include_usage": True}}, stream=True)
            try:
                for event in events_in(answer, self.settings.url):
                    bill.read(event.get("usage"))
                    if piece := piece_in(event, self.settings.url):
                        bill.heard += piece
                        yield piece
            except httpx.TransportError as error:
                raise LanguageError(f"endpoint {self.settings.url}: broke off in the middle of an answer ({error})") from None
            finally:
                answer.close()

    def _ask(self, prompt: Prompt) -> str:
        with self._paid(prompt) as bill:
            answer = self.server.post(ROUTE, self._body(prompt))
            bill.heard, usage = answer_in(answer, self.settings.url)
            bill.read(usage)
            return bill.heard

    def _body(self, prompt: Prompt) -> dict[str, Any]:
        s = self.settings
        system = prompt.system if prompt.schema is None or s.structured == "json_schema" else told(prompt)
        talk = [{"role": message.role, "content": message.text} for message in prompt.messages]
        body: dict[str, Any] = {
            "model": s.model,
            "messages": [*([{"role": "system", "content": system}] if system else []), *talk],
            s.limit_as: prompt.max_tokens,
            "temperature": prompt.temperature,
        }
        if prompt.schema is not None and s.structured == "json_schema":
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": prompt.schema, "strict": True}}
        elif prompt.schema is not None and s.structured == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    @contextmanager
    def _paid(self, prompt: Prompt) -> Iterator["Bill"]:
        """A place at the server and a reserve from the budget; what was taken is counted, also of an answer that broke off."""
        bill = Bill(estimated(prompt))
        most = bill.prompt_tokens + prompt.max_tokens
        with self._places:
            self._budget.reserve(most)
            try:
                yield bill
            finally:
                if bill.heard or bill.told:
                    self._budget.settle(most, bill.prompt_tokens, bill.completion_tokens)
                else:
                    self._budget.release(most)


@dataclass
class Bill:
    """What one request took: as the server says, else as estimated."""

    prompt_tokens: int
    heard: str = ""
    told: bool = False
    _written: int = field(default=0, repr=False)

    def read(self, usage: Any) -> None:
        """Take over the server's counts; nonsense is passed over."""
        if isinstance(usage, Mapping):
            read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
            if isinstance(read, int) and isinstance(written, int) and read >= 0 and written >= 0:
                self.prompt_tokens, self._written, self.told = read, written, True

    @property
    def completion_tokens(self) -> int:
        """Written."""
        return self._written if self.told else letters_as_tokens(len(self.heard.encode("utf-8", "replace")))


def estimated(prompt: Prompt) -> int:
    """About how many tokens the prompt has: one for three bytes and a few for each turn, so rather too many.

    >>> estimated(Prompt.of("twelve bytes"))
    12
    """
    texts = [prompt.system, *(message.text for message in prompt.messages), json.dumps(prompt.schema) if prompt.schema else ""]
    return sum(letters_as_tokens(len(text.encode("utf-8", "replace"))) for text in texts) + 4 * (len(prompt.messages) + 1)


def letters_as_tokens(n_bytes: int) -> int:
    """One for three bytes, rounded up."""
    return -(-n_bytes // 3)


def answer_in(answer: httpx.Response, url: str) -> tuple[str, Any]:
    """The text of an answer, and what it says of its tokens.

    raises  LanguageError for whatever is not of the form of OpenAI's `/chat/completions`
    """
    try:
        body = answer.json()
        message = body["choices"][0]["message"]
        said = message["content"]
        if said is None and (message.get("refusal") or message.get("tool_calls")):
            said = ""
        usage = body.get("usage")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise LanguageError(f"endpoint {url}: its answer is not of the form of OpenAI's {ROUTE} ({error!s:.100})") from None
    if not isinstance(said, str):
        raise LanguageError(f"endpoint {url}: its answer must be a text, got {said!r:.40}")
    return said, usage


def events_in(answer: httpx.Response, url: str) -> Iterator[Mapping[str, Any]]:
    """The events of a streamed answer, up to its end.

    raises  LanguageError if one of them is no JSON object
    """
    for line in answer.iter_lines():
        if not line.startswith("data:"):
            continue
        said = line.removeprefix("data:").strip()
        if said == "[DONE]":
            return
        try:
            event = json.loads(said)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            raise LanguageError(f"endpoint {url}: each event of a streamed answer must be a JSON object, got {said!r:.40}")
        yield event


def piece_in(event: Mapping[str, Any], url: str) -> str:
    """The text that one event adds; empty for events about something else.

    raises  LanguageError if it is of another form
    """
    try:
        piece = event["choices"][0]["delta"].get("content") if event.get("choices") else None
    except (KeyError, IndexError, TypeError, AttributeError):
        piece = 0
    if piece is not None and not isinstance(piece, str):
        raise LanguageError(f"endpoint {url}: a streamed answer must come in pieces of text, got {event!r:.80}")
    return piece or ""

"""Answers that cannot leave a JSON schema: of every next token only those that the schema allows are left to choose from."""

import importlib
import importlib.util
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from bowerbird.errors import LanguageError


def tokens_of(tokenizer: Any, n_tokens: int) -> Any:
    """The tokenizer as `llguidance` sees it; None where that is not installed, or the tokenizer is of no kind that it reads.

    cost  about a second
    """
    if importlib.util.find_spec("llguidance") is None:
        return None
    try:
        return importlib.import_module("llguidance.hf").from_tokenizer(tokenizer, n_vocab=n_tokens)
    except ValueError:
        return None


class JsonMask:
    """For `generate`: puts the logits of tokens that the schema does not allow at −∞. For one answer.

    tokens   of `tokens_of`
    schema   a JSON schema
    start    tokens of the prompt, which stand before the answer
    raises   LanguageError if the schema is none that can be held to
    source   github.com/guidance-ai/llguidance
    """

    def __init__(self, tokens: Any, schema: Mapping[str, Any], start: int) -> None:
        matcher = importlib.import_module("llguidance").LLMatcher
        grammar = matcher.grammar_from_json_schema(json.dumps(schema), overrides={"whitespace_flexible": False})
        self._matcher = matcher(tokens, grammar)
        self._read = start
        if self._matcher.is_error():
            raise LanguageError(f"chat: no answer can be held to this JSON schema ({self._matcher.get_error():.200})")

    def __call__(self, ids: Any, logits: Any) -> Any:
        """`ids` (1, n) tokens so far, `logits` (1, n_tokens)."""
        for token in ids[0, self._read :].tolist():
            self._matcher.consume_token(token)
        self._read = ids.shape[1]
        bits = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), np.uint8), bitorder="little")[: logits.shape[1]]
        allowed = np.zeros(logits.shape[1], bool)
        allowed[: len(bits)] = bits
        return logits.masked_fill(~logits.new_tensor(allowed).bool(), -float("inf"))

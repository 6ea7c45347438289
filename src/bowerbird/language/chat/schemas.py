"""Answers of a wanted form: JSON by a schema, checked by the type that it was made from."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bowerbird.protocols import Chat
from bowerbird.types import Message, Prompt

T = TypeVar("T", bound=BaseModel)
LONGEST = 20_000
"""Characters of an answer that are looked at."""


def told(prompt: Prompt) -> str:
    """The system text with the schema in it, for models that cannot be held to one."""
    wanted = f"Answer with JSON alone, by this JSON schema: {json.dumps(prompt.schema, ensure_ascii=False)}"
    return f"{prompt.system}\n{wanted}" if prompt.system else wanted


def ask_for(kind: type[T], chat: Chat, prompts: Sequence[Prompt], tries: int = 2) -> list[T | None]:
    """An answer of type `kind` for each prompt; None where the model gave none in so many tries.

    Each prompt is asked with the type's schema. Whether or not the model was held to it, what comes is checked; what is wrong is said
    to the model in the next try.

    raises  LanguageError as the chat model does

    >>> class Named(BaseModel):
    ...     name: str
    >>> class Parrot:
    ...     name = "parrot"
    ...     def complete(self, prompts):
    ...         return [prompt.messages[-1].text for prompt in prompts]
    >>> ask_for(Named, Parrot(), [Prompt.of('Sure! ```{"name": "pens"}```'), Prompt.of("no idea")])
    [Named(name='pens'), None]
    """
    schema = kind.model_json_schema()
    asked = [replace(prompt, schema=schema) for prompt in prompts]
    found: list[T | None] = [None] * len(prompts)
    waiting = list(range(len(prompts)))
    for _ in range(tries):
        if not waiting:
            break
        answers = chat.complete([asked[place] for place in waiting])
        for place, answer in zip(waiting, answers, strict=True):
            found[place], complaint = read(kind, answer)
            if complaint:
                asked[place] = again(asked[place], answer, complaint)
        waiting = [place for place in waiting if found[place] is None]
    return found


def read(kind: type[T], answer: str) -> tuple[T | None, str]:
    """What a text says as a `kind`, else what is wrong with it. What stands around the outermost braces is passed over."""
    text = answer[:LONGEST]
    start, end = text.find("{"), text.rfind("}")
    try:
        return kind.model_validate_json(text[start : end + 1] if start >= 0 else text), ""
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return None, f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}"


def again(prompt: Prompt, answer: str, complaint: str) -> Prompt:
    """The prompt with a wrong answer and what is wrong with it."""
    said = Message("assistant", answer[:500] or "…")
    return replace(
        prompt, messages=(*prompt.messages, said, Message("user", f"That was no valid answer ({complaint}). Answer with JSON alone."))
    )

"""The types of single fields that come in over HTTP, and every limit."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, PlainValidator

from bowerbird.steering import MAX_CHARS
from bowerbird.types import Value

MAX_BATCH = 1000
"""Events in one call."""
MAX_HISTORY = 1000
"""Events of a history that comes with the request."""
MAX_K = 1000
MAX_EXCLUDED = 10_000
MAX_TEXT = 10_000
"""Characters of a title or a review."""
MAX_EDITS = 100
"""Corrections of a profile in one call."""
MAX_BODY = 4 * 1024 * 1024
"""Bytes of a request's body."""

MAX_WANTED = 1000
"""Values of one filter."""


def _words(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a text like 2026-01-31T18:00:00Z")
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must have a time zone, like 2026-01-31T18:00:00Z or 2026-01-31T19:00:00+01:00")
    return value.astimezone(UTC)


def _plain(value: Any) -> Value:
    if isinstance(value, str):
        if len(value) > MAX_TEXT or "\x00" in value or not _writable(value):
            raise ValueError(f"a text must hold at most {MAX_TEXT} characters, none of them NUL or half a surrogate pair")
        return value
    if not isinstance(value, bool | int | float) or not math.isfinite(value):
        raise ValueError("must be a text, a finite number, true or false")
    return value


def _wanted(value: Any) -> Value | list[Value]:
    if isinstance(value, list):
        if not 0 < len(value) <= MAX_WANTED:
            raise ValueError(f"a list must hold 1 to {MAX_WANTED} values, got {len(value)}")
        return [_plain(one) for one in value]
    return _plain(value)


def _writable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


Instant = Annotated[datetime, BeforeValidator(_words), AfterValidator(_aware)]
"""ISO 8601 with a time zone; UTC inside."""

Id = Annotated[
    str,
    Field(
        min_length=1,
        max_length=512,
        pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        description="An id: 1 to 512 characters, no control characters, no space at either end.",
    ),
]
Number = Annotated[FiniteFloat, Field(strict=True)]
Word = Annotated[str, Field(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Plain = Annotated[Value, PlainValidator(_plain, json_schema_input_type=str | float | bool)]
"""A text, a number or true/false. One check and one sentence, where a union would complain once for each of its members."""

Wanted = Annotated[Value | list[Value], PlainValidator(_wanted, json_schema_input_type=str | float | bool | list[str | float | bool])]
Context = Annotated[dict[Name, Plain], Field(max_length=32, description="The circumstances: device, place …")]
K = Annotated[int, Field(ge=1, le=MAX_K, description="How many items.")]
Diversity = Annotated[
    float, Field(ge=0, le=1, description="0 keeps the scorer's order, 1 looks at variety alone; left out, the bundle's setting.")
]

Filters = Annotated[
    dict[Name, Wanted],
    Field(max_length=32, description="Attribute → the value wanted, or a list of values of which one must hold."),
]
Words = Annotated[str, Field(max_length=MAX_CHARS, pattern=r"^[^\x00]*$")]
"""What somebody wants or looks for, in words: no more than is read."""

WishText = Annotated[Words, Field(description="What is wanted, in words: genre, years, price, mood, what it must not be.")]
Cited = Annotated[int, Field(ge=0, le=MAX_HISTORY, description="How many events are cited of each interest, the newest; `count` has all.")]
TopicName = Annotated[str, Field(min_length=1, max_length=MAX_CHARS, pattern=r"^[^\x00-\x1f\x7f]+$")]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1, description="Of whatever is random in the answer.")]
Place = Annotated[int, Field(ge=0, le=2**53, description="A place in a log.")]

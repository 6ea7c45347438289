"""From an item's fields to the one text that a language model reads."""

import ast
import re
from collections.abc import Sequence
from typing import Any

import polars as pl
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.errors import ConfigError
from bowerbird.language.plain import LONGEST, plain

PLAIN = ("title", "categories")
"""Fields that speak for themselves; any other is named before it is said."""
NOT_TEXT = ("item", "created", "available")
SAYS_NOTHING = ("", "nan", "null", "none", "n/a", "(no genres listed)")
LONGEST_NAME = 120
LINK = re.compile(r"(?:https?|ftp)://\S+|www\.\S+")


class TextSettings(Settings):
    """Which fields of an item are read, and how much of them.

    fields     columns in this order; None = title, categories, then every other column of text, the shortest first, so
               that a long description does not push a brand over the edge
    max_chars  the text is cut after the last whole word within it
    """

    fields: tuple[str, ...] | None = None
    max_chars: int = Field(default=300, ge=20)


def item_texts(frame: pl.DataFrame, settings: TextSettings | None = None, *, labels: bool = True) -> list[str]:
    """One text an item, row by row, `plain`; a field that is missing or says nothing is left out.

    labels  whether fields other than title and categories are named in the text
    raises  ConfigError if `settings.fields` names a column that the items do not have
    cost    about 10 µs an item

    >>> film = {"item": "1", "title": "Toy Story (1995)", "categories": ["Adventure", "Animation"], "tags": ["pixar", "fun"]}
    >>> films = pl.DataFrame([film])
    >>> item_texts(films)
    ['Toy Story (1995). Adventure, Animation. Tags: pixar, fun']
    """
    settings = settings or TextSettings()
    fields = chosen_fields(frame, settings)
    if not fields:
        return [""] * len(frame)
    leading = len(fields) if settings.fields else sum(name in PLAIN for name in fields)
    columns = [[_said(name, value, labels) for value in frame[name].to_list()] for name in fields]
    rows = ([*parts[:leading], *sorted(parts[leading:], key=len)] for parts in zip(*columns, strict=True))
    return [shorten(_sentences(parts), settings.max_chars) for parts in rows]


def chosen_fields(frame: pl.DataFrame, settings: TextSettings) -> list[str]:
    """The columns that are read, in order."""
    if settings.fields is None:
        first = [name for name in PLAIN if name in frame.columns]
        return first + [name for name, kind in frame.schema.items() if name not in (*PLAIN, *NOT_TEXT) and _is_text(kind)]
    if missing := [name for name in settings.fields if name not in frame.columns]:
        raise ConfigError(f"text.fields: the items must have column {missing[0]!r}, got {', '.join(frame.columns)}")
    return list(settings.fields)


def shorten(text: str, max_chars: int) -> str:
    """The text, cut after the last whole word within `max_chars`.

    >>> shorten("one two three", 9)
    'one two'
    """
    if len(text) <= max_chars:
        return text
    last = re.search(r"\s\S*$", text[: max_chars + 1])
    head = text[: last.start()] if last and last.start() else text[:max_chars]
    return head.rstrip(" ,;:-–—")


def quotable(name: str) -> str:
    """A title or another name as it may stand within a sentence: `plain`, so that nothing in it turns the sentence around, and no longer
    than `LONGEST_NAME`.

    >>> quotable("Alien\u202e (1979)")
    'Alien (1979)'
    """
    return shorten(plain(name[: 4 * LONGEST_NAME]), LONGEST_NAME)


def _is_text(kind: Any) -> bool:
    return kind == pl.String or (isinstance(kind, pl.List) and kind.inner == pl.String)


def _said(name: str, value: Any, labels: bool) -> str:
    """What one field says, as a sentence without its full stop."""
    words = _words(value)
    return words if not words or name in PLAIN or not labels else f"{name.replace('_', ' ').strip().capitalize()}: {words}"


def _words(value: Any) -> str:
    if isinstance(value, str) and (listed := _listed(value)) is not None:
        return _tidy(" ".join(_tidy(part) for part in listed))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(filter(None, map(_tidy, value)))
    return _tidy(value)


def _tidy(value: Any) -> str:
    """One plain line, without links and without words for nothing."""
    text = " ".join(LINK.sub(" ", plain("" if value is None else str(value))).split())
    return "" if text.casefold() in SAYS_NOTHING else text


def _listed(text: str) -> list[Any] | None:
    """The parts of a list that was written as text, such as "['', 'Nice pen']"; None if it is no such list, or longer than is read."""
    bare = text[: LONGEST + 1].strip()
    if len(bare) > LONGEST or not (bare.startswith("[") and bare.endswith("]")):
        return None
    try:
        value = ast.literal_eval(bare)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _sentences(parts: Sequence[str]) -> str:
    """Joined with full stops, one after each but the last."""
    said = [part for part in parts if part]
    return " ".join(part if at == len(said) - 1 or part[-1] in ".!?…" else f"{part}." for at, part in enumerate(said))

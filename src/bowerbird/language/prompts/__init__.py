"""Prompts as files under version: loaded by name, filled with data that stays data."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from string import Template as Blanks
from typing import Any

from bowerbird.errors import LanguageError
from bowerbird.language.harmless import harmless
from bowerbird.types import Message, Prompt

HEAD = re.compile(r"\Aversion: (\d+)\n+(.*?)\n---\n(.*)\Z", re.DOTALL)
LONGEST = 200


@dataclass(frozen=True)
class Template:
    """A prompt with blanks: `${name}`.

    system  told before the talk
    blanks  the user's message
    """

    name: str
    version: int
    system: str
    blanks: Blanks

    def fill(self, data: Mapping[str, Any], *, max_tokens: int = 256, max_chars: int = LONGEST) -> Prompt:
        """The prompt with its blanks filled. A text of `data` may say what it likes: it is made `harmless`, written as JSON, and none of
        its characters can end the place where it stands or be taken for a blank.

        data       name of a blank → a text, a number, or lists and mappings of them
        max_chars  of each text
        raises     LanguageError if a blank is left without data
        """
        written = {name: json.dumps(_harmless(value, max_chars), ensure_ascii=False) for name, value in data.items()}
        try:
            text = self.blanks.substitute(written)
        except KeyError as missing:
            raise LanguageError(f"prompt {self.name}: must be given {missing}, got {', '.join(data) or 'nothing'}") from None
        return Prompt((Message("user", text),), self.system, None, max_tokens, label=f"{self.name} {self.version}")


@lru_cache(maxsize=64)
def template(name: str) -> Template:
    """The prompt in the file `name`.md.

    raises  LanguageError if there is none, or it has no version line and no line of three dashes between its two parts

    >>> template("intent_name").version >= 1
    True
    """
    try:
        raw = resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LanguageError(f"prompt {name}: no such file; reinstall bowerbird") from None
    return parsed(name, raw)


def parsed(name: str, raw: str) -> Template:
    """A template from the text of its file."""
    head = HEAD.match(raw)
    if head is None:
        raise LanguageError(f"prompt {name}: must begin with 'version: 1' and have its two parts divided by '---', got {raw[:40]!r}")
    version, system, user = int(head[1]), head[2].strip(), head[3].strip()
    return Template(name, version, system, Blanks(user))


def _harmless(value: Any, max_chars: int) -> Any:
    if isinstance(value, str):
        return harmless(value, max_chars)
    if isinstance(value, Mapping):
        return {harmless(str(name), max_chars): _harmless(one, max_chars) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_harmless(one, max_chars) for one in value]
    return value

"""The names of a catalogue: what a chat model's sentence may name, and what it may not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bowerbird.data import Catalogue
from bowerbird.language.words import HAN

WORD = re.compile(rf"[{HAN}]+|[^\W_]+(?:['’-][^\W_]+)*")
LONGEST = 12
"""Words, or Chinese characters, of a title that are looked for; of a longer one the first of them."""


@dataclass(frozen=True, eq=False)
class Names:
    """The names of a catalogue's items and categories.

    cost  some µs an item, once
    """

    catalogue: Catalogue

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the categories' names, in small letters."""
        return frozenset(word.casefold() for name in self.catalogue.category_names for word in WORD.findall(name))

    def titled(self, text: str) -> bool:
        """Whether a title of the catalogue stands in a text, in whatever letters; what stands in brackets behind a title need not.

        A title of one word that is no Chinese is an ordinary word as long as it is written in small letters.

        >>> films = Names(Catalogue.of(["a", "b", "c"], ["The Thing (1982)", "Heat", "霸王别姬"]))
        >>> [films.titled(text) for text in ("what about the thing?", "in the heat of the night", "看霸王别姬吧")]
        [True, False, True]
        """
        return any(run in self._titles for run in runs(text))

    @cached_property
    def _titles(self) -> frozenset[tuple[str, ...]]:
        titles = (tuple(pieces(re.sub(r"\s*\([^()]*\)$", "", title) or title)) for title in self.catalogue.titles)
        return frozenset(title[:LONGEST] for title in titles if len(title) > 1)


def pieces(text: str) -> Iterator[str]:
    """The words of a text in small letters; Chinese character by character."""
    for word in WORD.findall(text.casefold()):
        yield from word if re.match(f"[{HAN}]", word) else (word,)


def runs(text: str) -> Iterator[tuple[str, ...]]:
    """All runs of up to `LONGEST` neighbouring pieces that stand between two handles or ends of the text."""
    for part in text.split("\0"):
        words = list(pieces(part))
        for start in range(len(words)):
            yield from (tuple(words[start:end]) for end in range(start + 1, min(start + LONGEST, len(words)) + 1))

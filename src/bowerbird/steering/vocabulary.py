"""What a catalogue's own words are: its categories by their stems, and which columns hold years, money and other numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.language.lexical import search_tokens
from bowerbird.language.nearness import Near, near_of, relative
from bowerbird.language.words import stem
from bowerbird.protocols import Encoder
from bowerbird.steering.cues import HAN_WORDS, MONEY, YEARS
from bowerbird.steering.mentions import having, sequels
from bowerbird.steering.tokens import tokens
from bowerbird.tracing import looked

K = TypeVar("K")
V = TypeVar("V")

SAME = 0.65
"""From this nearness on (`relative`) a phrase and the name of a category say the same."""
SOME = 0.25
"""A phrase that no item's text is this near to says nothing of this catalogue."""
READ = 256
"""So many category names, the most frequent, are read by the encoder."""
LONGEST = 4
KEPT = 1024
"""Vectors of phrases that are kept."""
KEPT_NEAR = 32
"""Phrases whose cosines to all items, or the items that speak of them, are kept: four bytes an item each."""
SEQUELS = {"sequel", "续集"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a phrase says of a catalogue.

    category  the one whose name says the same
    near      whether any item's text is near to it
    """

    category: str | None = None
    near: bool = False


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words by which items of one catalogue can be asked for.

    encoder  reads phrases, and the names of categories at the first need; None = only words that are the same are found
    cost     O(categories) to begin with; then a phrase is read once and kept

    >>> films = Vocabulary(Catalogue.of(["a"], categories=[["Sci-Fi", "Comedy"]]))
    >>> films.category(["comedies", "now"]), films.category(["sci", "fi"]), films.category(["war"])
    (('Comedy', 1), ('Sci-Fi', 2), None)
    """

    catalogue: Catalogue
    encoder: Encoder | None = None
    _vectors: dict[str, NDArray[np.float32]] = field(repr=False, default_factory=dict)
    _members: dict[str, NDArray[np.bool_]] = field(init=False, repr=False, default_factory=dict)
    _columns: dict[str, NDArray[np.float64]] = field(init=False, repr=False, default_factory=dict)
    _near: dict[str, Near] = field(init=False, repr=False, default_factory=dict)
    _mentions: dict[frozenset[str], NDArray[np.bool_]] = field(init=False, repr=False, default_factory=dict)
    _names: dict[str, NDArray[np.float32]] = field(repr=False, default_factory=dict)

    def over(self, catalogue: Catalogue) -> "Vocabulary":
        """The vocabulary of another state of the catalogue; what was read is kept."""
        return Vocabulary(catalogue, self.encoder, self._vectors, self._names)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many items each category has."""
        return Counter(name for names in self.catalogue.categories for name in names)

    @cached_property
    def han_words(self) -> tuple[str, ...]:
        """What Chinese is cut at: words that turn a wish, and Chinese names of categories."""
        own = {name for name in self.counts if all("㐀" <= letter <= "鿿" for letter in name)}
        own |= {name[:-1] for name in own if name.endswith("片") and len(name) > 2}
        return tuple(sorted({*own, *HAN_WORDS}, key=lambda word: (-len(word), word)))

    @cached_property
    def _categories(self) -> dict[tuple[str, ...], str]:
        keys = {}
        for name in sorted(self.counts, key=lambda one: (self.counts[one], one)):
            keys[tuple(map(stem, tokens(name)))] = name
            if name.endswith("片") and len(name) > 2:
                keys.setdefault((name[:-1],), name)
        return keys

    def category(self, words: list[str]) -> tuple[str, int] | None:
        """The category that the first of these words name, the longest name first, and how many words name it."""
        for n in range(min(LONGEST, len(words)), 0, -1):
            name = self._categories.get(tuple(stem(word) for word in words[:n]))
            if name is not None:
                return name, n
        return None

    def heard(self, phrases: Sequence[str]) -> dict[str, Heard]:
        """What each phrase says of this catalogue in the encoder's eyes; nothing without one. New ones are read in one call."""
        if self.encoder is None or not phrases:
            return dict.fromkeys(phrases, Heard())
        names, said = self._read
        read, near = self.read(phrases), self.nearness(phrases)
        found = {}
        for phrase, vector, (chance, items) in zip(phrases, read, near, strict=True):
            likeness = relative(said @ vector, chance)
            best = int(np.argmax(likeness)) if names else 0
            category = names[best] if names and likeness[best] >= SAME else None
            found[phrase] = Heard(category, bool(items.max(initial=-1) >= SOME))
        return found

    def read(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """(len(phrases), d) unit length, as the encoder reads them: those that are new in one call; the last thousand are kept."""
        distinct = set(phrases)
        hits = len(distinct & self._vectors.keys())
        looked("phrases", hits, len(distinct) - hits)
        return self._vectors_of(phrases)

    def _vectors_of(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        assert self.encoder is not None
        known = {phrase: vector for phrase in phrases if (vector := self._vectors.get(phrase)) is not None}
        if new := [phrase for phrase in dict.fromkeys(phrases) if phrase not in known]:
            read = dict(zip(new, self.encoder.encode(new), strict=True))
            known |= read
            _keep(self._vectors, read, KEPT)
        return np.stack([known[phrase] for phrase in phrases])

    def vector(self, phrase: str) -> NDArray[np.float32]:
        """(d,) unit length: a phrase as the encoder reads it."""
        return np.asarray(self.read([phrase])[0])

    def nearness(self, phrases: Sequence[str]) -> list[Near]:
        """How near each phrase is to the items' texts; the last few are kept.

        cost  the encoder's, and one pass over the items' vectors, for phrases that are new
        """
        found = dict(self._near)
        if new := [phrase for phrase in dict.fromkeys(phrases) if phrase not in found]:
            near = dict(zip(new, map(near_of, self._cosines(self._vectors_of(new))), strict=True))
            found |= near
            _keep(self._near, near, KEPT_NEAR)
        return [found[phrase] for phrase in phrases]

    def _cosines(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, n_items); of none where no item was read."""
        items = self.catalogue.vectors
        return np.zeros((len(vectors), 0), np.float32) if items is None else vectors @ items.T

    def mentions(self, phrase: str) -> NDArray[np.bool_]:
        """(n_items,) bool: the items whose texts have all words of a phrase; *sequels* are told by their titles. The last few are kept.

        cost  some ms for 10 000 items
        """
        words = frozenset(search_tokens(phrase))
        known = self._mentions.get(words)
        if known is None:
            known = sequels(self.catalogue) if words & SEQUELS else having(words, self.catalogue)
            _keep(self._mentions, {words: known}, KEPT_NEAR)
        return known

    @cached_property
    def _read(self) -> tuple[list[str], NDArray[np.float32]]:
        names = sorted(self.counts, key=lambda name: (-self.counts[name], name))[:READ]
        if self.encoder is None or not names:
            return [], np.zeros((0, 0), np.float32)
        if new := [name for name in names if name not in self._names]:
            self._names.update(zip(new, self.encoder.encode(new), strict=True))
        return names, np.stack([self._names[name] for name in names])

    def of_category(self, name: str) -> NDArray[np.bool_]:
        """(n_items,) bool: the items of a category."""
        if name not in self._members:
            names = self.catalogue.category_names
            at = [names.index(name)] if name in names else []
            self._members[name] = self.catalogue.category_matrix[:, at].toarray().any(axis=1)
        return self._members[name]

    def column(self, name: str) -> NDArray[np.float64]:
        """(n_items,): a column of numbers, NaN where there is none; of a column of times the years."""
        if name not in self._columns:
            column = self.catalogue.frame[name]
            numbers = (column.dt.year() if column.dtype.is_temporal() else column).cast(pl.Float64, strict=False)
            self._columns[name] = numbers.fill_null(np.nan).to_numpy()
        return self._columns[name]

    @cached_property
    def numbers(self) -> dict[str, str]:
        """Stem of the last word of a name → column of numbers."""
        frame = self.catalogue.frame
        return {stem(tokens(name.replace("_", " "))[-1]): name for name, kind in frame.schema.items() if kind.is_numeric() and tokens(name)}

    @cached_property
    def money(self) -> str | None:
        """The column of prices; None where there is none."""
        return next((name for name in self.numbers.values() if any(word in name.casefold() for word in MONEY)), None)

    @cached_property
    def years(self) -> str | None:
        """The column that says when an item came out; None where none does."""
        frame = self.catalogue.frame
        there = (name for name in YEARS if name in frame.columns and frame[name].null_count() < len(frame))
        return next((name for name in there if frame.schema[name].is_numeric() or frame.schema[name].is_temporal()), None)


def _keep(kept: dict[K, V], new: Mapping[K, V], most: int) -> None:
    """Put these in, and let go of the oldest beyond `most`."""
    kept.update(new)
    for key in list(kept)[:-most]:
        kept.pop(key, None)

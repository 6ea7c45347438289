"""What a catalogue's own words are: its categories by their stems, and which columns hold years, money and other numbers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.language.words import stem
from bowerbird.protocols import Encoder
from bowerbird.steering.cues import HAN_WORDS, MONEY, YEARS
from bowerbird.steering.tokens import tokens

SAME = 0.7
"""From this cosine on a phrase and a category name say the same: with the bundled encoder *science fiction* and *Sci-Fi* have .82, *scary*
and *Horror* .75; *police* and *Crime*, which are not the same, .64."""
READ = 256
"""So many category names, the most frequent, are read by the encoder."""
LONGEST = 4
KEPT = 1024


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

    def like(self, phrase: str) -> str | None:
        """The category whose name says the same as a phrase in the encoder's eyes; None where none does, or without an encoder."""
        names, read = self._read
        if not names:
            return None
        nearness = read @ self.vector(phrase)
        best = int(np.argmax(nearness))
        return names[best] if nearness[best] >= SAME else None

    def vector(self, phrase: str) -> NDArray[np.float32]:
        """(d,) unit length: a phrase as the encoder reads it; the last thousand are kept."""
        assert self.encoder is not None
        if phrase not in self._vectors:
            if len(self._vectors) >= KEPT:
                self._vectors.pop(next(iter(self._vectors)), None)
            self._vectors[phrase] = self.encoder.encode([phrase])[0]
        return self._vectors[phrase]

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

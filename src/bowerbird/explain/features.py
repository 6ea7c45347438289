"""What items have in common that a person would recognise: an intent, categories, and rare words of their titles."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from bowerbird.data import Catalogue
from bowerbird.intents import OTHER

WORD = r"[\p{L}\p{N}][\p{L}\p{N}']*"
RARE = 0.01
"""A word in more than this share of all titles (and in more than three) says little."""
COMMON = frozenset(
    ["the", "and", "for", "with", "from", "into", "part", "vol", "volume", "edition", "new", "you", "your", "this", "that", "not"]
)
"""Words that say little even where they are rare, as in a small catalogue."""


@dataclass(frozen=True)
class Shared:
    """What an item has in common with all of some others, the rarest first.

    intent  the name of the intent that all belong to most, where fewer items do than are of any of the categories; None = no such
    """

    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    intent: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All of it, as it is told: the intent, the categories, the words."""
        return (*(() if self.intent is None else (self.intent,)), *self.categories, *self.words)


def shared(catalogue: Catalogue, item: int, others: Sequence[int], limit: int = 2) -> Shared:
    """The intent, and the categories and title words, that `item` has in common with every one of `others`; at most `limit` of each, none
    with no others.

    cost  one reading of all titles for each catalogue, then O(words and categories of the items)

    >>> films = Catalogue.of(["a", "b", "c"], ["Toy Story", "Toy Soldiers", "Clue"], [["Kids", "Film"], ["Film", "Kids"], ["Film"]])
    >>> shared(films, 0, [1])
    Shared(categories=('Kids', 'Film'), words=('Toy',), intent=None)
    """
    if not others:
        return Shared()
    counts = _counts(catalogue)
    categories = set(catalogue.categories[item]).intersection(*(catalogue.categories[other] for other in others))
    rare_first = sorted(categories, key=lambda name: (counts.categories[name], name))
    own = _words(catalogue.titles[item])
    words = [word for word in own if all(word in _words(catalogue.titles[other]) for other in others)]
    telling = sorted((word for word in words if _tells(word, counts.words, len(catalogue))), key=lambda word: (counts.words[word], word))
    rarest = counts.categories[rare_first[0]] if rare_first else len(catalogue)
    return Shared(tuple(rare_first[:limit]), tuple(own[word] for word in telling[:limit]), _shared_intent(catalogue, item, others, rarest))


def _shared_intent(catalogue: Catalogue, item: int, others: Sequence[int], rarest: int) -> str | None:
    """The main intent of all of them, if it has a name and fewer than `rarest` items are of it."""
    intents = catalogue.intents
    if intents is None:
        return None
    mains = {int(intents.main[one]) for one in (item, *others)}
    main = mains.pop()
    if mains or main < 0 or intents.names[main] == OTHER or intents.sizes[main] >= rarest:
        return None
    return intents.names[main]


@dataclass(frozen=True)
class _Counts:
    """In how many items each category and each word of a title is."""

    categories: Mapping[str, int]
    words: Mapping[str, int]


@lru_cache(maxsize=4)
def _counts(catalogue: Catalogue) -> _Counts:
    of_category = catalogue.category_matrix.sum(axis=0).astype(int).tolist()
    words = pl.Series("word", catalogue.titles, dtype=pl.String).str.to_lowercase().str.extract_all(WORD).list.unique().explode()
    of_word = words.drop_nulls().value_counts()
    return _Counts(dict(zip(catalogue.category_names, of_category, strict=True)), dict(of_word.iter_rows()))


def _words(title: str) -> dict[str, str]:
    """Word in small letters → as it stands in the title."""
    return {word.lower(): word for word in re.findall(r"[^\W_][^\W_']*(?:'[^\W_]+)?", title)}


def _tells(word: str, counts: Mapping[str, int], n_items: int) -> bool:
    """Whether a word is one that a person would name: no number, not short, not everywhere."""
    return len(word) > 2 and not word.isdigit() and word not in COMMON and counts.get(word, n_items) <= max(RARE * n_items, 3)

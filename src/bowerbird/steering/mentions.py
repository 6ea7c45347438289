"""Which items speak of something, by the words of their texts; and which are sequels, by their titles."""

from collections.abc import Set as AbstractSet
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bowerbird.data import Catalogue
from bowerbird.language import item_texts
from bowerbird.language.lexical import search_tokens
from bowerbird.steering.tokens import tokens

SEQUEL = frozenset({"ii", "iii", "iv", "vi", "vii", "viii", "ix", "part", "returns", "again", "sequel", *map(str, range(2, 10))})


@lru_cache(maxsize=2)
def folded_texts(catalogue: Catalogue) -> tuple[str, ...]:
    """Item number → text in small letters.

    cost  10 µs an item, once for each catalogue
    """
    return tuple(text.casefold() for text in item_texts(catalogue.frame))


def having(words: AbstractSet[str], catalogue: Catalogue) -> NDArray[np.bool_]:
    """(n_items,) bool: the items whose texts have all of these words; none for no words.

    words  as `search_tokens` gives them
    cost   0.1 µs an item and word, and 20 µs for each item that may have them

    >>> shop = Catalogue.of(["a", "b", "c"], titles=["Toy Stories", "Toyland", "The story of a toy"])
    >>> having({"toy", "stori"}, shop).tolist()
    [True, False, True]
    """
    roots = sorted((word.removesuffix("i") for word in words), key=len, reverse=True)  # "stori" is the stem of story
    found = np.zeros(len(catalogue), bool)
    for number, text in enumerate(folded_texts(catalogue) if roots else ()):
        if all(root in text for root in roots):
            found[number] = words <= set(search_tokens(text))
    return found


@lru_cache(maxsize=2)
def sequels(catalogue: Catalogue) -> NDArray[np.bool_]:
    """(n_items,) bool: the items whose titles look like those of sequels."""
    return np.fromiter((is_sequel(title) for title in catalogue.titles), bool, len(catalogue))


def is_sequel(title: str) -> bool:
    """Whether a title looks like that of a sequel: a number from 2 on, or the like, behind its first word.

    >>> [is_sequel(title) for title in ("Alien (1979)", "Toy Story 2 (1999)", "Rocky III (1982)", "2 Days in Paris (2007)", "Heat")]
    [False, True, True, False, False]
    """
    name = title.split(" (", maxsplit=1)[0]
    return any(word in SEQUEL for word in tokens(name)[1:])

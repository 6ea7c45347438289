"""An index of a catalogue's texts: BM25 over words, cosines of the language vectors, and the user's own scores, fused by rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import bm25s
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import distance, process

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.language import item_texts
from bowerbird.language.lexical import search_tokens
from bowerbird.language.nearness import near_of
from bowerbird.types import Slate

DEEP = 200
"""So many items of each list are fused."""
FLAT = 60
"""The constant of reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009."""
NEAR = 0.2
"""Items less near to the query than this (`relative`) are not found by their vectors."""
TITLE = 2
"""Words of the title count as if they stood there so many times."""


Ranked = tuple[NDArray[np.int32], NDArray[np.int64]]
"""Items, and the place of each."""


@dataclass(frozen=True, eq=False)
class Index:
    """Finds items by words.

    tokens  of each item, kept so that an index over changed items cuts only their texts
    ranker  BM25 over them; None where no item has a word
    source  Robertson and Zaragoza 2009, by the library bm25s (Lù 2024)
    cost    O(words of all texts) memory; a search is O(n_items · d)

    >>> shop = Index.of(Catalogue.of(["a", "b"], titles=["green tea", "hemp rope"]))
    >>> shop.search("teas", k=1).items.tolist(), shop.search("roep", k=1).items.tolist()
    ([0], [1])
    """

    catalogue: Catalogue
    texts: tuple[str, ...]
    tokens: tuple[tuple[str, ...], ...]
    ranker: bm25s.BM25 | None = field(repr=False)

    @staticmethod
    def of(catalogue: Catalogue, before: "Index | None" = None) -> "Index":
        """The index of a catalogue.

        before  one over an earlier state of it: what did not change is not cut into words again, and where nothing did it is taken as it is
        cost    20 µs an item for cutting, and as much for counting
        """
        texts = tuple(
            f"{f'{title}. ' * (TITLE - 1)}{text}" for title, text in zip(catalogue.titles, item_texts(catalogue.frame), strict=True)
        )
        if before is not None and before.texts == texts:
            return Index(catalogue, texts, before.tokens, before.ranker)
        kept = {} if before is None else dict(zip(before.texts, before.tokens, strict=True))
        tokens = tuple(kept[text] if text in kept else tuple(search_tokens(text)) for text in texts)
        if not any(tokens):
            return Index(catalogue, texts, tokens, None)
        ranker = bm25s.BM25()
        ranker.index([list(words) for words in tokens], show_progress=False)
        return Index(catalogue, texts, tokens, ranker)

    def search(
        self,
        text: str,
        k: int,
        *,
        vector: NDArray[np.float32] | None = None,
        own: NDArray[np.float32] | None = None,
        allowed: NDArray[np.bool_] | None = None,
    ) -> Slate:
        """The `k` best, short where fewer are found: found by their words or their vectors, and put in order by these and by `own`.

        An item's score is the sum of 1 / (60 + its rank) over the lists that it is in: by words, by the vector, and, of what these found,
        by the user's own scores. So what is typed decides what is found, and who asks decides among it.

        vector   (d,) unit length, the query as the encoder reads it
        own      (n_items,) the user's scores, NaN = cannot say
        allowed  (n_items,) bool
        raises   DataError if k is below 1
        """
        if k < 1:
            raise DataError(f"k: must be at least 1, got {k}")
        may = self.catalogue.available if allowed is None else allowed
        lists = [self._by_words(text, may)]
        if vector is not None and self.catalogue.vectors is not None:
            lists.append(_best(near_of(self.catalogue.vectors @ vector)[1], may, NEAR))
        found = np.unique(np.concatenate([items for items, _ in lists]))
        if own is not None and len(found):
            said = np.where(np.isnan(own[found]), -np.inf, own[found])
            lists.append((found, _places(-said)))
        return fused(lists, k)

    def words(self, text: str) -> list[str]:
        """The tokens that are searched for: those of the text, and for one that no item has the nearest that some have.

        A word of four letters or more may be mistyped in one letter, one of eight or more in two.

        cost  for an unknown word O(different words), some ms for 50 000
        """
        if self.ranker is None:
            return []
        known: Mapping[str, int] = self.ranker.vocab_dict
        found: list[str] = []
        for token in dict.fromkeys(search_tokens(text)):
            if token in known:
                found.append(token)
            elif len(token) >= 4:
                near = process.extract(token, list(known), scorer=distance.OSA.distance, score_cutoff=1 + (len(token) >= 8), limit=3)
                closest = min((distance for _, distance, _ in near), default=0)
                found += [word for word, distance, _ in near if distance == closest]
        return found

    def _by_words(self, text: str, may: NDArray[np.bool_]) -> Ranked:
        words = self.words(text)
        if self.ranker is None or not words:
            return np.zeros(0, np.int32), np.zeros(0, np.int64)
        return _best(self.ranker.get_scores(words), may, 0.0)


def fused(lists: Sequence[Ranked], k: int) -> Slate:
    """The `k` best by reciprocal rank fusion, ties to the lower item number.

    >>> fused([(np.array([4, 7], np.int32), np.array([1, 2])), (np.array([7, 9], np.int32), np.array([1, 2]))], 2).items.tolist()
    [7, 4]
    """
    items, where = np.unique(np.concatenate([items for items, _ in lists]), return_inverse=True)
    places = np.concatenate([places for _, places in lists])
    scores = np.bincount(where, 1 / (FLAT + places), minlength=len(items))
    order = np.lexsort((items, -scores))[:k]
    return Slate(items[order].astype(np.int32), scores[order].astype(np.float32))


def _best(scores: NDArray[np.float32], may: NDArray[np.bool_], above: float) -> Ranked:
    known = np.flatnonzero((scores > above) & may)
    order = np.lexsort((known, -scores[known]))[:DEEP]
    return known[order].astype(np.int32), _places(-scores[known[order]])


def _places(falling: NDArray[np.float32]) -> NDArray[np.int64]:
    """From 1; equals share the best of their places."""
    return np.searchsorted(np.sort(falling), falling).astype(np.int64) + 1

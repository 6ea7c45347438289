"""Which items are worth scoring for a query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import BundleError
from bowerbird.protocols import Mixes, Nominates, Progress, ReadsVectors, Scorer, VectorScorer, silent
from bowerbird.retrieval.index import VectorIndex, best_of
from bowerbird.retrieval.settings import RetrieveSettings
from bowerbird.scoring import vectors_of
from bowerbird.types import Query

Items = NDArray[np.int32]

SAMPLE = 200
"""Queries that an index is set by."""

WHOLE = 10
"""Where no more items than so many times the nominees may be shown, all of them are worth scoring."""


@dataclass(frozen=True, eq=False)
class Retriever:
    """Has each model nominate the items that it scores best; a blend's are those of its members together.

    A model nominates by itself (`Nominates`: sparse weights, popularity), by an index of its vectors, or, if it is a `VectorScorer`
    without an index, by all dot products. Others nominate nothing, but score what is nominated. Models that read texts nominate among the
    new items, too, which would find no place beside the known ones.

    indices  place of a member → its index; 0 for a model that stands alone
    """

    scorer: Scorer
    settings: RetrieveSettings = field(default_factory=RetrieveSettings)
    indices: Mapping[int, VectorIndex] = field(default_factory=dict)

    @staticmethod
    def build(scorer: Scorer, queries: Sequence[Query], settings: RetrieveSettings, progress: Progress = silent) -> "Retriever":
        """With an index for each member that needs one.

        queries  such as will be asked; a sample of them sets the indices
        raises   ConfigError without faiss
        cost     `VectorIndex.build` a member
        """
        needy = _by_vectors(scorer)
        indices = {}
        for done, (place, member) in enumerate(needy.items()):
            progress("index", done, len(needy))
            indices[place] = VectorIndex.build(member.item_vectors, member.query_vectors(queries[:SAMPLE]), settings.recall)
        progress("index", len(needy), max(len(needy), 1))
        return Retriever(scorer, settings, indices)

    @staticmethod
    def of(scorer: Scorer, packed: Mapping[str, NDArray[np.uint8]], settings: RetrieveSettings) -> "Retriever":
        """With indices as a bundle keeps them: place of the member → bytes.

        raises  BundleError for an index of another member
        """
        by_vectors = _by_vectors(scorer)
        try:
            tables = {int(place): by_vectors[int(place)].item_vectors for place in packed}
        except (KeyError, ValueError):
            raise BundleError(f"index: must be of members {sorted(by_vectors)}, got {sorted(packed)}") from None
        none = np.zeros(0, np.int32)
        return Retriever(scorer, settings, {place: VectorIndex(packed[str(place)], table, none) for place, table in tables.items()})

    @property
    def able(self) -> bool:
        """Whether any model nominates."""
        return any(isinstance(member, Nominates | VectorScorer) for member in _members(self.scorer))

    def onto(self, scorer: Scorer) -> "Retriever":
        """For the same scorer grown or taught: indices go on where the vectors of their members do."""
        if scorer is self.scorer:
            return self
        by_vectors = _by_vectors(scorer)
        kept = {place: index.onto(by_vectors[place].item_vectors) for place, index in self.indices.items()}
        return replace(self, scorer=scorer, indices=kept)

    def nominees(self, query: Query, allowed: NDArray[np.bool_]) -> Items:
        """The numbers, rising, of the items worth scoring for a query; all are allowed.

        allowed  (n_items,) bool
        """
        able = np.flatnonzero(allowed).astype(np.int32)
        members = _members(self.scorer)
        each = self.settings.nominees * (1 if len(members) > 1 else 2)
        if len(able) <= WHOLE * each:
            return able
        new = ~self.scorer.known & allowed[: len(self.scorer.known)] if isinstance(self.scorer, Mixes) else np.zeros(0, bool)
        named = [self._named_by(place, member, query, allowed, each) for place, member in enumerate(members)]
        if new.any():
            wider = np.pad(new, (0, len(allowed) - len(new)))
            readers = [(place, member) for place, member in enumerate(members) if isinstance(member, ReadsVectors)]
            named += [self._named_by(place, member, query, wider, each) for place, member in readers]
        return np.unique(np.concatenate(named)).astype(np.int32)

    def _named_by(self, place: int, member: Scorer, query: Query, allowed: NDArray[np.bool_], n: int) -> Items:
        if isinstance(member, Nominates):
            share = np.count_nonzero(allowed) / len(allowed)
            [named] = member.nominate([query], int(np.ceil(n / share)) + len(query.history))
            return named[allowed[named]]
        if not isinstance(member, VectorScorer):
            return np.zeros(0, np.int32)
        vectors = vectors_of(member, [query])
        if place in self.indices:
            return self.indices[place].search(vectors, allowed, n)[0]
        able = np.flatnonzero(allowed[: len(member.item_vectors)]).astype(np.int32)
        return best_of((vectors @ member.item_vectors[able].T)[0], able, n)


def _members(scorer: Scorer) -> Sequence[Scorer]:
    return scorer.members if isinstance(scorer, Mixes) else (scorer,)


def _by_vectors(scorer: Scorer) -> dict[int, VectorScorer]:
    """Place → member, of those whose items only an index or all dot products can name."""
    return {
        place: member
        for place, member in enumerate(_members(scorer))
        if isinstance(member, VectorScorer) and not isinstance(member, Nominates)
    }

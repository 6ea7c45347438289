"""The interests that a catalogue serves, and how items and users divide over them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.errors import DataError
from bowerbird.types import History

OTHER = "other"
"""The name of an intent whose texts have no words in common: what is left over, not something that a person is after."""

AT_MOST, LEAST = 3, 0.25
"""An item belongs to so many intents at most, and to none whose pull is less than this share of the strongest one's."""
BLOCK = 8192


@dataclass(frozen=True, eq=False)
class Intents:
    """A map of the catalogue's interests, found by `bowerbird.language.find_intents`.

    names       intent number → name, no two alike, the largest intent first and `OTHER`, if there is one, last
    centres     (n_centres, d) float32, unit length
    owners      (n_centres,) int32, the intent of each centre, never falling; an intent has one or several
    spread      cosine by which a centre must be nearer than another to pull e times as much, above 0
    membership  (n_items, n_intents) float32: how an item divides over intents. A row sums to 1 with at most three parts; the row of an
                item without a text is empty
    raises      DataError if these do not fit together

    >>> intents = Intents(("tea", "rope"), np.eye(2, dtype=np.float32), np.array([0, 1], np.int32), 0.1, sparse.csr_array((0, 2)))
    >>> intents.place(np.array([[1, 0], [.6, .8], [.7071, .7071], [np.nan, 0]], np.float32)).toarray().round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.0, 0.0]]
    """

    kind: ClassVar[str] = "intents"

    names: tuple[str, ...]
    centres: NDArray[np.float32]
    owners: NDArray[np.int32]
    spread: float
    membership: sparse.csr_array

    def __post_init__(self) -> None:
        if self.membership.shape[1] != len(self.names) or len(set(self.names)) != len(self.names):
            raise DataError(f"intents: there must be one name for each of {self.membership.shape[1]}, no two alike, got {self.names}")
        if len(self.owners) != len(self.centres) or np.unique(self.owners).tolist() != list(range(len(self.names))):
            raise DataError(f"intents: every one of {len(self.names)} must own a centre, got owners {self.owners.tolist()}")
        if self.spread <= 0 or (np.diff(self.owners) < 0).any():
            raise DataError(f"intents: owners must not fall and spread must be above 0, got {self.owners.tolist()} and {self.spread}")

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def main(self) -> NDArray[np.int32]:
        """(n_items,): the intent that an item belongs to most, ties to the lower number; −1 where it belongs to none."""
        rows = self.membership
        held = np.diff(rows.indptr) > 0
        best = np.full(rows.shape[0], -1, np.int32)
        best[held] = rows[held].argmax(axis=1) if held.any() else best[held]
        return best

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(n_intents,): how many items belong to each most."""
        return np.bincount(self.main[self.main >= 0], minlength=len(self))

    @cached_property
    def named(self) -> sparse.csr_array:
        """(n_items, ·): the membership without `OTHER`, which is nobody's interest."""
        return self.membership[:, [name != OTHER for name in self.names]]

    def of(self, item: int) -> tuple[str, ...]:
        """The names of an item's intents, the strongest first; without `OTHER`, which says nothing."""
        here = slice(*self.membership.indptr[item : item + 2])
        numbers, parts = self.membership.indices[here], self.membership.data[here]
        return tuple(self.names[number] for number in numbers[np.lexsort((numbers, -parts))] if self.names[number] != OTHER)

    def place(self, vectors: NDArray[np.float32]) -> sparse.csr_array:
        """(n, n_intents) float32: how items of these vectors divide over the intents; an empty row for one of zeros or NaN.

        An intent pulls with exp((cosine to its nearest centre − the best such cosine) / spread).

        cost  O(n · n_centres · d) time
        """
        parts = [self._placed(vectors[start : start + BLOCK]) for start in range(0, len(vectors), BLOCK)]
        return sparse.csr_array(sparse.vstack(parts)) if parts else sparse.csr_array((0, len(self)), dtype=np.float32)

    def with_items(self, items: NDArray[np.integer], vectors: NDArray[np.float32], n_items: int) -> "Intents":
        """The same intents over `n_items` items, those of these numbers placed anew; names and centres stay.

        vectors  (len(items), d)
        """
        rows = sparse.vstack([self.membership, sparse.csr_array((n_items - self.membership.shape[0], len(self))), self.place(vectors)])
        source = np.arange(n_items)
        source[items] = n_items + np.arange(len(items))
        return replace(self, membership=sparse.csr_array(sparse.csr_array(rows, dtype=np.float32)[source]))

    def _placed(self, vectors: NDArray[np.float32]) -> sparse.csr_array:
        lengths = np.nan_to_num(np.einsum("ij,ij->i", vectors, vectors))
        cosines = np.nan_to_num(vectors) @ self.centres.T  # (n, n_centres)
        likeness = np.maximum.reduceat(cosines, np.searchsorted(self.owners, np.arange(len(self))), axis=1)  # (n, n_intents)
        kept = np.argsort(-likeness, axis=1, kind="stable")[:, :AT_MOST]
        near = np.take_along_axis(likeness, kept, axis=1).astype(np.float64)
        pull = np.exp((near - near[:, :1]) / self.spread)
        pull[(pull < LEAST) | (lengths == 0)[:, None]] = 0
        shares = pull / np.maximum(pull.sum(axis=1, keepdims=True), 1e-12)
        row, at = np.nonzero(shares)
        return sparse.csr_array((shares[row, at].astype(np.float32), (row, kept[row, at])), shape=likeness.shape)


def intent_shares(history: History, intents: Intents) -> NDArray[np.float64]:
    """(n_intents,): how the liked part of a history (weights above 0, weighted) divides over the intents.

    Sums to 1, or to 0 where nothing is liked or what is liked has no text.

    >>> two = sparse.csr_array(np.array([[1, 0], [.5, .5], [0, 1]], np.float32))
    >>> intents = Intents(("tea", "rope"), np.eye(2, dtype=np.float32), np.array([0, 1], np.int32), 0.1, two)
    >>> intent_shares(History.of([0, 1, 2], [1, 1, -1]), intents).tolist()
    [0.75, 0.25]
    """
    liked = history.weights > 0
    pull = history.weights[liked].astype(np.float64) @ intents.membership[history.items[liked]].astype(np.float64)
    shares: NDArray[np.float64] = pull / (pull.sum() or 1)
    return shares

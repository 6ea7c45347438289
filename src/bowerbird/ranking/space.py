"""Where items lie: the vectors by which re-rankers tell how alike two items are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bowerbird.errors import DataError


@dataclass(frozen=True, eq=False)
class ItemSpace:
    """Unit vectors for the items of a slate, all from one source so that they can be compared.

    1. Their language vectors, if every item of the slate has one. A row of zeros or NaN is no vector.
    2. Else their categories, each item's row brought to unit length, if there are any categories.
    3. Items of which nothing is known by then are alike with one another and unlike all others (an extra direction of their own),
       so that a wish for variety is not a wish for blank pages.

    With a `share` above 0, items that have a language vector and a category are told apart by both: likeness is the share of the one's
    cosine and the rest of the other's. An item that lacks one of the two is known by what it has.

    vectors     (n_items, d) float32, unit length; None = there are none
    categories  (n_items, n_categories) sparse, 1 where the item is of the category; None = there are none
    share       0..1, of the categories in the likeness of two items
    cost        `of` n items: O(n·d), or O(n · categories that occur in the slate)
    """

    vectors: NDArray[np.float32] | None = None
    categories: csr_array | None = None
    share: float = 0.0

    def of(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n, d) float32, unit length.

        raises  DataError if an item number lies beyond the space

        >>> space = ItemSpace(None, csr_array(np.array([[1, 1], [1, 0], [0, 0]], np.float32)))
        >>> space.of(np.array([0, 1, 2], np.int32)).astype(float).round(2).tolist()
        [[0.71, 0.71, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
        """
        has_categories = self.categories is not None and self.categories.shape[1] > 0
        if self.vectors is not None:
            rows = rows_of(self.vectors, items)
            known = _said(rows)
            if self.share and self.categories is not None and has_categories:
                return self._both(rows, _unit_categories(self.categories, items))
            if known.all() or not has_categories:
                return _with_blanks(rows, known)
        if not has_categories:
            return np.ones((len(items), 1), np.float32)
        rows = _unit_categories(self.categories, items)
        return _with_blanks(rows, _said(rows))

    def _both(self, texts: NDArray[np.float32], categories: NDArray[np.float32]) -> NDArray[np.float32]:
        """Side by side, of unit length; where one of the two says nothing, the other counts for both."""
        rows = np.hstack((np.sqrt(1 - self.share) * np.nan_to_num(texts), np.sqrt(self.share) * categories))
        length = np.sqrt(_squares(rows))
        known = length > 0
        rows[known] /= length[known, None]
        return _with_blanks(rows.astype(np.float32), known)


Vectors = NDArray[np.float32] | ItemSpace


def rows_of(vectors: Vectors, items: NDArray[np.int32]) -> NDArray[np.float32]:
    """The vectors of these items, (n, d) float32.

    raises  DataError if an item number lies beyond the table
    """
    if isinstance(vectors, ItemSpace):
        return vectors.of(items)
    checked_items(items, len(vectors))
    return np.ascontiguousarray(vectors[items], np.float32)


def checked_items(items: NDArray[np.int32], n_items: int) -> None:
    """Refuse item numbers outside 0 … n_items − 1.

    raises  DataError
    """
    if len(items) and (items.max() >= n_items or items.min() < 0):
        wrong = items[(items >= n_items) | (items < 0)][0]
        raise DataError(f"slate: item numbers must lie in 0..{n_items - 1}, got {wrong}")


def category_rows(categories: csr_array, items: NDArray[np.int32]) -> csr_array:
    """The rows of these items, (n, n_categories).

    raises  DataError if an item number lies beyond the matrix
    """
    checked_items(items, categories.shape[0])
    return categories[items]


def _unit_categories(categories: csr_array | None, items: NDArray[np.int32]) -> NDArray[np.float32]:
    """Dense over the categories that occur among these items alone: catalogues may have thousands."""
    rows = category_rows(categories, items)
    used, columns = np.unique(rows.indices, return_inverse=True)
    dense = np.zeros((len(items), len(used)), np.float32)
    dense[np.repeat(np.arange(len(items)), np.diff(rows.indptr)), columns] = rows.data
    length = np.sqrt(_squares(dense))
    length[length == 0] = 1
    dense /= length[:, None]
    return dense


def _said(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows are vectors at all: not zeros, and not NaN."""
    said: NDArray[np.bool_] = _squares(rows) > 0
    return said


def _squares(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The squared length of each row."""
    squares: NDArray[np.float32] = np.einsum("ij,ij->i", rows, rows)
    return squares


def _with_blanks(rows: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """One more direction for the rows that say nothing; untouched where all do."""
    if known.all():
        return rows
    said = np.where(known[:, None], rows, 0)
    return np.hstack((said, ~known[:, None])).astype(np.float32)

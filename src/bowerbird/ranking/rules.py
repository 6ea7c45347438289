"""What may be shown at all, and how much of one thing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.ranking.selection import Limit, select
from bowerbird.ranking.space import category_rows
from bowerbird.types import Query, Slate, Value

Filters = Mapping[str, Value | list[Value]]


def allowed_items(
    catalogue: Catalogue, filters: Filters | None = None, exclude: Sequence[int] | NDArray[np.int32] = ()
) -> NDArray[np.bool_]:
    """The items that are available, pass all filters and are not excluded: (n_items,) bool.

    filters  field → the value wanted, or a list of which one is wanted, as `Catalogue.mask` reads them
    exclude  item numbers; −1 (an id nobody knows) excludes nothing
    raises   DataError for a field that the catalogue lacks, or an item number beyond it

    >>> catalogue = Catalogue.of(["Alien", "Brazil", "Clue"])
    >>> allowed_items(catalogue, exclude=[1, -1]).tolist()
    [True, False, True]
    """
    mask = catalogue.available.copy()
    if filters:
        mask &= catalogue.mask(filters)
    numbers = np.asarray(exclude, np.int64)
    if ((numbers < -1) | (numbers >= len(catalogue))).any():
        wrong = numbers[(numbers < -1) | (numbers >= len(catalogue))][0]
        raise DataError(f"exclude: item numbers must lie in 0..{len(catalogue) - 1}, or be -1 for an unknown id, got {wrong}")
    mask[numbers[numbers >= 0]] = False
    return mask


@dataclass(frozen=True, eq=False)
class MaxPerCategory:
    """Keep the order, and pass over each item one of whose categories is already there `n` times.

    A slate comes out short rather than break the rule. An item of several categories counts for each; one of none is never passed over.

    categories  (n_items, n_categories) sparse, 1 where the item is of the category
    n           at least 1
    raises      DataError if a slate names an item beyond `categories`
    cost        O(categories of the items looked at)

    >>> from bowerbird.types import History
    >>> categories = csr_array(np.array([[1, 0], [1, 1], [0, 1]], np.float32))
    >>> slate = Slate(np.array([0, 1, 2], np.int32), np.array([.9, .8, .6], np.float32))
    >>> MaxPerCategory(categories, n=1)(slate, Query(History.of([])), k=3).items.tolist()
    [0, 2]
    """

    categories: csr_array
    n: int

    def __post_init__(self) -> None:
        if self.n < 1:
            raise DataError(f"rules: max_per_category must be at least 1, got {self.n}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """At most `k` items."""
        return slate.take(select(len(slate), k, [self.limit(slate, k)]))

    def limit(self, slate: Slate, k: int) -> Limit:  # noqa: ARG002
        """The rule for the items of this slate."""
        return Limit(category_rows(self.categories, slate.items), self.n)

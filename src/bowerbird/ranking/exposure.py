"""Who is shown: no provider fills the slate, and what was shown little gets a chance."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.sparse import csr_array

from bowerbird.config import Settings, refuse_idle
from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.ranking.relevance import checked_dial, ranked, relevance
from bowerbird.ranking.selection import Limit, select
from bowerbird.ranking.space import category_rows, checked_items
from bowerbird.types import Query, Slate


@dataclass(frozen=True, eq=False)
class MaxShare:
    """Keep the order, and pass over each item one of whose labels has its share of the slate already.

    A label has at most `share` · k places, rounded down but at least one; k is what was asked for, or the length of the slate given where
    that is shorter. A slate comes out short rather than break the rule. An item of several labels counts for each; one of none is never
    passed over.

    labels  (n_items, n_labels) sparse, 1 where the item has the label: of a provider, a brand, a category (`column_labels`)
    share   above 0, at most 1
    raises  DataError if a slate names an item beyond `labels`
    cost    O(labels of the items looked at)

    >>> from bowerbird.types import History
    >>> labels = csr_array(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32))
    >>> slate = Slate(np.arange(4, dtype=np.int32), np.array([.9, .8, .6, .5], np.float32))
    >>> MaxShare(labels, share=0.5)(slate, Query(History.of([])), k=2).items.tolist()
    [0, 2]
    """

    labels: csr_array
    share: float

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise DataError(f"rules: a share must be above 0 and at most 1, got {self.share}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """At most `k` items."""
        return slate.take(select(len(slate), k, [self.limit(slate, k)]))

    def limit(self, slate: Slate, k: int) -> Limit:
        """The rule for the items of this slate."""
        places = int(self.share * min(k, len(slate)) + 1e-9)  # .29 · 100 is 28.999… in floats
        return Limit(category_rows(self.labels, slate.items), max(places, 1))


@dataclass(frozen=True, eq=False)
class InverseExposure:
    """Order by a trade of score against how little an item was shown, so that over many slates more of the catalogue is covered.

        value(i) = (1 − strength) · relevance(i) + strength · (1 − log(1 + counts(i)) / log(1 + greatest count in the slate))

    The logarithm makes the step from 0 to 10 as large as that from 10 to 120: what counts is that an item is seen at all.

    counts    (n_items,), 0 or more, in any unit: how often each item was shown since some day, or, where slates are not recorded, how
              often it was taken in the training log. The caller says which; a re-ranker keeps no tally. The engine gives what its slates
              showed before the live bundle was fitted (`ExposureSettings`)
    strength  0..1; 0 keeps the order given, 1 puts the least shown first
    raises    DataError if a slate names an item beyond `counts`, or a count is negative or NaN
    cost      O(n log n) for a slate of n

    >>> from bowerbird.types import History
    >>> slate = Slate(np.array([0, 1, 2], np.int32), np.array([.9, .8, .1], np.float32))
    >>> InverseExposure(np.array([500, 3, 0]), strength=0.4)(slate, Query(History.of([])), k=2).items.tolist()
    [1, 0]
    """

    counts: NDArray[np.float64] | NDArray[np.int64]
    strength: float

    def __post_init__(self) -> None:
        checked_dial("exposure: strength", self.strength)
        wrong = ~(self.counts >= 0)
        if wrong.any():
            raise DataError(f"exposure: counts must be 0 or more, got {self.counts[wrong][0]} for item {int(np.flatnonzero(wrong)[0])}")

    def __call__(self, slate: Slate, query: Query, k: int) -> Slate:  # noqa: ARG002
        """The `k` best by value, ties to the better score."""
        checked_items(slate.items, len(self.counts))
        if self.strength == 0 or len(slate) == 0:
            return slate.take(np.arange(min(k, len(slate))))
        slate = ranked(slate)
        return slate.take(np.argsort(-self._value(slate), kind="stable")[:k])

    def traded(self, slate: Slate) -> Slate:
        """The whole slate by falling value, with values for scores, on the scores' own scale: for re-rankers that look at scores."""
        checked_items(slate.items, len(self.counts))
        if self.strength == 0 or len(slate) == 0:
            return slate
        slate = ranked(slate)
        value, low, high = self._value(slate), slate.scores.min(), slate.scores.max()
        order = np.argsort(-value, kind="stable")
        return Slate(slate.items[order], (low + (high - low) * value[order]).astype(np.float32))

    def _value(self, slate: Slate) -> NDArray[np.float64]:
        shown = np.log1p(self.counts[slate.items].astype(np.float64))
        seldom = 1 - shown / (shown.max() or 1)
        return np.asarray((1 - self.strength) * relevance(slate.scores) + self.strength * seldom, np.float64)


class ExposureSettings(Settings):
    """How far what was shown little is preferred, among the items that a slate is chosen from (`InverseExposure`).

    What was shown is read from the logged slates of the days before the bundle was fitted, once, so that a slate can be made again; a
    bundle with no slates before it is not changed by this. Evaluation on a log of events knows nothing of what was shown.

    strength  0..1; 0 = scores alone
    days      so many days of slates are counted
    """

    strength: float = Field(default=0.0, ge=0, le=1)
    days: float = Field(default=30.0, gt=0)

    @model_validator(mode="after")
    def _used(self) -> Self:
        refuse_idle(self, "strength 0", days=self.strength > 0)
        return self


def column_labels(catalogue: Catalogue, column: str) -> csr_array:
    """(n_items, n_values) float32: 1 where an item has that value of a column of the catalogue; nothing where it has none.

    raises  DataError if the items have no such column
    cost    O(n_items log n_items)

    >>> column_labels(Catalogue.of(list("abc"), brand=["x", None, "x"]), "brand").toarray().tolist()
    [[1.0], [0.0], [1.0]]
    """
    if column == "categories":
        return catalogue.category_matrix
    if column not in catalogue.frame.columns:
        raise DataError(f"items have no column {column!r}, it must be one of {', '.join(sorted(catalogue.frame.columns))}")
    values = catalogue.frame[column]
    numbers = (values.fill_nan(None) if values.dtype.is_float() else values).rank("dense").cast(pl.Int64) - 1
    told = numbers.is_not_null().to_numpy()
    starts = np.concatenate(([0], np.cumsum(told))).astype(np.int64)
    columns = numbers.drop_nulls().to_numpy()
    return csr_array((np.ones(len(columns), np.float32), columns, starts), shape=(len(catalogue), int(columns.max(initial=-1)) + 1))

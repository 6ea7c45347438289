"""The items: a table on item numbers, and what every part asks of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from bowerbird.data.filters import mask
from bowerbird.data.items import item_table
from bowerbird.data.kinds import PROFILE
from bowerbird.data.upsert import upsert
from bowerbird.errors import DataError
from bowerbird.intents import Intents
from bowerbird.types import ItemId, Value

Rows = pl.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All items; row i of the table is item number i.

    frame    item (id, unique), title, categories (list of str), created, available, then text columns and attributes
    vectors  (n_items, d) float32, unit length: what a language model read in the texts; None = not read yet
    intents  the interests that were found in these vectors; None = none were looked for
    raises   DataError if an id is missing or stands twice, or vectors and intents are not of one row an item

    >>> shop = Catalogue.of(["a", "b"], categories=[["toy"], ["toy", "red"]])
    >>> len(shop), shop.number("b"), shop.number("z"), shop.category_names
    (2, 1, None, ('red', 'toy'))
    """

    frame: pl.DataFrame
    vectors: NDArray[np.float32] | None = None
    intents: Intents | None = None

    def __post_init__(self) -> None:
        if "item" not in self.frame.columns or self.frame["item"].null_count():
            raise DataError("catalogue: every item must have an id in column 'item'")
        if PROFILE in self._numbers:
            raise DataError(f"catalogue: no item may have the id {PROFILE!r}, which edits of profiles stand on")
        if len(self._numbers) != len(self.frame):
            twice = self.frame["item"].filter(self.frame["item"].is_duplicated())[0]
            raise DataError(f"catalogue: ids must be unique, {twice!r} stands twice")
        if self.vectors is not None and (self.vectors.ndim != 2 or len(self.vectors) != len(self.frame)):
            raise DataError(f"catalogue: vectors must have one row for each of {len(self.frame)} items, got shape {self.vectors.shape}")
        if self.intents is not None and self.intents.membership.shape[0] != len(self.frame):
            raise DataError(f"catalogue: intents must place each of {len(self.frame)} items, got {self.intents.membership.shape[0]}")

    @staticmethod
    def of(
        ids: Sequence[ItemId],
        titles: Sequence[str] | None = None,
        categories: Sequence[Sequence[str]] | None = None,
        vectors: ArrayLike | None = None,
        **attributes: Sequence[Any],
    ) -> "Catalogue":
        """A catalogue from plain lists; a title is the id unless given."""
        columns = {"item": list(ids), "title": list(titles or ids), "categories": [list(names) for names in categories or [()] * len(ids)]}
        schema: dict[str, Any] = {"item": pl.String, "title": pl.String, "categories": pl.List(pl.String)}
        frame = pl.DataFrame({**columns, **{name: list(column) for name, column in attributes.items()}}, schema_overrides=schema)
        return Catalogue(item_table(frame), None if vectors is None else np.asarray(vectors, np.float32))

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def ids(self) -> tuple[ItemId, ...]:
        """Item number → id."""
        return tuple(self.frame["item"].to_list())

    @cached_property
    def _numbers(self) -> dict[ItemId, int]:
        return {item: number for number, item in enumerate(self.frame["item"].to_list())}

    def number(self, item: ItemId) -> int | None:
        """The number of an id; None for a stranger. O(1)."""
        return self._numbers.get(item)

    def numbers(self, items: Sequence[ItemId]) -> NDArray[np.int32]:
        """(n,) int32: the number of each id, −1 for a stranger. O(n).

        >>> Catalogue.of(["a", "b"]).numbers(["b", "z"]).tolist()
        [1, -1]
        """
        return np.fromiter((self._numbers.get(item, -1) for item in items), np.int32, len(items))

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """Item number → title; the id where there is none."""
        return tuple(title or item for title, item in zip(self._column("title"), self.ids, strict=True))

    @cached_property
    def categories(self) -> list[tuple[str, ...]]:
        """Item number → its categories."""
        return [tuple(names or ()) for names in self._column("categories")]

    @cached_property
    def category_names(self) -> tuple[str, ...]:
        """Category number → name, in alphabetical order."""
        return tuple(sorted({name for names in self.categories for name in names}))

    @cached_property
    def category_matrix(self) -> sparse.csr_array:
        """(n_items, n_categories) float32 of 0 and 1; the columns are `category_names`."""
        column = {name: number for number, name in enumerate(self.category_names)}
        starts = np.concatenate(([0], np.cumsum([len(set(names)) for names in self.categories], dtype=np.int64)))
        indices = np.fromiter((number for names in self.categories for number in sorted({column[name] for name in names})), np.int64)
        return sparse.csr_array((np.ones(len(indices), np.float32), indices, starts), shape=(len(self), len(column)))

    @cached_property
    def available(self) -> NDArray[np.bool_]:
        """(n_items,) bool: which items can be had."""
        if "available" not in self.frame.columns:
            return np.ones(len(self), bool)
        return self.frame["available"].fill_null(True).to_numpy().astype(bool)

    def mask(self, filters: Mapping[str, Value | list[Value]]) -> NDArray[np.bool_]:
        """(n_items,) bool: the items that pass every filter.

        filters  column → wanted value, or a list of values of which one must hold; `categories` holds if it is among the item's
        raises   DataError for a column that the items do not have
        cost     O(n_items) a filter

        >>> Catalogue.of(["a", "b"], categories=[["toy"], []], year=[1990, 2001]).mask({"categories": "toy", "year": [1990, 1991]}).tolist()
        [True, False]
        """
        return mask(self.frame, filters)

    def with_vectors(self, vectors: NDArray[np.float32] | None) -> "Catalogue":
        """The same items with these vectors; intents were found in the old ones, and are left out."""
        return replace(self, vectors=vectors, intents=None)

    def with_intents(self, intents: Intents | None) -> "Catalogue":
        """The same items divided into these intents."""
        return replace(self, intents=intents)

    def upsert(self, rows: Rows) -> "Catalogue":
        """The catalogue with these rows put in place of those of the same id, or added at the end; it has no vectors and no intents.

        Numbers never change. A row replaces the whole old one: what it does not name is empty afterwards.

        rows    each with `item`, and optionally the table's other columns
        raises  DataError for a row without `item`, with a column that the table does not have, or a value that does not fit

        >>> shop = Catalogue.of(["a", "b"]).upsert([{"item": "c", "title": "new"}, {"item": "a", "title": "changed"}])
        >>> shop.titles
        ('changed', 'b', 'new')
        """
        return Catalogue(upsert(self.frame, rows))

    def _column(self, name: str) -> list[Any]:
        return self.frame[name].to_list() if name in self.frame.columns else [None] * len(self)

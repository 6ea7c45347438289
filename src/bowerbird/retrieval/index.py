"""Finding the vectors with the greatest dot products without looking at all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import BundleError, ConfigError

Vectors = NDArray[np.float32]

TOP = 100
"""How many of the best items an index is judged by."""

CELLS_OF_ROOT = 4
"""Cells for each root of the number of items."""

TRAINED_BY = 50
"""Vectors for each cell that the cells are found by."""

ROUNDS = 10
"""Of k-means."""

BLOCK = 2**24
"""Values of a table that are compared at a time."""

DRIFT = 1e-3
"""A vector that moved further than this since the index was made is looked at by itself."""


@dataclass(frozen=True, eq=False)
class VectorIndex:
    """The vectors of a table in cells, each number as one byte: inverted files by faiss.

    A search looks into the cells whose centres have the greatest dot products, so that it may miss an item. What has changed in the
    table since is looked at as well, all of it.

    packed  the bytes of the faiss index
    table   (n_items, d), the table as it is now; a row of NaN cannot be found
    since   (n,) rising numbers of the rows that changed or were added since the index was made

    raises  BundleError if the bytes are no index of such vectors; ConfigError without faiss
    """

    packed: NDArray[np.uint8]
    table: Vectors
    since: NDArray[np.int32]

    @staticmethod
    def build(table: Vectors, queries: Vectors, recall: float) -> "VectorIndex":
        """The index of a table, with as many cells looked at as it takes.

        queries  (n_queries, d), vectors that will be asked with, to set it by; the table's own where there are none
        recall   the share of the 100 best that must be found on average
        cost     O(n_items · √n_items · d); about 40 s of one core for a million vectors of 64 numbers
        raises   ConfigError without faiss
        """
        faiss = _faiss()
        rows = np.flatnonzero(~np.isnan(table[:, 0]))
        known = np.ascontiguousarray(table[rows])
        cells = max(min(int(CELLS_OF_ROOT * np.sqrt(len(rows))), len(rows) // 2), 1)
        index = _in_cells(faiss, known, rows, cells)
        asked = queries[~np.isnan(queries).any(axis=1)]
        index.nprobe = cells_to_look_at(index, known, rows, asked if len(asked) else known[:: max(len(rows) // 200, 1)], recall)
        return VectorIndex(faiss.serialize_index(index), table, np.zeros(0, np.int32))

    @cached_property
    def index(self) -> Any:
        """The index, opened."""
        faiss = _faiss()
        try:
            index = faiss.deserialize_index(np.ascontiguousarray(self.packed))
        except RuntimeError as error:
            raise BundleError(f"index: its bytes cannot be read ({error})") from None
        if index.d != self.table.shape[1]:
            raise BundleError(f"index: it must be of vectors of {self.table.shape[1]} numbers, got {index.d}")
        faiss.omp_set_num_threads(1)  # a request is answered by one thread
        return index

    def onto(self, table: Vectors) -> "VectorIndex":
        """The same index over a table with rows changed or added. O(n_items · d)"""
        if table is self.table:
            return self
        moved = [np.zeros(0, np.int64)]
        step = max(BLOCK // max(table.shape[1], 1), 1)
        for start in range(0, len(self.table), step):
            rows = slice(start, min(start + step, len(self.table)))
            one, other = self.table[rows], table[rows]
            far = (np.abs(one - other) > DRIFT).any(axis=1) | (np.isnan(one[:, 0]) != np.isnan(other[:, 0]))
            moved.append(start + np.flatnonzero(far))
        since = np.union1d(self.since, np.concatenate((*moved, np.arange(len(self.table), len(table))))).astype(np.int32)
        fresh = replace(self, table=table, since=since)
        if "index" in self.__dict__:
            fresh.__dict__["index"] = self.index
        return fresh

    def search(self, queries: Vectors, allowed: NDArray[np.bool_], n: int) -> list[NDArray[np.int32]]:
        """For each query the numbers of about the `n` best items that are allowed, in any order; none for a query of NaN.

        queries  (n_queries, d)
        allowed  (n_items,) bool; where few items are, more cells are looked at
        """
        faiss = _faiss()
        said = ~np.isnan(queries).any(axis=1)
        found = [np.zeros(0, np.int32) for _ in queries]
        if not said.any():
            return found
        mask = allowed.copy()
        mask[self.since] = False
        share = max(np.count_nonzero(mask) / max(len(mask), 1), 1 / self.index.nlist)
        chosen = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        looked = min(int(np.ceil(self.index.nprobe / share)), self.index.nlist)
        settings = faiss.SearchParametersIVF(sel=chosen, nprobe=looked)
        _, numbers = self.index.search(np.ascontiguousarray(queries[said]), n, params=settings)
        late = self.since[allowed[self.since]]
        for row, items in zip(np.flatnonzero(said), numbers, strict=True):
            best = items[items >= 0].astype(np.int32)
            found[row] = np.concatenate((best, best_of(self.table[late] @ queries[row], late, n)))
        return found


def best_of(scores: NDArray[np.float32], items: NDArray[np.int32], n: int) -> NDArray[np.int32]:
    """Those of the items with the `n` greatest scores, in any order; NaN never.

    >>> best_of(np.array([1, np.nan, 3, 2], np.float32), np.array([7, 8, 9, 5], np.int32), 2).tolist()
    [9, 5]
    """
    known = ~np.isnan(scores)
    if np.count_nonzero(known) <= n:
        return items[known]
    return items[np.argpartition(np.where(known, -scores, np.inf), n)[:n]]


def recall_of(found: Sequence[NDArray[np.integer]], best: Sequence[NDArray[np.integer]]) -> float:
    """The share of the best items that was found, on average.

    >>> recall_of([np.array([1, 2, 3])], [np.array([2, 9])])
    0.5
    """
    return float(np.mean([np.isin(wanted, got).mean() for got, wanted in zip(found, best, strict=True) if len(wanted)]))


def _in_cells(faiss: Any, known: Vectors, rows: NDArray[np.int64], cells: int) -> Any:
    """The vectors, each in the cell whose centre is nearest; the cells with the greatest dot products are looked at first.

    Centres are as long as what lies around them: long vectors have great dot products, and their cells come early. Cells of directions
    alone, which is what faiss makes for dot products, have to be looked at in greater number (`benchmarks/retrieval.py`).
    """
    d = known.shape[1]
    found = faiss.Kmeans(d, cells, niter=ROUNDS, max_points_per_centroid=TRAINED_BY, min_points_per_centroid=1, seed=1)
    found.train(known)
    nearest, greatest = faiss.IndexFlatL2(d), faiss.IndexFlatIP(d)
    nearest.add(found.centroids)
    greatest.add(found.centroids)
    index = faiss.IndexIVFScalarQuantizer(nearest, d, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index.train(known)
    index.add_with_ids(known, rows)
    greatest.this.disown()  # it is the index that frees it now
    index.quantizer, index.own_fields = greatest, True
    return index


def cells_to_look_at(index: Any, known: Vectors, rows: NDArray[np.int64], queries: Vectors, recall: float) -> int:
    """How many find what is wanted, within a quarter; all cells, if no fewer do."""
    best = [rows[best_of(known @ query, np.arange(len(known), dtype=np.int32), TOP)] for query in queries]
    looked = 1
    while looked < index.nlist:
        index.nprobe = looked
        _, found = index.search(np.ascontiguousarray(queries), TOP)
        if recall_of(list(found), best) >= recall:
            return looked
        looked += max(looked // 4, 1)
    return int(index.nlist)


def _faiss() -> Any:
    try:
        import faiss  # noqa: PLC0415 only where a catalogue is large
    except ImportError:
        raise ConfigError(
            "ranking.retrieve.from_items: a catalogue of so many items needs an index; pip install 'bowerbird[index]', or set it higher"
        ) from None
    return faiss

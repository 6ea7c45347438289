"""Like by language: items whose texts say what the history's texts say. It knows items that nobody has touched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.language.whitening import placed, spread
from bowerbird.models.decay import rows_of, worths
from bowerbird.models.whitening import read_again
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log, Query, Scores


class Text(Settings):
    """Score an item by the cosine of its language vector to the recency-weighted sum of the history's.

    half_life_events  an event this many events ago counts half; None = all count alike
    whiten            0..1, how far to even out the directions in which the catalogue's vectors vary: 0 centres them only, 1 makes
                      all alike. Raw vectors share a few strong directions that say "a product page", not which product

    Disliked items are subtracted. Needs `catalogue.vectors`; an item whose vector is all zero has no text and gets NaN.

    raises  DataError if the catalogue's texts have not been read
    cost    O(n_items · d²) to fit; O(n_queries · (history + n_items) · d) to score

    >>> from bowerbird.types import History
    >>> shop = Catalogue.of(["ink", "toner", "desk"], vectors=[[1, 0], [0.8, 0.6], [-1, 0]])
    >>> log = Log(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0), 0, 3)
    >>> model = Text().fit(log, shop, np.random.default_rng(0))
    >>> model.score([Query(History.of([0]))])[0].argsort().tolist()
    [2, 1, 0]
    """

    kind: Literal["text"] = "text"
    half_life_events: Span = 1.0
    whiten: float = Field(default=0.5, ge=0, le=1)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"half_life_events": (1.0, 2.0, 5.0), "whiten": (0.5, 0.75)}
    RANGES: ClassVar[dict[str, Range]] = {"half_life_events": Range(0.5, 20.0, log=True, endless=True), "whiten": Range(0.0, 1.0)}

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "TextModel":  # noqa: ARG002
        """Find the centre and the spread of the catalogue's vectors; behaviour is not looked at."""
        if catalogue.vectors is None:
            raise DataError("text model: the catalogue has no vectors; read its texts with an encoder first")
        raw = np.asarray(catalogue.vectors, np.float32)
        centre, axes = spread(raw, self.whiten)
        return TextModel(placed(raw, centre, axes), centre, axes, self.half_life_events)


@dataclass(frozen=True, eq=False)
class TextModel:
    """A query is a point on the sphere of the items' vectors; its score is a dot product.

    item_vectors      (n_items, d) float32, centred, evened out and of unit length; NaN for items without text
    centre, axes      (d,) and (d, d) float32: how a raw vector is brought into this space
    half_life_events  see `Text`
    """

    kind: ClassVar[str] = "text"
    item_vectors: NDArray[np.float32]
    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
    half_life_events: float | None

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.item_vectors)

    @cached_property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that have a text."""
        return ~np.isnan(self.item_vectors[:, 0])

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, d), of unit length; NaN for a history with nothing in it that has a text."""
        sums = np.full((len(queries), self.item_vectors.shape[1]), np.nan, np.float32)
        for query, row in zip(queries, sums, strict=True):
            worth, rows = self._events(query)
            total = worth @ rows
            length = np.linalg.norm(total)
            if length > 0:
                row[:] = total / length
        return sums

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items), in [-1, 1]"""
        return self.query_vectors(queries) @ self.item_vectors.T

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): the part of the dot product that each event's vector brings; the columns sum to the scores."""
        worth, rows = self._events(query)
        length = np.linalg.norm(worth @ rows)
        if length == 0:
            return np.zeros((len(rows), len(items)), np.float32)
        parts: NDArray[np.float32] = np.nan_to_num((worth / length)[:, None] * (rows @ self.item_vectors[items].T), nan=0.0)
        return parts

    def with_vectors(self, vectors: NDArray[np.float32]) -> Self:
        """The same model over another table of raw vectors, in the space that was fitted.

        raises  DataError if they are of another dimension, or fewer than before
        """
        return replace(self, item_vectors=read_again(self, vectors))

    def _events(self, query: Query) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What each event is worth, (n_events,), and its item's vector, (n_events, d)."""
        worth = worths(query.history, self.half_life_events, self.scorable)
        return worth, np.nan_to_num(rows_of(self.item_vectors, query.history), nan=0.0)

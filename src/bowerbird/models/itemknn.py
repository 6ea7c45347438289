"""Item-kNN: items taken by the same users are alike; each item counts its nearest neighbours only."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.models.linear import LinearModel, block_rows, interactions, strongest
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log


class ItemKnn(Settings):
    """Likeness of items by the users they share.

    weighting         how a user's interest in an item is weighed before items are compared:
                      "cosine": 1; "tfidf": by how picky the user is, log(n_items / (1 + items of the user));
                      "bm25": the same, less for items that many users took, and likeness is the plain dot product (not the cosine)
    neighbours        an item's score comes from this many items most like it
    shrink            added to the product of lengths, so that likeness by one or two shared users counts less ("cosine" and "tfidf")
    k1, b             of "bm25": how fast a weight saturates, and how much the item's number of users matters, 0..1
    half_life_events  of the query's history; None = age does not matter
    half_life_days    likewise by the clock

    cost    O(Σ over users of (items of the user)²) time, one block of dense rows of memory
    source  Sarwar et al., WWW 2001; Robertson & Zaragoza, 2009, for BM25

    >>> log = Log(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]), np.ones(4, np.float32), np.full(4, np.nan), n_users=2, n_items=3)
    >>> model = ItemKnn(weighting="cosine", shrink=0).fit(log, Catalogue.of(["a", "b", "c"]), np.random.default_rng(0))
    >>> model.weights.toarray().round(2)
    array([[0.  , 0.71, 0.  ],
           [0.71, 0.  , 0.71],
           [0.  , 0.71, 0.  ]], dtype=float32)
    """

    kind: Literal["itemknn"] = "itemknn"
    weighting: Literal["cosine", "tfidf", "bm25"] = "bm25"
    neighbours: int = Field(default=100, gt=0)
    shrink: float = Field(default=10.0, ge=0)
    k1: float = Field(default=1.2, gt=0)
    b: float = Field(default=0.2, ge=0, le=1)
    half_life_events: Span = 3.0
    half_life_days: Span = None

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"weighting": ("bm25", "cosine", "tfidf"), "half_life_events": (3.0, 8.0, None)}
    RANGES: ClassVar[dict[str, Range]] = {
        "half_life_events": Range(1.0, 50.0, log=True, endless=True),
        "neighbours": Range(20, 500, log=True),
    }

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> LinearModel:  # noqa: ARG002
        """Compare all items; see the class."""
        X = interactions(log)
        W = self._weigh(X)
        lengths = np.sqrt(W.power(2).sum(axis=0)) if self.weighting != "bm25" else None
        weights = strongest(self._likeness(W, lengths, progress), len(catalogue), self.neighbours)
        return LinearModel.of(weights, self.half_life_events, self.half_life_days)

    def _weigh(self, X: sparse.csr_array) -> sparse.csr_array:
        """(n_users, n_items): X by the weighting."""
        if self.weighting == "cosine":
            return X
        rarity = np.log(np.maximum(X.shape[1] / (1 + X.sum(axis=1)), 1))
        W = X.multiply(rarity[:, None]).tocsr()
        if self.weighting == "tfidf":
            return W.astype(np.float32)
        users = X.sum(axis=0)
        norm = 1 - self.b + self.b * users / max(users.mean(), 1e-12)
        saturated = (self.k1 + 1) / (self.k1 * norm + 1)
        return W.multiply(saturated[None, :]).tocsr().astype(np.float32)

    def _likeness(self, W: sparse.csr_array, lengths: NDArray[np.float32] | None, progress: Progress) -> Iterator[NDArray[np.float32]]:
        """The items × items likeness, block of rows by block."""
        n = W.shape[1]
        items = W.T.tocsr()
        for rows in block_rows(n):
            progress("itemknn", rows.start, n)
            block = (items[rows] @ W).toarray()
            if lengths is not None:
                product = lengths[rows, None] * lengths + np.float32(self.shrink)
                np.divide(block, product, out=block, where=product > 0)
            places = np.arange(len(block))
            block[places, rows.start + places] = 0
            yield block
        progress("itemknn", n, n)

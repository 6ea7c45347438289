"""Implicit-feedback matrix factorisation; a user is folded in from the history at query time, exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse
from threadpoolctl import threadpool_limits

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.data.sequences import decayed_weights
from bowerbird.models.decay import rows_of, worths
from bowerbird.models.warm import Start
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import Log, Query, Scores

BATCH = 256

AGAIN = 2
"""A fit that begins with the vectors of the one before takes the iterations divided by this (`python benchmarks/warm.py`)."""


class Ials(Settings):
    """Give users and items vectors whose dot product is 1 where there was interest and 0 elsewhere, sure of the former only.

    factors           length of the vectors
    l2                pulls the vectors towards 0
    alpha             confidence of a plain event, where a pair without an event has 1
    iterations        of alternating least squares
    half_life_events  at query time, the confidence of an event this many events ago is halved; None = all count alike

    Disliked items take no part in training; in a history they pull the user's vector towards −1 on that item.

    cost    O(iterations · (events · factors + (n_users + n_items) · factors²)) to fit
    source  Hu, Koren & Volinsky, ICDM 2008, by the library `implicit`
    """

    kind: Literal["ials"] = "ials"
    factors: int = Field(default=64, ge=1)
    l2: float = Field(default=5.0, gt=0)
    alpha: float = Field(default=10.0, gt=0)
    iterations: int = Field(default=12, ge=1)
    half_life_events: Span = 10.0

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"l2": (1.0, 10.0), "alpha": (3.0, 20.0), "half_life_events": (10.0, None)}
    RANGES: ClassVar[dict[str, Range]] = {
        "factors": Range(16, 256, log=True),
        "l2": Range(0.3, 100.0, log=True),
        "alpha": Range(1.0, 100.0, log=True),
        "half_life_events": Range(1.0, 50.0, log=True, endless=True),
    }

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "IalsModel":
        """Factorise the matrix of users by items."""
        return self._fit(None, log, catalogue, rng, progress)

    def fit_from(self, start: Start, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "IalsModel":
        """As `fit`, in half of the iterations, from the items' vectors of an `IalsModel` with as many factors."""
        before = start.model
        fits = isinstance(before, IalsModel) and before.item_vectors.shape[1] == self.factors
        return self._fit(start if fits else None, log, catalogue, rng, progress)

    def _fit(self, start: Start | None, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress) -> "IalsModel":
        liked = log.where(log.weights > 0)
        n_items = len(catalogue)
        events = sparse.coo_matrix((self.alpha * liked.weights, (liked.users, liked.items)), shape=(log.n_users, n_items))
        vectors = self._factorise(events.tocsr(), start, rng, progress) if len(liked) else np.zeros((n_items, self.factors), np.float32)
        known = np.bincount(liked.items, minlength=n_items) > 0
        vectors[~known] = np.nan
        return IalsModel(vectors, gram(vectors[known]), self.l2, self.alpha, self.half_life_events)

    def _factorise(
        self, confidences: sparse.csr_matrix, start: Start | None, rng: np.random.Generator, progress: Progress
    ) -> NDArray[np.float32]:
        iterations = self.iterations if start is None else max(self.iterations // AGAIN, 1)
        with threadpool_limits(1, "blas"):  # `implicit` has threads of its own, and warns of any others
            from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 half a second, only where a model is fitted

            als = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.l2,
                alpha=1.0,
                iterations=iterations,
                random_state=int(rng.integers(2**31)),
            )
            if start is not None:
                als.item_factors = self._begun(start, rng)
            als.fit(confidences, show_progress=False, callback=lambda i, _s, _l: progress("iALS", i + 1, iterations))
        return np.array(als.item_factors, np.float32)

    def _begun(self, start: Start, rng: np.random.Generator) -> NDArray[np.float32]:
        """(n_items, factors): vectors to begin with, for new items as small as those of a fit from nothing."""
        rows = np.append(start.model.item_vectors, np.full((1, self.factors), np.nan, np.float32), axis=0)[start.items]
        begun: NDArray[np.float32] = np.where(np.isnan(rows), np.float32(0.01) * rng.random(rows.shape, np.float32), rows)
        return begun


@dataclass(frozen=True, eq=False)
class IalsModel:
    """The items' vectors; a user's vector u solves (YᵀY + Σ (c − 1) y yᵀ + l2 I) u = Σ c p y over the items of the history.

    An item's signed interest a is the sum of its events' weights, decayed; c = alpha · |a|, p = sign of a. As a goes to 0 the item
    becomes a pair of which nothing is known, which is not the same as a pair without an event (c = 1, p = 0).

    item_vectors  (n_items, f) float32, NaN for items without an event
    gram          (f, f) float64, YᵀY
    cost          O(history · f² + f³) a query, then O(n_items · f)
    """

    kind: ClassVar[str] = "ials"
    item_vectors: NDArray[np.float32]
    gram: NDArray[np.float64]
    l2: float
    alpha: float
    half_life_events: float | None

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.item_vectors)

    @cached_property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that someone liked."""
        return ~np.isnan(self.item_vectors[:, 0])

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, f); NaN for a history that says nothing of any item known here."""
        vectors = np.full((len(queries), self.item_vectors.shape[1]), np.nan, np.float32)
        for start in range(0, len(queries), BATCH):
            systems, sides = zip(*self._equations(queries[start : start + BATCH]), strict=True)
            solved = np.linalg.solve(np.stack(systems), np.stack(sides)[..., None])[..., 0]
            says = np.array([side.any() for side in sides])
            vectors[start : start + BATCH][says] = solved[says]
        return vectors

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        return self.query_vectors(queries) @ self.item_vectors.T

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): alpha · weight · yᵀ A⁻¹ y′ of each event, A the matrix of the equations; they sum to the scores."""
        system, _ = self.equations(query)
        worth = worths(query.history, self.half_life_events, self.scorable)
        rows = np.nan_to_num(rows_of(self.item_vectors, query.history), nan=0.0)
        pulled = np.linalg.solve(system, (self.alpha * worth[:, None] * rows).T.astype(np.float64))
        return np.nan_to_num(self.item_vectors[items] @ pulled, nan=0.0).T.astype(np.float32)

    def equations(self, query: Query) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The normal equations of one user: the matrix (f, f) and the right side (f,)."""
        return next(self._equations([query]))

    def _equations(self, queries: Sequence[Query]) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """The equations of each user; what each of their items is worth is found for all of them at once."""
        base = self.gram + self.l2 * np.eye(len(self.gram))
        histories = [query.history for query in queries]
        worth = decayed_weights(histories, half_life_events=self.half_life_events)
        items = np.concatenate([history.items for history in histories])
        users = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
        heard = items < self.n_items
        heard[heard] = self.scorable[items[heard]]
        pairs, place = np.unique(users[heard] * self.n_items + items[heard], return_inverse=True)
        interest = self.alpha * np.bincount(place, weights=worth[heard], minlength=len(pairs))
        more = np.abs(interest) - 1
        touched = self.item_vectors[pairs % self.n_items].astype(np.float64)
        ends = np.searchsorted(pairs, np.arange(len(histories) + 1) * self.n_items).tolist()
        for start, end in pairwise(ends):
            rows = touched[start:end]
            yield base + (rows.T * more[start:end]) @ rows, interest[start:end] @ rows


def gram(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """YᵀY in double precision."""
    exact = vectors.astype(np.float64)
    product: NDArray[np.float64] = exact.T @ exact
    return product

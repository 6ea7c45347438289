"""What a ranker of likes knows, served as dot products: the share of likes, the texts that are liked, and this user's taste in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.liking import Examples, Judge, LikingSettings, Student, distil, fit
from bowerbird.models.decay import rows_of
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.types import History, Log, Query, Scores


class Liking(Settings):
    """Score an item by the log-odds that this user likes it, as a judge learned it from likes and dislikes and passed it on to vectors.

    liking  how likes are learned from
    ranker  file of a ranker that `bowerbird tune-ranker` wrote, from which learning starts: with few events it stays near it. The
            encoder must be the one that the ranker was tuned with. None = it starts from the share of likes

    Needs `catalogue.vectors`, and dislikes in the log: a log without any teaches that all are liked alike.

    raises  DataError if the catalogue's texts have not been read; BundleError if the ranker cannot be read
    cost    as `bowerbird.liking.fit`; O(n_queries · n_items · d) to score
    """

    kind: Literal["liking"] = "liking"
    liking: LikingSettings = Field(default_factory=LikingSettings)
    ranker: str | None = None

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"liking.window": (10, 30)}
    RANGES: ClassVar[dict[str, Range]] = {"liking.attention": Range(0.0, 10.0)}

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "LikingModel":  # noqa: ARG002
        """Learn from each like and dislike what came before it, then distil."""
        if catalogue.vectors is None:
            raise DataError("liking model: the catalogue has no vectors; read its texts with an encoder first")
        vectors = np.asarray(catalogue.vectors, np.float32)
        examples = Examples.of_log(log, self.liking.window)
        start = None if self.ranker is None else Judge.load(Path(self.ranker))
        judge = fit(examples, vectors, self.liking, rng, start=start).judge
        return LikingModel.of(distil(judge, examples, vectors, rng), vectors, self.liking.window)


@dataclass(frozen=True, eq=False)
class LikingModel:
    """A student of a judge (`bowerbird.liking.Student`), as a bag of arrays.

    item_vectors  (n_items, 1 + d) float32: a one and the text's vector without the centre; NaN for items without text
    weights       (3 + d,) float64, of the judge
    centre        (d,) float32
    mean_share, prior_events, attention  of the judge
    taste, constant, agreement           of the student
    window        events of a history that are read
    """

    kind: ClassVar[str] = "liking"
    item_vectors: NDArray[np.float32]
    weights: NDArray[np.float64]
    centre: NDArray[np.float32]
    mean_share: float
    prior_events: float
    attention: float
    taste: float
    constant: float
    agreement: float
    window: int

    @staticmethod
    def of(student: Student, vectors: NDArray[np.float32], window: int) -> "LikingModel":
        """From raw vectors (n_items, d), zero where there is no text."""
        judge = student.judge
        plain = (judge.mean_share, judge.prior_events, judge.attention, student.taste, student.constant, student.agreement)
        return LikingModel(_known(student.item_vectors(vectors), vectors), judge.weights, judge.centre, *plain, window)

    @property
    def student(self) -> Student:
        """The judge's student that it was made of."""
        judge = Judge(self.weights, self.centre, self.mean_share, self.prior_events, self.attention)
        return Student(judge, self.taste, self.constant, self.agreement)

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.item_vectors)

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that have a text."""
        return ~np.isnan(self.item_vectors[:, 0])

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, 1 + d); NaN for a history without a like or dislike of an item that has a text."""
        heard = [self._heard(query.history)[0] for query in queries]
        rows = self.student.query_vectors(heard, self._texts, self.window)
        rows[[not len(history) for history in heard]] = np.nan
        return rows

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items), the log-odds of a like."""
        return self.query_vectors(queries) @ self.item_vectors.T

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): what each event's text, liked or not, brings; with what is liked by all they make the score."""
        parts = np.zeros((len(query.history), len(items)), np.float32)
        history, places = self._heard(query.history)
        if len(history):
            judge = self.student.judge
            share = judge.shares(Examples.of([history], [0], [False], window=self.window))[0]
            worth = self.taste * ((history.weights > 0) - share) / (len(history) + self.prior_events)
            near = np.nan_to_num(rows_of(self.item_vectors, history)[:, 1:] @ self.item_vectors[items, 1:].T)
            parts[places] = worth[:, None] * near
        return parts

    def with_vectors(self, vectors: NDArray[np.float32]) -> Self:
        """The same model over another table of raw vectors.

        raises  DataError if they are of another dimension, or fewer than before
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.centre) or len(vectors) < self.n_items:
            raise DataError(f"liking model: vectors must be at least {self.n_items} rows of {len(self.centre)}, got shape {vectors.shape}")
        raw = np.asarray(vectors, np.float32)
        return replace(self, item_vectors=_known(self.student.item_vectors(raw), raw))

    @property
    def _texts(self) -> NDArray[np.float32]:
        return self.item_vectors[:, 1:] + self.centre

    def _heard(self, history: History) -> tuple[History, NDArray[np.intp]]:
        """The newest likes and dislikes of items that have a text, and their places."""
        inside = np.flatnonzero((history.items < self.n_items) & (history.weights != 0))
        places = inside[self.scorable[history.items[inside]]][-self.window :]
        return history.take(places), places


def _known(rows: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    rows[~vectors.any(axis=1)] = np.nan
    return rows

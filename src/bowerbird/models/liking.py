"""What a ranker of likes knows, served as dot products: the share of likes, the texts and items that are liked, and this user's taste."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.liking import Behaviour, Crossed, Examples, Judge, LikingSettings, Student, behaviour_of, fit
from bowerbird.liking.behaviour import STEEP
from bowerbird.models.decay import rows_of
from bowerbird.protocols import Progress, silent
from bowerbird.types import History, Log, Query, Scores


class Liking(Settings):
    """Score an item by the log-odds that this user likes it, as a judge learned it from likes and dislikes.

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

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "LikingModel":  # noqa: ARG002
        """Learn from each like and dislike what came before it."""
        if catalogue.vectors is None:
            raise DataError("liking model: the catalogue has no vectors; read its texts with an encoder first")
        vectors = np.asarray(catalogue.vectors, np.float32)
        examples = Examples.of_log(log, self.liking.window)
        start = None if self.ranker is None else Judge.load(Path(self.ranker))
        crossed = Crossed.of(log, vectors, self.liking, rng) if self.liking.others else None
        judge = fit(examples, vectors, self.liking, rng, start=start, others=crossed).judge
        others = behaviour_of(log, vectors, self.liking) if self.liking.others else None
        return LikingModel.of(Student(judge, others), vectors, self.liking.window)


@dataclass(frozen=True, eq=False)
class LikingModel:
    """A student of a judge (`bowerbird.liking.Student`), as a bag of arrays.

    item_vectors  (n_items, 1 + d) float32: a one and the text's vector without the centre; NaN for items without text. Where others
                  count, (n_items, 1 + d + 1 + f): and their lift and vector of behaviour
    weights       (3 + d,) or (3 + d + 3,) float64, of the judge
    centre        (d,) float32
    foretold, middle   what foretells a lift, and the centre of texts there; empty where others do not count
    mean_share, prior_events  of the judge
    window        events of a history that are read
    """

    kind: ClassVar[str] = "liking"
    item_vectors: NDArray[np.float32]
    weights: NDArray[np.float64]
    centre: NDArray[np.float32]
    foretold: NDArray[np.float32]
    middle: NDArray[np.float32]
    mean_share: float
    prior_events: float
    window: int

    @staticmethod
    def of(student: Student, vectors: NDArray[np.float32], window: int) -> "LikingModel":
        """From raw vectors (n_items, d), zero where there is no text."""
        judge = student.judge
        plain = (judge.mean_share, judge.prior_events)
        empty = np.zeros(0, np.float32)
        behaviour = (empty, empty) if student.others is None else (student.others.foretold, student.others.centre)
        return LikingModel(_known(student.item_vectors(vectors), vectors), judge.weights, judge.centre, *behaviour, *plain, window)

    @property
    def student(self) -> Student:
        """The judge's student that it was made of."""
        judge = Judge(self.weights, self.centre, self.mean_share, self.prior_events)
        others = None
        if len(self.foretold):
            lifts, vectors = self.item_vectors[:, self._end], self.item_vectors[:, self._end + 1 :]
            others = Behaviour(lifts, vectors, self.foretold, self.middle)
        return Student(judge, others)

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.item_vectors)

    @cached_property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that have a text."""
        return ~np.isnan(self.item_vectors[:, 0])

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """One row a query, as wide as an item's; NaN for a history without a like or dislike of an item that has a text."""
        heard = [self._heard(query.history)[0] for query in queries]
        rows = self.student.query_vectors(heard, self._texts, self.window)
        rows[[not len(history) for history in heard]] = np.nan
        return rows

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items), the log-odds of a like."""
        return self.query_vectors(queries) @ self.item_vectors.T

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): what each event, liked or not, brings by its text and by who else liked it; the rest is liked by all."""
        parts = np.zeros((len(query.history), len(items)), np.float32)
        history, places = self._heard(query.history)
        if len(history):
            judge = self.student.judge
            share = judge.shares(Examples.of([history], [0], [False], window=self.window))[0]
            worth = ((history.weights > 0) - share) / (len(history) + self.prior_events)
            own, asked = rows_of(self.item_vectors, history)[:, 1:], self.item_vectors[items, 1:]
            d = len(self.centre)
            near = judge.weights[2] * STEEP * own[:, :d] @ asked[:, :d].T
            if len(self.foretold):
                near += judge.heard[-1] * own[:, d + 1 :] @ asked[:, d + 1 :].T
            parts[places] = worth[:, None] * np.nan_to_num(near)
        return parts

    def with_vectors(self, vectors: NDArray[np.float32]) -> Self:
        """The same model over another table of raw vectors.

        raises  DataError if they are of another dimension, or fewer than before
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.centre) or len(vectors) < self.n_items:
            raise DataError(f"liking model: vectors must be at least {self.n_items} rows of {len(self.centre)}, got shape {vectors.shape}")
        raw = np.asarray(vectors, np.float32)
        student = self.student
        if student.others is not None:
            student = replace(student, others=student.others.at(raw))
        return replace(self, item_vectors=_known(student.item_vectors(raw), raw))

    @property
    def _texts(self) -> NDArray[np.float32]:
        return self.item_vectors[:, 1 : self._end] + self.centre

    @property
    def _end(self) -> int:
        """Where texts end in a row."""
        return 1 + len(self.centre)

    def _heard(self, history: History) -> tuple[History, NDArray[np.intp]]:
        """The newest likes and dislikes of items that have a text, and their places."""
        inside = np.flatnonzero((history.items < self.n_items) & (history.weights != 0))
        places = inside[self.scorable[history.items[inside]]][-self.window :]
        return history.take(places), places


def _known(rows: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    rows[~vectors.any(axis=1)] = np.nan
    return rows

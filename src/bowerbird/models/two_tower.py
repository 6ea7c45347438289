"""Two towers: what is known of an item, and what a history asks for at an instant, meet in a dot product."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bowerbird.config import Settings, refuse_idle
from bowerbird.data import Catalogue
from bowerbird.models.asking import falls, heard, padded
from bowerbird.models.circumstances import Circumstances, told_of
from bowerbird.models.graph import open_graph
from bowerbird.models.whitening import read_again
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.training import require
from bowerbird.training.settings import TrainSettings, over
from bowerbird.types import Log, Query, Scores

BATCH = 256
DAY, WEEK = 86_400.0, 604_800.0
TRAIN = TrainSettings(learning_rate=0.01, weight_decay=0.3, epochs=8)


class TwoTower(Settings):
    """Score an item by the cosine of its text to the history's, over a temperature, plus a dot product of what was learned, plus a bias.

    What is learned of an item is an own vector, a projection of its language vector, and the mean of its categories' and attributes'
    vectors. In training the own one is now and then hidden: what remains learns to stand alone, and scores items that were never seen.
    All that is learned starts near 0. So before learning it is `Text`, and for a new item it still is, where events teach no better.

    The query mixes three recency-weighted means of the history's items, with half-lives that are learned, the hour and the day of the
    week (UTC) at which it is asked, and of the circumstances those that are named, each value with a vector of its own. A value that
    no event had says nothing.

    factors      length of the vectors that are learned
    length       events of the history that are read, the newest
    attributes   names of catalogue columns whose values say something of an item, as its categories do: ("brand",)
    clock        whether the hour and the day are read
    context      names of circumstances that are read, of those that `[data] context` keeps: ("device",)
    half_life_events, whiten, temperature  of the cosine, as in `Text`, and what it is divided by: the lower, the more texts count
    loss         "sampled_softmax" over a sample, or "softmax" over all items
    sampling     of the sample: "batch" (the batch's own items, which costs no further item vectors), "uniform" or "popularity"
    negatives    size of the sample; without meaning for "batch"
    hide         share of the items whose own vector is hidden in a step
    newness      added to the score of every item that nobody has touched: above 0 they are shown more than behaviour can vouch for
    dropout      share of the values of what was learned of the history's items that are set to 0 in training
    train        how it is trained

    An item that is put in live is known by its text alone: its categories and attributes are not read until the next fit.

    cost    O(events · (t + factors) · (length + batch_events)) an epoch with "batch", t the dimension of the language vectors
    source  Covington et al., RecSys 2016; Yi et al., RecSys 2019 (in-batch softmax with logQ); Volkovs et al., NeurIPS 2017 (id drop-out)
    raises  ConfigError if the extra `train` is not installed, DataError for an attribute that the catalogue does not have, or a
            circumstance that the events do not have
    """

    kind: Literal["two_tower"] = "two_tower"
    factors: int = Field(default=64, ge=2)
    length: int = Field(default=50, ge=1)
    attributes: tuple[str, ...] = ()
    clock: bool = True
    context: tuple[str, ...] = ()
    half_life_events: float = Field(default=1.0, gt=0)
    whiten: float = Field(default=0.5, ge=0, le=1)
    temperature: float = Field(default=0.2, gt=0)
    loss: Literal["sampled_softmax", "softmax"] = "sampled_softmax"
    sampling: Literal["batch", "uniform", "popularity"] = "batch"
    negatives: int = Field(default=512, ge=1)
    hide: float = Field(default=0.3, ge=0, lt=1)
    newness: float = 0.0
    dropout: float = Field(default=0.3, ge=0, lt=1)
    train: Annotated[TrainSettings, over(TRAIN)] = TRAIN

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"temperature": (0.15, 0.2, 0.3)}
    RANGES: ClassVar[dict[str, Range | tuple[Any, ...]]] = {
        "factors": (32, 64, 128, 256),
        "temperature": Range(0.05, 0.5, log=True),
        "hide": Range(0.0, 0.7),
        "dropout": Range(0.0, 0.5),
        "train.learning_rate": Range(1e-3, 3e-2, log=True),
        "train.weight_decay": Range(0.01, 1.0, log=True),
    }

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Self:
        sampled = self.loss != "softmax"
        refuse_idle(self, f"loss {self.loss!r}", sampling=sampled, negatives=sampled)
        refuse_idle(self, f"sampling {self.sampling!r}", negatives=self.sampling != "batch")
        return self

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "TwoTowerModel":
        """Train both towers, then keep the items' vectors and the graph of the query's."""
        require(self.kind)
        from bowerbird.models.two_tower_fit import fit  # noqa: PLC0415 torch and Lightning, only where a net is trained

        return fit(self, log, catalogue, rng, progress)


@dataclass(frozen=True, eq=False)
class TwoTowerModel:
    """The items' vectors, and a graph that turns a history and an instant into the vector it asks with.

    item_vectors  (n_items, t + d + 1) float32: text, what was learned, and bias; NaN for items of which nothing is known
    own           (n_items, d) float32, zeros for items not learned
    named         (n_items, d) float32: what categories and attributes say; zeros for items without
    learned       (n_items,) bool: items known from behaviour
    bias          (n_items,) float32
    unknown       the bias of items that were not learned
    project       (t, d) float32, t the dimension of the language vectors, 0 where none were read
    centre, axes  (t,), (t, t): the space of the language vectors, as in `TextModel`
    context       the circumstances that are read: names, and of each the values that have a vector
    graph         the bytes of an ONNX file: vectors (B, L, t + d), weights (B, L), clock (B, 4), context (B, ·), last (B,) →
                  (B, t + d + 1)
    length        events that are read, at most
    """

    kind: ClassVar[str] = "two_tower"
    item_vectors: NDArray[np.float32]
    own: NDArray[np.float32]
    named: NDArray[np.float32]
    learned: NDArray[np.bool_]
    bias: NDArray[np.float32]
    unknown: float
    project: NDArray[np.float32]
    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
    context: Circumstances
    graph: NDArray[np.uint8]
    length: int

    @cached_property
    def session(self) -> Any:
        """The graph, opened."""
        return open_graph(self.graph)

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.item_vectors)

    @cached_property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that someone liked, and items with a text, a category or an attribute."""
        return ~np.isnan(self.item_vectors[:, 0])

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, t + d + 1); NaN for a history without an item that is known here."""
        asked = np.full((len(queries), self.item_vectors.shape[1]), np.nan, np.float32)
        instants = clock(np.array([query.time for query in queries], np.float64))
        told = told_of([query.context for query in queries], self.context)
        for batch in padded([heard(query.history, self.scorable, self.length) for query in queries], BATCH):
            feed = {
                "vectors": np.nan_to_num(self.item_vectors[batch.items, :-1]),
                "weights": batch.weights,
                "clock": instants[batch.rows],
                "context": told[batch.rows],
                "last": batch.last,
            }
            asked[batch.rows] = self.session.run(None, feed)[0]
        return asked

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        return self.query_vectors(queries) @ self.item_vectors.T

    def score_as_new(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items): by texts, categories and attributes alone; NaN where there are none."""
        t, new = len(self.project), self.item_vectors.copy()
        new[:, t:-1] -= self.own
        new[:, -1] = self.unknown
        new[~(new[:, :t].any(axis=1) | self.named.any(axis=1))] = np.nan
        return self.query_vectors(queries) @ new.T

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): how far the score falls, were the event not in the history."""
        return falls(self, query, items)

    def with_vectors(self, vectors: NDArray[np.float32]) -> Self:
        """The same model over another table of raw language vectors; items that are added are known by them alone.

        raises  DataError if they are of another dimension, or fewer than before
        """
        texts, more = read_again(self, vectors), len(vectors) - self.n_items
        own, named = (np.pad(part, ((0, more), (0, 0))) for part in (self.own, self.named))
        learned, bias = np.pad(self.learned, (0, more)), np.pad(self.bias, (0, more), constant_values=self.unknown)
        table = item_table(own, named, learned, bias, self.project, texts)
        return replace(self, item_vectors=table, own=own, named=named, learned=learned, bias=bias)


def item_table(
    own: NDArray[np.float32],
    named: NDArray[np.float32],
    learned: NDArray[np.bool_],
    bias: NDArray[np.float32],
    project: NDArray[np.float32],
    texts: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """(n_items, t + d + 1): text, own + named + text · project, bias; NaN for an item of which nothing is known.

    texts  (n_items, t) of unit length, NaN for an item without; None where none were read
    """
    there = np.zeros(len(own), bool) if texts is None else ~np.isnan(texts[:, 0])
    read = np.zeros((len(own), len(project)), np.float32) if texts is None else np.where(there[:, None], texts, np.float32(0))
    table = np.concatenate((read, own + named + read @ project, bias[:, None]), axis=1)
    return np.where((learned | named.any(axis=1) | there)[:, None], table, np.float32(np.nan)).astype(np.float32)


def clock(times: NDArray[np.float64]) -> NDArray[np.float32]:
    """(…, 4): sine and cosine of the hour and of the day of the week, UTC; zeros where the time is not known.

    times  seconds since 1970, NaN = not known

    >>> clock(np.array([0.0, 43_200.0, np.nan])).round(1)[:, :2].tolist()                 # midnight, noon, not known
    [[0.0, 1.0], [0.0, -1.0], [0.0, 0.0]]
    """
    turns = np.stack((times % DAY / DAY, times % WEEK / WEEK), axis=-1) * 2 * np.pi
    features = np.stack((np.sin(turns), np.cos(turns)), axis=-1).reshape(*times.shape, 4)
    known: NDArray[np.float32] = np.nan_to_num(features, nan=0.0).astype(np.float32)
    return known

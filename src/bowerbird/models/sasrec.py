"""A transformer that reads the history event by event and says what comes next, for items that were learned and for new ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bowerbird.config import Settings, refuse_idle
from bowerbird.data import Catalogue
from bowerbird.models.asking import falls, heard, padded
from bowerbird.models.graph import open_graph
from bowerbird.models.whitening import read_again
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.training import require
from bowerbird.training.settings import TrainSettings
from bowerbird.types import Log, Query, Scores

BATCH = 256


class Sasrec(Settings):
    """Self-attention over the events of the history; an item's score is the dot product of its vector with what the net asks for.

    An item's vector is an own one plus a projection of its language vector; in training the own one is now and then hidden, so that the
    projection learns to stand alone, and items that were never seen are scored by it.

    factors     length of the vectors, a multiple of `heads`
    blocks      how many, one after another
    block       "sasrec", "ligr" (gated, eSASRec) or "hstu" (attention by steps and time apart, without softmax)
    heads       of attention, per block
    length      events of the history that are read, the newest; at least 2
    dropout     share of the values set to 0 in training
    loss        "softmax" over all items; "sampled_softmax", "gbce" or "bpr" over a sample that a batch shares
    negatives   size of the sample
    sampling    "uniform", "popularity" or "batch" (the batch's own items)
    trust       of "gbce", 0..1
    pretrain    epochs of masked-item pre-training before: events are told from those before and after them
    contrast    self-supervision beside the loss: two views of a history should be read alike; "augmented" (CL4SRec), "dropout" (DuoRec)
    contrast_weight, temperature  of the contrast
    hide        share of the items whose own vector is hidden in a step; 0 where the catalogue's texts have not been read
    whiten      as in `Text`
    int8        serve the net with 8-bit weights, if NDCG@10 in validation moves by less than 0.5 % with them; what was decided is logged
    train       how it is trained

    Each event tells the item, its kind, its weight (which is what kind and value come to) and the time since the event before.
    Disliked items are read, never asked for.

    cost    O(events · (factors² · blocks + length · factors + negatives · factors)) an epoch
    source  Kang & McAuley, ICDM 2018; Klenitskiy & Vasilev, RecSys 2023, on the loss; Tikhonovich et al., RecSys 2025 (eSASRec)
    raises  ConfigError if the extra `train` is not installed
    """

    kind: Literal["sasrec"] = "sasrec"
    factors: int = Field(default=64, ge=2)
    blocks: int = Field(default=2, ge=1)
    block: Literal["sasrec", "ligr", "hstu"] = "sasrec"
    heads: int = Field(default=2, ge=1)
    length: int = Field(default=50, ge=2)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    loss: Literal["softmax", "sampled_softmax", "gbce", "bpr"] = "sampled_softmax"
    negatives: int = Field(default=512, ge=1)
    sampling: Literal["uniform", "popularity", "batch"] = "uniform"
    trust: float = Field(default=0.75, ge=0, le=1)
    pretrain: int = Field(default=0, ge=0)
    contrast: Literal["augmented", "dropout"] | None = None
    contrast_weight: float = Field(default=0.1, gt=0)
    temperature: float = Field(default=0.2, gt=0)
    hide: float = Field(default=0.1, ge=0, lt=1)
    whiten: float = Field(default=0.5, ge=0, le=1)
    int8: bool = False
    train: TrainSettings = Field(default_factory=TrainSettings)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"dropout": (0.2, 0.3, 0.5)}
    RANGES: ClassVar[dict[str, Range | tuple[Any, ...]]] = {
        "factors": (32, 64, 128, 256),
        "blocks": Range(1, 3),
        "dropout": Range(0.1, 0.6),
        "hide": Range(0.0, 0.5),
        "train.learning_rate": Range(3e-4, 3e-3, log=True),
    }

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.factors % self.heads:
            raise ValueError(f"factors must be a multiple of heads, got {self.factors} and {self.heads}")
        sampled = self.loss != "softmax"
        refuse_idle(self, f"loss {self.loss!r}", sampling=sampled, negatives=sampled, trust=self.loss == "gbce")
        refuse_idle(self, f"sampling {self.sampling!r}", negatives=self.sampling != "batch")
        refuse_idle(self, "no contrast", contrast_weight=self.contrast is not None, temperature=self.contrast is not None)
        return self

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "SasrecModel":
        """Train the net, then keep its item vectors and the graph of what reads histories."""
        require(self.kind)
        from bowerbird.models.sasrec_fit import fit  # noqa: PLC0415 torch and Lightning, only where a net is trained

        return fit(self, log, catalogue, rng, progress)


@dataclass(frozen=True, eq=False)
class SasrecModel:
    """The items' vectors, and a graph that turns a history into the vector it asks with.

    item_vectors  (n_items, d) float32: own + text · project; NaN for items without either
    own           (n_items, d) float32, zeros for items not learned
    learned       (n_items,) bool, items known from behaviour
    project       (t, d) float32, t the dimension of the language vectors, 0 where none were read
    centre, axes  (t,), (t, t): the space of the language vectors, as in `TextModel`
    graph         the bytes of an ONNX file: vectors (B, L, d), weights, ages and kinds (B, L), last (B,) → (B, d)
    length        events that are read, at most
    """

    kind: ClassVar[str] = "sasrec"
    item_vectors: NDArray[np.float32]
    own: NDArray[np.float32]
    learned: NDArray[np.bool_]
    project: NDArray[np.float32]
    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
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
        """(n_items,): items that someone liked, and items with a text."""
        return ~np.isnan(self.item_vectors[:, 0])

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, d); NaN for a history without an item that is known here."""
        asked = np.full((len(queries), self.item_vectors.shape[1]), np.nan, np.float32)
        for batch in padded([heard(query.history, self.scorable, self.length) for query in queries], BATCH):
            feed = {
                "vectors": np.nan_to_num(self.item_vectors[batch.items]),
                "weights": batch.weights,
                "ages": batch.ages,
                "kinds": batch.kinds,
                "last": batch.last,
            }
            asked[batch.rows] = self.session.run(None, feed)[0]
        return asked

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        return self.query_vectors(queries) @ self.item_vectors.T

    def score_as_new(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items): by the projections of the items' texts alone; NaN without a text."""
        texts = self.item_vectors - self.own
        texts[~texts.any(axis=1)] = np.nan
        return self.query_vectors(queries) @ texts.T

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): how far the score falls, were the event not in the history."""
        return falls(self, query, items)

    def with_vectors(self, vectors: NDArray[np.float32]) -> Self:
        """The same model over another table of raw language vectors; items that are added are known by them alone.

        raises  DataError if they are of another dimension, or fewer than before
        """
        texts, more = read_again(self, vectors), len(vectors) - self.n_items
        own, learned = np.pad(self.own, ((0, more), (0, 0))), np.pad(self.learned, (0, more))
        return replace(self, item_vectors=item_table(own, learned, self.project, texts), own=own, learned=learned)


def item_table(
    own: NDArray[np.float32], learned: NDArray[np.bool_], project: NDArray[np.float32], texts: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """(n_items, d): own + text · project, NaN for an item that was not learned and has no text.

    texts  (n_items, t), NaN for an item without; None where none were read
    """
    if texts is None:
        return np.where(learned[:, None], own, np.float32(np.nan))
    has_text = ~np.isnan(texts[:, 0])
    table = own + np.where(has_text[:, None], texts, 0) @ project
    return np.where((learned | has_text)[:, None], table, np.float32(np.nan)).astype(np.float32)

"""Neural collaborative filtering: the net of the textbook between user and item, beside the dot product that it should replace."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.models.asking import falls, heard, padded
from bowerbird.models.graph import open_graph
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.training import require
from bowerbird.training.settings import TrainSettings
from bowerbird.types import Log, Query, Scores

PAIRS = 1 << 16
"""Pairs of a query and an item that are scored at once: the net's layers stand in memory for all of them."""


class Ncf(Settings):
    """Score an item by the log-odds that the history goes on with it.

    The user's vector is no row of a table: it mixes three recency-weighted means of the vectors of the history's items, whose half-lives
    are learned. So newcomers are scored, and fresh events count. An item has two vectors, one to be in a history and one to be asked for,
    and a bias, which the paper has not.

    architecture  "gmf": Σ user ⊙ item, a dot product; "mlp": a net over [user; item]; "neumf": the sum of both, each with its own vectors
    factors       length of the vectors, of the product and of the net alike
    layers        widths of the net's layers, first to last; without meaning for "gmf"
    length        events of the history that are read, the newest
    dropout       share of the values of history vectors and layers that are set to 0 in training
    loss          "bce", as in the paper: binary cross-entropy against items not taken; "bpr", or "sampled_softmax"
    negatives     size of the sample of items not taken, shared by a batch
    per_event     of "bce": how much the sample as a whole weighs beside the one event; the paper's negatives per event
    sampling      of the sample: "uniform", "popularity" or "batch" (the batch's own items)
    train         how it is trained

    In the literature a tuned dot product is as good as the net, or better (Rendle et al.): try "gmf", iALS and EASE beside it.

    cost    O(events · (factors · length + negatives · Π of neighbouring layers)) an epoch; a query costs the same a item as a negative
    source  He et al., WWW 2017; Kabbur et al., KDD 2013, on users as their items; Rendle et al., RecSys 2020, on what it is worth
    raises  ConfigError if the extra `train` is not installed
    """

    kind: Literal["ncf"] = "ncf"
    architecture: Literal["gmf", "mlp", "neumf"] = "neumf"
    factors: int = Field(default=32, ge=1)
    layers: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(32, 16), min_length=1)
    length: int = Field(default=50, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    loss: Literal["bce", "bpr", "sampled_softmax"] = "sampled_softmax"
    negatives: int = Field(default=256, ge=1)
    per_event: float = Field(default=4.0, gt=0)
    sampling: Literal["uniform", "popularity", "batch"] = "uniform"
    train: TrainSettings = Field(default_factory=TrainSettings)

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"dropout": (0.1, 0.3, 0.5)}
    RANGES: ClassVar[dict[str, Range | tuple[Any, ...]]] = {
        "architecture": ("gmf", "mlp", "neumf"),
        "factors": (16, 32, 64, 128),
        "loss": ("bce", "bpr", "sampled_softmax"),
        "dropout": Range(0.0, 0.6),
        "train.learning_rate": Range(3e-4, 1e-2, log=True),
    }

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "NcfModel":
        """Train the net, then keep the items' rows and the graph of what reads them and histories."""
        require(self.kind)
        from bowerbird.models.ncf_fit import fit  # noqa: PLC0415 torch and Lightning, only where a net is trained

        return fit(self, log, catalogue, rng, progress)


@dataclass(frozen=True, eq=False)
class NcfModel:
    """The items' rows, and a graph that scores histories against them.

    context  (n_items, c) float32: the items as parts of a history
    items    (n_items, w) float32: the items as answers: vector for the product, share of the net's first layer, bias
    learned  (n_items,) bool: items that someone liked
    graph    the bytes of an ONNX file: vectors (B, L, c), weights (B, L), last (B,), items (n, w) → (B, n)
    length   events that are read, at most
    """

    kind: ClassVar[str] = "ncf"
    context: NDArray[np.float32]
    items: NDArray[np.float32]
    learned: NDArray[np.bool_]
    graph: NDArray[np.uint8]
    length: int

    @cached_property
    def session(self) -> Any:
        """The graph, opened."""
        return open_graph(self.graph)

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.items)

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that someone liked."""
        return self.learned

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items): log-odds, up to what the loss leaves open."""
        scores = np.full((len(queries), self.n_items), np.nan, np.float32)
        known = np.flatnonzero(self.learned)
        histories = [heard(query.history, self.learned, self.length) for query in queries]
        for batch in padded(histories, max(PAIRS // max(len(known), 1), 1)):
            feed = {"vectors": self.context[batch.items], "weights": batch.weights, "last": batch.last, "items": self.items[known]}
            scores[np.ix_(batch.rows, known)] = self.session.run(None, feed)[0]
        return scores

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): how far the score falls, were the event not in the history."""
        return falls(self, query, items)

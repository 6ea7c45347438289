"""Bayesian personalised ranking, plain or against an adversary; a user is a sum over the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings, Span
from bowerbird.data import Catalogue
from bowerbird.data.sequences import decayed_rows
from bowerbird.models.decay import rows_of, worths
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.training import require
from bowerbird.training.settings import TrainSettings, over
from bowerbird.types import Log, Query, Scores

TRAIN = TrainSettings(optimizer="adam", learning_rate=0.01, batch_events=4096, epochs=60, patience=10)


class Adversarial(Settings):
    """Adversarial personalised ranking ("amf"): the loss is also asked of vectors disturbed so as to make it as great as can be.

    epsilon     length of what is added to each vector
    weight      of the disturbed loss beside the plain one
    from_epoch  from which on; before that, training is plain, since the slopes of vectors that know nothing lead nowhere

    source      He, He, Du & Chua, SIGIR 2018
    """

    epsilon: float = Field(default=0.5, gt=0)
    weight: float = Field(default=1.0, gt=0)
    from_epoch: int = Field(default=11, ge=1)


class Bpr(Settings):
    """Give items vectors with which what a user took scores above what they did not, whoever the user is.

    An item has two vectors: y, what it tells of those who took it, and q, what it is asked with. A user asks with Σ w·y / √Σ|w| over the
    history, w the events' weights; a liked item of the training asks with all other events of its user, never with itself. So there is no
    table of users: someone of the log and a stranger with the same history get the same, an event counts at once, and scores are
    sums over events.

    factors           length of the vectors
    l2                pulls the vectors that take part in a batch towards 0
    negatives         items drawn to stand for those not taken; a batch shares them, and of each user those taken are left out
    sampling          "uniform" or "popularity"
    half_life_events  at query time, an event this many events ago counts half; None = all count alike
    adversarial       None = plain
    train             how it is trained

    cost    O(events · negatives · factors) an epoch, twice that with an adversary; O(history · factors) a query, then O(n_items · factors)
    source  Rendle et al., UAI 2009; a user as the sum of items: Kabbur, Ning & Karypis, KDD 2013 (FISM)
    raises  ConfigError if the extra `train` is not installed
    """

    kind: Literal["bpr"] = "bpr"
    factors: int = Field(default=64, ge=1)
    l2: float = Field(default=0.003, ge=0)
    negatives: int = Field(default=64, ge=1)
    sampling: Literal["uniform", "popularity"] = "uniform"
    half_life_events: Span = 10.0
    adversarial: Adversarial | None = None
    train: Annotated[TrainSettings, over(TRAIN)] = TRAIN

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"l2": (0.001, 0.01), "half_life_events": (3.0, None)}
    RANGES: ClassVar[dict[str, Range | tuple[Any, ...]]] = {
        "factors": (32, 64, 128),
        "l2": Range(3e-4, 3e-2, log=True),
        "sampling": ("uniform", "popularity"),
        "half_life_events": Range(1.0, 50.0, log=True, endless=True),
        "train.learning_rate": Range(3e-3, 3e-2, log=True),
    }

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "BprModel":
        """Learn the vectors."""
        require(self.kind)
        from bowerbird.models.bpr_fit import fit  # noqa: PLC0415 torch and Lightning, only where a net is trained

        return fit(self, log, catalogue, rng, progress)


@dataclass(frozen=True, eq=False)
class BprModel:
    """Two vectors an item.

    context       (n_items, d) float32, what an item tells of those who took it; zeros for items without an event
    item_vectors  (n_items, d) float32, what it is asked with; NaN for items that nobody liked
    """

    kind: ClassVar[str] = "bpr"
    context: NDArray[np.float32]
    item_vectors: NDArray[np.float32]
    half_life_events: float | None

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.item_vectors)

    @cached_property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that someone liked."""
        return ~np.isnan(self.item_vectors[:, 0])

    @cached_property
    def told(self) -> NDArray[np.bool_]:
        """(n_items,): items that tell something."""
        told: NDArray[np.bool_] = np.asarray(self.context.any(axis=1))
        return told

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, d); NaN for a history that says nothing."""
        rows = decayed_rows([query.history for query in queries], self.n_items, half_life_events=self.half_life_events)
        sizes = (abs(rows) @ self.told.astype(np.float32))[:, None]
        vectors = np.full((len(queries), self.context.shape[1]), np.nan, np.float32)
        np.divide(rows @ self.context, np.sqrt(sizes), out=vectors, where=sizes > 0)
        return vectors

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items)"""
        return self.query_vectors(queries) @ self.item_vectors.T

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): each event's part of the sum; the columns sum to the scores."""
        worth = worths(query.history, self.half_life_events, self.told)
        size = decayed_rows([query.history], self.n_items, half_life_events=self.half_life_events)
        scale = np.sqrt(float((abs(size) @ self.told.astype(np.float32))[0]))
        asked = rows_of(self.context, query.history) * (worth / max(scale, 1e-12))[:, None]
        parts: NDArray[np.float32] = np.nan_to_num(asked @ self.item_vectors[items].T, nan=0.0).astype(np.float32)
        return parts

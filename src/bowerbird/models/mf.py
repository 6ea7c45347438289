"""Matrix factorisation of ratings; a user is folded in from the history, exactly, and ratings are predicted as well as items ranked."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bowerbird.config import Settings
from bowerbird.data import Catalogue, marks
from bowerbird.models.decay import rows_of
from bowerbird.protocols import Progress, silent
from bowerbird.ranges import Range
from bowerbird.training import require
from bowerbird.training.settings import TrainSettings, over
from bowerbird.types import History, Log, Query, Scores

TRAIN = TrainSettings(optimizer="adam", learning_rate=0.02, schedule="linear", batch_events=4096, epochs=20, holdout=0.0, clip=None)

STEPS = 50
"""Newton's, at most; a squared error is solved by the first."""


class Mf(Settings):
    """Explain each rating by a mean, what user and item add to it, and the dot product of their vectors.

    Minimises, over the ratings that were given, Σ cost(μ + b_u + b_i + p_u·q_i, mark) + l2 (‖P‖² + ‖Q‖²) + l2_bias (‖b_u‖² + ‖b_i‖²).
    A mark is where a rating lies on its scale, −1 the worst, 1 the best (`data.values.marks`): stars, less the middle, by half the
    length of the scale. Repeated ratings count each.

    factors  length of the vectors
    l2       pulls the vectors towards 0; against one rating's cost, so it needs no change as the log grows
    l2_bias  pulls what users and items add towards 0
    loss     "squared", or "logistic": cross-entropy with (1 + mark) / 2 as the chance of a like, for likes and dislikes
    train    how it is trained. `holdout` is here a share of the ratings, drawn by chance; the validation figure is −RMSE, in marks

    Users' vectors are thrown away after training: everyone's is solved from the history with the items as they are, by the same objective.

    A good predictor of ratings is a poor ranker: it learns only from what people chose to rate, so it cannot tell what nobody would
    choose, and an item few people rated highly stands at the top. Where all events weigh alike there is nothing to learn from.

    cost    O(ratings · factors) an epoch; O(ratings · factors² + factors³) a query
    source  Funk, 2006; Koren, Bell & Volinsky, IEEE Computer 42(8), 2009
    raises  ConfigError if the extra `train` is not installed
    """

    kind: Literal["mf"] = "mf"
    factors: int = Field(default=32, ge=1)
    l2: float = Field(default=6.0, gt=0)
    l2_bias: float = Field(default=2.0, gt=0)
    loss: Literal["squared", "logistic"] = "squared"
    train: Annotated[TrainSettings, over(TRAIN)] = TRAIN

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"l2": (3.0, 6.0, 12.0)}
    RANGES: ClassVar[dict[str, Range | tuple[Any, ...]]] = {
        "factors": (16, 32, 64, 128),
        "l2": Range(1.0, 30.0, log=True),
        "l2_bias": Range(0.3, 10.0, log=True),
        "train.learning_rate": Range(3e-3, 3e-2, log=True),
    }

    def fit(self, log: Log, catalogue: Catalogue, rng: np.random.Generator, progress: Progress = silent) -> "MfModel":
        """Factorise the ratings."""
        require(self.kind)
        from bowerbird.models.mf_fit import fit  # noqa: PLC0415 torch and Lightning, only where a net is trained

        return fit(self, log, catalogue, rng, progress)


@dataclass(frozen=True, eq=False)
class MfModel:
    """What the items were found to be; a user's (p, b) minimises the recipe's objective over the history.

    factors  (n_items, f) float32, zeros for items without a rating
    biases   (n_items,) float32, zeros for these
    mean     μ, of all marks
    rated    (n_items,) bool, items with a rating
    liked    (n_items,) bool, items with one above the neutral: only these are ranked
    """

    kind: ClassVar[str] = "mf"
    factors: NDArray[np.float32]
    biases: NDArray[np.float32]
    mean: float
    rated: NDArray[np.bool_]
    liked: NDArray[np.bool_]
    l2: float
    l2_bias: float
    loss: str

    @property
    def n_items(self) -> int:
        """How many items it knows of."""
        return len(self.biases)

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """(n_items,): items that someone liked."""
        return self.liked

    @cached_property
    def item_vectors(self) -> NDArray[np.float32]:
        """(n_items, f + 2): the vector, 1 against the user's own part, and what the item adds."""
        vectors = np.column_stack((self.factors, np.ones(self.n_items, np.float32), self.biases))
        return np.where(self.liked[:, None], vectors, np.float32(np.nan))

    def query_vectors(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """(n_queries, f + 2): the solved vector, what the user adds, with the mean, and 1; NaN for a history without a rated item."""
        vectors = np.full((len(queries), self.factors.shape[1] + 2), np.nan, np.float32)
        for row, query in zip(vectors, queries, strict=True):
            if self.heard(query.history).any():
                row[:-1], row[-1] = self.solve(query.history), 1
                row[-2] += self.mean
        return vectors

    def score(self, queries: Sequence[Query]) -> Scores:
        """(n_queries, n_items): the predicted marks, before they are cut to −1..1; of "logistic" the log-odds of a like."""
        return self.query_vectors(queries) @ self.item_vectors.T

    def predict(self, queries: Sequence[Query], items: Sequence[NDArray[np.int32]]) -> list[NDArray[np.float32]]:
        """For each query, the marks, in −1..1, that its user would give to these items; `data.values.stars` makes stars of them.

        Always a number: an item without a rating is taken as adding nothing, a user without one likewise.
        """
        predicted = []
        for query, asked in zip(queries, items, strict=True):
            inside = asked < self.n_items
            raw = np.full(len(asked), self.mean, np.float64)
            raw[inside] += self.biases[asked[inside]]
            user = self.solve(query.history)
            raw += user[-1]
            raw[inside] += self.factors[asked[inside]] @ user[:-1]
            predicted.append(np.clip(np.tanh(raw / 2) if self.loss == "logistic" else raw, -1, 1).astype(np.float32))
        return predicted

    def contributions(self, query: Query, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_events, n_items): what each rating's distance from what was to be expected adds, by the equations of the last step.

        The columns sum to the scores, less the mean and what the item adds.
        """
        rows, wanted, heard = self._equations(query.history)
        user = self.solve(query.history)
        slope, bend = self._derivatives(rows @ user, wanted, query.history)
        pulled = np.linalg.solve(self._system(rows, bend), (rows * (bend * (rows @ user) - slope)[:, None]).T)
        table = np.nan_to_num(self.item_vectors[items, :-1]).astype(np.float64)
        parts: NDArray[np.float32] = ((table @ pulled).T * heard[:, None]).astype(np.float32)
        return parts

    def solve(self, history: History) -> NDArray[np.float64]:
        """(f + 1,): the vector and, last, what the user adds; zeros for a history without a rated item.

        cost    O(n · f² + f³) for a history of n, a few times over for "logistic"
        """
        rows, wanted, _ = self._equations(history)
        user = np.zeros(rows.shape[1])
        for _ in range(1 if self.loss == "squared" else STEPS):
            slope, bend = self._derivatives(rows @ user, wanted, history)
            step = np.linalg.solve(self._system(rows, bend), rows.T @ slope + 2 * self._pull * user)
            user -= step
            if np.abs(step).max() < 1e-9:
                break
        return user

    def heard(self, history: History) -> NDArray[np.bool_]:
        """(n_events,): whether an event is a rating of an item that is known here."""
        heard: NDArray[np.bool_] = (history.items < self.n_items) & (history.weights != 0)
        heard[heard] = self.rated[history.items[heard]]
        return heard

    @property
    def _pull(self) -> NDArray[np.float64]:
        return np.append(np.full(self.factors.shape[1], self.l2), self.l2_bias)

    def _equations(self, history: History) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Rows (n, f + 1), zeros for what is not heard; the marks (n,); and what is heard."""
        heard = self.heard(history)
        rows = np.column_stack((rows_of(self.factors, history), np.ones(len(history)))).astype(np.float64) * heard[:, None]
        return rows, marks(history.weights).astype(np.float64), heard

    def _derivatives(
        self, own: NDArray[np.float64], wanted: NDArray[np.float64], history: History
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each rating's cost by its prediction, the first and the second; `own` is the user's part of that."""
        predicted = self.mean + rows_of(self.biases[:, None], history)[:, 0] + own
        if self.loss == "squared":
            return 2 * (predicted - wanted), np.full(len(wanted), 2.0)
        chance = (1 + np.tanh(predicted / 2)) / 2
        return chance - (1 + wanted) / 2, chance * (1 - chance)

    def _system(self, rows: NDArray[np.float64], bend: NDArray[np.float64]) -> NDArray[np.float64]:
        system: NDArray[np.float64] = (rows.T * bend) @ rows + 2 * np.diag(self._pull)
        return system

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bowerbird.errors import BundleError, DataError
from bowerbird.liking.behaviour import HEARD, STEEP, Others
from bowerbird.liking.examples import Examples
from bowerbird.store.files import whole_file

Vectors = NDArray[np.float32]

PLAIN = 3
"""Weights that are not of the text's vector: constant, like share, taste."""


@dataclass(frozen=True, eq=False)
class Judge:
    """The probability that a user likes an item, as a logistic function of

        constant + share · logit of the shrunk share of likes + taste · likeness + texts · (vector of the target − centre)
        + lift · the target's lift + usual · mean lift of the history + company · taste over behaviour

    The share is that of the history, drawn to `mean_share`. Likeness is the sum over the history of (vector of the event − centre) ·
    (vector of the target − centre), times 1 − share for a liked and −share for a disliked event, divided by the number of events and
    `prior_events`. The last row is what other people's likes say (`Others`); a judge may have learned without it.

    weights       (3 + d,) float64: constant, share, taste, texts; or (3 + d + 3,): and lift, usual, company
    centre        (d,) float32, the mean of the vectors that it learned from
    mean_share    in (0, 1)
    prior_events  see `LikingSettings`
    """

    weights: NDArray[np.float64]
    centre: NDArray[np.float32]
    mean_share: float
    prior_events: float

    @property
    def texts(self) -> NDArray[np.float64]:
        """(d,): the weights of texts."""
        return self.weights[PLAIN : PLAIN + len(self.centre)]

    @property
    def heard(self) -> NDArray[np.float64]:
        """(3,): the weights of what others say; (0,) where it learned without."""
        return self.weights[PLAIN + len(self.centre) :]

    def hearing(self) -> Self:
        """The same with weights for what others say, 0 where it had none."""
        return self if len(self.heard) else replace(self, weights=np.concatenate((self.weights, np.zeros(HEARD))))

    def logits(self, examples: Examples, vectors: Vectors, others: Others | None = None) -> NDArray[np.float64]:
        """(n,): the log-odds of a like. `vectors` (n_items, d) are of unit length.

        others  what other people's likes say, for a judge that has weights for it; None = nothing
        raises  DataError if the vectors are of another dimension than those that it learned from
        """
        return self.features(examples, vectors, others) @ self.weights

    def probabilities(self, examples: Examples, vectors: Vectors, others: Others | None = None) -> NDArray[np.float64]:
        """(n,), in (0, 1)."""
        return sigmoid(self.logits(examples, vectors, others))

    def features(self, examples: Examples, vectors: Vectors, others: Others | None = None) -> NDArray[np.float64]:
        """(n, 3 + d) or (n, 3 + d + 3): what the weights are multiplied by."""
        if vectors.ndim != 2 or vectors.shape[1] != len(self.centre):
            raise DataError(f"liking: vectors must have {len(self.centre)} numbers each, got shape {vectors.shape}")
        share = self.shares(examples)
        plain = [np.ones(len(share)), np.log(share / (1 - share)), self.taste(examples, vectors)]
        return np.column_stack([*plain, vectors[examples.targets] - self.centre, self.parts(examples, others)])

    def parts(self, examples: Examples, others: Others | None) -> NDArray[np.float64]:
        """(n, 3): what others say; 0 without any, and (n, 0) if there are no weights for it."""
        if others is None or not len(self.heard):
            return np.zeros((len(examples), len(self.heard)))
        return others.parts(examples, self.signs(examples), self.prior_events)

    def shares(self, examples: Examples) -> NDArray[np.float64]:
        """(n,): the shrunk share of likes of each history."""
        counts = examples.likes.sum(1) + self.prior_events * self.mean_share
        shares: NDArray[np.float64] = counts / (examples.there.sum(1) + self.prior_events)
        return shares

    def taste(self, examples: Examples, vectors: Vectors) -> NDArray[np.float64]:
        """(n,): the likeness of each target to what was liked, less that to what was not."""
        likeness: NDArray[np.float64] = np.einsum("nd,nd->n", self.leaning(examples, vectors), vectors[examples.targets] - self.centre)
        return likeness

    def leaning(self, examples: Examples, vectors: Vectors) -> NDArray[np.float64]:
        """(n, d): the sum of the history's vectors, liked less disliked, shrunk as the share is."""
        signs = STEEP * self.signs(examples) / (examples.there.sum(1) + self.prior_events)[:, None]
        near: NDArray[np.float64] = np.zeros((len(examples), vectors.shape[1]))
        for place in range(examples.items.shape[1]):
            near += signs[:, place, None] * np.nan_to_num(vectors[examples.items[:, place]] - self.centre)
        return near

    def signs(self, examples: Examples) -> NDArray[np.float64]:
        """(n, window): likes without the share of likes, 0 where there is no event."""
        return np.where(examples.there, examples.likes - self.shares(examples)[:, None], 0.0)

    def save(self, path: Path) -> None:
        """Write it to one safetensors file, whole or not at all."""
        plain = {name: repr(getattr(self, name)) for name in ("mean_share", "prior_events")}
        with whole_file(path) as part:
            part.write_bytes(save({"weights": self.weights, "centre": self.centre}, {"kind": "liking", **plain}))

    @staticmethod
    def load(path: Path) -> "Judge":
        """raises  BundleError if the file is missing, damaged or of another kind"""
        try:
            with safe_open(path, "numpy") as file:
                said: dict[str, Any] = file.metadata() or {}
                if said.get("kind") != "liking":
                    raise BundleError(f"{path}: must be a ranker that tune-ranker wrote, got kind {said.get('kind')!r}")
                plain = {name: float(said[name]) for name in ("mean_share", "prior_events")}
                return Judge(file.get_tensor("weights"), file.get_tensor("centre"), **plain)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise BundleError(f"{path}: cannot be read as a ranker ({error!s:.200})") from None


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^−x), without overflow."""
    chances: NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * logits))
    return chances

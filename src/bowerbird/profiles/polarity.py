"""What a sentence of a review says of what it speaks of: a head on the encoder's vectors, taught by the stars that came with reviews."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from scipy.optimize import minimize

from bowerbird.config import Settings
from bowerbird.errors import DataError
from bowerbird.language.harmless import harmless
from bowerbird.language.lexical import search_tokens
from bowerbird.language.words import stem
from bowerbird.protocols import Encoder

MAX_CHARS = 2000
MAX_SENTENCES = 20
END = re.compile(r"[.!?。！？;；\n]+")


class PolaritySettings(Settings):
    """What is learned from reviews that came with marks, so that profiles hear what later reviews say.

    reviews  at most so many are read, as far as possible half of them good and half bad; 0 = none, and profiles hear no reviews
    least    so many good ones and so many bad ones it takes; with fewer nothing is learned
    l2       how strongly the weights are held to 0
    """

    reviews: int = Field(default=1000, ge=0)
    least: int = Field(default=20, ge=1)
    l2: float = Field(default=1.0, gt=0)


@dataclass(frozen=True, eq=False)
class Polarity:
    """A logistic head: how likely a sentence was written beside a good mark.

    weights  (d,) float64
    bias     of a sentence that says nothing
    reviews  how many it was learned from
    """

    kind: ClassVar[str] = "polarity"

    weights: NDArray[np.float64]
    bias: float
    reviews: int = 0

    def of(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n,) in −1..1: −1 = surely bad, 0 = cannot say, 1 = surely good."""
        return np.asarray(np.tanh((vectors @ self.weights + self.bias) / 2), np.float64)

    def aspects(self, texts: Sequence[str], names: Sequence[Sequence[str]], encoder: Encoder) -> list[dict[str, float]]:
        """What each text says of each of its names that it speaks of: the mean over the sentences that do, in −1..1.

        names  for each text what it may speak of; a sentence speaks of a name if it has all words of it
        cost   the encoder's, for the sentences that speak of a name
        """
        parts: list[str] = []
        spoken: list[dict[str, list[int]]] = []
        for text, known in zip(texts, names, strict=True):
            wanted = {name: keys for name in known if (keys := {stem(word) for word in search_tokens(name)})}
            found: dict[str, list[int]] = {}
            for part in sentences(text):
                words = set(search_tokens(part))
                about = [name for name, keys in wanted.items() if keys <= words]
                for name in about:
                    found.setdefault(name, []).append(len(parts))
                if about:
                    parts.append(part)
            spoken.append(found)
        values = self.of(encoder.encode(parts)) if parts else np.zeros(0)
        return [{name: float(values[at].mean()) for name, at in found.items()} for found in spoken]


def fit_polarity(texts: Sequence[str], marks: ArrayLike, encoder: Encoder, l2: float = 1.0) -> Polarity:
    """A head taught by weak labels: every sentence of a review is taken for as good or as bad as the review's mark.

    texts   reviews
    marks   (n,) in −1..1, as `bowerbird.data.values.marks` has them; 0 teaches nothing
    l2      above 0
    raises  DataError unless both good and bad marks are there
    cost    the encoder's, for each sentence
    source  logistic regression; a sentence weighs as much as its mark is clear
    """
    rows = [
        (part, float(mark)) for text, mark in zip(texts, np.asarray(marks, np.float64), strict=True) if mark for part in sentences(text)
    ]
    values = np.array([mark for _, mark in rows])
    if not ((values > 0).any() and (values < 0).any()):
        raise DataError(f"polarity: there must be reviews with good and with bad marks, got {len(values)} sentences of one side")
    vectors = encoder.encode([part for part, _ in rows]).astype(np.float64)
    sign, clear = np.sign(values), np.abs(values)
    sides = {side: clear[sign == side].sum() for side in (-1.0, 1.0)}
    clear = clear / np.array([sides[side] for side in sign]) * len(sign) / 2  # praise is more frequent than blame, and says no more

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (vectors @ theta[:-1] + theta[-1])
        pull = -sign * clear / (1 + np.exp(margin))
        gradient = np.append(vectors.T @ pull + l2 * theta[:-1], pull.sum())
        return float((clear * np.logaddexp(0, -margin)).sum() + l2 / 2 * theta[:-1] @ theta[:-1]), gradient

    theta = minimize(loss, np.zeros(vectors.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return Polarity(theta[:-1], float(theta[-1]), len(texts))


def sentences(text: str) -> list[str]:
    """The sentences of a text, normalised; at most the first twenty.

    >>> sentences("Great paper. The ink smears!")
    ['Great paper', 'The ink smears']
    """
    parts = END.split(harmless(text, MAX_CHARS))
    return [part.strip() for part in parts if part.strip()][:MAX_SENTENCES]

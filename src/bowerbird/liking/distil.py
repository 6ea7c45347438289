"""What a judge knows, as dot products: a vector for each history and one for each item, so that it serves at no cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.liking.behaviour import Behaviour
from bowerbird.liking.examples import Examples
from bowerbird.liking.judge import Judge, Vectors
from bowerbird.types import History

PAIRS = 2_000
RIDGE = 1e-2


@dataclass(frozen=True, eq=False)
class Student:
    """A judge's log-odds, nearly, as the dot product of a history's vector and an item's.

    The exponential of a cosine becomes the cosine itself, so that the sum over the history is one vector.

    judge    the teacher, whose other weights stay as they are
    taste    what the sum of the history's signed vectors, times the target's, counts
    constant is added to all
    agreement  the correlation of its log-odds to the teacher's, without what is the same for all items, on the pairs that it was taught on
    others   what other people's likes say, which are dot products from the start; None for a judge without weights for it
    """

    judge: Judge
    taste: float
    constant: float
    agreement: float
    others: Behaviour | None = None

    def item_vectors(self, vectors: Vectors) -> NDArray[np.float32]:
        """(n_items, 1 + d): a one, and the text's vector without the centre; (n_items, 1 + d + 1 + f) with lift and vector of behaviour."""
        rows = [np.ones((len(vectors), 1), np.float32), vectors - self.judge.centre]
        if self.others is not None:
            rows += [self.others.lifts[:, None], self.others.vectors]
        return np.concatenate(rows, axis=1)

    def query_vectors(self, histories: Sequence[History], vectors: Vectors, window: int) -> NDArray[np.float32]:
        """(n, 1 + d): what is the same for all items, and what the text's vector is multiplied by; and so of behaviour."""
        asked = Examples.of(list(histories), [0] * len(histories), [False] * len(histories), window=window)
        share = self.judge.shares(asked)
        level = self.constant + self.judge.weights[0] + self.judge.weights[1] * np.log(share / (1 - share))
        leaning = self.judge.texts + self.taste * _leaning(self.judge, asked, vectors)
        rows = [level, leaning]
        if self.others is not None:
            lift, usual, company = self.judge.heard
            signs = self.judge.signs(asked)
            level += usual * self.others.usual(asked, self.judge.prior_events)
            rows += [np.full(len(asked), lift), company * self.others.leaning(asked, signs, self.judge.prior_events)]
        return np.column_stack(rows).astype(np.float32)


def distil(judge: Judge, examples: Examples, vectors: Vectors, rng: np.random.Generator, *, others: Behaviour | None = None) -> Student:
    """Teach a student the log-odds that the judge gives to these histories and to items drawn by chance.

    others  as of `Student`
    cost    O(pairs · window · d), 2,000 pairs
    """
    others = others if len(judge.heard) else None
    known = np.flatnonzero(vectors.any(axis=1))
    if not len(examples) or not len(known) or judge.weights[2] == 0:
        return Student(judge, 0.0, 0.0, 1.0, others)
    rows = rng.integers(len(examples), size=PAIRS)
    asked = examples.take(rows)
    asked = Examples(asked.items, asked.likes, rng.choice(known, PAIRS).astype(np.int32), asked.labels, asked.users)
    wanted = judge.weights[2] * judge.taste(asked, vectors)
    said = np.einsum("nd,nd->n", _leaning(judge, asked, vectors), vectors[asked.targets] - judge.centre)
    gap = said - said.mean()
    taste = float(gap @ (wanted - wanted.mean()) / (gap @ gap + RIDGE))
    constant = float(wanted.mean() - taste * said.mean())
    rest = (vectors[asked.targets] - judge.centre) @ judge.texts
    agreement = float(np.corrcoef(rest + wanted, rest + taste * said)[0, 1])
    return Student(judge, taste, constant, agreement, others)


def _leaning(judge: Judge, examples: Examples, vectors: Vectors) -> NDArray[np.float64]:
    """(n, d): the sum of the history's vectors, liked less disliked, shrunk as the share is."""
    signs = judge.signs(examples)
    near: NDArray[np.float64] = np.zeros((len(examples), vectors.shape[1]))
    for place in range(examples.items.shape[1]):
        near += signs[:, place, None] * np.nan_to_num(vectors[examples.items[:, place]] - judge.centre)
    near /= (examples.there.sum(1) + judge.prior_events)[:, None]
    return near

"""What a judge knows, as dot products: a vector for each history and one for each item, so that it serves at no cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.liking.behaviour import Behaviour
from bowerbird.liking.examples import Examples
from bowerbird.liking.judge import Judge, Vectors
from bowerbird.types import History


@dataclass(frozen=True, eq=False)
class Student:
    """A judge's log-odds as the dot product of a history's vector and an item's. Nothing is lost: each part of a judge is one.

    judge   the teacher
    others  what other people's likes say; None for a judge without weights for it
    """

    judge: Judge
    others: Behaviour | None = None

    def item_vectors(self, vectors: Vectors) -> NDArray[np.float32]:
        """(n_items, 1 + d): a one, and the text's vector without the centre; (n_items, 1 + d + 1 + f) with lift and vector of behaviour."""
        rows = [np.ones((len(vectors), 1), np.float32), vectors - self.judge.centre]
        if self.others is not None:
            rows += [self.others.lifts[:, None], self.others.vectors]
        return np.concatenate(rows, axis=1)

    def query_vectors(self, histories: Sequence[History], vectors: Vectors, window: int) -> NDArray[np.float32]:
        """(n, 1 + d): what is the same for all items, and what the text's vector is multiplied by; and so of behaviour."""
        judge = self.judge
        asked = Examples.of(list(histories), [0] * len(histories), [False] * len(histories), window=window)
        share = judge.shares(asked)
        level = judge.weights[0] + judge.weights[1] * np.log(share / (1 - share))
        rows = [level, judge.texts + judge.weights[2] * judge.leaning(asked, vectors)]
        if self.others is not None:
            lift, usual, company = judge.heard
            level += usual * self.others.usual(asked, judge.prior_events)
            rows += [np.full(len(asked), lift), company * self.others.leaning(asked, judge.signs(asked), judge.prior_events)]
        return np.column_stack(rows).astype(np.float32)

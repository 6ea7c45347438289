"""What a net that asks with a vector is trained for: that the item which came next scores above those that did not."""

from typing import Literal

import numpy as np
from torch import Tensor

from bowerbird.nets.items import Items, Rows
from bowerbird.training import losses
from bowerbird.training.negatives import Negatives, hide_hits

Loss = Literal["softmax", "sampled_softmax", "gbce", "bpr"]


class Objective:
    """Scores asking vectors against items, by dot product, and says what that costs.

    loss       "softmax" scores all learned items; the others a sample of them, shared by the batch
    negatives  draws the sample; None for "softmax"
    trust      of "gbce"
    """

    def __init__(self, loss: Loss, negatives: Negatives | None, trust: float = 0.75) -> None:
        self.loss, self.negatives, self.trust = loss, negatives, trust

    def prepare(self, batch: dict[str, Tensor], targets: Tensor, rng: np.random.Generator) -> dict[str, Tensor]:
        """The batch, with its sample of items where one is needed; `targets` (n,) are the items it takes."""
        if self.negatives is None:
            return batch
        sampled, log_expected = self.negatives.draw(targets, rng)
        return {**batch, "sampled": sampled, "log_expected": log_expected}

    def cost(self, asked: Tensor, targets: Tensor, weights: Tensor, items: Items | Rows, shown: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """The mean cost of questions (n, d) whose answers were `targets` (n,), weighted by `weights` (n,); `items` gives their vectors."""
        if self.loss == "softmax":
            scores = (asked @ items(None, shown).T).masked_fill(items.learned[None, :] == 0, losses.NEVER)
            return losses.softmax(scores, targets, weights)
        sampled = batch["sampled"]
        wanted = (asked * items(targets, shown)).sum(dim=1)
        others = hide_hits(asked @ items(sampled, shown).T, sampled, targets, losses.NEVER)
        if self.loss == "sampled_softmax":
            return losses.sampled_softmax(wanted, others, batch["log_expected"], weights)
        if self.loss == "gbce":
            return losses.gbce(wanted, others, min(len(sampled) / len(items.learned), 1.0), self.trust, weights)
        return losses.bpr(wanted, others, weights)

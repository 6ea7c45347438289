"""Matrix factorisation of marks, as a net: tables of vectors and of what users and items add."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from bowerbird.training import losses


class Mf(nn.Module):
    """The objective of the recipe `Mf`, spread over the ratings: each carries its part of the pull on its user and on its item.

    mean    of the targets: marks, or of "logistic" their log-odds
    counts  ratings of each user (n_users,) and of each item (n_items,)
    pulls   l2, l2_bias
    """

    def __init__(
        self, mean: float, counts: tuple[NDArray[np.int64], NDArray[np.int64]], factors: int, pulls: tuple[float, float], loss: str
    ) -> None:
        super().__init__()
        self.pulls, self.mean = pulls, mean
        self.cost = losses.logistic if loss == "logistic" else losses.squared
        self.vectors = nn.ModuleList(nn.Embedding(len(n), factors) for n in counts)
        self.biases = nn.ModuleList(nn.Embedding(len(n), 1) for n in counts)
        for table in self.vectors:
            nn.init.normal_(table.weight, std=0.05)
        for table in self.biases:
            nn.init.zeros_(table.weight)
        for side, n in zip(("user", "item"), counts, strict=True):
            self.register_buffer(f"{side}_share", torch.from_numpy(1 / np.maximum(n, 1).astype(np.float32)))

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """The mean over ratings of cost and pull: users (n,), items (n,), targets (n,). Times the number of ratings, the objective."""
        sides = [(batch["users"], self.user_share), (batch["items"], self.item_share)]
        vectors = [F.embedding(rows, table.weight) for (rows, _), table in zip(sides, self.vectors, strict=True)]
        biases = [F.embedding(rows, table.weight)[:, 0] for (rows, _), table in zip(sides, self.biases, strict=True)]
        predicted = self.mean + biases[0] + biases[1] + (vectors[0] * vectors[1]).sum(dim=1)
        l2, l2_bias = self.pulls
        total = self.cost(predicted, batch["targets"])
        for (rows, share), vector, bias in zip(sides, vectors, biases, strict=True):
            total = total + (share[rows] * (l2 * (vector**2).sum(dim=1) + l2_bias * bias**2)).mean()
        return total

    def items(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The items' vectors (n_items, f), and what they add (n_items,)."""
        factors, biases = (table[1].weight.detach().cpu().numpy() for table in (self.vectors, self.biases))
        return factors, biases[:, 0]

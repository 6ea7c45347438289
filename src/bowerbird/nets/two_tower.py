"""Two towers that meet in a dot product: one reads the history and the clock, the other what is known of an item."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from bowerbird.nets.objective import Objective
from bowerbird.nets.pooling import Pools

HALF_LIVES = (1.0, 10.0, 100.0)
N_CLOCK = 4


class ItemTower(nn.Module):
    """Item vectors of unit length, own + text · P + mean of the labels' vectors, and a bias behind: d + 1 numbers.

    Where there are texts, P starts as `axes` and all else near 0, so that the likeness of two items starts as that of their texts.

    learned  (n_items,) bool, items with an own vector and bias; the others share one bias
    texts    (n_items, t) float32, zeros for an item without; or None
    axes     (t, d) float32: where P starts; None without texts
    labels   (n_items, m) int64, numbers of each item's labels, and n_labels where it has fewer than m
    hide     share of the items whose own vector and bias are left out in a training step, so that the rest learns to stand for them
    """

    def __init__(
        self,
        learned: NDArray[np.bool_],
        texts: NDArray[np.float32] | None,
        axes: NDArray[np.float32] | None,
        labels: NDArray[np.int64],
        n_labels: int,
        d: int,
        hide: float,
    ) -> None:
        super().__init__()
        self.hide = hide
        spread = 0.02 if texts is not None else d**-0.5
        self.own, self.bias = nn.Embedding(len(learned), d), nn.Embedding(len(learned), 1)
        self.names = nn.Embedding(n_labels + 1, d, padding_idx=n_labels)
        nn.init.normal_(self.own.weight, std=spread)
        nn.init.zeros_(self.bias.weight)
        nn.init.normal_(self.names.weight, std=spread)
        nn.init.zeros_(self.names.weight[n_labels])
        self.unknown = nn.Parameter(torch.zeros(1))
        self.register_buffer("learned", torch.from_numpy(learned.astype(np.float32)))
        self.register_buffer("labels", torch.from_numpy(labels))
        self.register_buffer("texts", None if texts is None else torch.from_numpy(texts))
        self.project = None if axes is None else nn.Parameter(torch.from_numpy(axes.copy()))

    def shown(self) -> Tensor:
        """(n_items,): 1 for items whose own part is there in this step, 0 for the others."""
        if not self.training or not self.hide:
            return self.learned
        return self.learned * (torch.rand_like(self.learned) >= self.hide)

    def forward(self, items: Tensor | None, shown: Tensor) -> Tensor:
        """(…, d + 1) of these items; of all, (n_items, d + 1), where `items` is None."""
        items = torch.arange(self.learned.shape[0], device=self.learned.device) if items is None else items
        there = shown[items].unsqueeze(-1)
        vectors = there * self.own(items) + self.told(items)
        bias = there * self.bias(items) + (1 - there) * self.unknown
        return torch.cat((F.normalize(vectors, dim=-1), bias), dim=-1)

    def told(self, items: Tensor) -> Tensor:
        """(…, d): what text and labels say of these items."""
        return self.named(items) if self.project is None else self.named(items) + F.embedding(items, self.texts) @ self.project

    def named(self, items: Tensor) -> Tensor:
        """(…, d): the mean of the labels' vectors of these items; zeros for an item without."""
        labels = self.labels[items]
        mean: Tensor = self.names(labels).sum(dim=-2) / (labels != self.names.padding_idx).sum(dim=-1, keepdim=True).clamp_min(1)
        return mean

    def parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What is served: own + labels (n_items, d), bias (n_items,), the bias of the unknown (), and P (t, d), t = 0 without texts."""
        everyone = torch.arange(self.learned.shape[0], device=self.learned.device)
        fixed = self.own.weight * self.learned[:, None] + self.named(everyone)
        bias = torch.where(self.learned > 0, self.bias.weight[:, 0], self.unknown)
        return fixed, bias, self.unknown[0], fixed[:0] if self.project is None else self.project


class QueryTower(nn.Module):
    """Σ over the means of the history of mean · C, + clock · M, of unit length, times a temperature's inverse, and a 1 behind.

    This part, and nothing else, is exported and served. It starts as the first mean alone, whose half-life is one event.

    d            length of the vectors
    temperature  where learning starts
    """

    def __init__(self, d: int, temperature: float) -> None:
        super().__init__()
        self.pools = Pools(HALF_LIVES)
        self.mix = nn.Parameter(torch.cat((torch.eye(d)[None], torch.zeros(len(HALF_LIVES) - 1, d, d))))
        self.clock = nn.Parameter(torch.zeros(N_CLOCK, d))
        self.log_scale = nn.Parameter(-torch.log(torch.tensor([temperature])))

    def read(self, vectors: Tensor, weights: Tensor, clock: Tensor) -> Tensor:
        """(B, L, d + 1): what is asked for after each event.

        vectors  (B, L, d) of unit length, of the events' items
        weights  (B, L) in [-1, 1]: a dislike subtracts the item
        clock    (B, L, 4) when the question is asked, see `models.two_tower.clock`
        """
        return self._ask(self.pools.every(vectors, weights), clock)

    def forward(self, vectors: Tensor, weights: Tensor, clock: Tensor, last: Tensor) -> Tensor:
        """(B, d + 1): what each history asks for; clock (B, 4), last (B,) int64 the place of its newest event."""
        return self._ask(self.pools.last(vectors, weights, last), clock)

    def _ask(self, means: Tensor, clock: Tensor) -> Tensor:
        asked = torch.einsum("...kd,kde->...e", means, self.mix) + clock @ self.clock
        unit = F.normalize(asked, dim=-1)
        return torch.cat((unit * self.log_scale.exp(), torch.ones_like(unit[..., :1])), dim=-1)


class TwoTower(nn.Module):
    """Both towers, and what they are trained for."""

    def __init__(self, items: ItemTower, query: QueryTower, objective: Objective, dropout: float) -> None:
        super().__init__()
        self.items, self.query, self.objective, self.drop = items, query, objective, nn.Dropout(dropout)

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """What the batch costs: each liked event is asked for by what was before it, at its own time."""
        items, weights, shown = batch["items"], batch["weights"], self.items.shown()
        vectors = self.drop(self.items(items[:, :-1], shown)[..., :-1])
        asked = self.query.read(vectors, weights[:, :-1], batch["clock"][:, 1:])
        wanted = batch["there"][:, 1:] & (weights[:, 1:] > 0)
        return self.objective.cost(asked[wanted], items[:, 1:][wanted], weights[:, 1:][wanted], self.items, shown, batch)

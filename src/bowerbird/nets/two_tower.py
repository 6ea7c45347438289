"""Two towers that meet in a dot product: one reads the history and the clock, the other what is known of an item."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from bowerbird.nets.objective import Objective
from bowerbird.nets.pooling import Pools

START = 0.02
HALF_LIVES = (1.0, 10.0, 100.0)
N_CLOCK = 4


class ItemTower(nn.Module):
    """An item as t + d + 1 numbers: its text as it is; what was learned, own + text · P + the mean of its labels' vectors; a bias.

    What was learned starts near 0, and the text is not bent: so the likeness of two items starts as that of their texts, and stays so for
    those of which nothing else is known.

    learned  (n_items,) bool, items with an own vector and bias; the others share one bias
    texts    (n_items, t) float32, of unit length, zeros for an item without; t = 0 where none were read
    labels   (n_items, m) int64, numbers of each item's labels, and n_labels where it has fewer than m
    hide     share of the items whose own vector and bias are left out in a training step, so that the rest learns to stand for them
    """

    def __init__(
        self, learned: NDArray[np.bool_], texts: NDArray[np.float32], labels: NDArray[np.int64], n_labels: int, d: int, hide: float
    ) -> None:
        super().__init__()
        self.hide = hide
        self.own, self.bias = nn.Embedding(len(learned), d), nn.Embedding(len(learned), 1)
        self.names = nn.Embedding(n_labels + 1, d, padding_idx=n_labels)
        self.project = nn.Parameter(torch.zeros(texts.shape[1], d))
        self.unknown = nn.Parameter(torch.zeros(1))
        for table in (self.own, self.names):
            nn.init.normal_(table.weight, std=START)
        nn.init.zeros_(self.names.weight[n_labels])
        nn.init.zeros_(self.bias.weight)
        self.register_buffer("learned", torch.from_numpy(learned.astype(np.float32)))
        self.register_buffer("labels", torch.from_numpy(labels))
        self.register_buffer("texts", torch.from_numpy(texts))

    def shown(self) -> Tensor:
        """(n_items,): 1 for items whose own part is there in this step, 0 for the others."""
        if not self.training or not self.hide:
            return self.learned
        return self.learned * (torch.rand_like(self.learned) >= self.hide)

    def forward(self, items: Tensor | None, shown: Tensor) -> Tensor:
        """(…, t + d + 1) of these items; of all, (n_items, t + d + 1), where `items` is None."""
        items = torch.arange(self.learned.shape[0], device=self.learned.device) if items is None else items
        there, texts = shown[items].unsqueeze(-1), F.embedding(items, self.texts)
        vectors = there * self.own(items) + texts @ self.project + self.named(items)
        return torch.cat((texts, vectors, there * self.bias(items) + (1 - there) * self.unknown), dim=-1)

    def named(self, items: Tensor) -> Tensor:
        """(…, d): the mean of the labels' vectors of these items; zeros for an item without."""
        labels = self.labels[items]
        mean: Tensor = self.names(labels).sum(dim=-2) / (labels != self.names.padding_idx).sum(dim=-1, keepdim=True).clamp_min(1)
        return mean

    def parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """What is served: own and labels (n_items, d), bias (n_items,), the bias of the unknown (), and P (t, d)."""
        everyone = torch.arange(self.learned.shape[0], device=self.learned.device)
        bias = torch.where(self.learned > 0, self.bias.weight[:, 0], self.unknown)
        return self.own.weight * self.learned[:, None], self.named(everyone), bias, self.unknown[0], self.project


class QueryTower(nn.Module):
    """A query as t + d + 1 numbers: what the history's texts say, of unit length, over a temperature; what was learned of them; and a 1.

    The texts' part is a recency-weighted mean, and nothing in it is learned: trained on the events that the learned part fits ever more
    closely, it would be trusted ever less, and new items have nothing else. The learned part mixes a few such means, each by a matrix,
    and what the clock tells.

    This part, and nothing else, is exported and served.

    t, d         numbers of an item's text, and of what was learned
    half_life    of the texts' mean, in events
    n_values     values that circumstances can have, all features together; each has a vector, which starts at 0
    """

    def __init__(self, t: int, d: int, half_life: float, temperature: float, n_values: int = 0) -> None:
        super().__init__()
        self.t, self.temperature = t, temperature
        self.recent = Pools([half_life]).requires_grad_(False)
        self.pools = Pools(HALF_LIVES)
        self.mix = nn.Parameter(torch.eye(d).repeat(len(HALF_LIVES), 1))
        self.clock = nn.Parameter(torch.zeros(N_CLOCK, d))
        self.context = nn.Parameter(torch.zeros(n_values, d))
        self.register_buffer("untold", torch.zeros(1, d))

    def read(self, vectors: Tensor, weights: Tensor, clock: Tensor, context: Tensor) -> Tensor:
        """(B, L, t + d + 1): what is asked for after each event.

        vectors  (B, L, t + d) of the events' items
        weights  (B, L) in [-1, 1]: a dislike subtracts the item
        clock    (B, L, 4) when the question is asked, see `models.two_tower.clock`
        context  (B, L, ·) int64, in which circumstances, see `models.two_tower.told_of`
        """
        texts, learned = vectors[..., : self.t], vectors[..., self.t :]
        return self._ask(self.recent.every(texts, weights), self.pools.every(learned, weights), clock, context)

    def forward(self, vectors: Tensor, weights: Tensor, clock: Tensor, context: Tensor, last: Tensor) -> Tensor:
        """(B, t + d + 1): what each history asks for; clock (B, 4), context (B, ·), last (B,) int64 the place of its newest event."""
        texts, learned = vectors[..., : self.t], vectors[..., self.t :]
        return self._ask(self.recent.last(texts, weights, last), self.pools.last(learned, weights, last), clock, context)

    def _ask(self, texts: Tensor, learned: Tensor, clock: Tensor, context: Tensor) -> Tensor:
        """From means of texts (…, 1, t) and of what was learned (…, K, d)."""
        said = F.normalize(texts.flatten(-2), dim=-1) / self.temperature
        where = F.embedding(context, torch.cat((self.context, self.untold))).sum(dim=-2)
        mixed = learned.flatten(-2) @ self.mix + clock @ self.clock + where
        return torch.cat((said, mixed, torch.ones_like(mixed[..., :1])), dim=-1)


class TwoTower(nn.Module):
    """Both towers, and what they are trained for."""

    def __init__(self, items: ItemTower, query: QueryTower, objective: Objective, dropout: float) -> None:
        super().__init__()
        self.items, self.query, self.objective, self.drop = items, query, objective, nn.Dropout(dropout)

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """What the batch costs: each liked event is asked for by what was before it, at its own time."""
        items, weights, shown = batch["items"], batch["weights"], self.items.shown()
        told = self.items(items[:, :-1], shown)
        vectors = torch.cat((told[..., : self.query.t], self.drop(told[..., self.query.t : -1])), dim=-1)
        asked = self.query.read(vectors, weights[:, :-1], batch["clock"][:, 1:], batch["context"][:, 1:])
        wanted = batch["there"][:, 1:] & (weights[:, 1:] > 0)
        return self.objective.cost(asked[wanted], items[:, 1:][wanted], weights[:, 1:][wanted], self.items, shown, batch)

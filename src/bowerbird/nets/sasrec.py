"""A causal transformer over the events of a history: what it says after an event points to the next item."""

import math

import torch
from torch import Tensor, nn

from bowerbird.nets.blocks import BLOCKS, N_BUCKETS, bucket
from bowerbird.nets.contrast import Contrast
from bowerbird.nets.items import Items, Rows
from bowerbird.nets.objective import Objective

N_VALUES = 9
"""Weights are told apart in steps of a quarter."""

N_KINDS = 256


class Reader(nn.Module):
    """Reads a history. This part, and nothing else, is exported and served.

    kinds  whether the kinds of events differ, so that there is something to learn of them; where not, nothing is read of them
    """

    def __init__(self, d: int, blocks: int, heads: int, dropout: float, length: int, block: str, *, kinds: bool = False) -> None:
        super().__init__()
        self.scale, self.length = math.sqrt(d), length
        self.places, self.values, self.gaps = nn.Embedding(length, d), nn.Embedding(N_VALUES, d), nn.Embedding(N_BUCKETS, d)
        for table in (self.places, self.values, self.gaps):
            nn.init.normal_(table.weight, std=0.02)
        self.kinds = nn.Parameter(torch.zeros(N_KINDS, d), requires_grad=kinds)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(BLOCKS[block](d, heads, dropout, length) for _ in range(blocks))
        self.last = nn.LayerNorm(d)

    def read(self, vectors: Tensor, weights: Tensor, ages: Tensor, kinds: Tensor, around: Tensor | None = None) -> Tensor:
        """(B, L, d): what the history up to and with each event asks for.

        vectors  (B, L, d) of the events' items
        weights  (B, L) in [-1, 1]: a dislike turns the item's vector round
        ages     (B, L) seconds before the newest event, −1 = no clock
        kinds    (B, L) int64, what was done with the item
        around   (B, L) bool, events that are there: each is then read with those before *and after* it; None = with those before
        """
        before = torch.cat((ages[:, :1] * 0 - 1, torch.where(ages[:, 1:] < 0, -1.0, (ages[:, :-1] - ages[:, 1:]).clamp_min(0))), dim=1)
        told = self.values(((weights + 1) * 4).round().long()) + self.gaps(bucket(before)) + self.places.weight[: vectors.shape[1]]
        told = told + self.kinds[kinds]
        x = self.drop((vectors * weights.unsqueeze(-1) + told) * self.scale)
        for block in self.blocks:
            x = block(x, ages, around)
        read: Tensor = self.last(x)
        return read

    def forward(self, vectors: Tensor, weights: Tensor, ages: Tensor, kinds: Tensor, last: Tensor) -> Tensor:
        """(B, d): what each history asks for; `last` (B,) int64 is the place of its newest event."""
        return self.read(vectors, weights, ages, kinds)[torch.arange(last.shape[0], device=last.device), last]


class Sasrec(nn.Module):
    """The reader, the items, and what they are trained for.

    contrast, contrast_weight  self-supervision beside the objective, and what it weighs; None = none
    """

    def __init__(
        self, items: Items, reader: Reader, objective: Objective, contrast: Contrast | None = None, contrast_weight: float = 0.0
    ) -> None:
        super().__init__()
        self.items, self.reader, self.objective = items, reader, objective
        self.contrast, self.contrast_weight = contrast, contrast_weight

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """What the batch costs."""
        shown = self.items.shown()
        vectors = self.vectors(batch, shown)
        cost = self.objective.cost(*self.questions(batch, vectors, shown), vectors, shown, batch)
        return cost if self.contrast is None else cost + self.contrast_weight * self.contrast.cost(self, batch, shown)

    def vectors(self, batch: dict[str, Tensor], shown: Tensor) -> Items | Rows:
        """What looks up the vectors of this step: of all items, or of those of the batch and its sample."""
        return Rows(self.items, shown, batch["items"], batch["sampled"]) if "sampled" in batch else self.items

    def questions(self, batch: dict[str, Tensor], vectors: Items | Rows, shown: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of each event that has a liked one after it: what the history asks for (n, d), the item that came (n,), and its weight (n,)."""
        items, weights = batch["items"], batch["weights"]
        read = self.reader.read(vectors(items[:, :-1], shown), weights[:, :-1], batch["ages"][:, :-1], batch["kinds"][:, :-1])
        asked = batch["there"][:, 1:] & (weights[:, 1:] > 0) & (self.items.learned[items[:, 1:]] > 0)
        return read[asked], items[:, 1:][asked], weights[:, 1:][asked]

    def summary(self, history: dict[str, Tensor], shown: Tensor) -> Tensor:
        """(B, d): what each history asks for at its end."""
        last = (history["there"].sum(dim=1) - 1).clamp_min(0)
        return self.reader(self.items(history["items"], shown), history["weights"], history["ages"], history["kinds"], last)


class Masked(nn.Module):
    """Pre-training: some events are masked, and told from those before and after them (Sun et al., CIKM 2019, BERT4Rec).

    A masked event keeps its place, its time and its kind, and loses item and weight.
    """

    HIDDEN = 0.3

    def __init__(self, net: Sasrec) -> None:
        super().__init__()
        self.net = net

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """What it costs to tell the masked events."""
        length = self.net.reader.length
        items, weights, ages, kinds, there = (batch[name][:, :length] for name in ("items", "weights", "ages", "kinds", "there"))
        shown = self.net.items.shown()
        vectors = self.net.vectors(batch, shown)
        hidden = (
            there & (weights > 0) & (self.net.items.learned[items] > 0) & (torch.rand(weights.shape, device=weights.device) < self.HIDDEN)
        )
        read = self.net.reader.read(vectors(items, shown), weights.masked_fill(hidden, 0.0), ages, kinds, there)
        if not hidden.any():
            return read.sum() * 0
        return self.net.objective.cost(read[hidden], items[hidden], weights[hidden], vectors, shown, batch)

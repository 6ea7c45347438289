"""A causal transformer over the events of a history: what it says after an event points to the next item."""

import math

import torch
from torch import Tensor, nn

from bowerbird.nets.blocks import BLOCKS, N_BUCKETS, bucket
from bowerbird.nets.items import Items
from bowerbird.nets.objective import Objective

N_VALUES = 9
"""Weights are told apart in steps of a quarter."""


class Reader(nn.Module):
    """Reads a history. This part, and nothing else, is exported and served."""

    def __init__(self, d: int, blocks: int, heads: int, dropout: float, length: int, block: str) -> None:
        super().__init__()
        self.scale = math.sqrt(d)
        self.places, self.values, self.gaps = nn.Embedding(length, d), nn.Embedding(N_VALUES, d), nn.Embedding(N_BUCKETS, d)
        for table in (self.places, self.values, self.gaps):
            nn.init.normal_(table.weight, std=0.02)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(BLOCKS[block](d, heads, dropout, length) for _ in range(blocks))
        self.last = nn.LayerNorm(d)

    def read(self, vectors: Tensor, weights: Tensor, ages: Tensor) -> Tensor:
        """(B, L, d): what the history up to and with each event asks for.

        vectors  (B, L, d) of the events' items
        weights  (B, L) in [-1, 1]: a dislike turns the item's vector round
        ages     (B, L) seconds before the newest event, −1 = no clock
        """
        before = torch.cat((ages[:, :1] * 0 - 1, torch.where(ages[:, 1:] < 0, -1.0, (ages[:, :-1] - ages[:, 1:]).clamp_min(0))), dim=1)
        told = self.values(((weights + 1) * 4).round().long()) + self.gaps(bucket(before)) + self.places.weight[: vectors.shape[1]]
        x = self.drop((vectors * weights.unsqueeze(-1) + told) * self.scale)
        for block in self.blocks:
            x = block(x, ages)
        read: Tensor = self.last(x)
        return read

    def forward(self, vectors: Tensor, weights: Tensor, ages: Tensor, last: Tensor) -> Tensor:
        """(B, d): what each history asks for; `last` (B,) int64 is the place of its newest event."""
        return self.read(vectors, weights, ages)[torch.arange(last.shape[0], device=last.device), last]


class Sasrec(nn.Module):
    """The reader, the items, and what they are trained for."""

    def __init__(self, items: Items, reader: Reader, objective: Objective) -> None:
        super().__init__()
        self.items, self.reader, self.objective = items, reader, objective

    def questions(self, batch: dict[str, Tensor], shown: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of each event that has a liked one after it: what the history asks for (n, d), the item that came (n,), and its weight (n,)."""
        items, weights, ages = batch["items"], batch["weights"], batch["ages"]
        read = self.reader.read(self.items(items[:, :-1], shown), weights[:, :-1], ages[:, :-1])
        asked = batch["there"][:, 1:] & (weights[:, 1:] > 0) & (self.items.learned[items[:, 1:]] > 0)
        return read[asked], items[:, 1:][asked], weights[:, 1:][asked]

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """What the batch costs."""
        shown = self.items.shown()
        return self.objective.cost(*self.questions(batch, shown), self.items, shown, batch)

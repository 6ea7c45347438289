"""Neural collaborative filtering: a user and an item meet in a product, in a net, or in both. The user is the history."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bowerbird.nets.pooling import Pools
from bowerbird.training import losses
from bowerbird.training.negatives import hide_hits

Architecture = Literal["gmf", "mlp", "neumf"]
HALF_LIVES = (1.0, 10.0, 100.0)


class Scorer(nn.Module):
    """Scores histories against items. This part, and nothing else, is exported and served.

    A user's vector is Σ over the recency-weighted means of the history's vectors of share ⊙ mean, the shares learned number by number.
    An item comes as one row of `width` numbers: its vector for the product (`product` of them), what it adds to the first layer of the
    net (`first`), and its bias: W·[user; item] = Wu·user + Wi·item is computed once a user and once an item, not once a pair.

    architecture  "gmf", "mlp" or "neumf"
    d             length of the vectors for the product, and of those for the net
    layers        widths of the net's layers
    """

    def __init__(self, architecture: Architecture, d: int, layers: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.product, self.first = d * (architecture != "mlp"), layers[0] * (architecture != "gmf")
        self.read = self.product + d * (architecture != "gmf")
        self.pools = Pools(HALF_LIVES)
        self.shares = nn.Parameter(torch.full((len(HALF_LIVES), self.read), 1 / len(HALF_LIVES)))
        self.user = nn.Linear(self.read - self.product, self.first, bias=False) if self.first else None
        self.layers = nn.ModuleList(nn.Linear(wide, narrow) for wide, narrow in pairwise(layers) if self.first)
        self.out = nn.Linear(layers[-1], 1, bias=False) if self.first else None
        self.drop = nn.Dropout(dropout)

    @property
    def width(self) -> int:
        """Numbers of an item."""
        return self.product + self.first + 1

    def users(self, vectors: Tensor, weights: Tensor) -> Tensor:
        """(B, L, read): the user after each event; vectors (B, L, read), weights (B, L) in [-1, 1]."""
        return (self.pools.every(vectors, weights) * self.shares).sum(dim=-2)

    def forward(self, vectors: Tensor, weights: Tensor, last: Tensor, items: Tensor) -> Tensor:
        """(B, n): log-odds of items (n, width); last (B,) int64 is the place of each history's newest event."""
        return self.cross((self.pools.last(vectors, weights, last) * self.shares).sum(dim=-2), items)

    def cross(self, users: Tensor, items: Tensor) -> Tensor:
        """(B, n): every user (B, read) with every item (n, width)."""
        scores = items[:, -1] + users[:, : self.product] @ items[:, : self.product].T
        if self.user is None:
            return scores
        return scores + self._net(self.user(users[:, self.product :])[:, None, :] + items[None, :, self.product : -1])

    def pairs(self, users: Tensor, items: Tensor) -> Tensor:
        """(n,): the i-th user with the i-th item."""
        scores = items[:, -1] + (users[:, : self.product] * items[:, : self.product]).sum(dim=1)
        return scores if self.user is None else scores + self._net(self.user(users[:, self.product :]) + items[:, self.product : -1])

    def _net(self, first: Tensor) -> Tensor:
        """(…): what comes out above the sums of the first layer (…, first)."""
        assert self.out is not None
        hidden = self.drop(F.relu(first))
        for layer in self.layers:
            hidden = self.drop(F.relu(layer(hidden)))
        out: Tensor = self.out(hidden)
        return out.squeeze(-1)


class Ncf(nn.Module):
    """The scorer, the tables of the items, and what they are trained for.

    loss       "bce" against a sample, "bpr", or "sampled_softmax"
    per_event  of "bce": how much all negatives together weigh beside the one event
    """

    def __init__(self, scorer: Scorer, n_items: int, d: int, loss: str, per_event: float) -> None:
        super().__init__()
        self.scorer, self.kind, self.per_event = scorer, loss, per_event
        self.context = nn.Embedding(n_items, scorer.read)
        self.own = nn.Embedding(n_items, scorer.read)
        self.bias = nn.Embedding(n_items, 1)
        self.first = nn.Linear(d, scorer.first) if scorer.first else None
        for table in (self.context, self.own):
            nn.init.normal_(table.weight, std=d**-0.5)
        nn.init.zeros_(self.bias.weight)
        self.drop = scorer.drop

    def items(self, numbers: Tensor) -> Tensor:
        """(n, width): the rows of these items, as the scorer reads them."""
        own = self.own(numbers)
        parts = [own[:, : self.scorer.product], self.bias(numbers)]
        if self.first is not None:
            parts.insert(1, self.first(own[:, self.scorer.product :]))
        return torch.cat(parts, dim=1)

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """What the batch costs: each liked event is to be told from the sample, by what was before it."""
        items, weights, sampled = batch["items"], batch["weights"], batch["sampled"]
        asked = batch["there"][:, 1:] & (weights[:, 1:] > 0)
        users = self.scorer.users(self.drop(self.context(items[:, :-1])), weights[:, :-1])[asked]
        targets, worth = items[:, 1:][asked], weights[:, 1:][asked]
        wanted = self.scorer.pairs(users, self.items(targets))
        others = hide_hits(self.scorer.cross(users, self.items(sampled)), sampled, targets, losses.NEVER)
        if self.kind == "bce":
            return losses.mean(F.softplus(-wanted) + self.per_event * F.softplus(others).mean(dim=1), worth)
        if self.kind == "bpr":
            return losses.bpr(wanted, others, worth)
        return losses.sampled_softmax(wanted, others, batch["log_expected"], worth)

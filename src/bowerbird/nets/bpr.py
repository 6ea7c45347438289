"""Vectors for bayesian personalised ranking, and the perturbation that adversarial training sets against them."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bowerbird.training import losses


class Attack(Protocol):
    """How vectors are disturbed in training: by how much, how much that counts, and from which epoch on."""

    @property
    def epsilon(self) -> float: ...

    @property
    def weight(self) -> float: ...

    @property
    def from_epoch(self) -> int: ...


@dataclass(frozen=True)
class Rows:
    """The vectors that take part in a batch.

    asked  (n, d) what each event's user asks with
    items  (u, d) of the items that are wanted or drawn, each once
    """

    asked: Tensor
    items: Tensor


class Bpr(nn.Module):
    """Two vectors an item: what it tells of those who took it, and what it is asked with.

    n_items  rows of both tables
    d        length of the vectors
    l2       pull on the vectors that take part, against the cost of one event
    attack   None = plain training
    """

    epoch = 1

    def __init__(self, n_items: int, d: int, l2: float, attack: Attack | None) -> None:
        super().__init__()
        self.l2, self.attack = l2, attack
        self.context, self.items = nn.Embedding(n_items, d), nn.Embedding(n_items, d)
        for table in (self.context, self.items):
            nn.init.normal_(table.weight, std=0.1)

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """The mean cost of the batch's questions, see `bpr_fit.Users`; with its perturbed double where there is an attack."""
        rows = self.rows(batch)
        cost = self.cost(rows, batch)
        squares = (rows.asked**2).sum(dim=1).mean() + (rows.items**2).sum(dim=1)[batch["wanted"]].mean()
        total = cost + self.l2 * (squares + (rows.items**2).sum(dim=1)[batch["drawn"]].mean())
        if self.attack is not None and self.epoch >= self.attack.from_epoch:
            total = total + self.attack.weight * self.cost(disturbed(rows, cost, self.attack.epsilon), batch)
        return total

    def rows(self, batch: dict[str, Tensor]) -> Rows:
        """Each liked event asks with what the user's other events tell: Σ w·y / √Σ|w|, without itself."""
        told = F.embedding(batch["events"], self.context.weight) * batch["weights"][:, None]
        size = batch["weights"].abs()
        sums = told.new_zeros(int(batch["taken"].shape[0]), told.shape[1]).index_add(0, batch["users"], told)
        sizes = size.new_zeros(len(sums)).index_add(0, batch["users"], size)
        asks = batch["asks"]
        users = batch["users"][asks]
        rest = (sizes[users] - size[asks]).clamp_min(1e-6)
        asked = (sums[users] - told[asks]) / rest.sqrt()[:, None]
        return Rows(asked, F.embedding(batch["rows"], self.items.weight))

    def cost(self, rows: Rows, batch: dict[str, Tensor]) -> Tensor:
        """How far the drawn items stand above the wanted ones; a drawn item that the user took costs nothing."""
        wanted = (rows.asked * rows.items[batch["wanted"]]).sum(dim=1)
        others = rows.asked @ rows.items[batch["drawn"]].T
        asks = batch["asks"]
        return losses.bpr(wanted, others.masked_fill(batch["taken"][batch["users"][asks]], losses.NEVER), batch["weights"][asks])


def disturbed(rows: Rows, cost: Tensor, epsilon: float) -> Rows:
    """The rows, each moved by a vector of length `epsilon` in the direction in which `cost` rises fastest; a row without slope stays.

    The move is taken as given: no gradient runs through it.

    source  He et al., SIGIR 2018, equations 8 and 9; Goodfellow et al., ICLR 2015
    """
    slopes = torch.autograd.grad(cost, (rows.asked, rows.items), retain_graph=True)
    return Rows(*(row + epsilon * F.normalize(slope, dim=1) for row, slope in zip((rows.asked, rows.items), slopes, strict=True)))

"""What a net knows an item by: an own vector, and a projection of its language vector."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F


class Items(nn.Module):
    """Item vectors: own + W · features, where the own part is there for items that were learned from, and W is shared by all.

    learned   (n_items,) bool, items with an own vector; the others are known by their features alone
    features  (n_items, f) float32, zeros for an item without, or None
    d         length of the vectors
    hide      share of the items whose own vector is left out in a training step, drawn anew each time: so W learns to stand for it, and
              items that were never seen can be scored
    """

    def __init__(self, learned: NDArray[np.bool_], features: NDArray[np.float32] | None, d: int, hide: float) -> None:
        super().__init__()
        self.hide = hide if features is not None else 0.0
        self.own = nn.Embedding(len(learned), d)
        nn.init.normal_(self.own.weight, std=0.02)
        self.register_buffer("learned", torch.from_numpy(learned.astype(np.float32)))
        self.scale = (
            1.0 if features is None else float(np.sqrt(features.shape[1]))
        )  # each number of a feature then varies about as much as 1
        self.register_buffer("features", None if features is None else torch.from_numpy(np.asarray(features * self.scale, np.float32)))
        self.project = None if features is None else nn.Linear(features.shape[1], d, bias=False)
        if self.project is not None:
            nn.init.normal_(self.project.weight, std=0.04 / self.scale)

    def shown(self) -> Tensor:
        """(n_items,): 1 for items whose own vector takes part in this step, 0 for the others."""
        if not self.training or not self.hide:
            return self.learned
        return self.learned * (torch.rand_like(self.learned) >= self.hide)

    def forward(self, items: Tensor | None, shown: Tensor) -> Tensor:
        """(…, d): the vectors of these items; (n_items, d) of all, where `items` is None."""
        own = self.own.weight if items is None else F.embedding(items, self.own.weight)
        vectors = own * (shown if items is None else shown[items]).unsqueeze(-1)
        if self.project is not None:
            vectors = vectors + self.project(self.features if items is None else F.embedding(items, self.features))
        return vectors

    def arrays(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The own vectors (n_items, d), zeros for items not learned, and the projection (f, d), with f = 0 where there is none."""
        own = (self.own.weight * self.learned[:, None]).detach().cpu().numpy()
        project = (
            np.zeros((0, own.shape[1]), np.float32) if self.project is None else self.scale * self.project.weight.detach().cpu().numpy().T
        )
        return own.astype(np.float32), np.ascontiguousarray(project, np.float32)


class Rows:
    """The vectors of some items in one step, each computed once however often it is looked up. Called as `Items` is.

    asked  items that will be looked up, in tensors of any shape
    """

    def __init__(self, items: Items, shown: Tensor, *asked: Tensor) -> None:
        self.learned = items.learned
        self._ids = torch.unique(torch.cat([some.flatten() for some in asked]))
        self._rows = items(self._ids, shown)

    def __call__(self, items: Tensor, shown: Tensor) -> Tensor:  # noqa: ARG002 that is settled
        return F.embedding(torch.searchsorted(self._ids, items.contiguous()), self._rows)

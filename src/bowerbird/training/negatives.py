"""Which items stand for all those that were not taken."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

Sampling = Literal["uniform", "popularity", "batch"]


class Negatives:
    """Draws items that stand for those not taken; one sample is shared by a whole batch, so that scoring it is one matrix product.

    sampling  "uniform": each item alike; "popularity": by the number of events to the power of ¾ (Mikolov et al., 2013);
              "batch": the items that the batch itself takes, which is by number of events
    counts    (n_items,) events of each item; an item without any is never drawn
    size      of a sample; "batch" has as many as the batch has different items

    >>> drawn, log_expected = Negatives("uniform", np.array([5, 1, 1, 1]), 4).draw(torch.tensor([0]), np.random.default_rng(0))
    >>> sorted(drawn.tolist()), log_expected.exp().tolist()        # all four items: each is surely there
    ([0, 1, 2, 3], [1.0, 1.0, 1.0, 1.0])
    """

    def __init__(self, sampling: Sampling, counts: np.ndarray, size: int) -> None:
        self.known = np.flatnonzero(counts)
        self.sampling, self.size = sampling, min(size, len(self.known))
        powered = np.where(counts > 0, counts.astype(np.float64) ** (1.0 if sampling == "batch" else 0.75), 0.0)
        self._share = powered / max(powered.sum(), 1e-12)
        self._cumulated = np.cumsum(self._share)

    def draw(self, targets: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Item numbers (m,), none twice, and ln of how often each was to be expected in such a sample.

        targets  (n,) what the batch takes
        """
        if self.sampling == "uniform":
            drawn = rng.choice(self.known, self.size, replace=False)
            expected = np.full(self.size, self.size / max(len(self.known), 1))
        else:
            tries = len(targets) if self.sampling == "batch" else self.size
            places = np.searchsorted(self._cumulated, rng.random(tries), side="right")
            drawn = np.unique(targets.cpu().numpy() if self.sampling == "batch" else np.minimum(places, len(self._share) - 1))
            expected = -np.expm1(tries * np.log1p(-np.minimum(self._share[drawn], 1 - 1e-9)))
        return torch.from_numpy(drawn).to(targets.device), torch.from_numpy(np.log(expected)).float().to(targets.device)


def hide_hits(scores: Tensor, sampled: Tensor, targets: Tensor, hidden: float) -> Tensor:
    """(n, m) scores with those put to `hidden` where the sampled item is the row's own target.

    sampled  (m,) item numbers
    targets  (n,) item numbers
    """
    return scores.masked_fill(sampled[None, :] == targets[:, None], hidden)

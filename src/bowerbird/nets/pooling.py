"""A history as a few recency-weighted means of its events' vectors."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

LEAST = 1e-6
LN_2 = math.log(2)


class Pools(nn.Module):
    """Weighted means Σ w·2^(−s/h)·v / Σ |w|·2^(−s/h): w the event's weight, s how many events ago, h a half-life in events that is learned.

    half_lives  (K,) where learning starts, each above 0

    >>> pools = Pools([1.0])
    >>> vectors, weights = torch.eye(2)[None], torch.ones(1, 2)
    >>> (pools.last(vectors, weights, torch.tensor([1])) * 3).round().tolist()                # a third, two thirds
    [[[1.0, 2.0]]]
    """

    def __init__(self, half_lives: Sequence[float]) -> None:
        super().__init__()
        self.logs = nn.Parameter(torch.log(torch.tensor(half_lives)))  # so that the half-lives stay above 0

    def every(self, vectors: Tensor, weights: Tensor) -> Tensor:
        """(B, L, K, d): the means after each event of vectors (B, L, d) with weights (B, L)."""
        steps = torch.arange(weights.shape[1], device=weights.device)
        ago = steps[:, None] - steps[None, :]
        worth = (self._worth(ago.clamp_min(0)) * (ago >= 0)[..., None]).permute(2, 0, 1) * weights[:, None, None, :]  # (B, K, L, L)
        return _mean(worth, vectors[:, None]).transpose(1, 2)

    def last(self, vectors: Tensor, weights: Tensor, last: Tensor) -> Tensor:
        """(B, K, d): the means after the event at place `last` (B,); all weights after it are 0."""
        ago = last[:, None] - torch.arange(weights.shape[1], device=weights.device)
        return _mean(self._worth(ago.clamp_min(0)).transpose(1, 2) * weights[:, None, :], vectors)

    def _worth(self, ago: Tensor) -> Tensor:
        return torch.exp(-LN_2 * ago[..., None] * torch.exp(-self.logs))  # torch.exp2 cannot be exported


def _mean(worth: Tensor, vectors: Tensor) -> Tensor:
    return worth @ vectors / worth.abs().sum(dim=-1, keepdim=True).clamp_min(LEAST)

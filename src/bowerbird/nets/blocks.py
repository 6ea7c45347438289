"""Blocks of transformers, (B, L, d) in and out.

An event sees itself and what was before it; or, where `around` (B, L) bool says which events there are, all of these.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Sasrec(nn.Module):
    """Attention, then a feed-forward net, each normalised before and added to what came in (Kang & McAuley, ICDM 2018; pre-norm)."""

    def __init__(self, d: int, heads: int, dropout: float, length: int) -> None:  # noqa: ARG002 all blocks are made alike
        super().__init__()
        self.attention = Attention(d, heads)
        self.before, self.between = nn.LayerNorm(d), nn.LayerNorm(d)
        self.widen, self.narrow = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, ages: Tensor, around: Tensor | None = None) -> Tensor:  # noqa: ARG002
        x = x + self.drop(self.attention(self.before(x), around))
        fed: Tensor = self.narrow(F.gelu(self.widen(self.between(x))))
        return x + self.drop(fed)


class Ligr(nn.Module):
    """As `Sasrec`, but what is added passes a gate that reads what came in, and the feed-forward net is a SwiGLU (eSASRec, RecSys 2025)."""

    def __init__(self, d: int, heads: int, dropout: float, length: int) -> None:  # noqa: ARG002
        super().__init__()
        self.attention = Attention(d, heads)
        self.before, self.between = nn.LayerNorm(d), nn.LayerNorm(d)
        self.first_gate, self.second_gate = nn.Linear(d, d), nn.Linear(d, d)
        self.widen, self.narrow = nn.Linear(d, 8 * d, bias=False), nn.Linear(4 * d, d, bias=False)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, ages: Tensor, around: Tensor | None = None) -> Tensor:  # noqa: ARG002
        x = x + self.drop(self.attention(self.before(x), around)) * torch.sigmoid(self.first_gate(x))
        one, other = self.widen(self.between(x)).chunk(2, dim=-1)
        fed: Tensor = self.narrow(F.silu(one) * other)
        return x + self.drop(fed) * torch.sigmoid(self.second_gate(x))


class Hstu(nn.Module):
    """Attention without softmax, SiLU(q·k + bias by steps apart + bias by time apart), gated by the event itself.

    Zhai et al., ICML 2024, "Actions speak louder than words".
    """

    def __init__(self, d: int, heads: int, dropout: float, length: int) -> None:
        super().__init__()
        self.heads, self.length = heads, length
        self.before, self.after = nn.LayerNorm(d), nn.LayerNorm(d)
        self.uvqk, self.out = nn.Linear(d, 4 * d, bias=False), nn.Linear(d, d)
        self.by_steps, self.by_time = nn.Embedding(length, heads), nn.Embedding(N_BUCKETS, heads)
        nn.init.zeros_(self.by_steps.weight)
        nn.init.zeros_(self.by_time.weight)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, ages: Tensor, around: Tensor | None = None) -> Tensor:
        B, L, d = x.shape
        u, v, q, k = F.silu(self.uvqk(self.before(x))).chunk(4, dim=-1)
        q, k, v = (part.view(B, L, self.heads, d // self.heads).transpose(1, 2) for part in (q, k, v))  # (B, H, L, d/H)
        steps = torch.arange(L, device=x.device)
        apart = steps[:, None] - steps[None, :]
        seen = apart >= 0 if around is None else around[:, None, None, :]
        unknown = (ages[:, :, None] < 0) | (ages[:, None, :] < 0)
        seconds = torch.where(unknown, -1.0, (ages[:, None, :] - ages[:, :, None]).abs())
        bias = self.by_steps(apart.abs().clamp_max(self.length - 1)) + self.by_time(bucket(seconds))  # (B, L, L, H)
        scores = F.silu(q @ k.transpose(2, 3) + bias.permute(0, 3, 1, 2)) * seen
        mixed = (scores / seen.sum(dim=-1, keepdim=True).clamp_min(1) @ v).transpose(1, 2).reshape(B, L, d)
        out: Tensor = self.out(self.after(mixed) * u)
        return x + self.drop(out)


BLOCKS: dict[str, Any] = {"sasrec": Sasrec, "ligr": Ligr, "hstu": Hstu}


class Attention(nn.Module):
    """Softmax attention with several heads."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)

    def forward(self, x: Tensor, around: Tensor | None = None) -> Tensor:
        B, L, d = x.shape
        q, k, v = self.qkv(x).view(B, L, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        seen = None if around is None else around[:, None, None, :]
        mixed = F.scaled_dot_product_attention(q, k, v, seen, is_causal=around is None)  # without drop-out: with it, there is no fast path
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(B, L, d))
        return out


N_BUCKETS = 32


def bucket(seconds: Tensor) -> Tensor:
    """The number of a span of time on a logarithmic scale: 0 for "not known" (below 0), else 1 + ⌊log2(1 + seconds)⌋, at most 31.

    >>> bucket(torch.tensor([-1.0, 0.0, 1.0, 60.0, 86400.0])).tolist()
    [0, 1, 2, 6, 17]
    """
    number = torch.log2(1 + seconds.clamp_min(0)).floor().long() + 1
    return torch.where(seconds < 0, 0, number.clamp_max(N_BUCKETS - 1))

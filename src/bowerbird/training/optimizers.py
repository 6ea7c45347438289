"""Optimisers and how the learning rate goes."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from bowerbird.training.settings import TrainSettings


def optimizer(settings: TrainSettings, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser that the settings name."""
    full, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=full, momentum=settings.momentum, weight_decay=decay)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(parameters, lr=full, weight_decay=decay, fused=True)


def learning_rate(settings: TrainSettings, step: int, epoch: int) -> float:
    """The learning rate at a step of an epoch, both counted from 0.

    >>> settings = TrainSettings(learning_rate=1, schedule="linear", epochs=4, warmup_steps=2)
    >>> [learning_rate(settings, step, step // 2) for step in range(8)]
    [0.5, 1.0, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25]
    """
    gone = epoch / settings.epochs
    share = {"constant": 1.0, "linear": 1 - gone, "cosine": 0.5 * (1 + math.cos(math.pi * gone))}[settings.schedule]
    return settings.learning_rate * share * min((step + 1) / max(settings.warmup_steps, 1), 1.0)

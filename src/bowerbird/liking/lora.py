"""The encoder under a judge, tuned with LoRA so that its vectors tell likes from dislikes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from bowerbird.config import Settings
from bowerbird.errors import ConfigError
from bowerbird.liking.behaviour import STEEP, Others
from bowerbird.liking.examples import Examples
from bowerbird.liking.judge import Judge
from bowerbird.liking.logistic import log_loss
from bowerbird.protocols import Progress, silent
from bowerbird.reader.backbone import Backbone
from bowerbird.reader.net import Reader, merge
from bowerbird.reader.settings import ReaderSettings
from bowerbird.reader.states import States
from bowerbird.reader.teaching import MOST_TRAINED
from bowerbird.training.runs import open_run
from bowerbird.training.trainer import Batch, train
from bowerbird.types import Log

A_TEXT = 16
"""Examples at most that one reading of a target's text is asked for."""


class _Facts(Settings):
    """What names the folder of a run besides the log and the seed."""

    kind: str = "ranker"
    settings: ReaderSettings
    source: str


class LikingNet(Reader):
    """A reader whose loss is that of the judge on top of it; the judge's weights stay as they are."""

    def __init__(self, backbone: Backbone, states: States, judge: Judge, settings: ReaderSettings) -> None:
        super().__init__(backbone, states, settings)
        self.register_buffer("texts", torch.from_numpy(judge.texts.astype(np.float32)))
        self.register_buffer("centre", torch.from_numpy(judge.centre))
        self.taste, self.prior_events = float(judge.weights[2]), judge.prior_events

    def loss(self, batch: Batch) -> Tensor:
        """The log loss of the examples; the targets' texts are read anew, those of the histories keep their last reading."""
        read, place = batch["read"], batch["place"]
        fresh = self.encode(read.cpu().numpy())
        self.table[read] = fresh.detach()
        targets = fresh[place]
        liked = self.table[batch["items"].clamp(min=0)] - self.centre
        leaning = torch.einsum("nwd,nw->nd", liked, batch["signs"]) / (batch["told"] + self.prior_events)[:, None]
        taste = STEEP * (leaning * (targets - self.centre)).sum(1)
        logits = batch["level"] + self.taste * taste + (targets - self.centre) @ self.texts
        return F.binary_cross_entropy_with_logits(logits, batch["labels"])


@dataclass(frozen=True)
class Taught:
    """Parameters trained and all, log loss of the held-out users before and after, the epoch kept and how many were run."""

    n_trained: int
    n_parameters: int
    before: float
    after: float
    epoch: int
    epochs: int


def teach(
    backbone: Backbone,
    states: States,
    judge: Judge,
    told: Examples,
    held: Examples,
    log: Log,
    settings: ReaderSettings,
    *,
    others: Others | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Taught:
    """Tune the topmost layers of `backbone` in place, stopped by users that are not learned from.

    states  one row an item
    judge   what was learned from `told` with the vectors as they were
    others  as it was learned with
    raises  ConfigError if more than 2 % of the parameters would be trained
    cost    an epoch reads each target once for a gradient, and each item once for validation
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = LikingNet(backbone, states, judge, settings)

        if net.n_trained > MOST_TRAINED * backbone.n_parameters:
            raise ConfigError(
                f"reader: at most 2 % of {backbone.n_parameters:,} parameters may be trained, got {net.n_trained:,}; lower rank or layers"
            )

        def validated() -> float:
            with torch.no_grad():
                net.table.copy_(net.everything())
            return -log_loss(judge.logits(held, net.table.cpu().numpy(), others), held.labels.astype(float))

        def batches(chance: np.random.Generator) -> Iterator[Batch]:
            yield from _batches(judge, told, others, settings.batch_items, chance)

        before = -validated()
        with open_run(_Facts(settings=settings, source=backbone.source), settings.train, log, seed) as run:
            done = train(net, batches, settings.train, run, seed=seed, judge=validated, metric="minus log loss", progress=progress)
    after, n_trained = -validated(), net.n_trained
    merge(net.tuned)
    counts = (n_trained, backbone.n_parameters)
    return Taught(*counts, before, after, done.best_epoch, len(done.curve))


def _batches(judge: Judge, told: Examples, others: Others | None, size: int, chance: np.random.Generator) -> Iterator[Batch]:
    """Each target's text once an epoch, with some of its examples."""
    share = judge.shares(told)
    level = judge.weights[0] + judge.weights[1] * np.log(share / (1 - share)) + judge.parts(told, others) @ judge.heard
    signs = judge.signs(told)
    order = chance.permutation(len(told))
    order = order[np.argsort(told.targets[order], kind="stable")]
    names, starts, counts = np.unique(told.targets[order], return_index=True, return_counts=True)
    mixed = chance.permutation(len(names))
    for start in range(0, len(names), size):
        chosen = mixed[start : start + size]
        rows = [order[starts[one] : starts[one] + min(counts[one], A_TEXT)] for one in chosen.tolist()]
        place = np.repeat(np.arange(len(chosen)), [len(one) for one in rows])
        every = np.concatenate(rows)
        yield {
            "read": torch.from_numpy(names[chosen].astype(np.int64)),
            "place": torch.from_numpy(place),
            "items": torch.from_numpy(told.items[every].astype(np.int64)),
            "told": torch.from_numpy(told.there[every].sum(1)),
            "signs": torch.from_numpy(signs[every].astype(np.float32)),
            "level": torch.from_numpy(level[every].astype(np.float32)),
            "labels": torch.from_numpy(told.labels[every].astype(np.float32)),
        }

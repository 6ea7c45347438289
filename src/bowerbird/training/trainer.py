"""The one trainer: Lightning's loop around any net that can say its loss, judged by what the recommender is for."""

import logging
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import lightning as L  # noqa: N812 its own short name
import numpy as np
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from bowerbird.errors import DataError
from bowerbird.protocols import Progress, Watches, silent
from bowerbird.training.optimizers import learning_rate, optimizer
from bowerbird.training.runs import Run
from bowerbird.training.settings import TrainSettings
from bowerbird.types import Json

Batch = dict[str, Tensor]
Batches = Callable[[np.random.Generator], Iterator[Batch]]
"""One epoch: batches of tensors, in an order of chance. The same generator gives the same batches."""

NDCG = "ndcg@10"
TREND, MEMORY = "trend", 0.6
"""What decides is the figure's trend, 0.6 of the trend before and 0.4 of the figure: on 2,000 users one figure is luck by a tenth."""

PRECISION: dict[str, Any] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


@dataclass(frozen=True)
class Trained:
    """How a training went.

    best        figure in validation of the weights that were kept, which are those where its trend was best; None without validation
    best_epoch  that they are of, from 1
    curve       for each epoch: epoch, loss, the metric by its name (None without validation), learning_rate, seconds
    """

    best: float | None
    best_epoch: int
    curve: tuple[Json, ...]


def train(
    net: Any,
    batches: Batches,
    settings: TrainSettings,
    run: Run,
    *,
    seed: int,
    judge: Callable[[], float] | None,
    metric: str = NDCG,
    progress: Progress = silent,
) -> Trained:
    """Train a net in place, and leave it in evaluation mode, on the CPU, with its best weights.

    net     a torch module with `loss(batch) -> Tensor`, the mean cost of a batch; its `epoch` is set to that of the batch, from 1
    judge   how good the net is as it is, in evaluation mode: higher is better; None = no validation
    metric  what the judge's figure is called
    run     where the run is kept; one that was killed goes on after its last whole epoch, to the same weights as if it had never stopped
    seed    of batches and drop-out: on one device and with as many threads, the same seed gives the same weights

    raises  DataError if the loss is no number any more
    """

    def say(said: str, epoch: int, figure: float | None) -> None:
        progress(f"{run.name}: {said}", epoch, settings.epochs)
        if figure is not None and isinstance(progress, Watches):
            progress.epoch(epoch, figure)

    loop = _Loop(net, settings, seed, judge, metric, say)
    keep = ModelCheckpoint(
        run.folder,
        "best",
        monitor=TREND if judge else None,
        mode="max",
        save_last=True,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    with _quiet(), torch.random.fork_rng():
        trainer = _trainer(settings, keep, run, judged=judge is not None)
        data = DataLoader(_Epochs(batches, loop), batch_size=None, generator=torch.Generator())  # else it takes of the net's chances
        trainer.fit(loop, data, ckpt_path=run.unfinished)
    loop.load_state_dict(torch.load(keep.best_model_path, map_location="cpu", weights_only=True)["state_dict"])
    net.cpu().eval()
    best = max(loop.curve, key=lambda row: row[TREND]) if judge else loop.curve[-1]
    trained = Trained(best[metric], best["epoch"], tuple(loop.curve))
    run.finish(trained.best, trained.best_epoch, trained.curve, metric)
    return trained


def _trainer(settings: TrainSettings, keep: ModelCheckpoint, run: Run, *, judged: bool) -> L.Trainer:
    """Lightning's trainer, as the settings want it."""
    callbacks: list[L.Callback] = [keep]
    if judged and settings.patience is not None:
        callbacks.append(EarlyStopping(TREND, patience=settings.patience, mode="max", check_on_train_epoch_end=True))
    return L.Trainer(
        accelerator=settings.accelerator,
        devices=settings.devices,
        strategy=settings.strategy,
        precision=PRECISION[settings.precision],
        max_epochs=settings.epochs,
        gradient_clip_val=settings.clip,
        accumulate_grad_batches=settings.accumulate,
        callbacks=callbacks,
        logger=run.loggers(settings),
        deterministic="warn",
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=20,
    )


class _Loop(L.LightningModule):
    """What Lightning has to know of a net. Every epoch has chances of its own, so that it does not matter how it was got to."""

    def __init__(
        self,
        net: Any,
        settings: TrainSettings,
        seed: int,
        judge: Callable[[], float] | None,
        metric: str,
        say: Callable[[str, int, float | None], None],
    ) -> None:
        super().__init__()
        self.net, self.settings, self.seed, self.judge, self.metric, self.say = net, settings, seed, judge, metric, say
        self.curve: list[Json] = []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimizer(self.settings, self.net.parameters())

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(hash((self.seed, self.current_epoch)) % 2**63)
        self.net.epoch = self.current_epoch + 1
        self.began, self.costs = time.perf_counter(), torch.zeros(2, dtype=torch.float64)

    def on_train_batch_start(self, *_: Any) -> None:
        self.rate = learning_rate(self.settings, self.global_step, self.current_epoch)
        chosen: Any = self.optimizers()
        for group in chosen.param_groups:
            group["lr"] = self.rate

    def training_step(self, batch: Batch) -> Tensor:
        cost = self.net.loss(batch)
        self.costs += torch.tensor([float(cost.detach()), 1.0])
        if not math.isfinite(float(self.costs[0])):
            epoch = self.current_epoch + 1
            raise DataError(f"training: the loss is no number any more in epoch {epoch}; try a lower train.learning_rate")
        return cost

    def on_train_epoch_end(self) -> None:
        epoch, loss = self.current_epoch + 1, float(self.costs[0] / self.costs[1])
        self.net.eval()
        with torch.no_grad():
            figure = None if self.judge is None else self.judge()
        self.net.train()
        row = {"epoch": epoch, "loss": loss, self.metric: figure, "learning_rate": self.rate, "seconds": time.perf_counter() - self.began}
        if figure is not None:
            row[TREND] = MEMORY * (self.curve[-1][TREND] if self.curve else figure) + (1 - MEMORY) * figure
        self.curve.append(row)
        self.log_dict({name: value for name, value in row.items() if name != "epoch" and value is not None})
        self.say(f"loss {loss:.4g}" + ("" if figure is None else f", {self.metric} {figure:.4f}"), epoch, figure)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["curve"] = self.curve

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.curve = checkpoint["curve"]


class _Epochs(IterableDataset):
    """The batches of the epoch that the loop is in; on several devices each takes every n-th."""

    def __init__(self, batches: Batches, loop: _Loop) -> None:
        self.batches, self.loop = batches, loop

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng([self.loop.seed, len(self.loop.curve)])  # Lightning counts on only after the first batch
        trainer = self.loop.trainer
        return islice(self.batches(rng), trainer.global_rank, None, trainer.world_size)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Lightning's words about devices and tips, and without its warnings on what is meant here."""
    names = ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.seed")
    levels = {name: logging.getLogger(name).level for name in names}
    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            warnings.filterwarnings("ignore", message=r".*(num_workers|`IterableDataset`|deterministic).*")
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)

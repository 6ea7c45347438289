"""The folder of a run: what was trained on what, how it went, and where to go on after a kill."""

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pydantic import BaseModel

from bowerbird.errors import ConfigError
from bowerbird.training.settings import TrainSettings
from bowerbird.types import Json, Log


@dataclass(frozen=True)
class Run:
    """Where one training is kept.

    name    kind and fingerprint: the same settings, data and seed have the same name
    folder  has `config.json` from the start; `metrics.json` and `curve.png` at the end; `last.ckpt` in between
    kept    whether the folder stays after the run
    """

    name: str
    folder: Path
    kept: bool = True

    @property
    def unfinished(self) -> Path | None:
        """The state after the last whole epoch of a run that was killed."""
        last = self.folder / "last.ckpt"
        return last if last.is_file() else None

    def loggers(self, settings: TrainSettings) -> list[Any]:
        """Lightning's loggers for the tracker that the settings name."""
        from lightning.pytorch import loggers  # noqa: PLC0415 seconds, only where a net is trained

        if not self.kept:
            return []
        match settings.tracker:
            case "tensorboard":
                return [loggers.TensorBoardLogger(self.folder, name="", version="")]
            case "wandb":
                return [loggers.WandbLogger(name=self.name, project="bowerbird", save_dir=self.folder)]
            case "mlflow":
                place = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{self.folder / 'mlflow.db'}"
                return [loggers.MLFlowLogger("bowerbird", run_name=self.name, tracking_uri=place)]
        return []

    def finish(self, best: float | None, best_epoch: int, curve: Sequence[Json], metric: str) -> None:
        """Write down how it went, and take away what was there to go on from."""
        if not self.kept:
            return
        figures = {"best": best, "best_epoch": best_epoch, "curve": list(curve)}
        (self.folder / "metrics.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
        _plot(curve, best_epoch, metric, self.name, self.folder / "curve.png")
        for checkpoint in self.folder.glob("*.ckpt"):
            checkpoint.unlink()


@contextmanager
def open_run(recipe: BaseModel, settings: TrainSettings, log: Log, seed: int) -> Iterator[Run]:
    """The run of a recipe on a log; its folder goes away at the end where `settings.runs` is None.

    raises  ConfigError if the folder cannot be written, or the tracker's library is not installed
    """
    tracker = settings.tracker if settings.runs is not None else None
    if tracker is not None and find_spec(tracker) is None:
        raise ConfigError(f"train.tracker: {tracker!r} is not installed; pip install {tracker}, or name another one")
    kind = recipe.model_dump()["kind"]
    facts = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "data": _fingerprint(log),
        "events": len(log),
        "users": log.n_users,
        "items": log.n_items,
    }
    where = {"bowerbird": version("bowerbird"), "torch": version("torch"), "python": platform.python_version()}
    name = f"{kind}-{hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]}"
    if settings.runs is None:
        with TemporaryDirectory(prefix="bowerbird-run-") as folder:
            yield Run(name, Path(folder), kept=False)
        return
    run = Run(name, Path(settings.runs) / name)
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        (run.folder / "config.json").write_text(json.dumps({**facts, "versions": where}, indent=1), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"train.runs: {run.folder} cannot be written ({error.strerror})") from None
    yield run


def _fingerprint(log: Log) -> str:
    digest = hashlib.sha256()
    context = [] if log.context is None else [log.context.codes]
    for array in (log.users, log.items, log.weights, log.times, log.kinds, *context):
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()[:16]


def _plot(curve: Sequence[Json], best_epoch: int, metric: str, title: str, path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 half a second, only where a net is trained

    figure = Figure(figsize=(7, 4), layout="constrained")
    left = figure.subplots()
    epochs = [row["epoch"] for row in curve]
    left.plot(epochs, [row["loss"] for row in curve], color="tab:gray")
    left.set(title=title, xlabel="epoch", ylabel="loss (grey)")
    judged = [row for row in curve if row[metric] is not None]
    if judged:
        right = left.twinx()
        right.plot([row["epoch"] for row in judged], [row[metric] for row in judged], color="tab:blue")
        right.axvline(best_epoch, color="tab:blue", linestyle=":")
        right.set_ylabel(f"{metric} in validation (blue; dotted: kept)")
    figure.savefig(path)

"""The trainer: what it keeps, what it stops at, and that a killed run goes on to the same weights."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bowerbird.config import parse
from bowerbird.errors import ConfigError, DataError
from bowerbird.models import Ease
from bowerbird.training.runs import open_run
from bowerbird.training.settings import TrainSettings
from bowerbird.training.trainer import Batch, Trained, train
from bowerbird.types import Log

LOG = Log(np.zeros(2, np.int32), np.arange(2, dtype=np.int32), np.ones(2, np.float32), np.full(2, np.nan), 1, 2)


class Line(nn.Module):
    """Learns y = 3 x; a drop-out that does nothing to the answer but draws from the same chances as others do."""

    def __init__(self, noise: float = 0.1) -> None:
        super().__init__()
        self.noise = noise
        self.slope = nn.Parameter(torch.zeros(1))
        self.drop = nn.Dropout(0.5)

    def loss(self, batch: Batch) -> Tensor:
        noise = self.drop(torch.ones(1)) - 1
        return ((self.slope * batch["x"] * (1 + self.noise * noise) - 3 * batch["x"]) ** 2).mean()


def batches(rng: np.random.Generator) -> Iterator[Batch]:
    for _ in range(5):
        yield {"x": torch.from_numpy(rng.normal(size=8).astype(np.float32))}


def settings(**changes: Any) -> TrainSettings:
    return parse(
        TrainSettings, {"learning_rate": 0.05, "epochs": 6, "runs": None, "tracker": None, "optimizer": "sgd", "clip": None, **changes}
    )


def run(net: Line, chosen: TrainSettings, judge: Any = None, seed: int = 0, **more: Any) -> Trained:
    with open_run(Ease(), chosen, LOG, seed) as folder:
        return train(net, more.pop("batches", batches), chosen, folder, seed=seed, judge=judge, **more)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_it_learns(optimizer: str) -> None:
    net = Line()
    trained = run(net, settings(optimizer=optimizer, epochs=40, learning_rate=0.05 if optimizer == "sgd" else 0.1))
    assert net.slope.item() == pytest.approx(3, abs=0.2)
    assert trained.best is None
    assert [row["epoch"] for row in trained.curve] == list(range(1, 41))
    assert not net.training


def test_the_best_weights_are_kept_not_the_last() -> None:
    net, slopes = Line(), []

    def judge() -> float:
        slopes.append(net.slope.item())
        return [0.1, 0.5, 0.3, 0.2, 0.1, 0.0][len(slopes) - 1]

    trained = run(net, settings(patience=None), judge)
    trends = [row["trend"] for row in trained.curve]
    assert trends == pytest.approx([0.1, 0.26, 0.276, 0.2456, 0.18736, 0.112416])
    assert (trained.best, trained.best_epoch, len(trained.curve)) == (0.3, 3, 6)
    assert net.slope.item() == slopes[2]


def test_one_lucky_epoch_does_not_end_it() -> None:
    figures = iter([0.1, 0.9, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6])
    trained = run(Line(), settings(patience=8, epochs=8), lambda: next(figures))
    assert trained.best_epoch == 8


def test_it_stops_when_validation_no_longer_rises() -> None:
    figures = iter([0.1, 0.3, 0.2, 0.1, 0.1, 0.9])
    assert len(run(Line(), settings(patience=2), lambda: next(figures)).curve) == 5


def test_the_net_is_judged_in_evaluation_mode_and_trained_in_training_mode() -> None:
    net, modes = Line(), []
    run(net, settings(epochs=2), lambda: float(modes.append(net.training) or 0))
    assert modes == [False, False]


def test_the_same_seed_gives_the_same_weights_and_another_others() -> None:
    nets = [Line() for _ in range(3)]
    for net, seed in zip(nets, (1, 1, 2), strict=True):
        run(net, settings(), seed=seed)
    slopes = [net.slope.item() for net in nets]
    assert slopes[0] == slopes[1] != slopes[2]


def test_chance_outside_is_left_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    run(Line(), settings(epochs=1))
    assert torch.equal(before, torch.get_rng_state())


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole, killed = Line(), Line()
    run(whole, settings(runs=str(tmp_path / "whole")))
    chosen, seen = settings(runs=str(tmp_path / "killed")), []

    def dies(what: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(killed, chosen, progress=dies)
    again = Line()
    trained = run(again, chosen, progress=lambda what, done, total: seen.append(done))
    assert seen in ([3, 4, 5, 6], [4, 5, 6])
    assert [row["epoch"] for row in trained.curve] == [1, 2, 3, 4, 5, 6]
    assert again.slope.item() == whole.slope.item()


def test_a_run_leaves_what_it_was(tmp_path: Path) -> None:
    figures = iter([0.2, 0.4, 0.3])
    run(Line(), settings(runs=str(tmp_path), epochs=3, tracker="tensorboard"), lambda: next(figures))
    (folder,) = tmp_path.iterdir()
    config = json.loads((folder / "config.json").read_text())
    metrics = json.loads((folder / "metrics.json").read_text())
    assert config["recipe"]["kind"] == "ease"
    assert config["events"] == 2
    assert (metrics["best"], metrics["best_epoch"], len(metrics["curve"])) == (0.3, 3, 3)
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert list(folder.glob("events.out.tfevents*"))
    assert not list(folder.glob("*.ckpt"))


def test_accumulated_gradients_are_one_step_of_their_mean() -> None:
    net = Line(noise=0)
    run(net, settings(epochs=1, accumulate=5, clip=None))
    x = torch.cat([batch["x"] for batch in batches(np.random.default_rng([0, 0]))])
    assert net.slope.item() == pytest.approx(0.05 * float((6 * x**2).mean()), rel=1e-5)


def test_a_clipped_gradient_is_no_longer_than_that() -> None:
    net = Line(noise=0)
    run(net, settings(epochs=1, accumulate=5, clip=0.5))
    assert net.slope.item() == pytest.approx(0.05 * 0.5, rel=1e-4)


def test_a_loss_that_is_no_number_is_one_sentence() -> None:
    def poisoned(rng: np.random.Generator) -> Iterator[Batch]:
        yield {"x": torch.tensor([float("nan")])}

    with pytest.raises(DataError, match=r"no number any more in epoch 1; try a lower train.learning_rate"):
        run(Line(), settings(), batches=poisoned)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"learning_rate": 0}, "learning_rate: input should be greater than 0, got 0"),
        ({"optimizer": "adagrad"}, "optimizer: input should be 'adam', 'adamw' or 'sgd', got 'adagrad'"),
        ({"momentum": 0.9, "optimizer": "adam"}, "momentum has no effect with optimizer 'adam'"),
        ({"epochs": 0}, "epochs: input should be greater than or equal to 1, got 0"),
        ({"holdout": 1}, "holdout: input should be less than 1, got 1"),
        ({"warmup": 1}, "warmup: extra inputs are not permitted"),
    ],
)
def test_wrong_settings_are_refused_by_name_before_anything_is_trained(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says.replace("(", r"\(")):
        settings(**wrong)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"train.runs: .* cannot be written"):
        run(Line(), settings(runs=str(tmp_path / "file")))


def test_a_tracker_that_is_not_installed_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bowerbird.training.runs.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"train.tracker: 'wandb' is not installed"):
        run(Line(), settings(runs=str(tmp_path), tracker="wandb"))

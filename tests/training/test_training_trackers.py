"""Trackers, each without a network: what they are told can be read back."""

from pathlib import Path

import pytest
from test_training_trainer import Line, run, settings

from bowerbird.errors import ConfigError


@pytest.mark.filterwarnings("default")  # theirs
def test_weights_and_biases_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    for name, value in {
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_CACHE_DIR": str(tmp_path),
        "WANDB_CONFIG_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    run(Line(), settings(runs=str(tmp_path / "runs"), tracker="wandb"))
    (folder,) = (tmp_path / "runs").iterdir()
    (kept,) = (folder / "wandb").glob("offline-run-*/*.wandb")
    assert kept.stat().st_size > 0


@pytest.mark.filterwarnings("default")
def test_mlflow_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    figures = iter([0.2, 0.4, 0.3])
    run(Line(), settings(runs=str(tmp_path), tracker="mlflow", epochs=3), lambda: next(figures))
    (folder,) = tmp_path.iterdir()
    client = mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    (experiment,) = (found for found in client.search_experiments() if found.name == "bowerbird")
    (made,) = client.search_runs([experiment.experiment_id])
    assert made.data.metrics["ndcg10"] == pytest.approx(0.3)  # MLflow takes no @ in a name
    assert made.info.run_name == folder.name


def test_a_tracker_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match="tracker: input should be 'tensorboard', 'wandb' or 'mlflow', got 'paper'"):
        settings(tracker="paper")

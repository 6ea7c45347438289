import json
from importlib.util import find_spec

import numpy as np
import pytest
from typer.testing import CliRunner

from bowerbird.bundle import Config
from bowerbird.cli import app
from bowerbird.errors import DataError
from bowerbird.language import MiniLm, SentenceTransformer
from bowerbird.liking import Judge, LikingSettings
from bowerbird.liking.tuning import tune_ranker
from bowerbird.reader import ReaderSettings
from bowerbird.types import Log

MAKERS, THINGS = ("zorvex", "quillam", "brenta", "okapel"), ("pen", "desk", "lamp", "paper", "stapler", "chair", "ink", "folder")
TEXTS = [f"{thing} by {maker}" for maker in MAKERS for thing in THINGS]
QUIET = {"epochs": 3, "patience": 3, "learning_rate": 3e-3, "warmup_steps": 0, "runs": None, "tracker": None, "accelerator": "cpu"}
READER = ReaderSettings.model_validate({"layers": 1, "batch_items": 16, "max_tokens": 16, "train": QUIET})
LIKING = LikingSettings(texts_l2=(50.0,), others=False)


@pytest.fixture(scope="module")
def log():
    """60 users of eight events; nine in ten items of two makers are liked, one in ten of the others."""
    rng = np.random.default_rng(0)
    items = np.concatenate([rng.choice(len(TEXTS), 8, replace=False) for _ in range(60)])
    likes = rng.random(480) < np.where(items < len(TEXTS) // 2, 0.9, 0.1)
    users = np.repeat(np.arange(60), 8).astype(np.int32)
    return Log(users, items.astype(np.int32), np.where(likes, 1, -1).astype(np.float32), np.full(480, np.nan), 60, len(TEXTS))


@pytest.mark.skipif(not (find_spec("torch") and find_spec("peft")), reason="comes with the extra `train`")
def test_a_tuned_encoder_tells_likes_from_dislikes(log, tmp_path):
    found = tune_ranker(log, TEXTS, MiniLm(), LIKING, READER, tmp_path / "ranker")
    assert found.kept
    assert found.n_trained < 0.02 * found.n_parameters
    assert found.after.log_loss < found.before.log_loss
    vectors = SentenceTransformer(model=str(tmp_path / "ranker" / "encoder")).open().encode(TEXTS)
    texts = (vectors - Judge.load(tmp_path / "ranker" / "ranker.safetensors").centre) @ Judge.load(
        tmp_path / "ranker" / "ranker.safetensors"
    ).weights[3:]
    assert texts[: len(TEXTS) // 2].min() > texts[len(TEXTS) // 2 :].max()


def test_a_log_without_dislikes_is_refused(log, tmp_path):
    liked = Log(log.users, log.items, np.abs(log.weights), log.times, log.n_users, log.n_items)
    with pytest.raises(DataError, match="must have likes and dislikes after a user's first, got 420 and 0"):
        tune_ranker(liked, TEXTS, MiniLm(), LIKING, READER, tmp_path / "ranker", tune=False)
    assert not (tmp_path / "ranker").exists()


def test_a_folder_of_something_else_is_left_alone(log, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="got something else"):
        tune_ranker(log, TEXTS, MiniLm(), LIKING, READER, tmp_path, tune=False)


def test_the_command_writes_a_ranker_that_a_model_starts_from(log, tmp_path):
    rows = [f"u{u},i{i},rating,{5 if w > 0 else 1}" for u, i, w in zip(log.users, log.items, log.weights, strict=True)]
    (tmp_path / "events.csv").write_text("\n".join(["user,item,kind,value", *rows]))
    (tmp_path / "items.csv").write_text("\n".join(["item,title", *(f"i{place},{text}" for place, text in enumerate(TEXTS))]))
    named = ["--events", str(tmp_path / "events.csv"), "--items", str(tmp_path / "items.csv"), "--out", str(tmp_path / "ranker")]
    done = CliRunner().invoke(app, ["tune-ranker", *named, "--head-only", "--examples", "64"])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "ranker" / "tuning.json").read_text())["examples"] == 64
    config = Config.model_validate({"model": {"kind": "liking", "ranker": str(tmp_path / "ranker" / "ranker.safetensors")}})
    assert config.model.kind == "liking"

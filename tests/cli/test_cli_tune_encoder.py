"""`bowerbird tune-encoder` on a little shop: what it says, and that what it writes is an encoder."""

import importlib.util
from pathlib import Path

import pytest

from bowerbird.cli import main
from bowerbird.language import SentenceTransformer
from little_world import raw

CONFIG = """
[reader]
max_tokens = 16
batch_items = 16
holdout_items = 0.0
int8 = false
[reader.train]
epochs = 1
warmup_steps = 0
runs = "none"
tracker = "none"
accelerator = "cpu"
"""


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command's words for a shop in a folder of its own."""
    events = raw()
    assert events.items is not None
    events.events.write_csv(tmp_path / "events.csv")
    events.items.write_ndjson(tmp_path / "items.jsonl")
    (tmp_path / "shop.toml").write_text(CONFIG)
    places = {"--events": "events.csv", "--items": "items.jsonl", "--config": "shop.toml", "--out": "reader"}
    return ["bowerbird", "tune-encoder", *(word for name, file in places.items() for word in (name, str(tmp_path / file)))]


@pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft is not installed; it comes with the extra `train`")
def test_it_says_what_was_trained_and_writes_an_encoder(words, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    said = capsys.readouterr().out
    assert "Trained 122,880 of 22,565,376 parameters (0.54%) in " in said
    assert f'kind = "sentence-transformers", model = "{tmp_path / "reader"}"' in said
    assert SentenceTransformer(model=str(tmp_path / "reader"), backend="onnx").open(threads=1).encode(["a pen"]).shape == (1, 384)


def test_it_says_what_to_install(words, tmp_path, monkeypatch, capsys):
    there = importlib.util.find_spec
    monkeypatch.setattr("bowerbird.reader.requirements.find_spec", lambda name: None if name == "peft" else there(name))
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit):
        main()
    assert "tune-encoder: needs peft; pip install 'bowerbird[train]'" in capsys.readouterr().err
    assert not (tmp_path / "reader").exists()

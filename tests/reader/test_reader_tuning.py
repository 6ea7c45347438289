# ruff: noqa: PLC0415  transformers takes seconds
"""A tuned encoder reads as the transformer that was tuned, is written whole or not at all, and learns what behaviour tells."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from bowerbird.config import parse
from bowerbird.errors import ConfigError, DataError, LanguageError
from bowerbird.language import Endpoint, MiniLm, SentenceTransformer
from bowerbird.language.embedded import FOLDER
from bowerbird.language.whitening import placed, spread
from bowerbird.reader import ReaderSettings, tuning
from bowerbird.reader.backbone import open_backbone, padded_tensors, pooled, through
from bowerbird.reader.net import evening_head, unfinished
from bowerbird.reader.packing import packed
from bowerbird.reader.states import read_states
from bowerbird.reader.teaching import chosen_items, teach
from bowerbird.reader.writing import as_graph, write_layout

TEXTS = ["a red pen", "HP 74 Black & 75 Tri-color Original Ink Cartridges, 2 Cartridges (CB335WN, CB337WN)", "", "钢笔"]
QUIET = {"runs": None, "tracker": None, "warmup_steps": 2, "accelerator": "cpu"}


def settings(epochs=2, **changes):
    return ReaderSettings(layers=1, max_tokens=16, holdout_items=0.2, batch_items=24, train={**QUIET, "epochs": epochs}, **changes)


def vectors(backbone, texts):
    numbers, mask = padded_tensors(backbone.tokens(texts), backbone.pad)
    with torch.no_grad():
        rows = backbone.head(pooled(through(backbone.layers, backbone.net.embeddings(input_ids=numbers), mask), mask, backbone.pooling))
    return F.normalize(rows, dim=1).numpy()


def teach_minilm(log, texts):
    """MiniLM taught on the shop: the transformer, and how it went."""
    backbone = open_backbone(MiniLm(), 16)
    chosen = settings(epochs=4)
    states = read_states(backbone, texts, chosen.layers)
    return backbone, teach(backbone, states, log, chosen_items(log, 100), chosen, seed=0)


@pytest.fixture(scope="module")
def taught(log, texts):
    return teach_minilm(log, texts)


@pytest.fixture(scope="module")
def graph(taught):
    return as_graph(taught[0])


def test_the_embedded_model_in_torch_says_what_its_onnx_file_says():
    backbone = open_backbone(MiniLm(), 256)
    np.testing.assert_allclose(vectors(backbone, TEXTS), MiniLm().open(threads=1).encode(TEXTS), atol=1e-5)


def test_items_whose_likes_go_by_the_maker_are_found_by_the_maker_though_nobody_touched_them(taught):
    _, went = taught
    assert went.after > max(went.before, went.evened)
    assert went.n_trained == 16 * (4 * (384 + 384) + 2 * (384 + 1536) + (384 + 384))
    assert went.n_trained < 0.02 * went.n_parameters


@pytest.mark.parametrize("small", [False, True])
def test_what_is_written_reads_as_what_was_taught(taught, graph, tmp_path, small):
    backbone, _ = taught
    write_layout(tmp_path, backbone, packed(graph) if small else graph)
    encoder = SentenceTransformer(model=str(tmp_path), backend="onnx").open(threads=1)
    likeness = (encoder.encode(TEXTS) * vectors(backbone, TEXTS)).sum(1)
    assert (likeness > (0.998 if small else 1 - 1e-6)).all()
    assert (encoder.max_tokens, encoder.dimension) == (16, 384)
    assert (tmp_path / "onnx" / "model.onnx").stat().st_size < (30e6 if small else 100e6)
    assert not np.allclose(encoder.encode(TEXTS), MiniLm(max_tokens=16).open(threads=1).encode(TEXTS), atol=0.01)


def test_a_head_evens_out_and_is_written_too(log, texts, tmp_path):
    backbone, chosen = open_backbone(MiniLm(), 16), ReaderSettings(layers=0, max_tokens=16, holdout_items=0, train={**QUIET, "epochs": 1})
    states = read_states(backbone, texts, 0)
    raw = unfinished([], states, np.arange(len(texts)), "mean", torch.device("cpu"))
    start = F.normalize(evening_head(raw)(raw), dim=1).detach().numpy()
    np.testing.assert_allclose(start, placed(raw.numpy(), *spread(raw.numpy(), 0.5)), atol=1e-5)
    went = teach(backbone, states, log, np.arange(len(texts)), chosen, seed=0)
    assert (went.before, went.evened, went.after) == (None, None, None)
    assert 0.5 < (vectors(backbone, texts) * start).sum(1).mean() < 1 - 1e-6
    write_layout(tmp_path, backbone, as_graph(backbone))
    written = SentenceTransformer(model=str(tmp_path), backend="onnx").open(threads=1)
    np.testing.assert_allclose(written.encode(TEXTS), vectors(backbone, TEXTS), atol=1e-5)


def test_there_is_no_head_where_it_would_not_work_on_tokens_as_on_texts(log, texts):
    backbone = replace(open_backbone(MiniLm(), 16), pooling="max")
    states = read_states(backbone, texts, 0)
    with pytest.raises(ConfigError, match=r"reader\.layers: must be at least 1 where no head is tuned, got 0"):
        teach(backbone, states, log, np.arange(len(texts)), ReaderSettings(layers=0, train=QUIET), seed=0)
    assert len(backbone.head) == 0


def test_the_same_seed_gives_the_same_weights(taught, log, texts):
    again, went = teach_minilm(log, texts)
    assert went.after == taught[1].after
    np.testing.assert_array_equal(vectors(again, TEXTS), vectors(taught[0], TEXTS))


def test_a_tuning_writes_a_folder_of_its_own_and_says_how_it_went(log, texts, tmp_path):
    folder = tmp_path / "reader"
    tuned = tuning.tune_encoder(log, texts, MiniLm(), settings(), folder, seed=3)
    assert tuned.written >= 0.995 * tuned.after > tuned.before
    assert json.loads((folder / "tuning.json").read_text())["after"] == tuned.after
    assert SentenceTransformer(model=str(folder)).open(threads=1).name.startswith("st-reader-")


def test_what_breaks_off_leaves_what_was_there(log, texts, tmp_path, monkeypatch):
    there = tmp_path / "reader"
    there.mkdir()
    (there / "tuning.json").write_text("{}")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tuning, "_asked_of", stop)
    with pytest.raises(KeyboardInterrupt):
        tuning.tune_encoder(log, texts, MiniLm(), settings(epochs=1), there)
    assert [path.name for path in tmp_path.rglob("*")] == ["reader", "tuning.json"]


def test_mistakes_are_said_before_anything_is_trained(log, texts, tmp_path):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(DataError, match="must be a new folder"):
        tuning.tune_encoder(log, texts, MiniLm(), settings(), tmp_path)
    with pytest.raises(LanguageError, match="must have weights here"):
        tuning.tune_encoder(log, texts, Endpoint(url="http://localhost", model="m"), settings(), tmp_path / "new")
    with pytest.raises(ConfigError, match=r"reader\.layers: must be at most the encoder's 6, got 7"):
        tuning.tune_encoder(log, texts, MiniLm(), ReaderSettings(layers=7), tmp_path / "new")
    with pytest.raises(ConfigError, match="batch_events has no effect"):
        parse(ReaderSettings, {"train": {"batch_events": 3}})
    with pytest.raises(ConfigError, match="at most 2 %"):
        tuning.tune_encoder(log, texts, MiniLm(), settings(rank=60), tmp_path / "new")
    alone = log.where(log.users % 2 == 3)
    with pytest.raises(DataError, match="two different items"):
        tuning.tune_encoder(alone, texts, MiniLm(), settings(), tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("kind", "pad"), [("Bert", 0), ("Roberta", 1)])
def test_models_built_as_bert_is_are_tuned_from_a_folder(tmp_path, kind, pad):
    import transformers

    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 40}
    config = getattr(transformers, f"{kind}Config")(vocab_size=30522, pad_token_id=pad, initializer_range=0.3, **shape)
    model = getattr(transformers, f"{kind}Model")(config, add_pooling_layer=False)
    model.save_pretrained(tmp_path / "own")
    shutil.copyfile(FOLDER / "tokenizer.json", tmp_path / "own" / "tokenizer.json")
    backbone = open_backbone(SentenceTransformer(model=str(tmp_path / "own"), prompt="query: "), 24)
    (tmp_path / "written").mkdir()
    write_layout(tmp_path / "written", backbone, as_graph(backbone))
    written = SentenceTransformer(model=str(tmp_path / "written")).open(threads=1)
    np.testing.assert_allclose(written.encode(TEXTS), vectors(backbone, TEXTS), atol=1e-5)
    numbers, mask = padded_tensors(backbone.tokens(TEXTS), pad)
    with torch.no_grad():
        states = model.eval()(input_ids=numbers, attention_mask=mask.long()).last_hidden_state
    np.testing.assert_allclose(vectors(backbone, TEXTS), F.normalize(pooled(states, mask, "mean"), dim=1), atol=1e-5)


def test_a_folder_that_cannot_be_tuned_says_why(tmp_path):
    with pytest.raises(LanguageError, match=r"must have tokenizer\.json"):
        open_backbone(SentenceTransformer(model=str(tmp_path)), 24)
    shutil.copyfile(FOLDER / "tokenizer.json", tmp_path / "tokenizer.json")
    with pytest.raises(LanguageError, match="transformers cannot load its weights"):
        open_backbone(SentenceTransformer(model=str(tmp_path)), 24)

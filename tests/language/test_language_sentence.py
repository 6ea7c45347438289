# ruff: noqa: PLC0415  the libraries of extra `train` may be missing
import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from bowerbird.errors import LanguageError
from bowerbird.language import OnnxEncoder, SentenceTransformer, hub, torchbacked
from bowerbird.language.embedded import FOLDER

TEXTS = ["a film about space", "an office chair", ""]
STEPS = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@pytest.fixture
def folder(tmp_path):
    """The bundled model, laid out as sentence-transformers lays it out."""
    folder = tmp_path / "tiny"
    (folder / "onnx").mkdir(parents=True)
    os.symlink(FOLDER / "model.onnx", folder / "onnx" / "model.onnx")
    os.symlink(FOLDER / "tokenizer.json", folder / "tokenizer.json")
    write(folder / "modules.json", STEPS)
    write(folder / "config.json", {"max_position_embeddings": 512, "pad_token_id": 0})
    write(folder / "sentence_bert_config.json", {"max_seq_length": 256})
    write(folder / "1_Pooling" / "config.json", {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
    return folder


def test_a_folder_with_onnx_runs_without_torch_as_the_embedded_model_does(folder, minilm):
    encoder = SentenceTransformer(model=str(folder)).open(threads=1)
    assert isinstance(encoder, OnnxEncoder)
    assert (encoder.dimension, encoder.max_tokens) == (384, 256)
    np.testing.assert_allclose(encoder.encode(TEXTS), minilm.encode(TEXTS), atol=2e-6)


def test_pooling_prompt_and_limit_are_read_and_change_the_name(folder):
    plain = SentenceTransformer(model=str(folder)).open(threads=1)
    write(folder / "1_Pooling" / "config.json", {"pooling_mode": "cls"})
    write(folder / "config_sentence_transformers.json", {"prompts": {"query": "query: "}, "default_prompt_name": "query"})
    cls = SentenceTransformer(model=str(folder)).open(threads=1)
    bare = SentenceTransformer(model=str(folder), prompt="", max_tokens=16).open(threads=1)
    assert (cls.pooling, cls.prompt, bare.prompt, bare.max_tokens) == ("cls", "query: ", "", 16)
    assert len({plain.name, cls.name, bare.name}) == 3
    np.testing.assert_allclose(cls.encode(["a pen"]), bare.encode(["query: a pen"]), atol=2e-6)
    assert not np.allclose(cls.encode(TEXTS), plain.encode(TEXTS))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: write(folder / "modules.json", [*STEPS, {"path": "3_Dense", "type": "sentence_transformers.models.Dense"}]),
        lambda folder: write(folder / "modules.json", [*STEPS, STEPS[1]]),
        lambda folder: write(folder / "1_Pooling" / "config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}),
        lambda folder: write(folder / "1_Pooling" / "config.json", {"pooling_mode_weightedmean_tokens": True}),
        lambda folder: (folder / "onnx" / "model.onnx").unlink(),
        lambda folder: (folder / "tokenizer.json").unlink(),
    ],
)
def test_what_onnxruntime_alone_cannot_do_wants_torch_and_says_so(folder, change, monkeypatch):
    change(folder)
    with pytest.raises(LanguageError, match="backend onnx needs"):
        SentenceTransformer(model=str(folder), backend="onnx").open()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LanguageError, match=r"needs torch and sentence_transformers; pip install 'bowerbird\[train\]'"):
        SentenceTransformer(model=str(folder)).open()


def test_damaged_files_are_named(folder):
    (folder / "modules.json").write_text("{")
    with pytest.raises(LanguageError, match=r"modules\.json: cannot be read as JSON"):
        SentenceTransformer(model=str(folder)).open()
    write(folder / "modules.json", [1])
    with pytest.raises(LanguageError, match="list of steps"):
        SentenceTransformer(model=str(folder)).open()
    write(folder / "modules.json", STEPS)
    (folder / "onnx" / "model.onnx").unlink()
    (folder / "onnx" / "model.onnx").write_bytes(b"no network")
    with pytest.raises(LanguageError, match="onnxruntime cannot load it"):
        SentenceTransformer(model=str(folder)).open()
    (folder / "onnx" / "model.onnx").unlink()
    os.symlink(FOLDER / "model.onnx", folder / "onnx" / "model.onnx")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(LanguageError, match=r"tokenizer\.json: cannot be read"):
        SentenceTransformer(model=str(folder)).open()


def test_a_name_that_the_hub_does_not_know_or_cannot_be_asked_for(monkeypatch):
    from huggingface_hub import constants, errors

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(LanguageError, match="the hub cannot be reached, and it was not fetched before"):
        SentenceTransformer(model="nobody/has-this-model").open()
    with pytest.raises(LanguageError, match="no such folder, and no such model on the hub"):
        SentenceTransformer(model="no such//name").open()

    def gated(*args, **more):
        raise errors.HFValidationError("bad")

    monkeypatch.setattr("huggingface_hub.snapshot_download", gated)
    with pytest.raises(LanguageError, match="no such model"):
        hub.fetch("a/b", None, [])


def test_a_model_from_the_hub_is_opened_as_a_folder_is(folder, monkeypatch, minilm):
    asked = []

    def download(model, *, revision, allow_patterns):
        asked.append((model, revision, "onnx/model.onnx" in allow_patterns))
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    encoder = SentenceTransformer(model="some/model", revision="v1").open(threads=1)
    assert asked == [("some/model", "v1", True)]
    np.testing.assert_allclose(encoder.encode(TEXTS), minilm.encode(TEXTS), atol=2e-6)


def test_language_imports_neither_torch_nor_the_hub():
    heavy = ("torch", "sentence_transformers", "huggingface_hub", "transformers")
    code = f"import sys, bowerbird.language; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.fixture
def torch_folder(tmp_path):
    """A random BERT of 2 layers and 16 dimensions as a sentence-transformers folder without ONNX."""
    if any(importlib.util.find_spec(name) is None for name in torchbacked.NEEDS):
        pytest.skip("torch and sentence-transformers are not installed: pip install 'bowerbird[train]'")
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path / "random-bert"
    special = {f"{name.lower()}_token": f"[{name}]" for name in ("UNK", "SEP", "PAD", "CLS", "MASK")}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(str(FOLDER / "tokenizer.json")), **special)
    config = BertConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=64)
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write(folder / "modules.json", STEPS[:2])
    write(folder / "sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False})
    write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True})
    return folder


def test_a_folder_without_onnx_runs_by_torch(torch_folder):
    encoder = SentenceTransformer(model=str(torch_folder)).open(threads=1)
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (3, 16) == (3, encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(encoder.encode(TEXTS[1:2]), vectors[1:2], atol=1e-5)
    prompted = SentenceTransformer(model=str(torch_folder), prompt="query: ").open(threads=1)
    np.testing.assert_allclose(prompted.encode(["a"]), encoder.encode(["query: a"]), atol=1e-5)
    assert prompted.name != encoder.name
    assert encoder.encode([]).shape == (0, 16)

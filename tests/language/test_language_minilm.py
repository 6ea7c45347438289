import hashlib
import json
import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.config import parse
from bowerbird.errors import ConfigError, DataError, LanguageError
from bowerbird.language import EncoderSettings, MiniLm, embedded
from bowerbird.language.embedded import FOLDER, check

FILMS = ["Toy Story (1995). Animation", "A Bug's Life (1998). Animation", "Alien (1979). Horror, Sci-Fi", "Aliens (1986). Sci-Fi"]


def test_vectors_are_unit_float32_of_the_stated_dimension(minilm):
    vectors = minilm.encode(FILMS)
    assert vectors.shape == (4, 384) == (4, minilm.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_like_films_are_near(minilm):
    near = minilm.encode(FILMS) @ minilm.encode(FILMS).T
    np.fill_diagonal(near, -1)
    assert near.argmax(1).tolist() == [1, 0, 3, 2]


def test_the_model_says_what_upstream_says(minilm):
    """Golden: `made_with` in the file says by what; float32, upstream's weights."""
    golden = json.loads(Path(__file__).with_name("minilm_golden.json").read_text())
    vectors = minilm.encode(golden["texts"])
    cosines = (vectors * np.array(golden["vectors"], np.float32)).sum(1)
    assert cosines.min() > 0.9993


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=12), st.randoms())
def test_a_text_has_one_vector_whatever_stands_beside_it(minilm, texts, random):
    together = minilm.encode(texts)
    order = list(range(len(texts)))
    random.shuffle(order)
    np.testing.assert_allclose(minilm.encode([texts[at] for at in order]), together[order], atol=2e-6)
    np.testing.assert_allclose(minilm.encode(texts[:1]), together[:1], atol=2e-6)


def test_the_empty_text_has_a_vector_and_no_texts_have_none(minilm):
    assert np.linalg.norm(minilm.encode([""])) == pytest.approx(1, abs=1e-6)
    assert minilm.encode([]).shape == (0, 384)


def test_threads_change_nothing(minilm):
    texts = [f"{film} number {n} " * (1 + n % 3) for n in range(10) for film in FILMS]
    np.testing.assert_array_equal(MiniLm().open(threads=1).encode(texts), minilm.encode(texts))


def test_a_long_text_loses_its_end_and_that_is_said(minilm, caplog):
    long = "word " * 300
    with caplog.at_level(logging.INFO):
        cut, whole = minilm.encode([long, "word " * 254])
    assert "1 of 2 texts are longer than 256 tokens" in caplog.text
    assert minilm.too_long([long, "short"]) == 1
    np.testing.assert_allclose(cut, whole, atol=2e-6)


def test_half_a_surrogate_pair_is_read_as_a_question_mark(minilm):
    np.testing.assert_allclose(minilm.encode(["a \ud83d b"]), minilm.encode(["a ? b"]), atol=2e-6)


def test_what_is_not_text_is_refused(minilm):
    with pytest.raises(DataError, match="number 1 must be a string, got None"):
        minilm.encode(["a", None])


def test_the_name_tells_weights_and_limit_apart(minilm):
    made = json.loads((FOLDER / "manifest.json").read_text())["sha256"]["model.onnx"]
    assert minilm.name == f"minilm-{made[:12]}-256"
    assert MiniLm(max_tokens=64).open(threads=1).name != minilm.name


def test_opening_warns_of_nothing(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MiniLm().open(threads=1).encode(["quiet"])
    assert capfd.readouterr() == ("", "")


def test_a_flipped_byte_is_refused(tmp_path, monkeypatch):
    folder = shutil.copytree(FOLDER, tmp_path / "minilm")
    weights = bytearray((folder / "model.onnx").read_bytes())
    weights[10_000_000] ^= 1
    (folder / "model.onnx").write_bytes(weights)
    monkeypatch.setattr(embedded, "FOLDER", folder)
    with pytest.raises(LanguageError, match=r"model\.onnx: damaged, its SHA-256 must be"):
        MiniLm().open()
    (folder / "model.onnx").unlink()
    with pytest.raises(LanguageError, match="No such file"):
        check(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(LanguageError, match=r"manifest\.json: damaged"):
        check(folder)


def test_the_licence_and_the_source_go_with_the_weights():
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    assert "Apache License" in (FOLDER / "LICENSE").read_text()
    assert manifest["source_sha256"]["tokenizer.json"] == hashlib.sha256((FOLDER / "tokenizer.json").read_bytes()).hexdigest()


def test_the_config_picks_an_encoder_by_kind():
    assert parse(EncoderSettings, {"kind": "minilm"}) == MiniLm()
    assert parse(EncoderSettings, {"kind": "openai", "model": "m"}).kind == "openai"
    with pytest.raises(ConfigError, match="minilm"):
        parse(EncoderSettings, {"kind": "word2vec"})

"""A bundle comes back from disk as it was, or not at all."""

from pathlib import Path

import pytest

from bowerbird.bundle import Bundle, Config
from bowerbird.errors import BundleError, ConfigError
from bowerbird.types import History, Query, Request
from little_world import bundle


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Path]:
    fitted = bundle()
    path = tmp_path_factory.mktemp("bundles") / "little"
    fitted.save(path)
    return fitted, path


def test_the_loaded_bundle_answers_alike(saved: tuple[Bundle, Path]) -> None:
    fitted, path = saved
    loaded = Bundle.load(path)
    requests = [Request(Query(History.of(items)), k=8, diversity=0.3) for items in ([], [1], [3, 9, 20])]
    for one, other in zip(fitted.pipeline.recommend(requests), loaded.pipeline.recommend(requests), strict=True):
        assert one.items.tolist() == other.items.tolist()
    assert loaded.fingerprint == fitted.fingerprint
    assert loaded.facts() == fitted.facts()
    assert loaded.config == fitted.config


def test_same_seed_same_bundle_and_another_config_another_fingerprint(saved: tuple[Bundle, Path]) -> None:
    assert bundle().fingerprint == saved[0].fingerprint
    assert bundle(Config.model_validate({"ranking": {"diversity": 0.2}})).fingerprint != saved[0].fingerprint


@pytest.mark.parametrize("part", ["model.safetensors", "catalogue.safetensors", "catalogue.parquet", "events.parquet"])
def test_a_flipped_byte_is_refused(saved: tuple[Bundle, Path], part: str) -> None:
    file = saved[1] / part
    whole = file.read_bytes()
    broken = bytearray(whole)
    broken[len(broken) // 2] ^= 1
    file.write_bytes(broken)
    try:
        with pytest.raises(BundleError, match=part):
            Bundle.load(saved[1])
    finally:
        file.write_bytes(whole)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[model]\nkind = 'easy'", "model: .*'easy'"),
        ("[ranking]\ndiversity = 2", "ranking.diversity: .*less than or equal to 1.*got 2"),
        ("[rank]\nk = 1", "rank: extra inputs are not permitted"),
        ("[model", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, toml: str, sentence: str) -> None:
    file = tmp_path / "bowerbird.toml"
    file.write_text(toml)
    with pytest.raises(ConfigError, match=sentence):
        Config.load(file)


def test_a_missing_config_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        Config.load(tmp_path / "none.toml")

"""A bundle comes back from disk as it was, or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.bundle import Bundle, Config
from bowerbird.errors import BundleError, ConfigError
from bowerbird.store import read_bundle, write_bundle
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


def test_the_intents_come_back(saved: tuple[Bundle, Path]) -> None:
    fitted, path = saved
    before, after = fitted.catalogue.intents, Bundle.load(path).catalogue.intents
    assert before is not None
    assert after is not None
    assert set(before.names) == {"tea", "rope", "paint"}
    assert (after.names, after.spread) == (before.names, before.spread)
    assert (after.centres == before.centres).all()
    assert (after.owners == before.owners).all()
    assert (after.membership.toarray() == before.membership.toarray()).all()
    assert fitted.facts()["intents"] == 3


def test_other_intents_another_fingerprint(saved: tuple[Bundle, Path]) -> None:
    fitted = saved[0]
    assert fitted.catalogue.intents is not None
    renamed = replace(fitted.catalogue.intents, names=("a", "b", "c"))
    turned = replace(fitted.catalogue.intents, centres=fitted.catalogue.intents.centres[::-1])
    for changed in (renamed, turned):
        assert fitted.with_catalogue(fitted.catalogue.with_intents(changed), fitted.model).fingerprint != fitted.fingerprint


def test_a_bundle_without_intents_is_none_the_worse(tmp_path: Path) -> None:
    without = bundle(Config.model_validate({"intents": {"most": 0}}))
    without.save(tmp_path / "plain")
    loaded = Bundle.load(tmp_path / "plain")
    assert loaded.catalogue.intents is None
    assert not (tmp_path / "plain" / "intents.safetensors").exists()
    assert (loaded.fingerprint, loaded.facts()["intents"], loaded.intent_facts()) == (without.fingerprint, 0, [])
    assert len(loaded.pipeline.recommend([Request(Query(History.of([1])), k=5)])[0]) == 5


def test_a_bundle_written_before_there_were_intents_loads(saved: tuple[Bundle, Path], tmp_path: Path) -> None:
    stored = read_bundle(saved[1])
    manifest = {name: part for name, part in stored.manifest.items() if name != "intents"}
    manifest["config"] = {name: part for name, part in manifest["config"].items() if name != "intents"}
    arrays = {name: part for name, part in stored.arrays.items() if name != "intents"}
    write_bundle(tmp_path / "old", manifest, arrays, stored.tables)
    loaded = Bundle.load(tmp_path / "old")
    assert loaded.catalogue.intents is None
    assert len(loaded.pipeline.recommend([Request(Query(History.of([1])), k=5)])[0]) == 5


def test_each_intent_is_told_with_its_items_and_events(saved: tuple[Bundle, Path]) -> None:
    rows = {row["name"]: row for row in saved[0].intent_facts()}
    assert {row["items"] for row in rows.values()} == {8}
    assert sum(row["events"] for row in rows.values()) == len(saved[0].events)
    assert all(title.startswith("rope") for title in rows["rope"]["best_known"])


def test_same_seed_same_bundle_and_another_config_another_fingerprint(saved: tuple[Bundle, Path]) -> None:
    assert bundle().fingerprint == saved[0].fingerprint
    assert bundle(Config.model_validate({"ranking": {"diversity": 0.2}})).fingerprint != saved[0].fingerprint


@pytest.mark.parametrize(
    "part", ["model.safetensors", "catalogue.safetensors", "intents.safetensors", "catalogue.parquet", "events.parquet"]
)
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
        ("[intents]\nmost = -1", "intents.most: .*greater than or equal to 0, got -1"),
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

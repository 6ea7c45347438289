"""Rules as a configuration names them, from TOML to the slate."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest

import little_world as world
from bowerbird.bundle import Config
from bowerbird.config import parse
from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError, DataError
from bowerbird.fitting import fit
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.ranking import RulesSettings
from bowerbird.types import History, Query, Request

WRITTEN = """
[rerank]
kind = "ssd"
window = 5

[rules]
max_per_category = 2
category_distance = 2

[[rules.max_share]]
column = "brand"
share = 0.5

[[rules.pin]]
places = [2, 5]
items = { brand = ["own", "house"] }

[rules.fresh]
least = 1
days = 30
"""
NOW = datetime(2024, 3, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Falling:
    """Scores fall with the item number."""

    n: int = 8

    def score(self, queries):
        return np.tile(np.arange(self.n, 0, -1).astype(np.float32), (len(queries), 1))


def shop():
    return Catalogue.of(
        list("abcdefgh"),
        categories=[["toy"], ["toy"], ["toy"], ["book"], ["book"], [], ["game"], ["game"]],
        brand=["x", "x", "x", "x", "y", "own", "y", None],
        created=[None, "2020-01-01", None, None, None, None, None, "2024-02-20"],
    )


def asked(pipeline, k, diversity=None):
    slate = pipeline.recommend([Request(Query(History.of([]), time=NOW), k=k, diversity=diversity)])[0]
    return [pipeline.catalogue.ids[item] for item in slate.items]


def test_all_rules_of_a_configuration_hold_together():
    pipeline = Pipeline(Falling(), shop(), parse(RankingSettings, tomllib.loads(WRITTEN)))
    assert asked(pipeline, 4) == ["a", "f", "b", "h"]  # f is pinned, h fresh, x has half of four places, toys stand apart
    assert set(asked(pipeline, 4, diversity=0.6)) >= {"f", "h"}


def test_each_rule_alone():
    def ranked(rules, k):
        return asked(Pipeline(Falling(), shop(), parse(RankingSettings, {"rules": rules})), k)

    assert ranked({}, 4) == list("abcd")
    assert ranked({"max_per_category": 1}, 4) == list("adfg")
    assert ranked({"max_share": [{"column": "brand", "share": 0.5}]}, 4) == list("abef")
    assert ranked({"max_share": [{"column": "categories", "share": 0.25}]}, 4) == list("adfg")
    assert ranked({"pin": [{"places": [1], "items": {"categories": "game"}}]}, 3) == list("gab")
    assert ranked({"pin": [{"places": [1], "items": {"brand": "nobody"}}]}, 3) == list("abc")
    assert ranked({"fresh": {"least": 2}}, 3) == list("abh")
    assert ranked({"fresh": {"days": 5}}, 3) == list("abc")
    assert ranked({"category_distance": 2}, 4) == list("adbe")


def test_a_pipeline_without_rules_builds_none():
    assert Pipeline(Falling(), shop()).rules is None
    assert RulesSettings(max_share=()).build(shop()) is None


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({"max_share": [{"column": "brand", "share": 1}, {"column": "maker", "share": 1}]}, "ranking.rules.max_share.1.column"),
        ({"pin": [{"places": [1], "items": {"maker": "x"}}]}, "ranking.rules.pin.0.items"),
        ({"fresh": {"column": "maker"}}, "ranking.rules.fresh.column"),
    ],
)
def test_an_unknown_column_is_refused_when_the_pipeline_is_built(rules, path):
    with pytest.raises(ConfigError, match=rf"^{path}: must be one of available, brand, .*, got 'maker'$"):
        Pipeline(Falling(), shop(), parse(RankingSettings, {"rules": rules}))


def test_fit_refuses_an_unknown_column_before_anything_is_read_or_learned(monkeypatch):
    monkeypatch.setattr("bowerbird.fitting.read_catalogue", lambda *_, **__: pytest.fail("texts were read"))
    config = parse(Config, {"ranking": {"rules": {"fresh": {"column": "maker"}}}})
    with pytest.raises(ConfigError, match=r"ranking\.rules\.fresh\.column"):
        fit(world.data(), config)


def test_a_column_that_holds_no_times_is_refused_for_fresh_items():
    with pytest.raises(DataError, match=r"ranking\.rules\.fresh\.column: must be ISO 8601 dates or unix times, got 'x'"):
        Pipeline(Falling(), shop(), parse(RankingSettings, {"rules": {"fresh": {"column": "brand"}}}))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"max_share": [{"column": "brand", "share": 1.5}]}, r"ranking.rules.max_share.0.share"),
        ({"pin": [{"places": [], "items": {"brand": "x"}}]}, r"ranking.rules.pin.0.places"),
        ({"pin": [{"places": [3, 3], "items": {"brand": "x"}}]}, "place 3 is pinned 2 times"),
        ({"pin": [{"places": [0], "items": {"brand": "x"}}]}, "a pinned place must be 1 or more, got 0"),
        ({"pin": [{"places": [1], "items": {}}]}, r"ranking.rules.pin.0.items"),
        ({"fresh": {"least": 0}}, r"ranking.rules.fresh.least"),
        ({"category_distance": 1}, r"ranking.rules.category_distance"),
        ({"max_share": [{"column": "brand", "shares": 1}]}, r"ranking.rules.max_share.0.share"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_their_path(rules, said):
    with pytest.raises(ConfigError, match=said):
        parse(Config, {"ranking": {"rules": rules}})


def test_the_settings_survive_a_bundle_s_manifest():
    config = parse(Config, {"ranking": tomllib.loads(WRITTEN)})
    assert parse(Config, config.model_dump(mode="json")) == config

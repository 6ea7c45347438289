import re
from dataclasses import replace

import numpy as np
import pytest

from bowerbird import training
from bowerbird.data import split_time
from bowerbird.errors import ConfigError
from bowerbird.evaluation import BASELINES
from bowerbird.evaluation.benchmark import SOURCES, SUITES, Contestant, part_of
from bowerbird.evaluation.benchmark.wording import MEANINGS, PROTOCOLS
from bowerbird.models import RECIPES


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_a_suite_names_what_there_is(suite):
    assert {data for data, _ in suite.tables} <= SOURCES.keys()
    assert {protocol for _, protocol in suite.tables} <= PROTOCOLS.keys() == MEANINGS.keys()
    assert suite.system in [model.title for model in suite.models]
    names = [model.name for model in suite.models]
    assert len(set(names)) == len(names)
    assert [model.title for model in suite.models if model.baseline] == [baseline.name for baseline in BASELINES]
    for model in suite.models:
        if recipe := RECIPES.get(model.settings["kind"]):
            recipe.model_validate(model.settings)
            assert (model.space or {}).keys() <= recipe.model_fields.keys()


def test_the_small_suite_needs_no_download_and_no_training():
    assert all(SOURCES[data].missing(None) == "" for data, _ in SUITES["small"].tables)
    assert all(model.unavailable(has_clock=True) == "" for model in SUITES["small"].models)


def test_where_data_is_to_be_had_is_public():
    for source in SOURCES.values():
        assert re.search("https://", source.home)
        assert source.folder is None or "/" not in source.folder


def test_a_part_of_a_suite():
    part = part_of(SUITES["full"], "data=office, data=beauty,protocol=last,model=ease,model=blend")
    assert part.tables == (("office", "last"), ("beauty", "last"))
    assert [model.name for model in part.models] == ["ease", "blend"]
    assert part_of(SUITES["full"], "") == SUITES["full"]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ("data=beaty", "data must be one of movielens, office, beauty, lastfm in suite full, got 'beaty'"),
        ("model=EASE", "model must be one of popular-all-time, .*, got 'EASE'"),
        ("protocol=first", "protocol must be one of time, last, users in suite full, got 'first'"),
        ("beauty", "each part must be data=…, protocol=… or model=…, got 'beauty'"),
    ],
)
def test_an_unknown_name_is_refused(wish, sentence):
    with pytest.raises(ConfigError, match=sentence):
        part_of(SUITES["full"], wish)


def test_who_cannot_take_part_says_why(monkeypatch):
    model = Contestant("SASRec", {"kind": "sasrec"}, trained=True)
    monkeypatch.setattr(training, "find_spec", lambda name: None if name == "lightning" else name)
    assert model.unavailable(has_clock=True) == "model 'sasrec': training needs lightning; pip install 'bowerbird[train]'"
    assert replace(model, trained=False).unavailable(has_clock=True) == ""
    assert "no model of the kind" in replace(model, settings={"kind": "crystal ball"}).unavailable(has_clock=True)
    assert replace(model, trained=False, needs_clock=True).unavailable(has_clock=False) == "the events have no times"


def test_office_is_cut_in_time_as_it_came():
    source = replace(SOURCES["office"], folder="x")
    assert source.part_of == "split"
    assert source.missing(None).startswith("x/events.csv and x/items.jsonl not found in the data folder")


def test_without_parts_a_time_cut_is_by_the_clock(tmp_path):
    data = SOURCES["movielens"].load(None)
    ours, plain = SOURCES["movielens"].cut(data, "time", 5), split_time(data.log)
    np.testing.assert_array_equal(ours.before_test.items, plain.before_test.items)
    assert len(ours.test) == len(plain.test)

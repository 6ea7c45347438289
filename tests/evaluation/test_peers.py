"""The part that all peers share, with toy models in their place: no library of theirs is needed here."""

import json
import sys
from pathlib import Path

import evaluation_world as world
import numpy as np
import polars as pl
import pytest

from bowerbird.evaluation.exchange import read_answers, write_exchange
from bowerbird.evaluation.judging import judge
from bowerbird.evaluation.metrics import METRICS
from bowerbird.evaluation.peers import Peer, find_peers, run
from bowerbird.evaluation.task import Report
from bowerbird.types import Slate

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"
TOY = f"""
import sys

sys.path.insert(0, {str(PEERS)!r})
import numpy as np
from answering import Fitted, Model, run, top, train


def popular(settings, events, task, validation):
    counts = np.asarray(events.matrix.sum(axis=0)).ravel() if settings["answers"] else np.full(task.n_items, np.nan)
    return Fitted(lambda questions, k: top(np.tile(counts, (len(questions), 1)), questions, k))


def broken(settings, events, task, validation):
    raise ValueError("no\\nluck")


def net(settings, events, task, validation):
    return train(lambda: None, popular({{"answers": True}}, events, task, None).ask, settings["epochs"], 1, validation)


MODELS = (Model("popular", popular, {{"answers": False}}, ({{"answers": True}},), note="toy"), Model("broken", broken, {{}}))
run("toy", "1", MODELS, Model("net", net, {{"epochs": 9}}))
"""


@pytest.fixture
def shared(monkeypatch):
    """The modules of the peers."""
    monkeypatch.syspath_prepend(PEERS)
    import answering  # noqa: PLC0415
    import memory  # noqa: PLC0415
    import questions  # noqa: PLC0415

    yield answering, questions, memory
    for module in ("answering", "memory", "questions"):
        sys.modules.pop(module)


def asked(folder, **settings):
    split, _ = world.world()
    write_exchange(folder, split, **settings)
    return split


def answered(tmp_path, script=TOY, **settings):
    split = asked(tmp_path / "asked", **settings)
    (tmp_path / "toy.py").write_text(script)
    (tmp_path / "toy.txt").write_text("")
    return split, run(Peer(tmp_path / "toy.py"), tmp_path / "asked", Path(sys.executable))


def test_a_peer_answers_and_the_best_of_its_trials_wins(tmp_path):
    split, report = answered(tmp_path)
    assert isinstance(report, Report)
    (model,) = report.models
    assert (model.model, model.settings, model.note) == ("popular", {"answers": True}, "toy")
    slates = read_answers(tmp_path / "asked", split)["popular"]
    liked = np.bincount(split.before_test.items[split.before_test.weights > 0], minlength=world.ITEMS)
    for query, slate in zip(split.test.queries, slates, strict=True):
        if not len(query.history):
            assert not len(slate)
            continue
        new = np.setdiff1d(np.arange(world.ITEMS), query.history.items)
        assert slate.items.tolist() == new[np.argsort(-liked[new], kind="stable")][:11].tolist()


def test_a_model_that_fails_says_so_and_the_others_go_on(tmp_path):
    _, report = answered(tmp_path)
    assert report.note == "broken failed, ValueError: no luck"
    assert report.fit_seconds == sum(model.fit_seconds for model in report.models)


def test_where_all_models_fail_the_peer_has_failed(tmp_path):
    _, said = answered(tmp_path, TOY.replace("popular, {{", "broken, {{").replace('Model("popular", popular,', 'Model("popular", broken,'))
    assert "popular failed, ValueError: no luck; broken failed" in said


def test_without_trials_a_peer_takes_its_defaults(tmp_path):
    _, report = answered(tmp_path, trials=0)
    assert report.models[0].settings == {"answers": False}


def test_epochs_are_timed_where_the_task_wants_them(tmp_path):
    split, report = answered(tmp_path, epochs=3)
    (model,) = report.models
    assert (model.model, model.settings) == ("net", {"epochs": 3})
    assert len(model.epoch_seconds) == len(model.epoch_cpu_seconds) == 3
    assert read_answers(tmp_path / "asked", split).keys() == {"net"}


def test_a_peer_may_repeat_where_repeats_are_wanted(tmp_path):
    split, _ = answered(tmp_path, repeats=True)
    slates = read_answers(tmp_path / "asked", split)["popular"]
    assert any(np.isin(slate.items, query.history.items).any() for slate, query in zip(slates, split.test.queries, strict=True))


def test_the_figure_that_peers_tune_by_is_ours(tmp_path, shared):
    answering, questions, _ = shared
    split = asked(tmp_path)
    scores = np.random.default_rng(0).random((len(split.validation), world.ITEMS))
    starts = {}

    def ask(batch, k):
        start = starts.setdefault("next", 0)
        starts["next"] = start + len(batch)
        return answering.top(scores[start : start + len(batch)], batch, k)

    theirs = answering.ndcg(ask, questions.Task.read(tmp_path).validation())
    slates = []
    for row, query in zip(scores, split.validation.queries, strict=True):
        new = np.setdiff1d(np.arange(world.ITEMS), query.history.items) if (query.history.weights > 0).any() else np.empty(0, int)
        best = new[np.argsort(-row[new])][:11]
        slates.append(Slate(best.astype(np.int32), row[best].astype(np.float32)))
    ours = METRICS["ndcg"](judge(slates, split.validation.targets, 10), 10).mean()
    assert theirs == pytest.approx(ours)
    assert theirs > 0


def test_what_is_disliked_is_not_learned_but_counts_as_taken(tmp_path, shared):
    answering, questions, _ = shared
    weights = np.array([1.0, -1.0, -1.0])
    batch = questions.Questions(np.array([0, 1]), np.array([2, 3, 2]), weights, np.zeros(3), np.array([0, 2, 3]), 5, repeats=False)
    assert batch.matrix.toarray().tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]
    query, _, item, _ = answering.answers(lambda asked, k: (np.tile(np.arange(5), (2, 1)), np.tile(-np.arange(5.0), (2, 1))), batch, 2)
    assert (query.tolist(), item.tolist()) == ([0, 0], [0, 1])


def test_trials_are_the_defaults_the_good_ones_and_draws_each_once(shared):
    model = shared[0].Model("toy", None, {"a": 1, "b": 1}, ({"a": 2}, {"a": 1}), {"a": (1, 2, 3), "b": (1,)})
    tried = model.candidates(10, seed=0)
    assert tried[:2] == [{"a": 1, "b": 1}, {"a": 2, "b": 1}]
    assert len(tried) == 3
    assert model.candidates(1, seed=0) == [{"a": 1, "b": 1}]


def test_a_net_stops_when_validation_no_longer_rises(tmp_path, shared, monkeypatch):
    answering, _, _ = shared
    figures = iter([0.1, 0.3, 0.2, 0.2, 0.3, 0.9])
    monkeypatch.setattr(answering, "ndcg", lambda ask, validation: next(figures))
    fitted = answering.train(lambda: None, None, 3, batches=25, validation=object())
    assert fitted.found == (0.3, 4)
    assert len(fitted.epoch_seconds) == 10
    assert len(answering.train(lambda: None, None, 3, batches=25, validation=None).epoch_seconds) == 3


def test_each_model_has_its_own_peak_of_memory(shared):
    _, _, memory = shared
    block = np.ones(30_000_000)
    high = memory.peak_mb()
    del block
    memory.forget_peak()
    assert 0 < memory.peak_mb() < high - 200 or not Path("/proc/self/clear_refs").exists()


def test_every_requirement_of_a_peer_is_pinned():
    peers = find_peers(PEERS)
    assert {peer.name for peer in peers} >= {"implicit_models", "lenskit_models", "rectools_models", "recbole_models"}
    for peer in peers:
        lines = peer.requirements.read_text().split()
        assert all(line.count("==") == 1 for line in lines)
        assert {line for line in lines if line.startswith("torch")} <= {"torch==2.13.0"}


def test_answers_are_written_in_the_types_of_the_contract(tmp_path):
    answered(tmp_path)
    table = pl.read_parquet(tmp_path / "asked" / "answers-popular.parquet")
    assert dict(table.schema) == {"query": pl.Int32, "rank": pl.Int32, "item": pl.Int32, "score": pl.Float32}
    assert json.loads((tmp_path / "asked" / "run.json").read_text())["peer"] == "toy"

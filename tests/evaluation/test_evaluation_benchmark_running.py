"""A tiny suite on made-up data: what is measured, kept, gone on with, compared and written."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import benchmark_world as toy
import numpy as np
import pytest

from bowerbird import training
from bowerbird.errors import DataError
from bowerbird.evaluation import evaluate, holm
from bowerbird.evaluation.benchmark import Contestant, Outcome, Shelf, Suite, page, peering, read_results, write_page, write_results
from bowerbird.evaluation.benchmark.plots import plots
from bowerbird.evaluation.benchmark.summary import summary
from bowerbird.evaluation.peers import Peer, run
from bowerbird.models import Popular
from bowerbird.pipeline import Pipeline


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return toy.written(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def results(root):
    here = toy.Here()
    results = toy.measured(root, here)
    assert len(here.done) == toy.JOBS
    return results


def rows(results, table=0):
    return {row["name"]: row for row in results["tables"][table]["rows"]}


def test_each_model_stands_in_each_table_with_what_it_did_and_what_it_took(results):
    assert [table["protocol"] for table in results["tables"]] == ["time", "last"]
    assert [table["refit"] for table in results["tables"]] == [True, False]
    for table in range(2):
        found = rows(results, table)
        assert {name: row["role"] for name, row in found.items()} == {"popular": "baseline", "item-knn": "baseline", "ease": "system"}
        for row in found.values():
            mean, low, high = row["ndcg"]
            assert 0 <= low <= mean <= high <= 1
            assert row["peak_bytes"] == 10**6
            assert row["fit_seconds"] > 0
            assert row["cpu_seconds"] >= 0
            assert row["ms_per_query"] > 0
        assert found["ease"]["spread"] == 0
    assert found["ease"]["ndcg"][0] > 2 * found["popular"]["ndcg"][0]
    assert rows(results)["popular"]["chosen"] == {}
    assert set(rows(results)["item-knn"]["chosen"]) == {"weighting"}
    assert [len(row["trials"]) for row in rows(results).values()] == [0, 2, 2]


def test_the_figures_are_those_of_evaluate(root, results):
    source = toy.SOURCES["toy"]
    data = source.load(root)
    split = source.cut(data, "last", 0)
    model = Popular().fit(split.train, data.catalogue, np.random.default_rng(0))
    result = evaluate(Pipeline(model, data.catalogue).recommend, split.test, data.catalogue, split.train)
    row = rows(results, 1)["popular"]
    assert row["ndcg"][0] == pytest.approx(result.values["ndcg@10"].mean())
    assert row["recall"][0] == pytest.approx(result.values["recall@10"].mean())
    assert row["coverage"] == pytest.approx(result.totals["coverage"])
    assert results["tables"][1]["data"]["fingerprint"] == data.fingerprint


def test_the_named_system_is_tested_against_every_other_and_corrected_within_the_table(results):
    for table in range(2):
        found = rows(results, table)
        assert found["ease"]["behind"] is None
        others = [found[name]["behind"] for name in ("popular", "item-knn")]
        assert [gap["holm"] for gap in others] == holm([gap["p"] for gap in others])
        for name, gap in zip(("popular", "item-knn"), others, strict=True):
            assert gap["mean"] == pytest.approx(found["ease"]["ndcg"][0] - found[name]["ndcg"][0])
            assert gap["low"] <= gap["mean"] <= gap["high"]


def test_where_there_are_newcomers_the_known_users_are_tested_apart(results):
    time, last = results["tables"]
    assert 0 < time["data"]["newcomers"] < time["data"]["test_users"]
    assert last["data"]["newcomers"] == 0
    found = rows(results)
    for name in ("popular", "item-knn"):
        assert found[name]["behind_known"]["mean"] == pytest.approx(found["ease"]["known"][0] - found[name]["known"][0])
        assert found[name]["behind_known"]["holm"] >= found[name]["behind_known"]["p"]
        assert rows(results, 1)[name]["behind_known"] is None
    text = page(results, "x")
    assert text.count("| EASE − it |") == 2
    assert text.count("| EASE − it, known users |") == 1


def fit(ndcg, peak=5):
    costs = {"fit_seconds": 1.0, "cpu_seconds": None, "ms_per_query": 1.0, "coverage": 0.5, "peak_bytes": peak, "load": 0.5, "code": "c0de"}
    return {"ndcg": ndcg, "recall": ndcg, "known": [True, False], **costs}


def test_a_users_figure_is_the_mean_over_the_seeds():
    found = summary([{"name": "a", "role": "model", "fits": [fit([0.0, 1.0]), fit([0.5, 0.6], 7)]}], np.random.default_rng(0), 50)
    assert found[0]["ndcg"][0] == pytest.approx(0.525)
    assert found[0]["known"] == [0.25, 0.25, 0.25]
    assert found[0]["spread"] == pytest.approx(np.std([0.5, 0.55], ddof=1))
    assert found[0]["peak_bytes"] == 7
    assert found[0]["behind"] is None
    assert found[0]["cpu_seconds"] is None


def test_one_seed_says_nothing_of_other_seeds():
    [found] = summary([{"name": "a", "role": "model", "fits": [fit([0.0, 1.0], None)]}], np.random.default_rng(0), 50)
    assert (found["spread"], found["peak_bytes"]) == (None, None)


def test_what_is_finished_is_not_computed_again(root, results):
    again = toy.Here()
    assert toy.measured(root, again)["tables"] == results["tables"]
    assert again.done == []


def test_only_what_is_new_is_computed(root, results):
    one_seed_more = toy.Here()
    toy.measured(root, one_seed_more, seeds=(0, 1, 2))
    assert len(one_seed_more.done) == 2 * 3
    more_trials = toy.Here()
    toy.measured(root, more_trials, trials=3)
    assert 2 * 3 <= len(more_trials.done) <= 2 * (3 + 2 * 3)  # tuned anew; fitted anew where that chose otherwise
    tuning_touched = toy.Here()
    models = tuple(replace(model, space={"l2": (5.0,)}) if model.name == "ease" else model for model in toy.MODELS)
    toy.measured(root, tuning_touched, replace(toy.SUITE, models=models))
    assert len(tuning_touched.done) >= 2


def test_after_ctrl_c_it_goes_on_where_it_was(root, tmp_path, results):
    (tmp_path / "toy").symlink_to(root / "toy")
    with pytest.raises(KeyboardInterrupt):
        toy.measured(tmp_path, toy.Here(falls=7))
    rest = toy.Here()
    figures = toy.measured(tmp_path, rest)["tables"]
    assert len(rest.done) == toy.JOBS - 7
    assert [[row["ndcg"] for row in table["rows"]] for table in figures] == [
        [row["ndcg"] for row in table["rows"]] for table in results["tables"]
    ]


def test_after_a_kill_it_goes_on_where_it_was(root, tmp_path):
    (tmp_path / "toy").symlink_to(root / "toy")
    script = f"import benchmark_world as toy; from pathlib import Path; toy.measured(Path({str(tmp_path)!r}), toy.Here(4, 'killed'))"
    tests = Path(__file__).parents[1]
    path = f"{tests}:{tests / 'evaluation'}"
    killed = subprocess.run([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": path}, check=False)
    assert killed.returncode == -9
    rest = toy.Here()
    toy.measured(tmp_path, rest)
    assert len(rest.done) == toy.JOBS - 4


def test_a_damaged_cell_is_computed_again(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put({"a": 1}, {"b": 2})
    [path] = tmp_path.iterdir()
    path.write_text('{"what": {"a"')
    assert shelf.get({"a": 1}) is None


def test_a_full_disk_is_a_sentence_and_finished_cells_stay(tmp_path, monkeypatch):
    shelf = Shelf(tmp_path)
    shelf.put({"a": 1}, {"b": 2})

    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(DataError, match="cannot be written, and what was there is unchanged"):
        shelf.put({"a": 2}, {"b": 3})
    assert shelf.get({"a": 1}) == {"b": 2}


def test_a_row_that_cannot_be_had_is_a_sentence_and_the_others_stand(root, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "find_spec", lambda name: None)

    def refusing(job, threads, progress):
        return Outcome(None, fault="its process was ended by SIGKILL") if "itemknn" in repr(job) else Outcome(job(progress), 1)

    (tmp_path / "toy").symlink_to(root / "toy")
    models = (*toy.MODELS, Contestant("seer", {"kind": "crystal ball"}), Contestant("popular now", {"kind": "popular"}, trained=True))
    found = rows(toy.measured(tmp_path, refusing, Suite("toy", (("toy", "time"),), models, system="EASE")))
    assert {name: row.get("why", "") for name, row in found.items()} == {
        "popular": "",
        "item-knn": "its process was ended by SIGKILL",
        "ease": "",
        "seer": 'this version of Bowerbird has no model of the kind "crystal ball"',
        "popular-now": "model 'popular': training needs torch, lightning, onnx; pip install 'bowerbird[train]'",
    }


def test_a_data_set_that_is_not_there_is_a_sentence_with_where_it_is_to_be_had(root, results):
    found = toy.measured(root, toy.Here(), replace(toy.SUITE, tables=(("gone", "time"), ("toy", "time"))))
    assert [table["title"] for table in found["tables"]] == ["Toy"]
    text = page(found, "benchmarks")
    assert "* Gone: gone/events.csv not found in the data folder (--data or BOWERBIRD_DATA); to be had at https://example.org/gone" in text
    assert str(root) not in text


def test_the_page_is_the_same_from_the_file(results, tmp_path):
    write_results(results, tmp_path / "r.json")
    again = read_results(tmp_path / "r.json")
    assert again == results
    assert page(again, "x") == page(results, "x")
    assert plots(again) == plots(results)


def test_the_page_shows_every_row_and_its_pictures_are_there(results, tmp_path):
    write_page(results, tmp_path / "leader.md")
    text = (tmp_path / "leader.md").read_text()
    assert "Generated by `bowerbird bench --suite toy --seeds 0,1 --trials 2 --threads 1`" in text
    for words in ("| **EASE** |", "| item-kNN |", "EASE − it", "± seeds", "data fingerprint", "state of the code", "`weighting`"):
        assert words in text
    for name in ("toy-ndcg.png", "toy-seconds.png"):
        assert f"](leader/{name})" in text
        assert (tmp_path / "leader" / name).read_bytes().startswith(b"\x89PNG")


def test_a_busy_machine_is_told(results):
    def loaded(load):
        return {**results, "tables": [{**table, "rows": [{**row, "load": load} for row in table["rows"]]} for table in results["tables"]]}

    assert "3.0 processes wanted each core" in page(loaded(3.0), "x")
    assert "wanted each core" not in page(loaded(0.9), "x")
    assert "wanted each core" not in page(loaded(None), "x")


@pytest.mark.parametrize("text", ["[]", '{"format": 99}', "no json"])
def test_what_bench_did_not_write_is_refused(tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(DataError, match=r"r\.json"):
        read_results(tmp_path / "r.json")


PEER = """
import json, sys
from pathlib import Path
import numpy as np, polars as pl

folder = Path(sys.argv[1])
task = json.loads((folder / "task.json").read_text())
queries = pl.read_parquet(folder / "queries.parquet")
rows = []
for query in range(1, task["queries"]):  # nothing is said of query 0
    taken = queries.filter(query=query)["item"].to_list()
    new = [item for item in range(task["n_items"]) if item not in taken][:task["k"]]
    rows += [(query, rank, item, -float(rank)) for rank, item in enumerate(new)]
schema = {"query": pl.Int32, "rank": pl.Int32, "item": pl.Int32, "score": pl.Float32}
pl.DataFrame(rows, schema, orient="row").write_parquet(folder / "answers.parquet")
run = {"peer": "toylib", "version": "1.2", "fit_seconds": 3, "recommend_seconds": 1, "tune_seconds": 4, "peak_memory_mb": 9,
       "settings": {"trials": task["trials"], "threads": task["threads"]}, "note": "It counts."}
(folder / "run.json").write_text(json.dumps(run))
"""


@pytest.fixture
def peer(tmp_path, root, monkeypatch):
    (tmp_path / "toy").symlink_to(root / "toy")
    (tmp_path / "toylib.py").write_text(PEER)
    (tmp_path / "toylib.txt").write_text("")
    monkeypatch.setattr(peering, "run", partial(run, python=Path(sys.executable)))
    return Peer(tmp_path / "toylib.py")


ONE_TABLE = replace(toy.SUITE, tables=(("toy", "time"),))


def test_another_library_is_judged_by_our_evaluator_and_tested_like_the_rest(peer, tmp_path):
    results = toy.measured(tmp_path, toy.Here(), ONE_TABLE, [peer])
    row = rows(results)["toylib"]
    assert (row["role"], row["version"], row["fit_seconds"], row["tuning_seconds"], row["peak_bytes"]) == ("peer", "1.2", 3, 4, 9_000_000)
    assert row["settings"] == {"trials": 2, "threads": 1}
    assert row["behind"]["mean"] == pytest.approx(rows(results)["ease"]["ndcg"][0] - row["ndcg"][0])
    assert [rows(results)[name]["behind"]["holm"] for name in ("popular", "item-knn", "toylib")] == holm(
        [rows(results)[name]["behind"]["p"] for name in ("popular", "item-knn", "toylib")]
    )
    assert "* toylib, version 1.2. It counts." in page(results, "x")


def test_a_peer_is_not_run_again_unless_it_changed(peer, tmp_path, monkeypatch):
    toy.measured(tmp_path, toy.Here(), ONE_TABLE, [peer])
    asked = []
    monkeypatch.setattr(peering, "run", lambda *words: asked.append(words) or "toylib: is away")
    toy.measured(tmp_path, toy.Here(), ONE_TABLE, [peer])
    assert asked == []
    peer.requirements.write_text("other==1")
    results = toy.measured(tmp_path, toy.Here(), ONE_TABLE, [peer])
    assert len(asked) == 1
    assert rows(results)["toylib"]["why"] == "is away"
    assert "* toylib: is away" in page(results, "x")


def test_a_peers_failure_names_no_folder_of_ours(peer, tmp_path):
    peer.script.write_text("raise SystemExit('no luck')")
    why = rows(toy.measured(tmp_path, toy.Here(), ONE_TABLE, [peer]))["toylib"]["why"]
    assert "no luck" in why
    assert str(tmp_path) not in why


def test_a_query_that_a_peer_has_no_list_for_gets_what_is_popular(peer, tmp_path, root):
    seen = {}
    judged = peering.evaluate

    def watching(recommend, cases, *rest, **more):
        result = judged(recommend, cases, *rest, **more)
        seen["lists"] = [len(slate) for slate in result.slates]
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peering, "evaluate", watching)
        toy.measured(tmp_path, toy.Here(), ONE_TABLE, [peer])
    assert min(seen["lists"]) > 0

import json
from dataclasses import replace

import evaluation_world as world
import numpy as np
import polars as pl
import pytest

from bowerbird.data import split_last, split_users
from bowerbird.errors import BowerbirdError, ConfigError, DataError
from bowerbird.evaluation.exchange import read_answers, write_exchange
from bowerbird.evaluation.task import read_report, read_task
from bowerbird.types import Log

RUN = {"peer": "toy", "version": "1", "fit_seconds": 1, "recommend_seconds": 1, "peak_memory_mb": 9, "settings": {}}


def asked(tmp_path, split=None, **settings):
    split = split or world.world()[0]
    write_exchange(tmp_path, split, **settings)
    return split


def answer(folder, rows, *, run=RUN, name="answers.parquet"):
    (folder / "run.json").write_text(json.dumps(run))
    schema = {"query": pl.Int32, "rank": pl.Int32, "item": pl.Int32, "score": pl.Float32}
    pl.DataFrame(rows, schema, orient="row").write_parquet(folder / name)


def new_items(split, query):
    return np.setdiff1d(np.arange(world.ITEMS), split.test.queries[query].history.items).tolist()


def test_the_files_tell_the_split_again(tmp_path):
    split = asked(tmp_path)
    for name, log in (("train", split.before_test), ("tune", split.train)):
        table = pl.read_parquet(tmp_path / f"{name}.parquet")
        assert dict(table.schema) == {"user": pl.Int32, "item": pl.Int32, "weight": pl.Float32, "time": pl.Float64}
        for column, array in (("user", log.users), ("item", log.items), ("weight", log.weights), ("time", log.times)):
            np.testing.assert_array_equal(table[column].to_numpy(), array)
    wanted = pl.read_parquet(tmp_path / "validation.parquet").group_by("query", maintain_order=True).agg("item")
    assert wanted["item"].to_list() == [targets.tolist() for targets in split.validation.targets]
    for name, cases in (("queries", split.test), ("validation_queries", split.validation)):
        rows = pl.read_parquet(tmp_path / f"{name}.parquet")
        for number, query in enumerate(cases.queries):
            history = rows.filter(query=number)
            assert history["item"].to_list() == query.history.items.tolist()
            assert history["time"].to_list() == query.history.times.tolist()


def test_the_task_counts_queries_without_a_history(tmp_path):
    split = asked(tmp_path, k=7, trials=2, seed=3, threads=2)
    task = read_task(tmp_path)
    assert (task.k, task.trials, task.seed, task.threads, task.n_users, task.n_items) == (7, 2, 3, 2, world.USERS, world.ITEMS)
    with_history = pl.read_parquet(tmp_path / "queries.parquet")["query"].n_unique()
    assert task.queries == len(split.test) == with_history + sum(not len(query.history) for query in split.test.queries)


def test_nothing_tells_what_the_test_wants(tmp_path):
    split = asked(tmp_path)
    wanted = {(int(user), item) for user, targets in zip(split.test.users, split.test.targets, strict=True) for item in targets.tolist()}
    for path in tmp_path.glob("*.parquet"):
        table = pl.read_parquet(path)
        if "user" in table.columns:
            assert not wanted & set(table.select("user", "item").iter_rows())


def test_without_refit_the_last_fit_reads_what_the_trials_read(tmp_path):
    split = asked(tmp_path, refit=False)
    assert pl.read_parquet(tmp_path / "train.parquet").equals(pl.read_parquet(tmp_path / "tune.parquet"))
    assert len(pl.read_parquet(tmp_path / "train.parquet")) == len(split.train)


def test_a_user_that_training_does_not_know_is_a_stranger(tmp_path):
    asked(tmp_path, split_users(world.log(), np.random.default_rng(0)))
    assert pl.read_parquet(tmp_path / "queries.parquet")["user"].unique().to_list() == [-1]
    asked(tmp_path, split_last(world.log()))
    assert pl.read_parquet(tmp_path / "queries.parquet")["user"].min() == 0


def test_without_a_clock_the_times_are_missing(tmp_path):
    log = world.log()
    log = Log(log.users, log.items, log.weights, np.full(len(log), np.nan), log.n_users, log.n_items)
    asked(tmp_path, split_last(log))
    assert not read_task(tmp_path).has_clock
    for name in ("train", "tune", "queries", "validation_queries"):
        assert pl.read_parquet(tmp_path / f"{name}.parquet")["time"].null_count() > 0


def test_answers_become_slates_in_the_order_of_the_queries(tmp_path):
    split = asked(tmp_path)
    first, second, *_ = new_items(split, 1)
    answer(tmp_path, [(1, 1, second, 0.5), (1, 0, first, 0.7)])
    slates = read_answers(tmp_path, split)["toy"]
    assert len(slates) == len(split.test)
    assert slates[1].items.tolist() == [first, second]
    np.testing.assert_allclose(slates[1].scores, [0.7, 0.5])
    assert len(slates[0]) == 0


def test_each_model_of_a_peer_has_its_own_answers(tmp_path):
    split = asked(tmp_path)
    spent = {key: RUN[key] for key in ("fit_seconds", "recommend_seconds", "peak_memory_mb", "settings")}
    run = RUN | {"models": [spent | {"model": "als"}, spent | {"model": "bpr", "fit_seconds": 5}]}
    for name in ("als", "bpr"):
        answer(tmp_path, [(0, 0, new_items(split, 0)[name == "bpr"], 1.0)], run=run, name=f"answers-{name}.parquet")
    read = read_answers(tmp_path, split)
    assert [slates[0].items.tolist() for slates in read.values()] == [[new_items(split, 0)[0]], [new_items(split, 0)[1]]]
    assert {name: spent.fit_seconds for name, spent in read_report(tmp_path).of_models().items()} == {"als": 1, "bpr": 5}


def refusals(split):
    taken = int(split.test.queries[0].history.items[0])
    new = new_items(split, 0)
    return {
        "history": [(0, 0, taken, 1.0)],
        "twice": [(0, 0, new[0], 1.0), (0, 1, new[0], 0.5)],
        "item must be": [(0, 0, world.ITEMS, 1.0)],
        "query must be": [(len(split.test), 0, new[0], 1.0)],
        "at most 3 items": [(0, rank, new[rank], 1.0) for rank in range(4)],
        "ranks": [(0, 0, new[0], 1.0), (0, 2, new[1], 0.5)],
        "not rise": [(0, 0, new[0], 0.5), (0, 1, new[1], 1.0)],
        "be numbers": [(0, 0, new[0], float("nan"))],
    }


@pytest.mark.parametrize("rule", list(refusals(world.world()[0])))
def test_a_list_that_no_judge_should_see_is_refused_by_name(tmp_path, rule):
    split = asked(tmp_path, k=3)
    answer(tmp_path, refusals(split)[rule])
    with pytest.raises(DataError, match=rf"answers\.parquet: .*{rule}.*, got query"):
        read_answers(tmp_path, split)


def test_items_of_the_history_are_welcome_where_repeats_are_wanted(tmp_path):
    split = asked(tmp_path, repeats=True)
    taken = int(split.test.queries[0].history.items[0])
    answer(tmp_path, [(0, 0, taken, 1.0)])
    assert read_answers(tmp_path, split)["toy"][0].items.tolist() == [taken]


def test_asking_anew_forgets_the_old_answers(tmp_path):
    split = asked(tmp_path)
    answer(tmp_path, [(0, 0, new_items(split, 0)[0], 1.0)])
    write_exchange(tmp_path, split)
    with pytest.raises(DataError, match=r"run\.json: cannot be read"):
        read_answers(tmp_path, split)


def test_broken_files_are_refused_with_a_sentence(tmp_path):
    split = asked(tmp_path)
    answer(tmp_path, [])
    (tmp_path / "answers.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match=r"answers\.parquet: cannot be read"):
        read_answers(tmp_path, split)
    pl.DataFrame({"query": [0], "item": [1]}).write_parquet(tmp_path / "answers.parquet")
    with pytest.raises(DataError, match=r"columns must be query Int32, .* got query Int64, item Int64"):
        read_answers(tmp_path, split)
    answer(tmp_path, [(0, 0, None, 1.0)])
    with pytest.raises(DataError, match="no value may be missing"):
        read_answers(tmp_path, split)
    (tmp_path / "run.json").write_text('{"peer": 3}')
    with pytest.raises(ConfigError, match=r"run\.json"):
        read_answers(tmp_path, split)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(DataError, match="is no JSON"):
        read_answers(tmp_path, split)


def test_answers_to_other_questions_are_refused(tmp_path):
    split = asked(tmp_path)
    answer(tmp_path, [])
    fewer = replace(split, test=split.test.take(np.arange(3)))
    with pytest.raises(BowerbirdError, match="got a split with 3"):
        read_answers(tmp_path, fewer)

import json

import evaluation_world as toy
import numpy as np
import pytest
from scipy import sparse

from bowerbird.data import Cases
from bowerbird.errors import DataError
from bowerbird.evaluation.buckets import by_history, by_item_age
from bowerbird.evaluation.controls import random_vectors, shuffled_texts
from bowerbird.evaluation.protocol import evaluate, similarities
from bowerbird.intents import Intents
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.types import History, Query, Request


@pytest.fixture(scope="module")
def world():
    return toy.world()


def run(world, scorer, **options):
    split, catalogue = world
    pipeline = Pipeline(scorer, catalogue, RankingSettings(diversity=options.pop("diversity", 0)))
    return evaluate(pipeline.recommend, split.test, catalogue, split.before_test, **options)


def test_a_constant_scorer_gets_nothing(world):
    result = run(world, toy.Constant(toy.ITEMS))
    assert all(result.values[f"{name}@10"].max() == 0 for name in ("ndcg", "recall", "hit", "mrr", "map"))
    assert (result.judged.ranks == 0).all()


def test_a_tie_just_over_the_edge_is_seen(world):
    split, catalogue = world

    class Pairs:
        def score(self, queries):
            return np.tile(-(np.arange(toy.ITEMS) // 2).astype(np.float32), (len(queries), 1))

    cases = cases_of(([23], [0]), ([23], [1]), ([23], [2]))
    result = evaluate(Pipeline(Pairs(), catalogue).recommend, cases, catalogue, split.before_test, ks=(3,))
    assert result.judged.ranks.tolist() == [2, 2, 0]  # items 2 and 3 share the ranks 3 and 4


def test_whoever_knows_the_rule_gets_much(world):
    assert run(world, toy.Camp(1, toy.ITEMS)).values["recall@10"].mean() > 0.9


def test_the_lists_are_the_served_ones(world):
    split, catalogue = world
    pipeline = Pipeline(toy.Camp(0.5, toy.ITEMS), catalogue)
    result = evaluate(pipeline.recommend, split.test, catalogue, split.before_test, ks=(5,), batch=len(split.test))
    served = pipeline.recommend([Request(query, k=5) for query in split.test.queries])
    assert [slate.items.tolist() for slate in result.slates] == [slate.items.tolist() for slate in served]


@pytest.mark.parametrize("diversity", [0.0, 0.6])
def test_asking_for_one_more_leaves_the_list_as_it_is(world, diversity):
    split, catalogue = world
    pipeline = Pipeline(toy.Camp(1, toy.ITEMS), catalogue, RankingSettings(diversity=diversity))
    for k in (3, 10):
        result = evaluate(pipeline.recommend, split.test, catalogue, split.before_test, ks=(k,))
        served = pipeline.recommend([Request(query, k=k) for query in split.test.queries])
        assert [slate.items.tolist() for slate in result.slates] == [slate.items.tolist() for slate in served]


def test_the_size_of_a_batch_does_not_matter(world):
    one, many = (run(world, toy.Camp(1, toy.ITEMS), batch=batch) for batch in (1, 100))
    assert all(np.array_equal(one.values[name], many.values[name], equal_nan=True) for name in one.values)


def test_intents_are_measured_where_the_catalogue_has_them(world):
    split, catalogue = world
    assert not {"intents", "served"} & run(world, toy.Camp(1, toy.ITEMS)).values.keys()
    camps = sparse.csr_array(np.eye(2, dtype=np.float32)[np.arange(toy.ITEMS) % 2])
    intents = Intents(("even", "odd"), np.eye(2, 3, dtype=np.float32), np.arange(2, dtype=np.int32), 0.1, camps)
    result = run((split, catalogue.with_intents(intents)), toy.Camp(2, toy.ITEMS), ks=(3,))
    known = result.lengths > 0
    assert (result.values["intents"][known] == 1).all()
    assert result.values["served"][known] == pytest.approx(1)


def test_nobody_is_asked_about_what_they_took(world):
    split, _ = world
    result = run(world, toy.Camp(1, toy.ITEMS), ks=(24,))
    for slate, query in zip(result.slates, split.test.queries, strict=True):
        assert not np.isin(slate.items, query.history.items).any()


def test_figures_are_per_user_and_complete(world):
    split, _ = world
    result = run(world, toy.Camp(1, toy.ITEMS), ks=(5, 10))
    assert {"ndcg@5", "ndcg@10", "novelty", "new", "distance:language", "distance:categories", "calibration"} <= result.values.keys()
    assert all(figures.shape == (len(split.test),) for figures in result.values.values())
    assert result.totals["coverage"] == len(np.unique(np.concatenate([slate.items for slate in result.slates]))) / toy.ITEMS
    assert result.totals["without:language"] == 0
    assert result.ms_per_query > 0
    means = result.means(np.random.default_rng(0))
    assert means["ndcg@10"].low <= means["ndcg@10"].mean == pytest.approx(result.values["ndcg@10"].mean())


def test_without_categories_variety_is_measured_by_who_liked_what(world):
    split, catalogue = world
    bare = toy.Catalogue.of(catalogue.ids)
    assert list(similarities(bare, split.train)) == ["co-consumption"]
    assert list(similarities(catalogue, split.train)) == ["language", "categories"]


def test_progress_is_told(world):
    told = []
    run(world, toy.Camp(1, toy.ITEMS), batch=10, progress=lambda what, done, total: told.append((done, total)))
    assert told[0][0] == 0
    assert told[-1] == (len(world[0].test),) * 2


def test_refuses(world):
    split, catalogue = world
    with pytest.raises(DataError, match="one slate, got 0 slates"):
        evaluate(lambda requests: [], split.test, catalogue, split.before_test)
    with pytest.raises(DataError, match=r"cut-offs of at least 1, got \(0,\)"):
        run(world, toy.Constant(toy.ITEMS), ks=(0,))
    with pytest.raises(DataError, match="at least one case, got none"):
        evaluate(lambda requests: [], Cases((), (), np.empty(0, np.int32)), catalogue, split.before_test)


def cases_of(*pairs):
    queries = tuple(Query(History.of(history)) for history, _ in pairs)
    return Cases(queries, tuple(np.array(wanted, np.int32) for _, wanted in pairs), np.arange(len(pairs), dtype=np.int32))


def test_buckets_by_hand():
    """Camp(1) shows the highest numbers of the camp first. Item 22 is new, 20 has one event, 18 has four."""
    n = 24
    items = np.array([20, 18, 18, 18, 18, *[16] * 12], np.int32)
    train = toy.Log(np.zeros(len(items), np.int32), items, np.ones(len(items), np.float32), np.full(len(items), np.nan), 1, n)
    cases = cases_of(([0], [22, 20]), ([0, 2, 4], [18, 16]), ([2, 4, 6, 8], [1]))
    catalogue = toy.catalogue()
    result = evaluate(Pipeline(toy.Camp(1, n), catalogue).recommend, cases, catalogue, train, ks=(3,))
    curve = {bucket.label: bucket for bucket in by_item_age(result, np.random.default_rng(0))}
    assert {label: bucket.events for label, bucket in curve.items()} == {"0": 2, "1–2": 1, "3–9": 1, "10+": 1}
    assert curve["0"].users == 2
    assert curve["0"].figures["recall@3"].mean == pytest.approx(1 / 2)  # 22 is found, 1 is not
    assert curve["0"].figures["ndcg@3"].mean == pytest.approx(1 / 2)  # 22 at rank 1
    assert curve["0"].figures["wanted"].mean == pytest.approx(2 / 5)
    assert curve["0"].figures["shown"].mean == pytest.approx(1 / 3)  # 22 heads each list of three
    assert curve["1–2"].figures["ndcg@3"].mean == pytest.approx(1 / np.log2(3))  # 20 at rank 2
    assert curve["3–9"].figures["recall@3"].mean == 1  # 18 at rank 3
    assert curve["10+"].figures["recall@3"].mean == 0  # 16 at rank 4
    lengths = {bucket.label: bucket for bucket in by_history(result, np.random.default_rng(0))}
    assert {label: bucket.users for label, bucket in lengths.items()} == {"1": 1, "3–5": 2}
    assert lengths["1"].figures["recall@3"].mean == 1
    assert lengths["3–5"].figures["recall@3"].mean == pytest.approx((1 / 2 + 0) / 2)


def test_a_curve_at_a_smaller_cut_off(world):
    both, alone = run(world, toy.Camp(0.5, toy.ITEMS), ks=(10, 2)), run(world, toy.Camp(0.5, toy.ITEMS), ks=(2,))
    small, large = ([bucket.figures[f"recall@{k}"].mean for bucket in by_item_age(both, np.random.default_rng(0), k)] for k in (2, 10))
    assert small == [bucket.figures["recall@2"].mean for bucket in by_item_age(alone, np.random.default_rng(0))]
    assert sum(small) < sum(large)


def test_curves_add_up_to_the_whole(world):
    result = run(world, toy.Camp(1, toy.ITEMS))
    rng = np.random.default_rng(0)
    curve, lengths = by_item_age(result, rng), by_history(result, rng)
    assert sum(bucket.events for bucket in curve) == len(result.targets) == sum(bucket.events for bucket in lengths)
    found = sum(bucket.events * bucket.figures["recall@10"].mean for bucket in curve)
    assert found == pytest.approx((result.judged.ranks > 0).sum())
    whole = sum(bucket.users * bucket.figures["ndcg@10"].mean for bucket in lengths) / result.users
    assert whole == pytest.approx(result.values["ndcg@10"].mean())


def test_controls_say_nothing_but_look_alike():
    catalogue = toy.catalogue()
    shuffled, noise = (control(catalogue, np.random.default_rng(1)) for control in (shuffled_texts, random_vectors))
    assert sorted(shuffled.vectors.tolist()) == sorted(catalogue.vectors.tolist())
    assert (shuffled.vectors != catalogue.vectors).any()
    assert noise.vectors.shape == catalogue.vectors.shape
    np.testing.assert_allclose(np.linalg.norm(noise.vectors, axis=1), 1, atol=1e-6)
    with pytest.raises(DataError, match="must have language vectors"):
        shuffled_texts(catalogue.with_vectors(None), np.random.default_rng(0))


def test_json_of_means_is_json(world):
    means = run(world, toy.Camp(1, toy.ITEMS)).means(np.random.default_rng(0))
    assert json.dumps({name: interval.mean for name, interval in means.items()})

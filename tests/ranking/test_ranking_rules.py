"""Rules, the space of items, and the settings that build re-rankers."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.sparse import csr_array

from bowerbird.config import parse
from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError, DataError
from bowerbird.ranking import ItemSpace, MaxPerCategory, RerankSettings, RulesSettings, allowed_items
from bowerbird.types import History, Query, Slate

NOBODY = Query(History.of([]))
KINDS = ["mmr", "dpp", "ssd", "xquad", "calibration"]


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_max_per_category_keeps_the_rule_and_the_order_and_passes_over_no_item_without_need(seed, n, k):
    rng = np.random.default_rng(seed)
    categories = (rng.random((15, 4)) < 0.3).astype(np.int64)
    slate = Slate(rng.permutation(15).astype(np.int32), np.arange(15, 0, -1).astype(np.float32))
    kept = MaxPerCategory(csr_array(categories.astype(np.float32)), n)(slate, NOBODY, k).items.tolist()
    assert len(kept) <= k
    assert (categories[kept].sum(axis=0) <= n).all()
    order = slate.items.tolist()
    assert kept == [item for item in order if item in kept]
    seen = order if len(kept) < k else order[: order.index(kept[-1])]
    for item in set(seen) - set(kept):
        before = [other for other in kept if order.index(other) < order.index(item)]
        assert (categories[[*before, item]].sum(axis=0) > n).any()


def test_max_per_category_by_hand():
    categories = csr_array(np.array([[1, 0], [1, 1], [0, 1], [0, 0], [0, 1]], np.float32))
    slate = Slate(np.arange(5, dtype=np.int32), np.arange(5, 0, -1).astype(np.float32))
    assert MaxPerCategory(categories, 1)(slate, NOBODY, 5).items.tolist() == [0, 2, 3]
    assert MaxPerCategory(categories, 2)(slate, NOBODY, 5).items.tolist() == [0, 1, 2, 3]
    with pytest.raises(DataError, match="at least 1, got 0"):
        MaxPerCategory(categories, 0)


def test_allowed_items_joins_availability_filters_and_exclusions():
    shop = Catalogue.of(["a", "b", "c", "d"], categories=[["toy"], ["toy"], ["red"], ["toy"]], available=[True, True, True, False])
    assert allowed_items(shop).tolist() == [True, True, True, False]
    assert allowed_items(shop, {"categories": "toy"}, np.array([0, -1], np.int32)).tolist() == [False, True, False, False]
    assert allowed_items(Catalogue.of(["a", "b"]), exclude=[-1, 0]).tolist() == [False, True]
    assert shop.available.tolist() == [True, True, True, False]
    with pytest.raises(DataError, match="colour"):
        allowed_items(shop, {"colour": "red"})
    with pytest.raises(DataError, match=r"must lie in 0..3, or be -1 for an unknown id, got 4"):
        allowed_items(shop, exclude=[4])


def test_items_are_compared_by_vectors_where_all_have_one_else_by_categories():
    vectors = np.array([[0.6, 0.8], [1, 0], [np.nan, np.nan], [0, 0]], np.float32)
    categories = csr_array(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 1, 1]], np.float32))
    space = ItemSpace(vectors, categories)
    np.testing.assert_allclose(space.of(np.array([0, 1], np.int32)), vectors[:2])
    with_blank = space.of(np.array([0, 1, 2, 3], np.int32))
    np.testing.assert_allclose(np.linalg.norm(with_blank, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(with_blank[0] @ with_blank[1], np.sqrt(0.5), rtol=1e-6)
    np.testing.assert_allclose(with_blank @ with_blank[2], [0, 0, 1, 0], atol=1e-6)


def test_items_of_which_nothing_is_known_are_alike():
    vectors = np.array([[0.6, 0.8], [np.nan, 1], [0, 0]], np.float32)
    for categories in (None, csr_array((3, 0), dtype=np.float32)):
        likeness = ItemSpace(vectors, categories).of(np.arange(3, dtype=np.int32))
        np.testing.assert_allclose(likeness @ likeness.T, [[1, 0, 0], [0, 1, 1], [0, 1, 1]], atol=1e-6)
        blank = ItemSpace(None, categories).of(np.arange(3, dtype=np.int32))
        np.testing.assert_allclose(blank @ blank.T, np.ones((3, 3)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_dial_at_zero_keeps_the_scorer_s_order_and_at_one_mixes(kind):
    shop = Catalogue.of(list("abcd"), categories=[["toy"], ["toy"], ["red"], ["toy"]])
    slate = Slate(np.array([0, 1, 2], np.int32), np.array([3, 2, 1], np.float32))
    query = Query(History.of([2, 3]))
    recipe = parse(RerankSettings, {"kind": kind})
    assert recipe.build(shop, 0.0)(slate, query, 3).items.tolist() == [0, 1, 2]
    assert recipe.build(shop, 1.0)(slate, query, 2).items.tolist() == [0, 2]
    with pytest.raises(DataError, match=r"diversity: must lie in 0..1, got 2"):
        recipe.build(shop, 2)


@pytest.mark.parametrize("kind", ["mmr", "dpp", "ssd", "xquad"])
def test_a_bare_catalogue_keeps_the_scorer_s_order_at_any_dial(kind):
    slate = Slate(np.array([2, 0, 1], np.int32), np.array([3, 2, 1], np.float32))
    rerank = parse(RerankSettings, {"kind": kind}).build(Catalogue.of(list("abc")), 0.9)
    assert rerank(slate, NOBODY, 3).items.tolist() == [2, 0, 1]


@pytest.mark.parametrize("kind", ["mmr", "dpp", "ssd"])
def test_more_dial_more_distance(kind):
    """Means over 30 generated slates: the distance within a slate never falls as the dial goes up."""
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(600, 12)).astype(np.float32) + np.float32(0.4)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    shop = Catalogue.of([str(number) for number in range(600)], vectors=vectors)
    distance = np.zeros(6)
    for _ in range(30):
        taste = vectors @ vectors[rng.integers(600)] + 0.1 * rng.normal(size=600)
        pool = np.argsort(-taste)[:150].astype(np.int32)
        for column, dial in enumerate(np.linspace(0, 1, 6)):
            chosen = parse(RerankSettings, {"kind": kind}).build(shop, float(dial))(Slate(pool, taste[pool].astype(np.float32)), NOBODY, 10)
            rows = vectors[chosen.items]
            distance[column] += (1 - (rows @ rows.T)[np.triu_indices(10, 1)].mean()) / 30
    assert (np.diff(distance) > -0.003).all(), distance
    assert distance[-1] > distance[0] + 0.2


def test_settings_refuse_what_they_do_not_know():
    with pytest.raises(ConfigError, match="mmr"):
        parse(RerankSettings, {"kind": "magic"})
    with pytest.raises(ConfigError, match="own"):
        parse(RerankSettings, {"kind": "dpp", "own": 0})
    with pytest.raises(ConfigError, match="window"):
        parse(RerankSettings, {"kind": "ssd", "window": 0})
    with pytest.raises(ConfigError, match="half_life_events"):
        parse(RerankSettings, {"kind": "xquad", "half_life_events": 0})
    with pytest.raises(ConfigError, match="max_per_category"):
        parse(RulesSettings, {"max_per_category": 0})

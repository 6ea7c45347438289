"""What every re-ranker and every rule must keep, whoever wrote it: a re-ranker that joins the union of settings is tested here at once."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.ranking import (
    Apart,
    DppSettings,
    FreshQuota,
    InverseExposure,
    MaxPerCategory,
    MaxShare,
    Pin,
    Pinned,
    RerankSettings,
    Rulebook,
    SsdSettings,
    XquadSettings,
)
from bowerbird.types import History, Query, Slate

N, D, CATEGORIES = 40, 6, 5
DAY = 86_400.0
NOW = 1000 * DAY


class World:
    """Items with vectors, categories and dates, a slate of some of them and a history; `order` renumbers the items."""

    def __init__(self, seed, order=None):
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(N, D)).astype(np.float32) + np.float32(0.3)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        categories = rng.random((N, CATEGORIES)) < 0.3
        born = NOW - rng.integers(0, 90, N) * DAY
        counts = rng.integers(0, 500, N)
        items, n = rng.permutation(N), int(rng.integers(1, N + 1))
        history, weights = rng.integers(0, N, 6), np.round(rng.uniform(-0.5, 1, 6), 2).astype(np.float32)
        scores = np.sort(rng.choice(10_000, n, replace=False))[::-1].astype(np.float32) / 100 - 30
        order = np.arange(N) if order is None else order
        self.number = np.empty(N, np.int32)
        self.number[order] = np.arange(N)
        self.categories, self.born, self.counts, self.vectors = categories[order], born[order], counts[order], vectors[order]
        self.slate = Slate(self.number[items[:n]], scores)
        self.query = Query(History.of(self.number[history], weights), time=NOW)
        self.shop = Catalogue.of([str(at) for at in range(N)], vectors=self.vectors, categories=self._names())

    def _names(self):
        return [[f"c{column}" for column in np.flatnonzero(row)] for row in self.categories]

    @property
    def matrix(self):
        return csr_array(self.categories.astype(np.float32))


UNION = get_args(get_args(RerankSettings)[0])
DIALS = {kind.model_fields["kind"].default: kind() for kind in UNION}
DIALS |= {
    "dpp in a window": DppSettings(window=3),
    "ssd in a short ring": SsdSettings(window=2),
    "xquad, old events fade": XquadSettings(half_life_events=2),
}

RULES = {
    "most of a category": lambda world: MaxPerCategory(world.matrix, 2),
    "share": lambda world: MaxShare(world.matrix, 0.3),
    "fresh": lambda world: FreshQuota(world.born, 3, 20),
    "pinned": lambda world: Pinned([Pin((2, 5), world.categories[:, 0]), Pin((3,), world.categories[:, 1])]),
    "apart": lambda world: Apart(world.matrix, 2),
    "all": lambda world: Rulebook(
        [MaxPerCategory(world.matrix, 3), MaxShare(world.matrix, 0.5)],
        Pinned([Pin((2, 5), world.categories[:, 0])]),
        FreshQuota(world.born, 3, 20),
        Apart(world.matrix, 2),
    ),
}

MAKERS = {
    **{
        f"{name} {dial}": lambda world, kind=kind, dial=dial: kind.build(world.shop, dial)
        for name, kind in DIALS.items()
        for dial in (0.3, 0.9)
    },
    **RULES,
    "exposure": lambda world: InverseExposure(world.counts, 0.4),
}
SEEDS = st.integers(0, 2**32 - 1)
KS = st.integers(1, N + 5)


def test_the_union_is_all_there_is():
    assert {"mmr", "dpp", "ssd", "exchange", "xquad", "calibration"} == {kind.model_fields["kind"].default for kind in UNION}


@pytest.mark.parametrize("name", MAKERS)
class TestEveryReranker:
    @given(seed=SEEDS, k=KS)
    @settings(max_examples=15)
    def test_a_slate_is_a_subset_of_the_slate_given_with_its_scores_and_no_item_twice(self, name, seed, k):
        world = World(seed)
        answer = MAKERS[name](world)(world.slate, world.query, k)
        said = dict(zip(world.slate.items.tolist(), world.slate.scores.tolist(), strict=True))
        assert len(set(answer.items.tolist())) == len(answer) <= min(k, len(world.slate))
        assert [said[item] for item in answer.items.tolist()] == answer.scores.tolist()
        assert (answer.items.dtype, answer.scores.dtype) == (np.int32, np.float32)
        if name not in {"most of a category", "share", "all"}:
            assert len(answer) == min(k, len(world.slate))

    @given(seed=SEEDS, k=KS)
    @settings(max_examples=10)
    def test_the_same_question_gets_the_same_answer_and_asking_changes_nothing(self, name, seed, k):
        world, rerank = World(seed), MAKERS[name](World(seed))
        first = rerank(world.slate, world.query, k).items.tolist()
        assert rerank(world.slate, world.query, k).items.tolist() == first
        untouched = World(seed)
        np.testing.assert_array_equal(world.slate.items, untouched.slate.items)
        np.testing.assert_array_equal(world.slate.scores, untouched.slate.scores)
        np.testing.assert_array_equal(world.vectors, untouched.vectors)

    @given(seed=SEEDS, k=KS)
    @settings(max_examples=15)
    def test_renumbering_the_items_renumbers_the_answer(self, name, seed, k):
        world, moved = World(seed), World(seed, np.random.default_rng(seed + 1).permutation(N))
        answer = MAKERS[name](world)(world.slate, world.query, k)
        assert MAKERS[name](moved)(moved.slate, moved.query, k).items.tolist() == moved.number[answer.items].tolist()

    def test_an_empty_slate_stays_empty_and_no_place_is_no_item(self, name):
        world = World(3)
        nothing = Slate(np.zeros(0, np.int32), np.zeros(0, np.float32))
        assert len(MAKERS[name](world)(nothing, world.query, 5)) == 0
        assert len(MAKERS[name](world)(world.slate, world.query, 0)) == 0

    def test_a_newcomer_is_no_error(self, name):
        world = World(4)
        answer = MAKERS[name](world)(world.slate, Query(History.of([])), 8)
        assert set(answer.items.tolist()) <= set(world.slate.items.tolist())

    def test_an_item_beyond_the_catalogue_is_refused(self, name):
        slate = Slate(np.array([0, N], np.int32), np.array([2, 1], np.float32))
        with pytest.raises(DataError, match=rf"item numbers must lie in 0..{N - 1}, got {N}"):
            MAKERS[name](World(5))(slate, World(5).query, 2)


@pytest.mark.parametrize("name", DIALS)
@given(seed=SEEDS, k=KS)
@settings(max_examples=15)
def test_dial_zero_keeps_the_order_given(name, seed, k):
    world = World(seed)
    shuffled = world.slate.take(np.random.default_rng(seed).permutation(len(world.slate)))
    answer = DIALS[name].build(world.shop, 0.0)(shuffled, world.query, k)
    assert answer.items.tolist() == shuffled.items[:k].tolist()


@pytest.mark.parametrize("name", DIALS)
@given(seed=SEEDS)
@settings(max_examples=15)
def test_the_dial_does_not_depend_on_the_order_of_the_pool(name, seed):
    world = World(seed)
    rerank = DIALS[name].build(world.shop, 0.5)
    if name == "calibration" and not (world.query.history.weights > 0).any():
        return
    for slate in (world.slate, Slate(world.slate.items, world.slate.scores // 40)):  # also where many scores are equal
        shuffled = slate.take(np.random.default_rng(seed).permutation(len(slate)))
        assert rerank(shuffled, world.query, 9).items.tolist() == rerank(slate, world.query, 9).items.tolist()


@pytest.mark.parametrize("name", DIALS)
def test_items_without_a_vector_and_without_a_category_are_no_error(name):
    world = World(6)
    world.vectors[::3] = 0
    bare = Catalogue.of(
        [str(at) for at in range(N)], vectors=world.vectors, categories=[names if at % 2 else [] for at, names in enumerate(world._names())]
    )
    answer = DIALS[name].build(bare, 0.7)(world.slate, world.query, 10)
    assert len(set(answer.items.tolist())) == min(10, len(world.slate))

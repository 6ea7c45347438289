"""xQuAD against its equation."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.sparse import csr_array

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.intents import OTHER, Intents
from bowerbird.ranking import Xquad, item_intents, plain, wanted_intents
from bowerbird.ranking.relevance import relevance
from bowerbird.types import History, Query, Slate


@st.composite
def worlds(draw):
    """Graded intents whose rows sum to at most 1, some rows empty; a history with dislikes; a slate, best first."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    intents = rng.random((25, draw(st.integers(1, 6)))) * (rng.random((25, 1)) < 0.8)
    intents = (intents / np.maximum(intents.sum(axis=1, keepdims=True), 1e-9) * rng.uniform(0.3, 1, (25, 1))).astype(np.float32)
    history = History.of(rng.integers(0, 25, 7), np.round(rng.uniform(-1, 1, 7), 2).astype(np.float32))
    n = draw(st.integers(1, 20))
    return (
        intents,
        history,
        Slate(rng.permutation(25)[:n].astype(np.int32), np.sort(rng.choice(500, n, replace=False))[::-1].astype(np.float32)),
    )


def likely(intents, history, half_life=None):
    """p(z) by a plain loop."""
    total = np.zeros(intents.shape[1])
    for at, (item, weight) in enumerate(zip(history.items, history.weights, strict=True)):
        newer = int((history.weights[at + 1 :] > 0).sum())
        total += max(weight, 0) * (0.5 ** (newer / half_life) if half_life else 1) * intents[item].astype(float)
    return total / total.sum() if total.sum() > 0 else np.full(len(total), 1 / len(total))


def gain(intents, wanted, picked, item):
    """Σ p(z) · m(i, z) · Π (1 − m(j, z)), term by term."""
    return sum(wanted[z] * intents[item, z] * np.prod([1 - float(intents[j, z]) for j in picked]) for z in range(intents.shape[1]))


@given(worlds(), st.sampled_from([0.1, 0.5, 0.9, 1.0]), st.integers(1, 12), st.sampled_from([None, 2.0]))
@settings(max_examples=60)
def test_each_pick_is_the_best_by_definition(world, strength, k, half_life):
    intents, history, slate = world
    answer = Xquad(intents, strength, half_life)(slate, Query(history), k).items.tolist()
    known = dict(zip(slate.items.tolist(), relevance(slate.scores).tolist(), strict=True))
    wanted = likely(intents, history, half_life)
    assert len(answer) == min(k, len(slate))
    for t, item in enumerate(answer):
        value = {i: (1 - strength) * known[i] + strength * gain(intents, wanted, answer[:t], i) for i in known if i not in answer[:t]}
        assert value[item] == pytest.approx(max(value.values()), abs=1e-6)


@given(worlds(), st.sampled_from([0.2, 0.7]))
@settings(max_examples=30)
def test_sparse_and_dense_say_the_same(world, strength):
    intents, history, slate = world
    dense = Xquad(intents, strength)(slate, Query(history), 8).items.tolist()
    assert Xquad(csr_array(intents), strength)(slate, Query(history), 8).items.tolist() == dense


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_picks_are_those_of_the_plain_algorithm(seed):
    rng = np.random.default_rng(seed)
    intents = (rng.dirichlet(np.full(12, 0.2), 400)).astype(np.float32)
    slate = Slate(np.arange(400, dtype=np.int32), np.sort(rng.normal(size=400))[::-1].astype(np.float32))
    history = History.of(rng.integers(0, 400, 25))
    exact = intents.astype(float) / np.maximum(intents.astype(float).sum(axis=1, keepdims=True), 1)
    for strength in (0.3, 0.8):
        slow = plain.xquad(exact, relevance(slate.scores), wanted_intents(intents, history), strength, 30).tolist()
        assert Xquad(intents, strength)(slate, Query(history), 30).items.tolist() == slow


def test_a_taste_of_thirty_per_cent_is_served_at_the_second_place_and_what_nobody_wants_never():
    intents = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
    history = History.of([*range(7), *range(10, 13)])
    pool = np.array([7, 8, 9, 13, 14, 20, 21], np.int32)
    slate = Slate(pool, np.linspace(1, 0.9, 7).astype(np.float32))
    assert Xquad(intents, 1.0)(slate, Query(history), 2).items.tolist() == [7, 13]
    assert Xquad(intents, 1.0)(slate, Query(History.of([])), 3).items.tolist() == [7, 13, 20]


def test_only_what_is_liked_tells_an_intent_and_old_events_fade():
    intents = np.eye(3, dtype=np.float32)
    assert wanted_intents(intents, History.of([0, 1, 2], [1, -1, 0.5])).round(3).tolist() == [0.667, 0, 0.333]
    assert wanted_intents(intents, History.of([0, 2]), half_life_events=1).round(3).tolist() == [0.333, 0, 0.667]
    assert wanted_intents(intents, History.of([1], [-1])).round(3).tolist() == [0.333, 0.333, 0.333]


def test_categories_stand_for_intents_and_an_item_of_several_serves_each_in_part():
    shop = Catalogue.of(list("abc"), categories=[["toy", "red"], ["toy"], []])
    wanted = wanted_intents(item_intents(shop), History.of([0, 1]))
    assert dict(zip(shop.category_names, wanted.tolist(), strict=True)) == {"red": 0.25, "toy": 0.75}


def test_no_intents_at_all_are_no_error():
    slate = Slate(np.array([2, 0], np.int32), np.array([3, 2], np.float32))
    for nothing in (np.zeros((3, 0), np.float32), csr_array((3, 0), dtype=np.float32)):
        assert Xquad(nothing, 0.7)(slate, Query(History.of([1])), 2).items.tolist() == [2, 0]


def test_bad_input_gets_a_sentence():
    slate = Slate(np.array([0, 1], np.int32), np.array([3, 2], np.float32))
    with pytest.raises(DataError, match=r"xquad: strength: must lie in 0..1, got -1"):
        Xquad(np.eye(2, dtype=np.float32), -1)
    with pytest.raises(DataError, match="half_life_events must be above 0, got 0"):
        Xquad(np.eye(2, dtype=np.float32), 0.5, 0)
    with pytest.raises(DataError, match=r"intents: must be 0 or more, got -0\.5"):
        Xquad(np.array([[1, 0], [0, -0.5]], np.float32), 0.5)(slate, Query(History.of([])), 2)
    with pytest.raises(DataError, match="intents: must be 0 or more, got nan"):
        Xquad(np.array([[1, np.nan], [0, 1]], np.float32), 0.5)(slate, Query(History.of([])), 2)
    with pytest.raises(DataError, match=r"item numbers must lie in 0..1, got 3"):
        Xquad(np.eye(2, dtype=np.float32), 0.5)(slate, Query(History.of([3])), 2)


def test_what_has_no_name_is_nobodys_interest():
    membership = csr_array(np.array([[0.5, 0.5], [0, 1]], np.float32))
    found = Intents(("tea", OTHER), np.eye(2, dtype=np.float32), np.array([0, 1], np.int32), 0.1, membership)
    shop = Catalogue.of(["a", "b"], vectors=np.eye(2, dtype=np.float32)).with_intents(found)
    assert item_intents(shop).toarray().tolist() == [[0.5], [0]]
    assert item_intents(shop) is item_intents(shop)  # not made anew for each request

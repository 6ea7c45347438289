"""Calibration against Steck's equations."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.sparse import csr_array

from bowerbird.errors import DataError
from bowerbird.ranking import Calibration, category_shares, divergence, plain
from bowerbird.ranking.relevance import relevance
from bowerbird.types import History, Query, Slate


@st.composite
def worlds(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    categories = (rng.random((30, draw(st.integers(1, 6)))) < draw(st.sampled_from([0.2, 0.5]))).astype(np.float32)
    history = History.of(rng.integers(0, 30, 8).tolist(), np.round(rng.uniform(-1, 1, 8), 2).astype(np.float32))
    n = draw(st.integers(1, 20))
    slate = Slate(rng.permutation(30)[:n].astype(np.int32), np.sort(rng.choice(500, n, replace=False))[::-1].astype(np.float32))
    return categories, history, slate


def shares_of(categories, items, weights):
    """Proportions by a plain loop; the last entry is "none"."""
    total = np.zeros(categories.shape[1] + 1)
    for item, weight in zip(items, weights, strict=True):
        row = np.append(categories[item], 0.0 if categories[item].any() else 1.0)
        total += max(weight, 0) * row / row.sum()
    return total / (total.sum() or 1)


def objective(categories, history, slate, chosen, strength):
    wanted = shares_of(categories, history.items, history.weights)
    got = shares_of(categories, slate.items[chosen], np.ones(len(chosen)))
    blurred = 0.99 * got + 0.01 * wanted
    kl = sum(p * np.log(p / q) for p, q in zip(wanted, blurred, strict=True) if p > 0)
    return (1 - strength) * float(relevance(slate.scores)[chosen].sum()) - strength * kl


@given(worlds(), st.sampled_from([0.1, 0.5, 0.9, 1.0]), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_each_pick_is_the_best_by_definition(world, strength, k):
    categories, history, slate = world
    answer = Calibration(csr_array(categories), strength)(slate, Query(history), k)
    where = {int(item): position for position, item in enumerate(slate.items)}
    chosen = [where[int(item)] for item in answer.items]
    assert len(set(chosen)) == len(chosen) == min(k, len(slate))
    if not (history.weights > 0).any():
        assert chosen == list(range(len(chosen)))
        return
    for t in range(len(chosen)):
        left = [other for other in range(len(slate)) if other not in chosen[:t]]
        best = max(objective(categories, history, slate, [*chosen[:t], other], strength) for other in left)
        assert objective(categories, history, slate, chosen[: t + 1], strength) == pytest.approx(best, abs=1e-6)


@given(worlds(), st.sampled_from([0.2, 0.6]), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_pool_does_not_matter_and_strength_zero_keeps_it(world, strength, seed):
    categories, history, slate = world
    rerank = Calibration(csr_array(categories), strength)
    shuffled = slate.take(np.random.default_rng(seed).permutation(len(slate)))
    if (history.weights > 0).any():
        assert rerank(shuffled, Query(history), 5).items.tolist() == rerank(slate, Query(history), 5).items.tolist()
    kept = Calibration(csr_array(categories), 0.0)(shuffled, Query(history), 5)
    assert kept.items.tolist() == shuffled.items[:5].tolist()


def random_world(seed):
    rng = np.random.default_rng(seed)
    categories = (rng.random((400, 12)) < 0.15).astype(np.float32)
    history = History.of(rng.integers(0, 400, 25).tolist())
    return categories, history, Slate(np.arange(400, dtype=np.int32), np.sort(rng.normal(size=400))[::-1].astype(np.float32))


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_picks_are_those_of_the_plain_algorithm(seed):
    categories, history, slate = random_world(seed)
    shares = np.array([shares_of(categories, [item], [1.0]) for item in range(400)])
    wanted = shares_of(categories, history.items, history.weights)
    for strength in (0.3, 0.8):
        fast = Calibration(csr_array(categories), strength)(slate, Query(history), 20).items.tolist()
        assert fast == plain.calibration(shares, relevance(slate.scores), wanted, strength, 0.01, 20).tolist()


def test_more_strength_brings_the_slate_closer_to_the_history_and_the_objective_up():
    far, better = np.zeros((20, 4)), np.zeros((20, 4))
    for seed in range(20):
        categories, history, slate = random_world(seed)
        wanted = category_shares(csr_array(categories), history)
        for column, strength in enumerate((0.0, 0.3, 0.7, 1.0)):
            chosen = Calibration(csr_array(categories), strength)(slate, Query(history), 10).items
            far[seed, column] = divergence(wanted, category_shares(csr_array(categories), History.of(chosen)))
            better[seed, column] = objective(categories, history, slate, chosen, strength)
            better[seed, column] -= objective(categories, history, slate, np.arange(10), strength)
    assert (np.diff(far.mean(axis=0)) < 0).all()
    assert (far[:, 3] < far[:, 0]).all()
    assert (np.diff(better.mean(axis=0)) > 0).all()
    assert (better[:, 3] > 0).all()


def test_steck_s_own_picture_seventy_romances_and_thirty_action_films():
    """A user of 70 % romance and 30 % action: by score alone the slate is all romance, calibrated it is 7 and 3."""
    categories = np.array([[1, 0]] * 100 + [[0, 1]] * 100, np.float32)
    history = History.of([*range(70), *range(100, 130)])
    pool = np.array([*range(70, 100), *range(130, 160)], np.int32)
    slate = Slate(pool, np.linspace(1, 0, 60).astype(np.float32))
    chosen = Calibration(csr_array(categories), 0.95)(slate, Query(history), 10).items
    assert (chosen < 100).sum() == 7
    assert (Calibration(csr_array(categories), 0.0)(slate, Query(history), 10).items < 100).all()


def test_items_without_a_category_are_a_kind_of_their_own():
    categories = csr_array(np.array([[1], [1], [1], [0], [0]], np.float32))
    slate = Slate(np.array([1, 2, 4], np.int32), np.array([3, 2, 1], np.float32))
    assert Calibration(categories, 1.0)(slate, Query(History.of([0, 3])), 2).items.tolist() == [1, 4]


def test_a_catalogue_without_categories_and_an_empty_slate_are_no_error():
    nothing = csr_array((3, 0), dtype=np.float32)
    slate = Slate(np.array([2, 0], np.int32), np.array([3, 2], np.float32))
    assert Calibration(nothing, 0.7)(slate, Query(History.of([1])), 2).items.tolist() == [2, 0]
    empty = Slate(np.zeros(0, np.int32), np.zeros(0, np.float32))
    assert len(Calibration(nothing, 0.7)(empty, Query(History.of([1])), 2)) == 0


def test_bad_input_gets_a_sentence():
    categories = csr_array(np.ones((3, 1), np.float32))
    with pytest.raises(DataError, match=r"calibration: strength: must lie in 0..1, got -1"):
        Calibration(categories, -1)
    with pytest.raises(DataError, match="smoothing must be above 0 and below 1, got 0"):
        Calibration(categories, 0.5, smoothing=0)
    with pytest.raises(DataError, match=r"item numbers must lie in 0..2, got 3"):
        Calibration(categories, 0.5)(Slate(np.array([0], np.int32), np.ones(1, np.float32)), Query(History.of([3])), 1)

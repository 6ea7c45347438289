from math import log, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from bowerbird.errors import DataError
from bowerbird.evaluation import beyond
from bowerbird.intents import Intents
from bowerbird.types import History, Log, Slate

SHOWN = st.lists(st.integers(0, 50), min_size=1, max_size=20).map(np.array)


def slate(*items):
    return Slate(np.array(items, np.int32), np.ones(len(items), np.float32))


def test_exposure_and_coverage():
    shown = beyond.exposure([slate(0, 2), slate(2), slate()], 5)
    assert shown.tolist() == [1, 0, 2, 0, 0]
    assert beyond.coverage(shown) == 2 / 5


@pytest.mark.parametrize("n", [1, 2, 7])
def test_gini_of_even_and_of_one(n):
    assert beyond.gini(np.full(n, 3)) == pytest.approx(0)
    assert beyond.gini(np.eye(n)[0] * 9) == pytest.approx(1 - 1 / n)


@given(SHOWN)
def test_gini_is_half_the_mean_difference_over_the_mean(shown):
    if shown.sum():
        differences = np.abs(shown[:, None] - shown[None, :]).mean()
        assert beyond.gini(shown) == pytest.approx(differences / (2 * shown.mean()))
        assert 0 <= beyond.gini(shown) <= 1 - 1 / len(shown) + 1e-12


@given(SHOWN, st.randoms())
def test_gini_and_coverage_do_not_know_names(shown, random):
    renamed = shown.copy()
    random.shuffle(renamed)
    assert beyond.coverage(shown) == beyond.coverage(renamed)
    assert np.isclose(beyond.gini(shown), beyond.gini(renamed), equal_nan=True)


def test_gini_of_nothing_shown_is_not_known():
    assert np.isnan(beyond.gini(np.zeros(3)))


def test_novelty_by_hand():
    """Counts 6, 1, 0 of 3 items: shares 7/10, 2/10, 1/10."""
    values = beyond.novelty([slate(0, 2), slate(1), slate()], np.array([6, 1, 0]))
    assert values[0] == pytest.approx(-(log2(0.7) + log2(0.1)) / 2)
    assert values[1] == pytest.approx(-log2(0.2))
    assert np.isnan(values[2])


def test_share_of_new_items():
    assert beyond.new_share([slate(0, 2, 1, 3)], np.array([6, 1, 0, 2])).tolist() == [0.25]


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_distance_by_hand(kind):
    """Two alike, one at a right angle, one without a vector: pairs 0, 1, 1."""
    vectors = kind(np.array([[2, 0], [1, 0], [0, 3], [0, 0]], np.float32))
    values = beyond.intra_list_distance([slate(0, 1, 2, 3), slate(0, 1), slate(1, 3), slate()], vectors)
    assert values[:2] == pytest.approx([2 / 3, 0], abs=1e-6)
    assert np.isnan(values[2:]).all()
    assert beyond.without_vector([slate(0, 1, 2, 3), slate(1, 3)], vectors) == 2


@given(st.integers(0, 10_000))
def test_distance_is_the_mean_over_pairs(seed):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((9, 3)).astype(np.float32)
    items = rng.permutation(9)[:5]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [1 - unit[i] @ unit[j] for i in items for j in items if i < j]
    assert beyond.intra_list_distance([slate(*items)], vectors)[0] == pytest.approx(np.mean(pairs), abs=1e-5)


def test_distance_in_blocks_is_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((30, 4)).astype(np.float32)
    slates = [slate(*rng.permutation(30)[:6]) for _ in range(11)]
    whole = beyond.intra_list_distance(slates, vectors)
    monkeypatch.setattr(beyond, "USERS_AT_ONCE", 3)
    np.testing.assert_allclose(beyond.intra_list_distance(slates, vectors), whole, atol=1e-6)


def test_calibration_in_blocks_is_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    slates = [slate(*rng.permutation(4)[:3]) for _ in range(11)]
    histories = [History.of(rng.integers(0, 3, 4)) for _ in range(11)]
    whole = beyond.calibration(slates, histories, CATEGORIES)
    monkeypatch.setattr(beyond, "USERS_AT_ONCE", 3)
    np.testing.assert_allclose(beyond.calibration(slates, histories, CATEGORIES), whole)


CATEGORIES = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], np.float32)


def test_calibration_by_hand():
    """History: two of the first category, one shared by both: p = (5/6, 1/6). List: only the second: q = (0, 1)."""
    value = beyond.calibration([slate(1)], [History.of([0, 0, 2])], CATEGORIES, alpha=0.01)[0]
    p = (5 / 6, 1 / 6)
    q = (0.01 * p[0], 0.99 + 0.01 * p[1])
    assert value == pytest.approx(p[0] * log(p[0] / q[0]) + p[1] * log(p[1] / q[1]))


def test_the_same_mix_is_perfectly_calibrated():
    assert beyond.calibration([slate(0, 1)], [History.of([2])], CATEGORIES)[0] == pytest.approx(0)


def test_calibration_weighs_and_leaves_dislikes_out():
    half = beyond.calibration([slate(0)], [History.of([0, 1], [1, 0.5])], CATEGORIES)[0]
    even = beyond.calibration([slate(0)], [History.of([0, 1], [1, 1])], CATEGORIES)[0]
    disliked = beyond.calibration([slate(0)], [History.of([0, 1], [1, -1])], CATEGORIES)[0]
    assert disliked == pytest.approx(0)
    assert 0 < half < even


def test_calibration_without_categories_is_not_known():
    histories = [History.of([3]), History.of([]), History.of([0])]
    assert np.isnan(beyond.calibration([slate(0), slate(0), slate(3)], histories, CATEGORIES)).all()


@given(st.integers(0, 10_000))
def test_calibration_is_never_negative(seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 2, (8, 3)).astype(np.float32)
    value = beyond.calibration([slate(*rng.permutation(8)[:3])], [History.of(rng.integers(0, 8, 4))], table)[0]
    assert np.isnan(value) or value >= -1e-12


def test_co_consumption_counts_users_once_and_no_dislikes():
    behaviour = Log(
        np.array([0, 0, 0, 1], np.int32), np.array([0, 0, 1, 1], np.int32), np.array([1, 1, -1, 1], np.float32), np.full(4, np.nan), 2, 3
    )
    assert beyond.co_consumption(behaviour).toarray().tolist() == [[1, 0], [0, 1], [0, 0]]
    assert beyond.co_consumption(behaviour, max_users=1).shape == (3, 1)


def test_an_item_beyond_the_catalogue_is_refused():
    with pytest.raises(DataError, match="within 0 … 2, got 1 … 3"):
        beyond.exposure([slate(1, 3)], 3)


def divided(table, names=("tea", "rope", "paint")):
    n = len(names)
    return Intents(names, np.eye(n, dtype=np.float32), np.arange(n, dtype=np.int32), 0.1, sparse.csr_array(np.array(table, np.float32)))


def test_intents_shown_are_counted_once():
    intents = divided([[1, 0, 0], [0.75, 0.25, 0], [0, 0, 1], [0, 0, 0]])
    values = beyond.intents_shown([slate(0, 1), slate(0, 2, 3), slate(3), slate()], intents)
    assert values[:3].tolist() == [1, 2, 0]
    assert np.isnan(values[3])


def test_intents_served_by_hand():
    """The history is two parts tea and one part rope. Item 1 serves tea with .75 and rope with .25, item 4 rope with .5."""
    intents = divided([[1, 0, 0], [0.75, 0.25, 0], [0, 0, 1], [0, 0, 0], [0, 0.5, 0.5], [0, 1, 0]])
    history = History.of([0, 0, 5, 2], [1, 1, 1, -1])
    lists = [slate(1), slate(1, 4), slate(0, 5), slate(2, 3), slate()]
    values = beyond.intents_served(lists, [history] * 5, intents)
    assert values[:4] == pytest.approx([2 / 3 * 0.75 + 1 / 3 * 0.25, 2 / 3 * 0.75 + 1 / 3 * (1 - 0.75 * 0.5), 1, 0])
    assert np.isnan(values[4])


def test_a_history_of_no_intent_is_served_nothing_that_could_be_said():
    intents = divided([[1, 0, 0], [0, 0, 0]])
    histories = [History.of([]), History.of([1]), History.of([0], [-1])]
    assert np.isnan(beyond.intents_served([slate(0)] * 3, histories, intents)).all()
    with pytest.raises(DataError, match="got 1 slates and 3 histories"):
        beyond.intents_served([slate(0)], histories, intents)


@given(st.lists(st.integers(0, 5), max_size=6, unique=True), st.integers(0, 5), st.integers(0, 10**6))
def test_one_more_item_never_serves_less(items, more, seed):
    rng = np.random.default_rng(seed)
    parts = rng.random((6, 3)) * (rng.random((6, 3)) < 0.6)
    intents = divided(parts / np.maximum(parts.sum(axis=1, keepdims=True), 1e-9))
    history = History.of(rng.integers(0, 6, 4).tolist())
    if items and more not in items:
        few, many = beyond.intents_served([slate(*items), slate(*items, more)], [history] * 2, intents)
        assert (np.isnan(few) and np.isnan(many)) or 0 <= few <= many + 1e-9 <= 1 + 1e-6
        assert np.diff(beyond.intents_shown([slate(*items), slate(*items, more)], intents))[0] in (0, 1)

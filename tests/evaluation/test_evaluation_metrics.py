from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import DataError
from bowerbird.evaluation.judging import judge
from bowerbird.evaluation.metrics import METRICS, average_precision, f1, hit_rate, mrr, ndcg, precision, recall
from bowerbird.types import Slate

PLACES = st.lists(st.booleans(), min_size=12, max_size=12)


def judged(*rows, more=0, k=None):
    """Lists with wanted items at the true places, and `more` wanted items that no list shows."""
    slates, targets = [], []
    for row in rows:
        slates.append(Slate(np.arange(len(row), dtype=np.int32), np.arange(len(row), 0, -1, dtype=np.float32)))
        targets.append(np.concatenate([np.flatnonzero(row), 100 + np.arange(more)]).astype(np.int32))
    return judge(slates, targets, k or len(rows[0]))


def test_hand_worked():
    """Wanted at ranks 2 and 4, and one more that is not shown: T = 3, k = 5."""
    case = judged([0, 1, 0, 1, 0], more=1)
    assert precision(case, 5)[0] == pytest.approx(2 / 5)
    assert recall(case, 5)[0] == pytest.approx(2 / 3)
    assert f1(case, 5)[0] == pytest.approx(2 * (2 / 5) * (2 / 3) / (2 / 5 + 2 / 3))
    assert hit_rate(case, 5)[0] == 1
    assert mrr(case, 5)[0] == pytest.approx(1 / 2)
    assert average_precision(case, 5)[0] == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert ndcg(case, 5)[0] == pytest.approx((1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / log2(4)))


def test_the_cut_off_cuts():
    case = judged([0, 1, 0, 1, 0], more=1)
    assert hit_rate(case, 1)[0] == 0
    assert mrr(case, 1)[0] == 0
    assert ndcg(case, 1)[0] == 0
    assert average_precision(case, 2)[0] == pytest.approx((1 / 2) / 2)
    assert ndcg(case, 2)[0] == pytest.approx((1 / log2(3)) / (1 + 1 / log2(3)))


def test_a_short_list_still_divides_by_k():
    assert precision(judged([1, 1], k=4), 4)[0] == pytest.approx(2 / 4)


@pytest.mark.parametrize("name", ["ndcg", "mrr", "map", "hit", "precision"])
def test_a_perfect_list_has_one_also_with_more_targets_than_places(name):
    assert METRICS[name](judged([1, 1, 1], more=4), 3)[0] == pytest.approx(1)


@given(PLACES, st.integers(0, 3), st.integers(1, 12))
def test_all_within_0_and_1(row, more, k):
    if any(row) or more:
        for metric in METRICS.values():
            assert 0 <= metric(judged(row, more=more), k)[0] <= 1 + 1e-12


@given(PLACES, st.integers(0, 3), st.integers(1, 12), st.integers(0, 10))
def test_moving_a_wanted_item_up_never_lowers_anything(row, more, k, place):
    if row[place + 1] and not row[place]:
        better = [*row[:place], True, False, *row[place + 2 :]]
        for metric in METRICS.values():
            assert metric(judged(better, more=more), k)[0] >= metric(judged(row, more=more), k)[0] - 1e-12


@given(PLACES, st.integers(0, 3), st.integers(1, 12))
def test_they_agree_with_one_another(row, more, k):
    if any(row) or more:
        case = judged(row, more=more)
        found = precision(case, k)[0] * k
        assert recall(case, k)[0] * case.sizes[0] == pytest.approx(found)
        assert hit_rate(case, k)[0] == (found > 0) == (mrr(case, k)[0] > 0) == (ndcg(case, k)[0] > 0)
        sum_of_both = precision(case, k)[0] + recall(case, k)[0]
        assert f1(case, k)[0] * sum_of_both == pytest.approx(2 * precision(case, k)[0] * recall(case, k)[0])


def test_all_users_at_once_is_each_alone():
    rows = np.random.default_rng(0).random((20, 6)) < 0.4
    rows[:, 5] = True
    for metric in METRICS.values():
        assert metric(judged(*rows), 5).tolist() == [metric(judged(row), 5)[0] for row in rows]


def test_deeper_than_judged_is_refused():
    with pytest.raises(DataError, match="within 1 … 3, the depth the lists were judged at, got 4"):
        ndcg(judged([1, 0, 0]), 4)

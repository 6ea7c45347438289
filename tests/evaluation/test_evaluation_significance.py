import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bowerbird.errors import DataError
from bowerbird.evaluation import significance
from bowerbird.evaluation.significance import differences, holm, intervals, paired, ratios, sum_of_ratios

FAMILY = st.lists(st.floats(0, 1), max_size=12)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def values():
    return rng(1).beta(0.4, 2, size=200)


def test_as_scipy_has_it(values):
    ours = intervals(values[:, None], rng(), resamples=4000)[0]
    theirs = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=rng(2)).confidence_interval
    assert ours.mean == pytest.approx(values.mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.003)
    assert ours.high == pytest.approx(theirs.high, abs=0.003)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    worlds = rng(3).exponential(size=(120, 300))  # 300 worlds of 120 users, true mean 1
    inside = [interval.low <= 1 <= interval.high for interval in intervals(worlds, rng(), resamples=500)]
    assert 0.89 <= np.mean(inside) <= 0.985


def test_same_seed_same_interval(values):
    assert intervals(values[:, None], rng(5)) == intervals(values[:, None], rng(5))


def test_in_chunks_is_the_same_kind_of_answer(values, monkeypatch):
    whole = intervals(values[:, None], rng(), resamples=2000)[0]
    monkeypatch.setattr(significance, "CHUNK", 1000)
    parts = intervals(values[:, None], rng(), resamples=2000)[0]
    assert parts.low == pytest.approx(whole.low, abs=0.004)


def test_users_without_a_value_are_left_out():
    table = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    first, second = intervals(table, rng())
    assert first.mean == 2
    assert 1 <= first.low <= first.high <= 3
    assert np.isnan([second.mean, second.low, second.high]).all()


def test_no_users_no_figure():
    assert np.isnan(intervals(np.empty((0, 1)), rng())[0].mean)


def test_a_ratio_of_sums():
    only = ratios(np.array([[1.0], [3.0]]), np.array([[2.0], [10.0]]), rng())[0]
    assert only.mean == pytest.approx(4 / 12)
    assert 0.3 <= only.low <= only.high <= 0.5


def test_a_sum_of_ratios():
    parts, wholes = rng(2).random((50, 2)), rng(3).random((50, 2))
    assert sum_of_ratios(parts[:, :1], wholes[:, :1], rng()) == ratios(parts[:, :1], wholes[:, :1], rng())[0]
    both = sum_of_ratios(parts, wholes, rng())
    assert both.mean == pytest.approx((parts.sum(axis=0) / wholes.sum(axis=0)).sum())
    assert both.low < both.mean < both.high
    assert np.isnan(sum_of_ratios(np.empty((0, 1)), np.empty((0, 1)), rng()).mean)


def test_a_system_does_not_differ_from_itself(values):
    same = paired(values, values, rng())
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_a_clear_difference_is_seen_and_has_a_sign(values):
    ahead = paired(values + 0.05, values, rng())
    behind = paired(values, values + 0.05, rng())
    assert ahead.mean == pytest.approx(0.05)
    assert ahead.low > 0 > behind.high
    assert ahead.p == behind.p == pytest.approx(2 / 1001)


def test_pairing_sees_what_unpaired_intervals_hide(values):
    better = values + rng(4).normal(0.01, 0.02, size=len(values))
    a, b = intervals(np.stack([better, values], axis=1), rng())
    assert a.low < b.high  # the intervals overlap
    assert paired(better, values, rng()).p < 0.01


def test_p_is_level_when_nothing_differs():
    draws = rng(6)
    ps = [paired(draws.normal(size=60), draws.normal(size=60), rng(i), resamples=300).p for i in range(200)]
    assert 0.01 <= np.mean(np.array(ps) < 0.05) <= 0.1


def test_p_against_the_t_test():
    a, b = rng(7).normal(0.12, 1, 400), rng(8).normal(0, 1, 400)
    assert paired(a, b, rng(), resamples=5000).p == pytest.approx(stats.ttest_rel(a, b).pvalue, abs=0.015)


def test_refuses():
    with pytest.raises(DataError, match="same users, got 2 and 3"):
        paired(np.zeros(2), np.zeros(3), rng())
    with pytest.raises(DataError, match="between 0 and 1, got 95"):
        intervals(np.zeros((2, 1)), rng(), level=95)
    with pytest.raises(DataError, match="at least 1, got 0"):
        intervals(np.zeros((2, 1)), rng(), resamples=0)


def test_many_differences_are_each_the_paired_one(values):
    gaps = np.stack([values - 0.3, values * 0.1, np.zeros_like(values)], axis=1)
    for together, column in zip(differences(gaps, rng()), gaps.T, strict=True):
        alone = paired(column, np.zeros_like(column), rng())
        assert (together.mean, together.low, together.high) == pytest.approx((alone.mean, alone.low, alone.high))
        assert together.p == alone.p


def test_holm_by_hand():
    """Holm's own way: .005 · 4, .01 · 3, then .03 · 2 and .04 · 1, which must not fall below the .06 before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@given(FAMILY)
def test_holm_keeps_the_order_and_never_flatters(ps):
    corrected = np.array(holm(ps))
    assert (corrected >= np.array(ps)).all()
    assert (corrected <= np.minimum(1, np.array(ps) * len(ps) + 1e-12)).all()  # never stricter than Bonferroni
    assert (np.diff(corrected[np.argsort(ps, kind="stable")]) >= 0).all()


@given(FAMILY, st.randoms())
def test_holm_does_not_mind_the_order_of_the_tests(ps, random):
    places = list(range(len(ps)))
    random.shuffle(places)
    assert holm([ps[place] for place in places]) == [holm(ps)[place] for place in places]


@given(FAMILY, st.floats(0, 1))
def test_holm_with_one_test_more_is_never_kinder(ps, more):
    assert (np.array(holm([*ps, more])[:-1]) >= np.array(holm(ps))).all()


def test_holm_keeps_false_alarms_rare():
    """Ten true nulls a family: an alarm in at most 5 % of the families, where uncorrected tests give one in 40 %."""
    families = rng(9).random((2000, 10))
    raw = np.mean([family.min() < 0.05 for family in families])
    corrected = np.mean([min(holm(family)) < 0.05 for family in families])
    assert raw > 0.35
    assert 0.03 < corrected < 0.065


@pytest.mark.parametrize("wrong", [-0.1, 1.5, float("nan")])
def test_holm_refuses_what_is_no_p_value(wrong):
    with pytest.raises(DataError, match="between 0 and 1"):
        holm([0.5, wrong])

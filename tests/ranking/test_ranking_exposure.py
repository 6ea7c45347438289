"""Who is shown: shares of a label, what was shown little, and places for fresh items."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.sparse import csr_array

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.ranking import FreshQuota, InverseExposure, MaxShare, column_labels
from bowerbird.ranking.relevance import relevance
from bowerbird.types import History, Query, Slate

NOBODY = Query(History.of([]))
DAY = 86_400.0


def slate_of(*items):
    return Slate(np.array(items, np.int32), np.arange(len(items), 0, -1).astype(np.float32))


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.29, 0.5, 1.0]), st.integers(1, 20))
@settings(max_examples=60)
def test_no_label_has_more_than_its_share_of_the_places_and_no_item_is_passed_over_without_need(seed, share, k):
    rng = np.random.default_rng(seed)
    labels = rng.random((18, 4)) < 0.3
    slate = slate_of(*rng.permutation(18))
    kept = MaxShare(csr_array(labels.astype(np.float32)), share)(slate, NOBODY, k).items.tolist()
    most = max(1, int(np.floor(round(share * min(k, 18), 9))))
    assert (labels[kept].sum(axis=0) <= most).all()
    order = slate.items.tolist()
    assert kept == [item for item in order if item in kept]
    for item in set(order if len(kept) < min(k, 18) else order[: order.index(kept[-1])]) - set(kept):
        before = [other for other in kept if order.index(other) < order.index(item)]
        assert (labels[[*before, item]].sum(axis=0) > most).any()


def test_a_share_is_of_the_places_asked_for_and_rounded_down_but_never_to_none():
    labels = csr_array(np.ones((300, 1), np.float32))
    slate = slate_of(*range(300))
    assert len(MaxShare(labels, 0.29)(slate, NOBODY, 100)) == 29  # .29 · 100 is 28.999… in floats
    assert len(MaxShare(labels, 0.3)(slate, NOBODY, 9)) == 2
    assert len(MaxShare(labels, 0.01)(slate, NOBODY, 9)) == 1
    assert len(MaxShare(labels, 0.5)(slate_of(1, 2, 3, 4), NOBODY, 100)) == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["x", None, "y", "x"], [[1, 0], [0, 0], [0, 1], [1, 0]]),
        ([7, None, 7, 3], [[0, 1], [0, 0], [0, 1], [1, 0]]),
        ([0.5, float("nan"), None, 0.5], [[1], [0], [0], [1]]),
        ([True, False, None, True], [[0, 1], [1, 0], [0, 0], [0, 1]]),
        ([None, None, None, None], [[], [], [], []]),
    ],
)
def test_every_column_can_be_a_label_and_no_value_is_none(values, expected):
    assert column_labels(Catalogue.of(list("abcd"), brand=values), "brand").toarray().tolist() == expected


def test_categories_are_labels_too_and_an_unknown_column_is_refused():
    shop = Catalogue.of(["a", "b"], categories=[["toy", "red"], []])
    assert column_labels(shop, "categories").toarray().tolist() == [[1, 1], [0, 0]]
    with pytest.raises(DataError, match="items have no column 'brand', it must be one of available, categories"):
        column_labels(shop, "brand")


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.2, 0.5, 1.0]), st.integers(1, 25))
@settings(max_examples=40)
def test_inverse_exposure_is_the_order_of_its_values(seed, strength, k):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 1000, 30)
    slate = Slate(rng.permutation(30)[:20].astype(np.int32), rng.normal(size=20).astype(np.float32))
    answer = InverseExposure(counts, strength)(slate, NOBODY, k).items.tolist()
    known = dict(zip(slate.items.tolist(), relevance(slate.scores).tolist(), strict=True))
    top = np.log1p(max(counts[item] for item in known))
    value = {item: (1 - strength) * known[item] + strength * (1 - np.log1p(counts[item]) / top) for item in known}
    said = [value[item] for item in answer]
    assert said == pytest.approx(sorted(value.values(), reverse=True)[: min(k, 20)], abs=1e-6)


def test_more_strength_covers_more_of_the_catalogue():
    """Two hundred slates of 10 out of 300 items whose scores all favour the same few; counts are what each round has shown so far."""
    covered = []
    for strength in (0.0, 0.3, 0.6):
        rng = np.random.default_rng(3)
        liked, counts = np.sort(rng.gamma(1, size=300))[::-1], np.zeros(300)
        for _ in range(200):
            slate = Slate(np.arange(300, dtype=np.int32), (liked + rng.normal(0, 0.3, 300)).astype(np.float32))
            order = slate.take(np.argsort(-slate.scores, kind="stable"))
            counts[InverseExposure(counts, strength)(order, NOBODY, 10).items] += 1
        covered.append(int((counts > 0).sum()))
    assert covered[0] < covered[1] < covered[2]


def test_nothing_shown_yet_keeps_the_order_and_bad_counts_get_a_sentence():
    assert InverseExposure(np.zeros(4), 0.9)(slate_of(2, 0, 3), NOBODY, 3).items.tolist() == [2, 0, 3]
    with pytest.raises(DataError, match="counts must be 0 or more, got -1 for item 1"):
        InverseExposure(np.array([3, -1]), 0.5)
    with pytest.raises(DataError, match=r"counts must be 0 or more, got nan for item 0"):
        InverseExposure(np.array([np.nan, 1]), 0.5)
    with pytest.raises(DataError, match=r"exposure: strength: must lie in 0..1, got 3"):
        InverseExposure(np.ones(2), 3)
    with pytest.raises(DataError, match="a share must be above 0 and at most 1, got 0"):
        MaxShare(csr_array((3, 1), dtype=np.float32), 0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 14))
@settings(max_examples=60)
def test_the_quota_is_filled_as_far_as_it_can_be_with_the_best_and_the_rest_keeps_its_order(seed, least, k):
    rng = np.random.default_rng(seed)
    fresh = rng.random(12) < 0.3
    order = rng.permutation(12)
    kept = FreshQuota(fresh, least)(slate_of(*order), NOBODY, k).items.tolist()
    wanted = min(least, k, int(fresh.sum()))
    if fresh[order[:k]].sum() >= wanted:
        assert kept == order[:k].tolist()
        return
    young = [item for item in order.tolist() if fresh[item]][:wanted]
    old = [item for item in order.tolist() if not fresh[item]][: min(k, 12) - wanted]
    assert kept == [item for item in order.tolist() if item in {*young, *old}]


def test_fresh_is_what_came_out_in_the_days_before_the_query():
    born = np.array([0, 70, 100, 101, np.nan]) * DAY
    slate = slate_of(0, 1, 2, 3, 4)
    asked = Query(History.of([]), time=100 * DAY)
    assert FreshQuota(born, 2, days=30)(slate, asked, 2).items.tolist() == [1, 2]  # to the day, and no later than now
    assert FreshQuota(born, 2, days=29.9)(slate, asked, 2).items.tolist() == [0, 2]
    assert FreshQuota(born, 2, days=30)(slate, NOBODY, 2).items.tolist() == [0, 1]  # a query without a time
    assert FreshQuota(np.full(5, np.nan), 2)(slate, asked, 2).items.tolist() == [0, 1]


def test_bad_quotas_get_a_sentence():
    with pytest.raises(DataError, match="least must be at least 1, got 0"):
        FreshQuota(np.zeros(3), 0)
    with pytest.raises(DataError, match="days must be above 0, got -1"):
        FreshQuota(np.zeros(3), 1, -1)

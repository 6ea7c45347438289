"""MMR and DPP against their definitions, on worlds small enough to search by brute force."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from bowerbird.errors import DataError
from bowerbird.ranking import Dpp, Mmr, plain
from bowerbird.ranking.relevance import relevance
from bowerbird.types import History, Query, Slate

NOBODY = Query(History.of([]))
TRADES = st.sampled_from([0.0, 0.2, 0.5, 0.8, 0.97])


@st.composite
def worlds(draw, most=14):
    """Unit vectors for twenty items, and a slate of some of them, best first, no two scores equal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(1, most)), draw(st.integers(1, 6))
    vectors = rng.normal(size=(20, d)).astype(np.float32) + np.float32(draw(st.sampled_from([0.0, 0.7])))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = np.sort(rng.choice(1000, n, replace=False))[::-1] / np.float32(draw(st.sampled_from([1, 1000])))
    shifted = (scores + draw(st.sampled_from([0, -500]))).astype(np.float32)
    return vectors, Slate(rng.permutation(20)[:n].astype(np.int32), shifted)


def mmr_value(vectors, slate, picked, position, trade):
    near = max((float(vectors[slate.items[position]] @ vectors[slate.items[other]]) for other in picked), default=0.0)
    return trade * float(relevance(slate.scores)[position]) - (1 - trade) * near


def dpp_value(vectors, slate, chosen, trade, own):
    """The objective as the docstring states it, with the kernel written out and a determinant taken."""
    rows = vectors[slate.items[chosen]].astype(np.float64)
    q = np.exp(relevance(slate.scores)[chosen].astype(np.float64) * trade / (2 * (1 - trade)))
    kernel = q[:, None] * ((1 - own) * rows @ rows.T + own * np.eye(len(chosen))) * q
    return np.linalg.slogdet(kernel)[1]


def positions(slate, answer):
    where = {int(item): position for position, item in enumerate(slate.items)}
    return [where[int(item)] for item in answer.items]


@given(worlds(), TRADES, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_each_mmr_pick_is_the_best_by_definition(world, trade, k):
    vectors, slate = world
    chosen = positions(slate, Mmr(vectors, trade)(slate, NOBODY, k))
    for t, position in enumerate(chosen):
        left = [other for other in range(len(slate)) if other not in chosen[:t]]
        best = max(mmr_value(vectors, slate, chosen[:t], other, trade) for other in left)
        assert mmr_value(vectors, slate, chosen[:t], position, trade) == pytest.approx(best, abs=1e-5)


@given(worlds(), TRADES, st.integers(1, 20), st.sampled_from([0.01, 0.2]))
@settings(max_examples=60, deadline=None)
def test_each_dpp_pick_is_the_best_by_determinant(world, trade, k, own):
    vectors, slate = world
    chosen = positions(slate, Dpp(vectors, trade, own)(slate, NOBODY, k))
    for t, position in enumerate(chosen):
        left = [other for other in range(len(slate)) if other not in chosen[:t]]
        best = max(dpp_value(vectors, slate, [*chosen[:t], other], trade, own) for other in left)
        assert dpp_value(vectors, slate, [*chosen[:t], position], trade, own) == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize("make", [Mmr, Dpp])
@given(world=worlds(), trade=st.one_of(TRADES, st.just(1.0)), k=st.integers(1, 20), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_slate_is_a_subset_of_the_pool_and_does_not_depend_on_its_order(make, world, trade, k, seed):
    vectors, slate = world
    answer = make(vectors, trade)(slate, NOBODY, k)
    said = dict(zip(slate.items.tolist(), slate.scores.tolist(), strict=True))
    assert len(answer) == min(k, len(slate)) == len(set(answer.items.tolist()))
    assert [said[item] for item in answer.items.tolist()] == answer.scores.tolist()
    if trade < 1:
        shuffled = slate.take(np.random.default_rng(seed).permutation(len(slate)))
        assert make(vectors, trade)(shuffled, NOBODY, k).items.tolist() == answer.items.tolist()
        assert answer.items[0] == slate.items[0]


@pytest.mark.parametrize("make", [Mmr, Dpp])
def test_trade_one_keeps_the_order_given_even_where_scores_do_not_fall(make):
    slate = Slate(np.array([4, 2, 9], np.int32), np.array([0.1, 0.7, 0.3], np.float32))
    assert make(np.eye(10, dtype=np.float32), 1.0)(slate, NOBODY, 2).items.tolist() == [4, 2]


@pytest.mark.parametrize("make", [Mmr, Dpp])
@given(world=worlds(), trade=TRADES, scale=st.sampled_from([0.5, 2.0, 64.0]), shift=st.sampled_from([-1024.0, 0.0, 32.0]))
@settings(max_examples=30, deadline=None)
def test_the_dial_does_not_depend_on_the_scale_of_the_scores(make, world, trade, scale, shift):
    vectors, slate = world
    slate = Slate(slate.items, np.round(slate.scores * 64) / 64)  # so that the change of scale is exact
    other = Slate(slate.items, (slate.scores * scale + shift).astype(np.float32))
    assert make(vectors, trade)(other, NOBODY, 5).items.tolist() == make(vectors, trade)(slate, NOBODY, 5).items.tolist()


@given(st.integers(0, 2**32 - 1), TRADES)
@settings(max_examples=15, deadline=None)
def test_lazy_picks_are_those_of_the_plain_algorithm(seed, trade):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(300, 16)).astype(np.float32) + np.float32(0.2)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    slate = Slate(np.arange(300, dtype=np.int32), np.sort(rng.gamma(0.5, size=300))[::-1].astype(np.float32))
    known = relevance(slate.scores)
    assert Mmr(vectors, trade)(slate, NOBODY, 30).items.tolist() == plain.mmr(vectors, known, trade, 30).tolist()
    assert Dpp(vectors, trade)(slate, NOBODY, 30).items.tolist() == plain.dpp(vectors, known, trade, 0.01, 30).tolist()


def test_doubles_come_last_and_only_when_nothing_else_is_left():
    vectors = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    slate = Slate(np.arange(4, dtype=np.int32), np.array([4, 3, 2, 1], np.float32))
    for rerank in (Mmr(vectors, 0.3), Dpp(vectors, 0.3)):
        assert rerank(slate, NOBODY, 4).items.tolist() == [0, 3, 1, 2]


def test_dpp_sees_an_item_between_two_picks_where_mmr_looks_at_the_nearest_alone():
    between = np.array([1, 1, 0]) / np.sqrt(2)
    beside = np.array([0.72, 0, np.sqrt(1 - 0.72**2)])
    vectors = np.array([[1, 0, 0], [0, 1, 0], between, beside], np.float32)
    slate = Slate(np.arange(4, dtype=np.int32), np.array([4, 3, 2, 2], np.float32))
    assert Mmr(vectors, 0.0)(slate, NOBODY, 3).items.tolist() == [0, 1, 2]  # likeness .707 beats .72
    assert Dpp(vectors, 0.0)(slate, NOBODY, 3).items.tolist() == [0, 1, 3]  # `between` lies in the span of both


@pytest.mark.parametrize("make", [Mmr, Dpp])
def test_empty_slates_and_equal_scores(make):
    vectors = np.eye(4, dtype=np.float32)
    assert len(make(vectors, 0.5)(Slate(np.zeros(0, np.int32), np.zeros(0, np.float32)), NOBODY, 3)) == 0
    equal = Slate(np.array([3, 1, 2], np.int32), np.zeros(3, np.float32))
    assert make(vectors, 0.5)(equal, NOBODY, 3).items.tolist() == [1, 2, 3]
    assert make(vectors, 0.5)(equal.take([0, 2, 1]), NOBODY, 3).items.tolist() == [1, 2, 3]


@pytest.mark.parametrize("make", [Mmr, Dpp])
def test_bad_input_gets_a_sentence(make):
    vectors = np.eye(4, dtype=np.float32)
    with pytest.raises(DataError, match=r"trade: must lie in 0..1, got 1.5"):
        make(vectors, 1.5)
    for trade in (0.5, 1.0):
        with pytest.raises(DataError, match=r"item numbers must lie in 0..3, got 4"):
            make(vectors, trade)(Slate(np.array([4], np.int32), np.ones(1, np.float32)), NOBODY, 1)
    with pytest.raises(DataError, match=r"scores must be finite to be re-ranked, got nan for item 1"):
        make(vectors, 0.5)(Slate(np.array([0, 1], np.int32), np.array([1, np.nan], np.float32)), NOBODY, 1)
    with pytest.raises(DataError, match="own must be above 0"):
        Dpp(vectors, 0.5, own=0)


def test_the_caller_s_arrays_stay_as_they_are():
    vectors = np.eye(3, dtype=np.float32)
    slate = Slate(np.array([2, 0, 1], np.int32), np.array([1, 3, 2], np.float32))
    for array in (vectors, slate.items, slate.scores):
        array.setflags(write=False)
    for make in (Mmr, Dpp):
        assert make(vectors, 0.5)(slate, NOBODY, 3).items.tolist() == [0, 1, 2]

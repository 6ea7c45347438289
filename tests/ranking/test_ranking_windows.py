"""DPP in a window and SSD, against their definitions written out."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from bowerbird.errors import DataError
from bowerbird.ranking import Dpp, Ssd, plain
from bowerbird.ranking.relevance import relevance
from bowerbird.types import History, Query, Slate

NOBODY = Query(History.of([]))
TRADES = st.sampled_from([0.0, 0.2, 0.5, 0.8])
WINDOWS = st.integers(1, 6)


@st.composite
def worlds(draw):
    """Unit vectors for twenty items, and a slate of some of them, best first, no two scores equal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(1, 16)), draw(st.integers(1, 9))
    vectors = rng.normal(size=(20, d)).astype(np.float32) + np.float32(draw(st.sampled_from([0.0, 0.7])))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    if draw(st.booleans()):
        vectors[10:] = vectors[:10]  # doubles
    return vectors, Slate(rng.permutation(20)[:n].astype(np.int32), np.sort(rng.choice(1000, n, replace=False))[::-1].astype(np.float32))


def picked_positions(slate, answer):
    where = {int(item): position for position, item in enumerate(slate.items)}
    return [where[int(item)] for item in answer.items]


def log_det(rows, own):
    rows = rows.astype(np.float64)
    return np.linalg.slogdet((1 - own) * rows @ rows.T + own * np.eye(len(rows)))[1]


def dpp_gain(rows, known, last, position, trade, own):
    """What an item adds: two determinants, of the last picks with it and without it."""
    room = log_det(rows[[*last, position]], own) - (log_det(rows[last], own) if last else 0.0)
    return trade * float(known[position]) + (1 - trade) * room


@given(worlds(), TRADES, st.integers(1, 20), WINDOWS, st.sampled_from([0.01, 0.2]))
@settings(max_examples=80)
def test_each_windowed_dpp_pick_is_the_best_by_determinants(world, trade, k, window, own):
    vectors, slate = world
    rows, known = vectors[slate.items], relevance(slate.scores)
    chosen = picked_positions(slate, Dpp(vectors, trade, own, window)(slate, NOBODY, k))
    assert len(set(chosen)) == len(chosen) == min(k, len(slate))
    for t, position in enumerate(chosen):
        last = chosen[max(t - window, 0) : t]
        best = max(dpp_gain(rows, known, last, other, trade, own) for other in range(len(slate)) if other not in chosen[:t])
        assert dpp_gain(rows, known, last, position, trade, own) == pytest.approx(best, abs=2e-3)


def test_a_window_as_wide_as_the_slate_is_no_window():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    slate = Slate(np.arange(60, dtype=np.int32), np.sort(rng.random(60).astype(np.float32))[::-1])
    everything = Dpp(vectors, 0.4)(slate, NOBODY, 12).items.tolist()
    assert Dpp(vectors, 0.4, window=11)(slate, NOBODY, 12).items.tolist() == everything
    assert Dpp(vectors, 0.4, window=3)(slate, NOBODY, 12).items.tolist() != everything


@pytest.mark.parametrize(
    "make", [lambda vectors, window: Dpp(vectors, 0.0, window=window), lambda vectors, window: Ssd(vectors, 0.0, window)]
)
def test_what_left_the_window_may_come_again(make):
    """Three pairs of doubles: with a window of two, the double of the first pick is as good as new at the fourth place."""
    vectors = np.repeat(np.eye(3, dtype=np.float32), 2, axis=0)
    slate = Slate(np.arange(6, dtype=np.int32), np.arange(6, 0, -1).astype(np.float32))
    assert make(vectors, 2)(slate, NOBODY, 6).items.tolist() == [0, 2, 4, 1, 3, 5]
    assert make(vectors, 1)(slate, NOBODY, 6).items.tolist() == [0, 2, 1, 3, 4, 5]


@given(worlds(), TRADES, st.integers(1, 20), WINDOWS)
@settings(max_examples=80)
def test_each_ssd_pick_is_the_best_by_definition(world, trade, k, window):
    """The ring is kept as directions alone; what is left of an item is computed from nothing at each step, by least squares."""
    vectors, slate = world
    rows, known = vectors[slate.items].astype(np.float64), relevance(slate.scores).astype(np.float64)
    chosen = picked_positions(slate, Ssd(vectors, trade, window)(slate, NOBODY, k))
    ring = []
    for t, position in enumerate(chosen):
        left = rows - (np.linalg.lstsq(np.array(ring).T, rows.T, rcond=None)[0].T @ np.array(ring) if ring else 0)
        length = np.linalg.norm(left, axis=1)
        value = trade * known + (1 - trade) * length
        value[chosen[:t]] = -np.inf
        assert value[position] >= value.max() - 4e-3  # a length of .003 counts as nothing
        ring = ring[-window + 1 :] if window > 1 else []
        if length[position] > 3.2e-3:
            ring.append(left[position] / length[position])
        else:
            ring.append(np.zeros(rows.shape[1]))


def big_world(seed):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(300, 16)).astype(np.float32) + np.float32(0.2)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, Slate(np.arange(300, dtype=np.int32), np.sort(rng.gamma(0.5, size=300))[::-1].astype(np.float32))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("trade", [0.2, 0.6, 0.9])
@pytest.mark.parametrize("window", [1, 4, 10])
def test_the_fast_picks_are_those_of_the_plain_algorithms(seed, trade, window):
    vectors, slate = big_world(seed)
    known = relevance(slate.scores)
    fast = Dpp(vectors, trade, window=window)(slate, NOBODY, 60).items.tolist()
    assert fast == plain.dpp_in_window(vectors, known, trade, 0.01, window, 60).tolist()
    assert Ssd(vectors, trade, window)(slate, NOBODY, 60).items.tolist() == plain.ssd(vectors, known, trade, window, 60).tolist()


def test_a_pick_stands_in_the_ring_for_what_it_added_where_a_windowed_dpp_counts_all_of_it():
    """The second pick is mostly like the first. When the first has left, items like it are new to SSD, and half known to a DPP."""
    first, other = np.array([1, 0, 0]), np.array([0, 0, 1])
    second, like_first = np.array([0.8, 0.6, 0]), np.array([1, 0.05, 0]) / np.hypot(1, 0.05)
    vectors = np.array([first, second, like_first, 0.55 * first + np.sqrt(1 - 0.55**2) * other], np.float32)
    slate = Slate(np.arange(4, dtype=np.int32), np.array([4, 4, 3, 2.98], np.float32))
    assert Ssd(vectors, 0.5, window=1)(slate, NOBODY, 3).items.tolist() == [0, 1, 2]
    assert Dpp(vectors, 0.5, window=1)(slate, NOBODY, 3).items.tolist() == [0, 1, 3]


def test_bad_windows_get_a_sentence():
    with pytest.raises(DataError, match="dpp: window: must be at least 1, got 0"):
        Dpp(np.eye(2, dtype=np.float32), 0.5, window=0)
    with pytest.raises(DataError, match="ssd: window: must be at least 1, got -2"):
        Ssd(np.eye(2, dtype=np.float32), 0.5, window=-2)

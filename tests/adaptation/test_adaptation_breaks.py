import numpy as np
import pytest
from adaptation_world import EACH, N_ITEMS, history, log
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.adaptation import Breaks, Fading, taste_vectors
from bowerbird.adaptation.likeness import RUNS, Groups, alike, newest_against_before
from bowerbird.errors import DataError
from bowerbird.types import History, Log

WATCH = Breaks(dimensions=6).fit(log(), np.random.default_rng(0))
STRICT = Fading(alarm=0.05, fade=0.1, kin=0.05)
STRETCHES = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30)), min_size=1, max_size=4)


def seen(fading, *stretches, seeds=range(200)):
    return np.mean([WATCH.find(history(*stretches, seed=seed), fading.alarm) is not None for seed in seeds])


@pytest.mark.parametrize("alarm", [0.05, 0.15])
def test_who_does_not_change_is_cut_as_rarely_as_was_said(alarm):
    assert seen(Fading(alarm=alarm), (1, 45)) <= 2 * alarm


def test_a_new_taste_is_seen_within_five_events():
    assert seen(STRICT, (1, 40), (2, 5)) > 0.9


def test_it_is_seen_where_it_was():
    starts = [WATCH.find(history((0, 40), (3, 10), seed=seed), 0.05).start for seed in range(100)]
    assert np.mean(np.abs(np.array(starts) - 40) <= 2) > 0.8


def test_what_came_before_is_faded_and_nothing_else():
    before = history((0, 40), (3, 10))
    after = STRICT(before, WATCH)
    assert after.items.tolist() == before.items.tolist()
    assert after.weights[:38].tolist() == pytest.approx([0.1] * 38)
    assert after.weights[42:].tolist() == [1.0] * 8


def test_the_old_taste_is_heard_again_when_it_returns():
    """0 twice, with 3 between: the first stretch is like the newest and counts in full, what stands between does not."""
    faded = [STRICT(history((0, 40), (3, 40), (0, 8), seed=seed), WATCH).weights for seed in range(50)]
    assert np.mean([weights[:40].mean() for weights in faded]) > 0.8
    assert np.mean([weights[45:75].mean() for weights in faded]) < 0.25


def test_a_break_that_is_long_past_is_none():
    assert seen(STRICT, (0, 40), (3, 150)) <= 0.1


@settings(deadline=None, max_examples=40)
@given(STRETCHES, st.floats(0, 1), st.integers(0, 99))
def test_fading_only_lowers_weights_and_forgets_nothing_between_calls(stretches, fade, seed):
    before = history(*stretches, seed=seed)
    kept = before.weights.copy()
    fading = Fading(alarm=0.3, fade=fade)
    once, again = fading(before, WATCH), fading(before, WATCH)
    assert np.array_equal(before.weights, kept)
    assert once.weights.tobytes() == again.weights.tobytes()
    assert once.items.tolist() == before.items.tolist()
    assert set(np.unique(once.weights)) <= {np.float32(fade), np.float32(1)}


@pytest.mark.parametrize("off", [Fading(alarm=0), Fading(fade=1)])
def test_off_is_off(off):
    before = history((0, 40), (3, 10))
    assert off(before, WATCH) is before


@pytest.mark.parametrize("items", [[], [3], [3, 4, 5], [N_ITEMS + 5] * 40])
def test_of_little_nothing_is_said(items):
    before = History.of(items)
    assert WATCH.find(before, 1) is None
    assert Fading(alarm=1)(before, WATCH) is before


def test_events_that_tell_nothing_do_not_move_the_break():
    told = history((0, 40), (3, 6))
    items = np.insert(told.items, [10, 43], [N_ITEMS + 1, 2])
    weights = np.insert(told.weights, [10, 43], [1.0, 0.0])
    assert WATCH.find(History.of(items, weights), 0.05).start == WATCH.find(told, 0.05).start + 1


def test_other_numbers_for_the_items_same_breaks():
    renumber = np.random.default_rng(5).permutation(N_ITEMS).astype(np.int32)
    there = log()
    other = Log(there.users, renumber[there.items], there.weights, there.times, there.n_users, N_ITEMS)
    vectors = taste_vectors(there, 4)
    assert np.allclose(
        np.abs(taste_vectors(other, 4)[renumber] @ taste_vectors(other, 4)[renumber].T), np.abs(vectors @ vectors.T), atol=1e-4
    )


def test_taste_vectors_tell_the_tastes():
    vectors = taste_vectors(log(), 6)
    likeness = vectors @ vectors.T
    own = np.kron(np.eye(4), np.ones((EACH, EACH))) > 0
    assert likeness[own].mean() > likeness[~own].mean() + 0.5


def test_the_same_seed_gives_the_same_watch():
    again = Breaks(dimensions=6).fit(log(), np.random.default_rng(0))
    assert [again.vectors.tobytes(), again.null.tobytes(), again.least_share.tobytes()] == [
        WATCH.vectors.tobytes(),
        WATCH.null.tobytes(),
        WATCH.least_share.tobytes(),
    ]


def test_likeness_is_unbiased_whatever_the_scatter():
    """Two groups of one wide taste are alike, large or small; a plain cosine of means would call the small ones unlike."""
    rng = np.random.default_rng(0)
    centre = np.array([0.5, 0, 0, 0])
    found = []
    for _ in range(300):
        rows = rng.normal(scale=0.5, size=(24, 4)) + centre
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        found.append(alike(Groups(rows[:4].sum(0)[None], np.array([4])), Groups(rows[4:].sum(0)[None], np.array([20])), 0.2)[0])
    assert np.mean(found) == pytest.approx(1, abs=0.1)


def test_a_run_is_held_against_the_events_just_before_it():
    rows = np.eye(3, dtype=np.float32)[[0] * 20 + [1] * 20 + [2] * 5]
    found = newest_against_before(rows, 20, 5, 0.5)
    assert found[: int(np.searchsorted(RUNS, 6))].tolist() == pytest.approx([found[0], *found[1:4], 0.0])
    assert found[0] > 0


def test_a_log_of_short_histories_is_refused():
    short = Log(np.arange(4), np.arange(4), np.ones(4, np.float32), np.full(4, np.nan), 4, 4)
    with pytest.raises(DataError, match="some user must have more than 5 events"):
        Breaks().fit(short, np.random.default_rng(0))


def test_vectors_do_not_flatter_those_they_were_learned_from():
    """Where tastes are mere chance, vectors learn their users by heart; somebody new must be cut no oftener than was said."""
    rng = np.random.default_rng(0)
    items = rng.integers(300, size=100 * 40).astype(np.int32)
    chance = Log(np.repeat(np.arange(100, dtype=np.int32), 40), items, np.ones(4000, np.float32), np.full(4000, np.nan), 100, 300)
    watch = Breaks(dimensions=16).fit(chance, rng)
    cut = [watch.find(History.of(rng.integers(300, size=40)), 0.05) is not None for _ in range(300)]
    assert np.mean(cut) < 0.1

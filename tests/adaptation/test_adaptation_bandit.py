"""The bandit's state: an exact posterior, taught once by each place that was seen, the same however the log is parted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.adaptation import Bandit, BanditSettings
from bowerbird.models import state
from bowerbird.types import Happened, History, Query, Shown

N_ITEMS, DIMENSION = 12, 5
VECTORS = np.random.default_rng(1).standard_normal((N_ITEMS, DIMENSION)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
SETTINGS = BanditSettings(directions=3, reward=0.2, standing=0.05, spread=0.2, own=0.15, noise=0.4)
TAKEN = np.arange(N_ITEMS) % 4
BEGUN = SETTINGS.begin(N_ITEMS, VECTORS, TAKEN)


def shown_slate(rng: np.random.Generator, k: int = 5) -> Shown:
    items = rng.choice(N_ITEMS, k, replace=False).astype(np.int32)
    return Shown(items, rng.normal(0, 1.5, k).astype(np.float32), np.full(k, 0.5))


def told(shown: Shown | None, item: int, weight: float = 1.0) -> Happened:
    return Happened("ann", Query(History.of([])), item, weight, shown)


def answered(seed: int, n: int) -> tuple[list[Happened], list[tuple[int, float, float]]]:
    """What happened, and the places that it teaches: item, standing, reward. Some slates are answered several times."""
    rng = np.random.default_rng(seed)
    happened, taught = [], []
    for _ in range(n):
        shown, rewards = shown_slate(rng), {}
        for place in rng.choice(len(shown.items), rng.integers(0, 4)):
            item, weight = int(shown.items[place]), float(rng.choice([1.0, 0.5, 0.0, -1.0]))
            happened.append(told(shown, item, weight))
            rewards = {at: rewards.get(at, 0.0) for at in range(max(place + 1, shown.seen))}
            rewards[place] = max(rewards[place], float(weight > 0))
            shown = shown.after(item, weight)
        taught += [(int(shown.items[at]), float(np.clip(shown.standings[at], -3, 3)), reward) for at, reward in rewards.items()]
    return happened, taught


def closed_form(taught: list[tuple[int, float, float]], items: np.ndarray, standings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The textbook posterior of (β, α) together, with an indicator of each item for its own effect."""

    def rows(numbers: np.ndarray, places: np.ndarray) -> np.ndarray:
        return np.column_stack((np.ones(len(numbers)), np.clip(places, -3, 3), BEGUN.about[numbers], np.eye(N_ITEMS)[numbers]))

    d = 2 + SETTINGS.directions
    prior = np.diag([*np.full(d, 1 / SETTINGS.spread**2), *(1 / SETTINGS.own**2 + TAKEN / SETTINGS.noise**2)])
    start = np.array([SETTINGS.reward, SETTINGS.standing, *np.zeros(d - 2 + N_ITEMS)])
    numbers, places, rewards = np.array(taught).reshape(-1, 3).T
    X = rows(numbers.astype(int), places)
    covariance = np.linalg.inv(prior + X.T @ X / SETTINGS.noise**2)
    mean = covariance @ (prior @ start + X.T @ rewards / SETTINGS.noise**2)
    asked = rows(items, standings)
    return asked @ mean, np.sqrt(np.einsum("ij,jk,ik->i", asked, covariance, asked))


@pytest.mark.parametrize("n", [0, 1, 40])
def test_it_is_the_closed_form_posterior_of_shared_and_own_effects(n):
    happened, taught = answered(seed=n, n=n)
    items, standings = np.arange(N_ITEMS), np.linspace(-4, 4, N_ITEMS)
    mean, deviation = BEGUN.after(happened).believed(items, standings)
    expected, expected_deviation = closed_form(taught, items, standings)
    np.testing.assert_allclose(mean, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(deviation, expected_deviation, rtol=0, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 20), max_size=4))
def test_a_fold_is_the_same_to_the_bit_however_it_is_parted(seed, cuts):
    happened, _ = answered(seed, n=12)
    whole, parted = BEGUN.after(happened), BEGUN
    for part in np.split(np.arange(len(happened)), sorted(cuts)):
        parted = parted.after([happened[at] for at in part if at < len(happened)])
    assert whole.kind == "bandit"
    assert packed(whole) == packed(parted)


def packed(bandit: Bandit) -> tuple:
    shape, arrays = state.pack(bandit)
    return shape, {name: (array.dtype, array.tobytes()) for name, array in arrays.items()}


def test_it_is_packed_and_comes_back():
    bandit = BEGUN.after(answered(3, n=9)[0])
    shape, arrays = state.pack(bandit)
    again = state.unpack(shape, arrays, {Bandit.kind: Bandit})
    assert packed(again) == packed(bandit)


def test_what_was_before_stays_as_it_was():
    before = packed(BEGUN)
    BEGUN.after(answered(4, n=5)[0])
    BEGUN.believed(np.array([40]), np.zeros(1))
    assert packed(BEGUN) == before


def test_only_what_answers_a_slate_teaches():
    shown = shown_slate(np.random.default_rng(0))
    missing = next(item for item in range(N_ITEMS) if item not in shown.items)
    assert BEGUN.after([told(None, 3), told(None, 4, -1.0)]) is BEGUN
    assert packed(BEGUN.after([told(shown, missing)])) == packed(BEGUN)


def test_an_answer_tells_of_the_places_above_it_and_of_none_below():
    shown = Shown(np.array([4, -1, 7, 2], np.int32), np.zeros(4, np.float32), np.ones(4))
    bandit = BEGUN.after([told(shown, 7)])
    assert {item: (bandit.shows[item], bandit.rewards[item]) for item in (4, 7, 2)} == {4: (1, 0), 7: (1, 1), 2: (0, 0)}
    assert bandit.shows.sum() == 2  # the item that is gone is not taught


def test_no_place_is_taught_twice_and_a_late_like_corrects_once():
    shown = Shown(np.array([4, 7, 2], np.int32), np.array([1, 0, -1], np.float32), np.ones(3))
    first = told(shown, 2)
    then = shown.after(2, 1.0)
    bandit = BEGUN.after([first, told(then, 2), told(then, 7, -1.0), told(then, 7), told(then.after(7, 1.0), 7)])
    assert bandit.shows[[4, 7, 2]].tolist() == [1, 1, 1]
    assert bandit.rewards[[4, 7, 2]].tolist() == [0, 1, 1]
    assert bandit.precision.tobytes() == BEGUN.after([first]).precision.tobytes()


def test_a_new_item_is_uncertain_and_one_that_was_shown_often_is_not():
    shown = Shown(np.array([5], np.int32), np.zeros(1, np.float32), np.ones(1))
    bandit = BEGUN.after([told(shown, 5, weight=float(n % 4 == 0)) for n in range(400)])
    mean, deviation = bandit.believed(np.array([5, 6]), np.zeros(2))
    assert mean[0] == pytest.approx(0.25, abs=0.01)
    assert deviation[0] < deviation[1] / 4


def test_items_that_came_later_are_read_by_their_vectors_and_those_shown_stay():
    bandit = BEGUN.after([told(Shown(np.array([1], np.int32), np.zeros(1, np.float32), np.ones(1)), 1)])
    table = np.vstack((VECTORS[::-1], VECTORS[:3]))
    grown = bandit.with_vectors(table)
    assert len(grown) == N_ITEMS + 3
    np.testing.assert_array_equal(grown.about[1], bandit.about[1])
    np.testing.assert_array_equal(grown.about[0], BEGUN.about[N_ITEMS - 1])
    np.testing.assert_array_equal(grown.about[N_ITEMS:], BEGUN.about[:3])


def test_an_item_beyond_the_arrays_is_taught_and_asked_for():
    shown = Shown(np.array([N_ITEMS + 2, 0], np.int32), np.zeros(2, np.float32), np.ones(2))
    bandit = BEGUN.after([told(shown, N_ITEMS + 2)])
    assert len(bandit) == N_ITEMS + 3
    mean, _ = bandit.believed(np.array([N_ITEMS + 1, N_ITEMS + 2, N_ITEMS + 50]), np.zeros(3))
    assert mean[1] > mean[0] == mean[2]


def test_without_vectors_items_are_known_by_their_standing_and_their_own_effect():
    bandit = BanditSettings().begin(4)
    assert bandit.precision.shape == (2, 2)
    mean, _ = bandit.believed(np.arange(4), np.array([-1, 0, 1, 9]))
    assert mean.round(3).tolist() == [0.07, 0.1, 0.13, 0.19]

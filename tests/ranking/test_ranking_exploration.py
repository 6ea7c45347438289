"""Exploration: drawn by exact probabilities, within its budget, and never at a rule's expense."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.sparse import csr_array
from scipy.special import ndtr

from bowerbird.adaptation import BanditSettings
from bowerbird.config import parse
from bowerbird.errors import ConfigError, DataError
from bowerbird.ranking import Exploration, ExploreSettings, FreshQuota, MaxPerCategory, MaxShare, Pin, Pinned, Rulebook, standing
from bowerbird.ranking.slots import Apart
from bowerbird.ranking.winning import winning
from bowerbird.types import Happened, History, Query, Shown, Slate

N_ITEMS, K = 30, 8
NOBODY = Query(History.of([]))
SCORES = np.sort(np.random.default_rng(0).normal(size=N_ITEMS).astype(np.float32))[::-1].copy()
POOL = Slate(np.arange(N_ITEMS, dtype=np.int32), SCORES, standing(SCORES, SCORES))
BEGUN = BanditSettings().begin(N_ITEMS)


def top(k: int = K) -> Slate:
    return Slate(POOL.items[:k], POOL.scores[:k], standing(POOL.scores[:k], SCORES))


def told(items: list[int], liked: int, user: str) -> Happened:
    shown = Shown(np.array(items, np.int32), POOL.standings[items], np.ones(len(items)))
    return Happened(user, NOBODY, items[-1], float(liked), shown)


def by_quad(mean: np.ndarray, deviation: np.ndarray, one: int) -> float:
    """The probability's definition, integrated adaptively between all the places where the integrand may bend."""
    rest = np.delete(np.arange(len(mean)), one)

    def density(x: float) -> float:
        z = (x - mean[one]) / deviation[one]
        return float(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / deviation[one] * ndtr((x - mean[rest]) / deviation[rest]).prod())

    bends = np.unique((mean[:, None] + deviation[:, None] * np.array([-9, -6, -3, -1, 0, 1, 3, 6, 9])).ravel())
    return sum(quad(density, low, high, epsabs=1e-13)[0] for low, high in pairwise(bends))


@pytest.mark.parametrize("seed", range(6))
def test_the_chance_to_be_highest_is_the_integral_whatever_the_scales(seed):
    rng = np.random.default_rng(seed)
    n = (2, 3, 6)[seed % 3]
    mean, deviation = rng.normal(0, 0.1, n), 10 ** rng.uniform(-4, 0, n)
    np.testing.assert_allclose(winning(mean, deviation), [by_quad(mean, deviation, one) for one in range(n)], rtol=0, atol=1e-9)


def test_the_chance_to_be_highest_is_how_often_a_draw_is():
    rng = np.random.default_rng(0)
    mean, deviation = rng.normal(0, 0.1, 8), rng.uniform(0.02, 0.2, 8)
    draws = np.argmax(rng.normal(mean, deviation, (100_000, 8)), axis=1)
    np.testing.assert_allclose(winning(mean, deviation), np.bincount(draws, minlength=8) / 100_000, atol=0.006)


def test_equals_win_alike_and_a_certain_one_takes_all():
    assert winning(np.zeros(5), np.ones(5)).round(12).tolist() == [0.2] * 5
    assert winning(np.array([0.0, 1.0]), np.full(2, 1e-6)).tolist() == [0.0, 1.0]
    with pytest.raises(DataError, match="deviations above 0"):
        winning(np.zeros(2), np.array([1.0, 0.0]))


def test_only_the_places_of_the_budget_are_drawn_and_nothing_is_shown_twice():
    explore = Exploration(ExploreSettings(places=(2, 5, 40)), BEGUN)
    changed = np.zeros(K)
    for seed in range(60):
        slate = explore(top(), POOL, NOBODY, K, np.random.default_rng(seed))
        assert len(set(slate.items.tolist())) == len(slate) == K
        assert slate.scores.tolist() == POOL.scores[slate.items].tolist()
        assert slate.standings.tolist() == POOL.standings[slate.items].tolist()
        changed += slate.items != top().items
        assert (slate.propensities[[0, 2, 3, 5, 6, 7]] == 1).all()
        assert (slate.propensities[[1, 4]] < 1).all()
    assert (changed > 0).tolist() == [False, True, False, False, True, False, False, False]


def test_what_is_drawn_comes_as_often_as_its_propensity_says():
    """All slates of a small world: the product of the propensities is the share of each slate, and it sums to 1."""
    small = POOL.take(range(6))
    small = replace(small, standings=standing(small.scores, small.scores))
    explore = Exploration(ExploreSettings(places=(1, 3), candidates=3), BEGUN)
    start = replace(small.take(range(3)), standings=small.standings[:3])
    counts: dict[tuple[int, ...], int] = {}
    said: dict[tuple[int, ...], float] = {}
    rng = np.random.default_rng(1)
    n = 1500
    for _ in range(n):
        slate = explore(start, small, NOBODY, 3, rng)
        key = tuple(slate.items.tolist())
        counts[key] = counts.get(key, 0) + 1
        said[key] = float(slate.propensities.prod())
    assert sum(said.values()) == pytest.approx(1, abs=1e-9)
    for key, chance in said.items():
        assert counts[key] / n == pytest.approx(chance, abs=5 * np.sqrt(chance * (1 - chance) / n))


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_the_chances_of_a_slate_are_the_propensities_it_was_drawn_with(seed):
    explore = Exploration(ExploreSettings(places=(3, 6, 8), candidates=9), BEGUN)
    slate = explore(top(), POOL, NOBODY, K, np.random.default_rng(seed))
    assert explore.chances(top(), POOL, NOBODY, K, slate.items).tolist() == slate.propensities.tolist()
    other = Exploration(ExploreSettings(places=(3, 6, 8), candidates=9), BEGUN.after([told([9], 1, "ann")]))
    assert (other.chances(top(), POOL, NOBODY, K, slate.items) != slate.propensities).any()


def test_a_slate_that_could_not_be_has_no_chance_from_there_on():
    explore = Exploration(ExploreSettings(places=(3,), candidates=3, uniform=0.0), BEGUN)
    fixed = top().items.copy()
    fixed[4] = 29
    chances = explore.chances(top(), POOL, NOBODY, K, fixed)
    assert chances[:2].tolist() == [1, 1]
    assert 0 < chances[2] < 1
    assert chances[3:].tolist() == [1, 0, 0, 0, 0]
    never = top().items.copy()
    never[2] = -1
    assert explore.chances(top(), POOL, NOBODY, K, never).tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    assert explore.chances(top(), POOL, NOBODY, K, top().items[:2]).tolist() == [1, 1]
    assert explore.chances(top(4), POOL, NOBODY, K, top().items).tolist()[4:] == [0, 0, 0, 0]


def test_no_propensity_lies_below_the_share_of_pure_chance():
    known = BEGUN.after([told([item], 0, f"{item} {n}") for item in range(N_ITEMS) if item != 12 for n in range(30)])
    explore = Exploration(ExploreSettings(places=(4,), candidates=10, uniform=0.2), known)
    least = min(explore(top(), POOL, NOBODY, K, np.random.default_rng(seed)).propensities.min() for seed in range(80))
    assert least >= 0.02


def test_a_new_item_is_drawn_more_often_than_those_that_were_passed_over():
    passed = BEGUN.after([told([item], 0, f"{item} {n}") for item in range(N_ITEMS) if item != 25 for n in range(20)])
    explore = Exploration(ExploreSettings(places=(8,), candidates=10), passed)
    drawn = [int(explore(top(), POOL, NOBODY, K, np.random.default_rng(seed)).items[7]) for seed in range(100)]
    assert max(set(drawn), key=drawn.count) == 25


CATEGORIES = csr_array((np.arange(N_ITEMS)[:, None] % 5 == np.arange(5)).astype(np.float32))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 4), st.booleans(), st.booleans(), st.booleans())
def test_a_slate_that_keeps_the_rules_still_does(seed, most, least, pinned, shared, apart):
    rng = np.random.default_rng(seed)
    fits, fresh = rng.random(N_ITEMS) < 0.3, rng.random(N_ITEMS) < 0.3
    book = Rulebook(
        limits=[MaxPerCategory(CATEGORIES, most), *([MaxShare(CATEGORIES, 0.3)] if shared else [])],
        pinned=Pinned([Pin((3, 5), fits)]) if pinned else None,
        fresh=FreshQuota(fresh, least) if least else None,
        apart=Apart(CATEGORIES, 2) if apart else None,
    )
    ordered = replace(POOL.take(rng.permutation(N_ITEMS)[:20]), standings=None)
    before = book(ordered, NOBODY, K)
    before = replace(before, standings=standing(before.scores, SCORES))
    explore = Exploration(ExploreSettings(places=(1, 3, 4, 5, 8), candidates=30, uniform=1.0), BEGUN, book)
    after = explore(before, POOL, NOBODY, K, rng)
    counts = CATEGORIES[after.items].sum(axis=0)
    assert counts.max() <= min(most, 2 if shared else K)
    for place in (2, 4):
        if pinned and place < len(before) and fits[before.items[place]]:
            assert fits[after.items[place]]
    assert fresh[after.items].sum() >= min(least, fresh[before.items].sum())
    if apart:
        assert neighbours_alike(after) <= neighbours_alike(before)


def neighbours_alike(slate: Slate) -> int:
    return int((slate.items[1:] % 5 == slate.items[:-1] % 5).sum())


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"places": [0]}, "places must be 1 or more, and none twice, got \\[0\\]"),
        ({"places": [2, 2]}, "places must be 1 or more, and none twice"),
        ({"uniform": 0.2}, "uniform has no effect with no places to explore, leave it out"),
        ({"places": [2], "candidates": 1}, "candidates: input should be greater than or equal to 2"),
    ],
)
def test_settings_that_cannot_be_are_refused(raw, sentence):
    with pytest.raises(ConfigError, match=sentence):
        parse(ExploreSettings, raw)


def test_a_slate_without_standings_is_refused():
    with pytest.raises(DataError, match="must have standings"):
        Exploration(ExploreSettings(places=(1,)), BEGUN)(top().take([0]), POOL, NOBODY, 1, np.random.default_rng(0))

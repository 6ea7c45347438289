"""What stands where, against all orders and choices of worlds small enough to write them out."""

from itertools import permutations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.sparse import csr_array

from bowerbird.errors import DataError
from bowerbird.ranking import Apart, FreshQuota, MaxPerCategory, Pin, Pinned, Rulebook
from bowerbird.types import History, Query, Slate

NOBODY = Query(History.of([]))


def slate_of(n):
    return Slate(np.arange(n, dtype=np.int32), np.arange(n, 0, -1).astype(np.float32))


def one_category(numbers):
    """The matrix of items that have one category each; −1 = none."""
    return csr_array((np.array(numbers)[:, None] == np.arange(max(numbers) + 1)).astype(np.float32))


def clashes(order, labels, distance):
    """How many pairs of one label stand closer than `distance`."""
    pairs = [(a, b) for a in range(len(order)) for b in range(a + 1, min(a + distance, len(order)))]
    return sum(bool((labels[order[a]] & labels[order[b]]).any()) for a, b in pairs)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
@settings(max_examples=80)
def test_as_many_pinned_places_are_served_as_can_be(seed, k):
    rng = np.random.default_rng(seed)
    fits = rng.random((2, 6)) < 0.35
    places = rng.permutation(6)[:3] + 1
    pins = [Pin((int(places[0]), int(places[1])), fits[0]), Pin((int(places[2]),), fits[1])]
    answer = Pinned(pins)(slate_of(6), NOBODY, k).items.tolist()

    def served(order):
        return sum(bool(pin.fits[order[place - 1]]) for pin in pins for place in pin.places if place <= len(order))

    assert len(answer) == k
    assert served(answer) == max(served(order) for order in permutations(range(6), k))


def test_pins_by_hand():
    red = np.array([True, False, True, False, False])
    assert Pinned([Pin((2,), red)])(slate_of(5), NOBODY, 5).items.tolist() == [0, 2, 1, 3, 4]
    assert Pinned([Pin((1, 4), red)])(slate_of(5), NOBODY, 5).items.tolist() == [0, 1, 3, 2, 4]
    assert Pinned([Pin((2, 3), red)])(slate_of(5), NOBODY, 5).items.tolist() == [1, 0, 2, 3, 4]  # both reds are needed there
    assert Pinned([Pin((3,), red)])(slate_of(5), NOBODY, 3).items.tolist() == [0, 1, 2]
    only = np.arange(5) == 4
    assert Pinned([Pin((2,), only)])(slate_of(5), NOBODY, 2).items.tolist() == [0, 4]  # brought in from beyond the cut


def test_a_place_that_nothing_fits_goes_to_the_next_item_and_earlier_places_come_first():
    none, last = np.zeros(4, bool), np.arange(4) == 3
    assert Pinned([Pin((1, 3), none)])(slate_of(4), NOBODY, 3).items.tolist() == [0, 1, 2]
    assert Pinned([Pin((2, 3), last)])(slate_of(4), NOBODY, 3).items.tolist() == [0, 3, 1]
    assert Pinned([Pin((9,), last)])(slate_of(4), NOBODY, 3).items.tolist() == [0, 1, 2]


@given(st.integers(0, 2**32 - 1), st.integers(2, 7))
@settings(max_examples=80)
def test_likes_never_stand_side_by_side_where_any_order_of_any_choice_allows_it(seed, k):
    rng = np.random.default_rng(seed)
    numbers = rng.integers(-1, 3, 7).tolist()
    categories = one_category([*numbers, 2])[:7]
    labels = categories.toarray() > 0
    answer = Apart(categories, 2)(slate_of(7), NOBODY, k).items.tolist()
    assert len(answer) == k
    if any(clashes(order, labels, 2) == 0 for order in permutations(range(7), k)):
        assert clashes(answer, labels, 2) == 0


def test_apart_by_hand():
    assert Apart(one_category([0, 0, 0, 1, 1]), 2)(slate_of(5), NOBODY, 5).items.tolist() == [0, 3, 1, 4, 2]
    assert Apart(one_category([1, 0, 0]), 2)(slate_of(3), NOBODY, 3).items.tolist() == [1, 0, 2]  # the second first, or two would meet
    assert Apart(one_category([0, 0, 0, 0, 1, 1]), 2)(slate_of(6), NOBODY, 4).items.tolist() == [0, 4, 1, 5]  # from beyond the cut
    assert Apart(one_category([0, 0, 1, 1, 2, 2]), 3)(slate_of(6), NOBODY, 6).items.tolist() == [0, 2, 4, 1, 3, 5]


def test_where_variety_is_lacking_nothing_is_dropped_and_the_distance_shrinks():
    assert Apart(one_category([0, 0, 0]), 2)(slate_of(3), NOBODY, 3).items.tolist() == [0, 1, 2]
    shown = Apart(one_category([0, 0, 0, 1, 1, 1]), 3)(slate_of(6), NOBODY, 6).items.tolist()
    assert shown == [0, 3, 1, 4, 2, 5]  # three apart cannot be, two apart can


def test_bad_slots_get_a_sentence():
    anything = np.ones(3, bool)
    with pytest.raises(DataError, match=r"places must be 1 or more, and none twice, got \[0\]"):
        Pin((0,), anything)
    with pytest.raises(DataError, match=r"no place may be pinned twice, got \[1, 2, 2\]"):
        Pinned([Pin((1, 2), anything), Pin((2,), anything)])
    with pytest.raises(DataError, match="distance must be at least 2, got 1"):
        Apart(one_category([0, 0, 0]), 1)


def test_a_limit_does_not_cost_the_fresh_item_its_place():
    """One after the other they would: of one category only the best item passes the limit, and it is not fresh."""
    limit, fresh = MaxPerCategory(one_category([0, 1, 0]), 1), FreshQuota(np.array([False, False, True]), 1)
    assert fresh(limit(slate_of(3), NOBODY, 3), NOBODY, 2).items.tolist() == [0, 1]
    assert Rulebook(limits=[limit], fresh=fresh)(slate_of(3), NOBODY, 2).items.tolist() == [1, 2]


def test_which_rule_gives_way():
    categories = one_category([0, 0, 0, 0])
    limit = MaxPerCategory(categories, 2)
    pin, fresh = Pinned([Pin((1,), np.arange(4) == 3)]), FreshQuota(np.arange(4) == 2, 1)
    assert Rulebook([limit], pin, fresh, Apart(categories, 2))(slate_of(4), NOBODY, 4).items.tolist() == [3, 2]
    assert Rulebook([MaxPerCategory(categories, 1)], pin, fresh)(slate_of(4), NOBODY, 4).items.tolist() == [3]  # the pin before the fresh
    together = Rulebook(pinned=Pinned([Pin((1, 2), np.arange(4) < 2)]), apart=Apart(one_category([0, 0, 1, 1]), 2))
    assert together(slate_of(4), NOBODY, 2).items.tolist() == [0, 1]  # the pins before the distance


def test_a_pinned_item_that_is_fresh_counts_for_the_quota():
    both = np.arange(4) == 2
    book = Rulebook(pinned=Pinned([Pin((1,), both)]), fresh=FreshQuota(both | (np.arange(4) == 3), 1))
    assert book(slate_of(4), NOBODY, 2).items.tolist() == [2, 0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
@settings(max_examples=80)
def test_together_the_limits_hold_the_quota_is_met_and_the_pins_are_served(seed, k):
    rng = np.random.default_rng(seed)
    categories = one_category([*rng.integers(0, 6, 29).tolist(), 5])
    fresh, red = rng.random(30) < 0.3, rng.random(30) < 0.4
    book = Rulebook([MaxPerCategory(categories, 3)], Pinned([Pin((2, 3), red)]), FreshQuota(fresh, 2), Apart(categories, 2))
    shown = book(slate_of(30), NOBODY, k).items.tolist()
    assert categories.toarray()[shown].sum(axis=0).max() <= 3
    if red.sum() >= 8 and fresh.sum() >= 8 and len(set(categories.indices[red])) >= 2:
        assert all(red[shown[place]] for place in (1, 2) if place < len(shown))
        assert fresh[shown].sum() >= min(2, max(len(shown) - 2, 0))

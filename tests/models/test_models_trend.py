"""Trends: what fades and what is bounded, told event by event or fitted at once."""

from collections.abc import Iterable

import models_world as world
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.config import parse
from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError
from bowerbird.models import Popular, Trend, TrendModel
from bowerbird.types import Happened, History, Log, Query

HOUR, DAY = 3600.0, 86_400.0
N_ITEMS = 5
SHOP = Catalogue.of([f"i{item}" for item in range(N_ITEMS)])
NOBODY = History.of([])

Touch = tuple[str, int, float, float]
"""User, item, weight, time."""

TOUCHES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 4), st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), st.floats(0, 30 * DAY)),
    max_size=40,
)


def happened(touches: Iterable[Touch]) -> list[Happened]:
    """Each with what its user did before, in the order in which it came."""
    told, past = [], {}
    for user, item, weight, time in touches:
        before = past.setdefault(user, [])
        history = History.of(*(list(column) for column in zip(*before, strict=True))) if before else NOBODY
        told.append(Happened(user, Query(history, time), item, weight))
        before.append((item, weight, time))
    return told


def empty(share: float = 1.0, mature: int = 1, mature_days: float = 0.0) -> TrendModel:
    return TrendModel(np.zeros(N_ITEMS), np.full(N_ITEMS, np.nan), DAY, share, mature, mature_days)


def told(touches: Iterable[Touch], share: float = 1.0, mature: int = 1, mature_days: float = 0.0) -> TrendModel:
    return empty(share, mature, mature_days).after(happened(touches))


def counts(model: TrendModel, now: float) -> np.ndarray:
    return model.at(np.array([now]))[0]


def as_log(touches: list[Touch]) -> Log:
    """Sorted as a log is."""
    users = sorted({user for user, *_ in touches})
    rows = sorted(((users.index(user), time, item, weight) for user, item, weight, time in touches), key=lambda row: row[:2])
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    of = dict(zip(("users", "times", "items", "weights"), columns, strict=True))
    return Log(
        np.array(of["users"], np.int32),
        np.array(of["items"], np.int32),
        np.array(of["weights"], np.float32),
        np.array(of["times"], np.float64),
        len(users),
        N_ITEMS,
    )


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([-1.0, 0.25, 1.0]), st.floats(0, 30 * DAY)), max_size=30))
def test_with_one_event_a_user_it_is_the_defining_sum(events):
    model = told((f"u{number}", *event) for number, event in enumerate(events))
    now = 31 * DAY
    wanted = np.zeros(N_ITEMS)
    for item, weight, time in events:
        wanted[item] += max(weight, 0) * 0.5 ** ((now - time) / DAY)
    np.testing.assert_allclose(counts(model, now), wanted, rtol=1e-9, atol=1e-15)


@given(TOUCHES, st.sampled_from([0.25, 0.6, 1.0]), st.sampled_from([1, 2, 4]), st.sampled_from([0.0, 5.0]))
def test_what_is_a_users_own_follows_the_plain_recurrence(touches, share, mature, mature_days):
    """One by one: what they had fades, and an event adds no more than brings it to the share, or to the part of it that a newcomer may
    have; a late one counts what is left of it."""
    mine: dict[tuple[str, int], tuple[float, float]] = {}
    liked: dict[str, set[int]] = {}
    first: dict[str, float] = {}
    bounds: dict[str, float] = {}
    for user, item, weight, time in touches:
        if weight <= 0:
            continue
        liked.setdefault(user, set()).add(item)
        first[user] = min(first.get(user, time), time)
        old = min((time - first[user]) / (mature_days * DAY), 1) if mature_days else 1
        bound = bounds[user] = max(bounds.get(user, 0.0), share * min(len(liked[user]) / mature, old, 1))
        had, at = mine.get((user, item), (0.0, time))
        now = max(time, at)
        had *= 0.5 ** ((now - at) / DAY)
        mine[user, item] = had + min(weight * 0.5 ** ((now - time) / DAY), bound - had), now
    wanted, end = np.zeros(N_ITEMS), 31 * DAY
    for (_, item), (had, at) in mine.items():
        wanted[item] += had * 0.5 ** ((end - at) / DAY)
    np.testing.assert_allclose(counts(told(touches, share, mature, mature_days), end), wanted, rtol=1e-6, atol=1e-12)


@given(TOUCHES, st.sampled_from([0.25, 0.6, 1.0]), st.sampled_from([1, 3]), st.sampled_from([0.0, 5.0]))
def test_a_fit_is_the_fold_over_the_log(touches, share, mature, mature_days):
    touches = sorted(touches, key=lambda touch: touch[3])
    fitted = Trend(half_life_days=1, share=share, mature=mature, mature_days=mature_days).fit(
        as_log(touches), SHOP, np.random.default_rng(0)
    )
    folded = told(touches, share, mature, mature_days)
    np.testing.assert_allclose(counts(fitted, 31 * DAY), counts(folded, 31 * DAY), rtol=1e-6, atol=1e-12)
    np.testing.assert_array_equal(fitted.scorable, folded.scorable)


def test_ten_thousand_events_a_minute_count_as_one():
    rng = np.random.default_rng(0)
    quiet = told((f"u{user}", user % 3, 1.0, HOUR * user) for user in range(20))
    times = np.sort(20 * HOUR + 60 * rng.random(10_000))
    items = rng.integers(3, size=10_000).astype(np.int32)
    flood = History.of(items, times=times)
    loud = quiet.after([Happened("hostile", Query(flood.take(np.arange(n)), times[n]), int(items[n]), 1.0) for n in range(10_000)])
    for now in (20 * HOUR + 60, 30 * HOUR, 5 * DAY):
        moved = counts(loud, now) - counts(quiet, now)
        assert np.all((moved >= 0) & (moved <= 1.0 + 1e-9))


@given(TOUCHES, st.sampled_from("abcd"), st.sampled_from([0.25, 1.0]))
def test_no_user_is_ever_more_than_their_share(touches, user, share):
    everyone, without, newest = empty(share), empty(share), 0.0
    for one in happened(touches):
        everyone = everyone.after([one])
        without = without if one.user == user else without.after([one])
        newest = max(newest, one.query.time)
        moved = counts(everyone, newest) - counts(without, newest)
        assert np.all((moved >= -1e-9) & (moved <= share + 1e-9))


@given(st.integers(1, 40), st.integers(1, 8), st.integers(1, 6))
def test_fake_users_who_come_for_one_item_are_together_what_they_are_of_grown_ones(fakes, mature, likes):
    """However often each likes it: n of them count as n / mature."""
    quiet = told([("ann", 1, 1.0, 0.0)], mature=mature)
    pushed = quiet.after(happened((f"fake {n}", 0, 1.0, 60.0 * again) for again in range(likes) for n in range(fakes)))
    moved = counts(pushed, 60.0 * likes)[0]
    assert moved <= fakes / mature + 1e-9
    assert moved >= 0.98 * fakes / mature  # and no less: it is the bound that is met


@given(TOUCHES)
def test_users_of_an_hour_are_next_to_nothing_where_users_have_to_be_old(touches):
    quiet = told([("ann", 1, 1.0, 0.0)], mature_days=7)
    hour = [(f"fake {user}", item, weight, time / (30 * DAY) * HOUR) for user, item, weight, time in touches]
    moved = counts(quiet.after(happened(sorted(hour, key=lambda touch: touch[3]))), HOUR) - counts(quiet, HOUR)
    assert np.all(moved <= 4 / (7 * 24) + 1e-9)  # of four users, however often they come


def test_who_keeps_coming_back_is_counted_again_as_the_first_time_fades():
    model = told(("ann", 0, 1.0, day * DAY) for day in range(10))
    assert counts(model, 9 * DAY)[0] == 1.0
    assert counts(model, 10 * DAY)[0] == 0.5


@given(st.permutations(range(12)))
def test_the_order_does_not_matter_where_the_bound_was_not_met(order):
    touches = [(f"u{number}", number % 3, 0.5, (7 * number % 12) * DAY) for number in range(12)]
    np.testing.assert_allclose(counts(told(touches[at] for at in order), 20 * DAY), counts(told(touches), 20 * DAY), rtol=1e-9)


def test_a_late_event_counts_what_is_left_of_it():
    early, late = ("a", 0, 1.0, 0.0), ("b", 0, 1.0, 2 * DAY)
    assert counts(told([late, early]), 2 * DAY)[0] == 1.25
    assert counts(told([early, late]), 2 * DAY)[0] == 1.25


def test_what_was_newest_leads_and_nobody_speaks_of_the_untouched():
    model = told([("a", 0, 1, 0.0), ("b", 0, 1, 0.0), ("c", 1, 1, 3 * DAY)])
    scores = model.score([Query(NOBODY, 3 * DAY), Query(NOBODY)])
    assert scores[0, :3].tolist() == pytest.approx([np.log(1.5 - 0.25), np.log(2), np.nan], nan_ok=True)
    np.testing.assert_array_equal(scores[0], scores[1])


def test_without_a_clock_all_events_count_alike():
    log = world.log(clock=False)
    once = log.where(log.weights > 0)
    trend, popular = (recipe.fit(once, world.catalogue(), np.random.default_rng(0)) for recipe in (Trend(), Popular()))
    np.testing.assert_allclose(trend.score(world.queries()), popular.score(world.queries()), rtol=1e-6)


def test_an_item_that_came_later_is_counted():
    model = told([("a", 0, 1.0, 0.0)])
    wider = model.after([Happened("b", Query(NOBODY, DAY), N_ITEMS + 2, 1.0)])
    assert (model.n_items, wider.n_items) == (N_ITEMS, N_ITEMS + 3)
    assert np.expm1(wider.score([Query(NOBODY, DAY)])[0, [0, N_ITEMS + 2]]).tolist() == pytest.approx([0.5, 1.0])


def test_what_is_no_sign_of_interest_changes_nothing():
    model = told([("a", 0, 1.0, 0.0)])
    assert model.after([Happened("b", Query(NOBODY, DAY), 0, weight) for weight in (0.0, -1.0)]) is model


@pytest.mark.parametrize(("name", "value"), [("half_life_days", 0), ("share", 0), ("share", 1.5)])
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        parse(Trend, {name: value})

from itertools import groupby

import numpy as np
import pytest
from adaptation_world import N_ITEMS, log
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.adaptation import Touch, Trend, TrendSettings, touches
from bowerbird.adaptation.kept import Kept, _put
from bowerbird.errors import DataError

HOUR, DAY = 3600.0, 86_400.0
SETTINGS = TrendSettings(half_life_days=1)
TOUCHES = st.lists(
    st.builds(Touch, st.sampled_from("abcd"), st.integers(0, 4), st.sampled_from([-1.0, 0.0, 0.3, 0.7, 1.0]), st.floats(0, 30 * DAY)),
    max_size=40,
)


def inside(trend):
    return sorted(trend.items.items()), sorted(trend.own.items())


@given(TOUCHES, st.integers(0, 40))
def test_one_by_one_equals_a_rebuild_bit_by_bit_from_any_point(events, at):
    rebuilt = Trend(SETTINGS).after_all(events)
    begun = Trend(SETTINGS).after_all(events[:at])
    held = begun.counts(40 * DAY, 5).tobytes()
    live = begun.after_all(events[at:])
    assert inside(live) == inside(rebuilt)
    assert live.counts(40 * DAY, 5).tobytes() == rebuilt.counts(40 * DAY, 5).tobytes()
    assert begun.counts(40 * DAY, 5).tobytes() == held, "a value changed"


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([-1.0, 0.3, 1.0]), st.floats(0, 30 * DAY)), max_size=30))
def test_with_one_event_a_user_it_is_the_defining_sum(events):
    trend = Trend(SETTINGS).after_all(Touch(f"u{number}", *event) for number, event in enumerate(events))
    now = 31 * DAY
    wanted = np.zeros(5)
    for item, weight, time in events:
        wanted[item] += max(weight, 0) * 0.5 ** ((now - time) / DAY)
    np.testing.assert_allclose(trend.counts(now, 5), wanted, rtol=1e-9, atol=1e-15)


def test_ten_thousand_events_a_minute_count_as_one():
    rng = np.random.default_rng(0)
    quiet = Trend(SETTINGS).after_all([Touch(f"u{user}", user % 3, 1.0, HOUR * user) for user in range(20)])
    times = np.sort(20 * HOUR + 60 * rng.random(10_000))
    loud = quiet.after_all([Touch("hostile", int(rng.integers(3)), 1.0, float(time)) for time in times])
    for now in (20 * HOUR + 60, 30 * HOUR, 5 * DAY):
        moved = loud.counts(now, 3) - quiet.counts(now, 3)
        assert np.all((moved >= 0) & (moved <= 1.0 + 1e-9))


@given(TOUCHES, st.sampled_from("abcd"), st.sampled_from([0.25, 1.0]))
def test_no_user_is_ever_more_than_their_share(events, user, share):
    capped = TrendSettings(half_life_days=1, share=share)
    everyone, without = Trend(capped), Trend(capped)
    newest = 0.0
    for event in events:
        everyone = everyone.after(event)
        without = without if event.user == user else without.after(event)
        newest = max(newest, event.time)
        moved = everyone.counts(newest, 5) - without.counts(newest, 5)
        assert np.all((moved >= -1e-9) & (moved <= share + 1e-9))


def test_who_keeps_coming_back_is_counted_again_as_the_first_time_fades():
    trend = Trend(SETTINGS).after_all([Touch("ann", 0, 1.0, day * DAY) for day in range(10)])
    assert trend.counts(9 * DAY, 1).tolist() == [1.0]
    assert trend.counts(10 * DAY, 1).tolist() == [0.5]


def test_what_was_newest_leads_and_nobody_speaks_of_the_untouched():
    trend = Trend(SETTINGS).after_all([Touch("a", 0, 1, 0), Touch("b", 0, 1, 0), Touch("c", 1, 1, 3 * DAY)])
    assert trend.strengths(3 * DAY, 3).tolist() == pytest.approx([np.log(1.5 - 0.25), np.log(2), np.nan], nan_ok=True)


def test_a_late_event_counts_what_is_left_of_it():
    early, late = Touch("a", 0, 1.0, 0.0), Touch("b", 0, 1.0, 2 * DAY)
    assert Trend(SETTINGS).after_all([late, early]).counts(2 * DAY, 1).tolist() == [1.25]
    assert Trend(SETTINGS).after_all([early, late]).counts(2 * DAY, 1).tolist() == [1.25]


def test_a_fold_over_a_log_is_what_popularity_counts():
    there = log()
    trend = Trend(SETTINGS).after_all(touches(there))
    now = float(there.times.max())
    pairs = sorted((int(item), int(user), float(time)) for item, user, time in zip(there.items, there.users, there.times, strict=True))
    for item, events in groupby(pairs, key=lambda pair: pair[0]):
        once = {}
        for _, user, time in events:
            held, since = once.get(user, (0.0, time))
            once[user] = (min(1.0, held * 0.5 ** ((time - since) / DAY) + 1.0), time)
        wanted = sum(held * 0.5 ** ((now - since) / DAY) for held, since in once.values())
        assert trend.counts(now, N_ITEMS)[item] == pytest.approx(wanted)


def test_an_event_without_a_time_is_refused():
    with pytest.raises(DataError, match="trend: an event must have a time, got nan"):
        Touch("a", 0, 1.0, float("nan"))


@given(st.lists(st.tuples(st.text(max_size=3), st.integers())))
def test_a_kept_map_is_a_dict_that_old_holders_can_keep(pairs):
    maps, plain = [Kept()], [{}]
    for key, value in pairs:
        maps.append(maps[-1].put(key, value))
        plain.append({**plain[-1], key: value})
    for kept, wanted in zip(maps, plain, strict=True):
        assert dict(kept.items()) == wanted
        assert all(kept.get(key) == wanted.get(key) for key, _ in pairs)


def test_keys_of_one_digest_are_told_apart(monkeypatch):
    monkeypatch.setattr("bowerbird.adaptation.kept._spread", lambda key: 7)
    kept = Kept(_put(_put({}, 0, 7, "a", 1), 0, 7, "b", 2)).put("a", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), dict(kept.items())) == (3, 2, None, {"a": 3, "b": 2})

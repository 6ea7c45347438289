from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from bowerbird.config import parse
from bowerbird.data import DataSettings, RawData, ValueScale, clean, histories_of, history_of, weigh
from bowerbird.errors import ConfigError, DataError
from bowerbird.types import Event

SCALE = ValueScale(low=1, high=5, mean=3.5, most={"play": 999.0})
MODES = st.sampled_from(["user", "global", "none"])
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["rating", "review", "play", "like", "dislike", "view", "seen"]), st.none() | st.floats(0, 6), st.integers(0, 3)
    ),
    min_size=1,
    max_size=30,
)


def columns(events):
    kinds, values, users = zip(*events, strict=True)
    return list(kinds), np.array([np.nan if value is None else value for value in values]), np.array(users)


@pytest.mark.parametrize(
    ("kind", "value", "weight"),
    [
        ("rating", 5, 1.0),
        ("rating", 4, 0.75),
        ("rating", 3, 0.5),
        ("rating", 2, -0.25),
        ("rating", 1, -0.5),
        ("rating", 9, 1.0),
        ("rating", np.nan, 1.0),
        ("play", 999, 1.0),
        ("play", 0, 0.0),
        ("play", np.sqrt(1000) - 1, 0.5),
        ("play", 5000, 1.0),
        ("play", np.nan, 1.0),
        ("dislike", 3, -1.0),
        ("seen", np.nan, 0.0),
    ],
)
def test_weights_by_hand(kind, value, weight):
    assert weigh([kind], [value], [0], DataSettings(), SCALE)[0] == pytest.approx(weight)


STAYS = parse(DataSettings, {"kinds": {"view": {"weight": 0.5, "value": "dwell"}}})


@pytest.mark.parametrize(
    ("seconds", "weight"), [(40, 0.5 * 0.6), (10, 0.0), (0, -0.5), (-3, -0.5), (160, 0.5 * 15 / 17), (np.inf, 0.5), (np.nan, 0.5)]
)
def test_dwell_by_hand(seconds, weight):
    assert weigh(["view"], [seconds], [0], STAYS, ValueScale(usual={"view": 40.0}))[0] == pytest.approx(weight)


def test_dwell_without_a_known_usual_time_is_plain_interest():
    assert weigh(["view"] * 2, [3, 0], [0, 0], STAYS, ValueScale()).tolist() == [0.5, 0.5]
    assert weigh(["view"] * 2, [3, 0], [0, 0], STAYS, ValueScale(usual={"view": 0.0})).tolist() == [0.5, 0.5]


def test_the_usual_time_is_not_moved_by_a_tab_left_open():
    assert ValueScale.of(["view"] * 5, [20, 30, 40, 50, 10_000_000], STAYS).usual == {"view": 40.0}


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20).map(sorted), st.floats(0.01, 1e4))
def test_who_stays_longer_never_weighs_less(seconds, usual):
    weights = weigh(["view"] * len(seconds), seconds, [0] * len(seconds), STAYS, ValueScale(usual={"view": usual}))
    assert np.all(np.diff(weights) >= 0)
    assert np.all(np.abs(weights) <= 0.5)


def test_user_mean_by_hand():
    # neutral points: (5·3.5 + 5) / 6 = 3.75, then (5·3.5 + 5 + 2) / 7 = 3.5
    weights = weigh(["rating"] * 2, [5, 2], [7, 7], DataSettings(ratings="user"), SCALE)
    assert weights.tolist() == pytest.approx([1.0, -0.5 * 1.5 / 2.5])


def test_users_may_be_mixed():
    mixed = weigh(["rating"] * 4, [5, 1, 2, 5], [7, 3, 7, 3], DataSettings(ratings="user"), SCALE)
    seven, three = (weigh(["rating"] * 2, values, [0, 0], DataSettings(ratings="user"), SCALE) for values in ([5, 2], [1, 5]))
    assert mixed.tolist() == pytest.approx([seven[0], three[0], seven[1], three[1]])


def test_one_low_rating_of_a_newcomer_speaks_against_the_item():
    assert weigh(["rating"], [1], [0], DataSettings(ratings="user"), SCALE)[0] < 0


def test_ratings_none_weighs_every_rating_alike():
    assert weigh(["rating"] * 3, [1, 3, 5], [0, 0, 0], DataSettings(ratings="none"), SCALE).tolist() == [1, 1, 1]


def test_neutral_can_be_set():
    assert weigh(["rating"] * 2, [4, 3.9], [0, 0], DataSettings(neutral=4), SCALE).tolist() == pytest.approx([0.5, -0.5 * 0.1 / 3])


def test_a_scale_of_one_point_is_plain_interest():
    scale = ValueScale.of(["rating"] * 3, [4, 4, 4], DataSettings())
    assert weigh(["rating"], [4], [0], DataSettings(), scale).tolist() == [1.0]


@given(EVENTS, MODES)
def test_weights_lie_between_minus_one_and_one(events, mode):
    weights = weigh(*columns(events), DataSettings(ratings=mode), SCALE)
    assert weights.dtype == np.float32
    assert np.all(np.abs(weights) <= 1)


@given(EVENTS, MODES, st.integers(0, 30))
def test_what_comes_later_never_changes_what_came_before(events, mode, n):
    settings = DataSettings(ratings=mode)
    whole, part = weigh(*columns(events), settings, SCALE), weigh(*columns(events[: n + 1]), settings, SCALE)
    np.testing.assert_allclose(whole[: len(part)], part, atol=1e-6)


@given(EVENTS, MODES)
def test_a_user_is_weighed_by_what_they_did_alone(events, mode):
    settings = DataSettings(ratings=mode)
    together = weigh(*columns(events), settings, SCALE)
    for user in {event[2] for event in events}:
        mine = [place for place, event in enumerate(events) if event[2] == user]
        np.testing.assert_allclose(together[mine], weigh(*columns([events[place] for place in mine]), settings, SCALE), atol=1e-6)


@given(st.lists(st.floats(1, 5), min_size=2, max_size=10).map(sorted))
def test_a_better_rating_never_weighs_less(ratings):
    weights = weigh(["rating"] * len(ratings), ratings, np.arange(len(ratings)), DataSettings(), SCALE)
    assert np.all(np.diff(weights) >= -1e-6)


def test_an_undeclared_kind_is_refused_by_name():
    with pytest.raises(DataError, match=r"kind 'yodel' is not declared, it must be one of .*view"):
        weigh(["yodel"], [1], [0], DataSettings(), SCALE)


def test_kinds_can_be_added_and_changed():
    settings = parse(DataSettings, {"kinds": {"view": {"weight": 0.9}, "play": {"weight": 0.5}, "wave": {"weight": -0.1}}})
    weights = weigh(["view", "wave", "play"], [np.nan, np.nan, 999], [0, 0, 0], settings, SCALE)
    assert weights.tolist() == pytest.approx([0.9, -0.1, 0.5])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"kinds": {"wave": {"weight": 2}}}, r"kinds\.wave\.weight: .*less than or equal to 1, got 2"),
        ({"kinds": {"skip": {"value": "dwell"}}}, r"kinds\.skip.*weight must be > 0 where value = \"dwell\".* got -0\.3"),
        ({"default_kind": "wave"}, "default_kind must be one of .*, not 'wave'"),
        ({"rating_range": [5, 1]}, "rating_range must be lowest, then highest"),
        ({"neutral": 3, "ratings": "user"}, 'neutral is used by ratings = "global" alone, not by "user"'),
        ({"colums": {}}, "colums: extra inputs"),
    ],
)
def test_wrong_settings_are_refused(raw, said):
    with pytest.raises(ConfigError, match=said):
        parse(DataSettings, raw)


def test_the_scale_survives_json():
    assert parse(ValueScale, SCALE.model_dump(mode="json")) == SCALE


@run(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("uvw"),
            st.sampled_from("abcd"),
            st.sampled_from(["rating", "play", "like", "dislike", "view"]),
            st.floats(0.5, 5),
            st.integers(0, 50),
        ),
        min_size=1,
        max_size=40,
    ),
    MODES,
)
def test_live_equals_batch(rows, mode):
    settings = DataSettings(ratings=mode, cleaning={"duplicates": False}, kinds={"view": {"weight": 0.3, "value": "dwell"}})
    start = datetime(2020, 1, 1, tzinfo=UTC)
    events = [Event(u, i, start + timedelta(minutes=t), kind, value) for u, i, kind, value, t in rows]
    names = ("user", "item", "time", "kind", "value")
    frame = pl.DataFrame({name: [getattr(event, name) for event in events] for name in names})
    data = clean(RawData(frame), settings, now=datetime(2026, 1, 1, tzinfo=UTC))
    many = dict(zip(*histories_of(frame, data.catalogue, settings, data.scale)[:2], strict=True))
    for number, user in enumerate(data.users):
        batch = data.log.history(number)
        live, unknown = history_of([event for event in events if event.user == user], data.catalogue, settings, data.scale)
        assert unknown == 0
        for history in (live, many[user]):
            assert history.items.tolist() == batch.items.tolist()
            assert history.times.tolist() == batch.times.tolist()
            np.testing.assert_allclose(history.weights, batch.weights, atol=1e-6)

"""What circumstances do to popularity: as counted, drawn towards the whole, and nothing where nothing is known."""

from dataclasses import replace

import numpy as np
import pytest

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.models import Blend, Context, Popular, unread
from bowerbird.models.blend import BlendModel
from bowerbird.models.context import DAY, HOUR
from bowerbird.models.rehearsal import N_STAGES
from bowerbird.types import Circumstances, History, Log, Query, Value

RNG = np.random.default_rng
SHOP = Catalogue.of(["bread", "tea", "wine", "rope"])
NOBODY = History.of([])


def log() -> Log:
    """A hundred loaves at any time, on any device; tea on the phone in the morning, wine on the television in the evening, 50 each."""
    items = np.array([0] * 100 + [1] * 50 + [2] * 50, np.int32)
    hours = np.array(list(range(100)) + [6] * 50 + [18] * 50)
    device = np.array([0, 1] * 50 + [0] * 50 + [1] * 50, np.int32)
    codes = np.stack((np.zeros(200, np.int32), device), axis=1)
    context = Circumstances({"split": ("train",), "device": ("phone", "tv")}, codes)
    return Log(np.arange(200, dtype=np.int32), items, np.ones(200, np.float32), DAY * 4 + hours % 24 * HOUR, 200, 4, context=context)


def asked(**context: Value) -> list[Query]:
    return [Query(NOBODY, context=context)]


def test_the_equation() -> None:
    """prior 10: p(tea) = 1/4; of 100 events on the phone, 50 are tea."""
    model = Context(context=("device",), clock=False, prior=10).fit(log(), SHOP, RNG(0))
    effect = np.log((50 + 10 * 0.25) / (100 + 10)) - np.log(0.25)
    assert model.score(asked(device="phone"))[0, 1] == pytest.approx(np.log(0.25) + effect, rel=1e-5)
    assert model.score(asked())[0, :3] == pytest.approx(np.log([0.5, 0.25, 0.25]), rel=1e-5)
    assert np.isnan(model.score(asked())[0, 3])


def test_circumstances_change_the_order_and_their_absence_does_not() -> None:
    model = Context(context=("device",), clock=False).fit(log(), SHOP, RNG(0))
    phone, tv, strange, untold = (
        model.score(asked(**told))[0] for told in ({"device": "phone"}, {"device": "tv"}, {"device": "radio"}, {})
    )
    assert phone[1] > phone[2]
    assert tv[2] > tv[1]
    np.testing.assert_array_equal(strange, untold)


def test_the_hour_and_the_day_are_told_by_the_time_of_the_query() -> None:
    model = Context().fit(log(), SHOP, RNG(0))
    morning, evening, never = model.score([Query(NOBODY, DAY * 11 + hour * HOUR) for hour in (6, 18)] + [Query(NOBODY)])
    assert morning[1] > morning[2]
    assert evening[2] > evening[1]
    deaf = Context(clock=False).fit(log(), SHOP, RNG(0)).score([Query(NOBODY, DAY * 11 + 6 * HOUR)])[0]
    np.testing.assert_allclose(never, deaf)


def test_effects_add_up() -> None:
    model = Context(context=("device",)).fit(log(), SHOP, RNG(0))
    when = DAY * 11 + 6 * HOUR
    both, hour, device, none = model.score(
        [Query(NOBODY, when, {"device": "tv"}), Query(NOBODY, when), Query(NOBODY, context={"device": "tv"}), Query(NOBODY)]
    )
    np.testing.assert_allclose(both - none, (hour - none) + (device - none), rtol=1e-4, atol=1e-5)


def test_the_greater_the_prior_the_smaller_the_effect() -> None:
    gaps = []
    for prior in (1.0, 50.0, 1e6):
        row = Context(context=("device",), clock=False, prior=prior).fit(log(), SHOP, RNG(0)).score(asked(device="phone"))[0]
        gaps.append(row[1] - row[2])
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 1e-3


def test_a_circumstance_that_no_event_has_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"context: context must be columns that \[data\] context keeps \(split, device\), got 'mood'"):
        Context(context=("mood",)).fit(log(), SHOP, RNG(0))


def test_in_a_blend_newcomers_are_shown_what_their_circumstances_ask_for() -> None:
    """Many days of the same log, so that there is a last tenth to rehearse."""
    one = log()
    order = np.tile(np.arange(200), 10)
    users = np.arange(2000, dtype=np.int32)
    times = one.times[order] + np.repeat(np.arange(10), 200) * 7 * DAY
    assert one.context is not None
    context = Circumstances(one.context.values, one.context.codes[order])
    many = Log(users, one.items[order], np.ones(2000, np.float32), times, 2000, 4, context=context)
    model = Blend(members=(Popular(), Context(context=("device",), clock=False)), cases=500).fit(many, SHOP, RNG(0))
    phone, tv = (model.score(asked(device=device))[0] for device in ("phone", "tv"))
    assert phone[1] > phone[2]
    assert tv[2] > tv[1]


def test_a_value_is_met_where_any_member_met_it_and_what_is_unread_is_named() -> None:
    phone = Context(context=("device",)).fit(log(), SHOP, RNG(0))
    read = (("device", ("tv", "radio")), ("place", ("home",)))
    television = replace(phone, context=read, effects=np.insert(phone.effects, -1, 0.5, axis=0))
    blend = BlendModel(
        (phone, television, Popular().fit(log(), SHOP, RNG(0))),
        np.ones(4, bool),
        np.ones((N_STAGES, 3), np.float32),
        np.ones((N_STAGES, 3), np.float32),
        np.zeros(N_STAGES, np.float32),
    )
    given = {"device": "watch", "place": "home", "mood": "low"}
    assert unread({"device": "phone"}, phone) == unread({"device": "radio", "place": "home"}, blend) == unread({}, blend) == {}
    assert unread(given, blend) == {
        "device": "context: device 'watch' was never seen, and counts for nothing",
        "mood": "context: 'mood' is read by no model, and counts for nothing",
    }
    assert list(unread(given, Popular().fit(log(), SHOP, RNG(0)))) == ["device", "place", "mood"]
    for model in (phone, blend):
        left = {name: value for name, value in given.items() if name not in unread(given, model)}
        np.testing.assert_array_equal(model.score(asked(**given)), model.score(asked(**left)))

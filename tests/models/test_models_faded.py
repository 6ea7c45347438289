"""A member is asked with the faded history, and with nothing else."""

from dataclasses import replace
from typing import Any

import models_world as world
import numpy as np
import pytest

from bowerbird.config import parse
from bowerbird.errors import ConfigError
from bowerbird.models import Ease, Faded, Recipe, pack, unpack
from bowerbird.types import History, Log, Query

RNG = np.random.default_rng
SMALL = {"kind": "faded", "member": {"kind": "ease", "half_life_events": None, "l2": 10}, "breaks": {"dimensions": 2}}


def two_tastes() -> Log:
    """Forty users with forty events each: half of them take items 0–29, half 30–59."""
    rng = RNG(0)
    items = np.concatenate([rng.integers(0, 30, 40) + 30 * (user % 2) for user in range(40)]).astype(np.int32)
    return Log(np.repeat(np.arange(40, dtype=np.int32), 40), items, np.ones(1600, np.float32), np.full(1600, np.nan), 40, 60)


SPLICED = Query(History.of([1, 5, 9, 2, 6, 8, 11, 35, 40, 51]))
STEADY = Query(History.of([1, 5, 9, 2, 6, 8, 11, 3, 12, 7]))


def fitted(**changes: object) -> tuple[Any, Any]:
    recipe = parse(Recipe, {**SMALL, **changes})
    shop = world.Catalogue.of([str(number) for number in range(60)])
    return recipe.fit(two_tastes(), shop, RNG(0)), Ease(half_life_events=None, l2=10).fit(two_tastes(), shop, RNG(0))


def test_a_broken_history_is_faded_and_a_steady_one_is_not() -> None:
    model, plain = fitted(fading={"alarm": 0.05, "fade": 0.2})
    faded = replace(SPLICED, history=replace(SPLICED.history, weights=np.array([0.2] * 7 + [1] * 3, np.float32)))
    np.testing.assert_allclose(model.score([SPLICED, STEADY]), plain.score([faded, STEADY]), rtol=1e-6)
    assert not np.allclose(model.score([SPLICED]), plain.score([SPLICED]))
    np.testing.assert_allclose(model.contributions(SPLICED, np.arange(4)), plain.contributions(faded, np.arange(4)), rtol=1e-6)


def test_the_new_taste_comes_up() -> None:
    model, plain = fitted(fading={"alarm": 0.05, "fade": 0.0})
    new = [float(one.score([SPLICED])[0, 30:].mean() - one.score([SPLICED])[0, :30].mean()) for one in (model, plain)]
    assert new[0] > 0 > new[1]


def test_with_a_fade_of_one_it_is_the_member() -> None:
    model, plain = fitted(fading={"fade": 1.0})
    np.testing.assert_array_equal(model.score([SPLICED]), plain.score([SPLICED]))


def test_where_nobody_did_enough_histories_stay_as_they_are() -> None:
    log = two_tastes()
    short = log.where(np.arange(len(log)) - log.starts[log.users] < 4)
    model = parse(Recipe, SMALL).fit(short, world.Catalogue.of([str(number) for number in range(60)]), RNG(0))
    assert model.watch is None
    again = unpack(*pack(model))
    np.testing.assert_array_equal(again.score([SPLICED]), model.score([SPLICED]))


def test_an_item_put_in_later_is_no_error() -> None:
    model, _ = fitted()
    model.score([Query(History.of([1, 2, 75, 3, 35, 75]))])


def test_a_member_that_reads_texts_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"member"):
        parse(Recipe, {"kind": "faded", "member": {"kind": "text"}})
    assert Faded().member.kind == "ials"

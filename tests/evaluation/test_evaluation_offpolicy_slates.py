"""Slates: what may be assumed of them, by hand and over all slates that there are."""

from itertools import permutations

import numpy as np
import pytest

from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation.offpolicy import Clip, LoggedSlates, SlateIps, estimate

NAN = np.nan
ORDERS = np.array(list(permutations(range(4), 2)))
LOGS, WANTS = np.array([1.0, 2.0, 3.0, 4.0]), np.array([4.0, 1.0, 2.0, 1.0])
"""Odds: each policy draws item after item in proportion to these."""


def above(odds):
    """(n_orders, 2): the chance of each item given those above it."""
    shown = odds[ORDERS]
    return shown / (odds.sum() - np.cumsum(shown, axis=1) + shown)


def alone(odds):
    """(n_orders, 2): the chance of the item at its position, whatever else is shown."""
    chance = above(odds).prod(axis=1)
    at = np.stack([np.bincount(ORDERS[:, place], weights=chance, minlength=4) for place in (0, 1)], axis=1)
    return at[ORDERS, [0, 1]]


BY_ITEM = np.array([0.1, 0.4, 0.2, 0.9])[ORDERS]
BY_WHAT_IS_ABOVE = BY_ITEM * np.stack([np.ones(12), 1 - BY_ITEM[:, 0]], axis=1)
BY_ALL = BY_ITEM * (1 + BY_ITEM[:, ::-1])


def expectation(interaction, rewards):
    """What the estimator finds on average: over all slates, by their chance of being logged."""
    logging, target = (alone if interaction == "none" else above)(LOGS), (alone if interaction == "none" else above)(WANTS)
    parts = SlateIps(interaction).terms(LoggedSlates(rewards, logging), target).parts
    return float(above(LOGS).prod(axis=1) @ parts.sum(axis=1))


def value(rewards):
    return float(above(WANTS).prod(axis=1) @ rewards.sum(axis=1))


@pytest.mark.parametrize(
    ("interaction", "rewards", "right"),
    [
        ("all", BY_ALL, True),
        ("all", BY_WHAT_IS_ABOVE, True),
        ("all", BY_ITEM, True),
        ("above", BY_WHAT_IS_ABOVE, True),
        ("above", BY_ITEM, True),
        ("above", BY_ALL, False),
        ("none", BY_ITEM, True),
        ("none", BY_WHAT_IS_ABOVE, False),
        ("none", BY_ALL, False),
    ],
)
def test_without_bias_exactly_where_the_assumption_holds(interaction, rewards, right):
    assert (abs(expectation(interaction, rewards) - value(rewards)) < 1e-9) == right


def test_the_more_is_assumed_the_less_it_varies():
    chance = above(LOGS).prod(axis=1)
    spread = {}
    for interaction in ("all", "above", "none"):
        logging, target = (alone if interaction == "none" else above)(LOGS), (alone if interaction == "none" else above)(WANTS)
        sums = SlateIps(interaction).terms(LoggedSlates(BY_ITEM, logging), target).parts.sum(axis=1)
        spread[interaction] = chance @ (sums - chance @ sums) ** 2
    assert spread["all"] > spread["above"] > spread["none"]


def test_short_slates_by_hand():
    logged = LoggedSlates(np.array([[1.0, 1.0], [2.0, NAN]]), np.array([[0.5, 0.25], [0.5, NAN]]))
    target = np.array([[1.0, 0.5], [0.25, NAN]])
    said = {how: SlateIps(how).terms(logged, target) for how in ("all", "above", "none")}
    assert {how: terms.value for how, terms in said.items()} == {"all": (4 + 4 + 1) / 2, "above": (2 + 4 + 1) / 2, "none": (2 + 2 + 1) / 2}
    assert estimate(said["above"], np.random.default_rng(0)).mean == pytest.approx((2 + 4 + 0.5) / 3)  # not of what was not shown
    normalised = SlateIps("above", normalised=True).terms(logged, target).value
    assert normalised == pytest.approx((2 * 1 + 0.5 * 2) / 2.5 + (4 * 1 / 4) / 2)  # half of the slates have a second position


def test_limit_and_effective_size():
    logged = LoggedSlates(np.ones((2, 2)), np.array([[0.1, 0.1], [0.5, 0.5]]))
    target = np.full((2, 2), 0.5)
    said = estimate(SlateIps("above", Clip(10.0)).terms(logged, target), np.random.default_rng(0))
    assert said.value == (5 + 10 + 1 + 1) / 2
    assert said.clipped == pytest.approx(15 / 32)
    assert said.effective == pytest.approx(11**2 / 101)  # of the second position, which has less


def test_refuses():
    rewards, chances = np.ones((2, 2)), np.full((2, 2), 0.5)
    with pytest.raises(ConfigError, match="one of all, above, none, got cascade"):
        SlateIps("cascade")
    with pytest.raises(DataError, match=r"one shape, \(n_slates, k\), got \(2, 2\) and \(2, 3\)"):
        LoggedSlates(rewards, np.ones((2, 3)))
    with pytest.raises(DataError, match=r"propensities must be above 0 and at most 1, .* got 0.0 in row 0"):
        LoggedSlates(rewards, np.array([[0.0, 0.5], [0.5, 0.5]]))
    with pytest.raises(DataError, match="got nan in row 1"):
        LoggedSlates(rewards, np.array([[0.5, 0.5], [0.5, NAN]]))
    with pytest.raises(DataError, match="NaN only beyond its last one"):
        LoggedSlates(np.array([[NAN, 1.0]]), np.array([[NAN, 0.5]]))
    with pytest.raises(DataError, match="each must have an item"):
        LoggedSlates(np.array([[NAN, NAN]]), np.array([[NAN, NAN]]))
    with pytest.raises(DataError, match=r"within 0\.\.1, got 1.5 in row 0"):
        SlateIps().terms(LoggedSlates(rewards, chances), np.array([[1.5, 0.5], [0.5, 0.5]]))
    with pytest.raises(DataError, match=r"shape \(2, 2\), as the slates have, got \(2,\)"):
        SlateIps().terms(LoggedSlates(rewards, chances), np.ones(2))

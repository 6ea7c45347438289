"""Off-policy estimates: by hand, against a value that is known, and with faults that must be seen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import ConfigError, DataError
from bowerbird.evaluation.offpolicy import (
    Clip,
    Decisions,
    Direct,
    DoublyRobust,
    Ips,
    RewardRegression,
    Shrink,
    Snips,
    Switch,
    Terms,
    effective,
    estimate,
    foretold,
)

WANTED = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
"""The target policy in two contexts, and below what each action earns there."""
EARNS = np.array([[0.6, 0.3, 0.1], [0.2, 0.4, 0.5]])
DOES = np.array([[0.2, 0.4, 0.4], [0.3, 0.4, 0.3]])
VALUE = float((WANTED * EARNS).sum(axis=1).mean())


def rng(seed=0):
    return np.random.default_rng(seed)


def world(n, draws):
    """A log of the policy DOES; contexts, and the target's probabilities."""
    contexts = draws.integers(2, size=n)
    actions = (draws.random(n)[:, None] > np.cumsum(DOES[contexts], axis=1)).sum(axis=1)
    rewards = (draws.random(n) < EARNS[contexts, actions]).astype(float)
    return Decisions(actions, rewards, DOES[contexts, actions], 3), contexts, WANTED[contexts]


def modelled(decisions, contexts, expected=EARNS):
    return replace(decisions, expected=expected[contexts])


def small(**changes):
    given = {"actions": np.array([0, 1]), "rewards": np.array([1.0, 0.0]), "propensities": np.array([0.5, 0.5]), "n_actions": 2}
    return Decisions(**{**given, **changes})


EVENLY = np.full((2, 2), 0.5)


def test_by_hand():
    """w = 2, 0.5; r = 1, 3; q̂ of what was done 1, 2; Σ π q̂ = 1.5 and 1."""
    logged = Decisions(np.array([0, 1]), np.array([1.0, 3.0]), np.array([0.25, 1.0]), 2, expected=np.array([[1.0, 2.0], [0.0, 2.0]]))
    target = np.array([[0.5, 0.5], [0.5, 0.5]])
    said = {
        Ips(): (2 * 1 + 0.5 * 3) / 2,
        Ips(Clip(1.0)): (1 * 1 + 0.5 * 3) / 2,
        Snips(): (2 * 1 + 0.5 * 3) / 2.5,
        Direct(): (1.5 + 1) / 2,
        DoublyRobust(): (1.5 + 2 * 0 + 1 + 0.5 * 1) / 2,
        DoublyRobust(normalised=True): 2.5 / 2 + 0.5 / 2.5,
        DoublyRobust(Switch(0.4)): 2.5 / 2,
        DoublyRobust(Shrink(1.0)): (1.5 + 1 + 0.5 / 1.25) / 2,
    }
    for estimator, value in said.items():
        assert estimator.terms(logged, target).value == pytest.approx(value), estimator


def test_the_policy_that_logged_is_worth_what_it_earned():
    decisions, contexts, _ = world(300, rng())
    decisions = modelled(decisions, contexts)
    for estimator in (Ips(), Snips(), DoublyRobust(normalised=True)):
        terms = estimator.terms(decisions, DOES[contexts])
        assert (terms.raw == 1).all()
        if not isinstance(estimator, DoublyRobust):
            assert terms.value == pytest.approx(decisions.rewards.mean())


def test_probabilities_of_the_logged_actions_are_enough_without_a_model():
    decisions, _, target = world(50, rng())
    only = target[np.arange(50), decisions.actions]
    assert Ips().terms(decisions, only).value == Ips().terms(decisions, target).value
    with pytest.raises(DataError, match=r"probabilities of all actions, \(n, 3\), got \(50,\)"):
        DoublyRobust().terms(replace(decisions, expected=target), only)


@pytest.mark.parametrize(
    "estimator", [Ips(), Snips(), DoublyRobust(), DoublyRobust(normalised=True)], ids=["ips", "snips", "dr", "dr normalised"]
)
def test_the_known_value_is_found_and_held_as_often_as_promised(estimator):
    draws, found = rng(1), []
    for _ in range(200):
        decisions, contexts, target = world(400, draws)
        wrong = modelled(decisions, contexts, EARNS[::-1])  # a model that takes each context for the other
        found.append(estimate(estimator.terms(wrong, target), draws, resamples=200))
    values = np.array([one.value for one in found])
    assert abs(values.mean() - VALUE) < 4 * values.std() / np.sqrt(len(values))
    for held in (
        [one.bootstrap.low <= VALUE <= one.bootstrap.high for one in found],
        [one.normal.low <= VALUE <= one.normal.high for one in found],
    ):
        assert 0.89 <= np.mean(held) <= 0.985


def test_a_wrong_model_misleads_the_direct_method_and_not_the_doubly_robust():
    decisions, contexts, target = world(20_000, rng(2))
    wrong = modelled(decisions, contexts, EARNS + 0.2)
    assert Direct().terms(wrong, target).value == pytest.approx(VALUE + 0.2, abs=0.01)
    assert DoublyRobust().terms(wrong, target).value == pytest.approx(VALUE, abs=0.02)


def test_wrong_propensities_are_given_away_by_the_mean_importance():
    decisions, _, target = world(5000, rng(3))
    right = estimate(Ips().terms(decisions, target), rng())
    planted = replace(decisions, propensities=decisions.propensities * 0.5)
    assert right.mean == pytest.approx(1, abs=0.05)
    assert estimate(Ips().terms(planted, target), rng()).mean > 1.9


def test_a_good_model_survives_wrong_propensities():
    decisions, contexts, target = world(20_000, rng(4))
    planted = modelled(replace(decisions, propensities=np.minimum(decisions.propensities * 1.6, 1)), contexts)
    assert DoublyRobust().terms(planted, target).value == pytest.approx(VALUE, abs=0.01)
    assert abs(Ips().terms(planted, target).value - VALUE) > 0.1


def test_a_constant_on_all_rewards_moves_snips_by_it_and_ips_by_more_or_less():
    decisions, _, target = world(60, rng(5))
    raised = replace(decisions, rewards=decisions.rewards + 10)
    assert Snips().terms(raised, target).value == pytest.approx(Snips().terms(decisions, target).value + 10)
    assert abs(Ips().terms(raised, target).value - Ips().terms(decisions, target).value - 10) > 0.05


def test_limits_take_from_large_importance_and_say_how_much():
    raw = np.array([0.5, 1.0, 8.0])
    logged = Decisions(np.zeros(3, int), np.ones(3), 1 / (8 * np.ones(3)), 1)
    clipped = estimate(Ips(Clip(2.0)).terms(logged, raw / 8), rng())
    assert clipped.clipped == pytest.approx(6 / 9.5)
    assert clipped.mean == pytest.approx(9.5 / 3)  # of the raw importance
    assert clipped.effective == pytest.approx(3.5**2 / (0.25 + 1 + 4))
    assert estimate(Ips().terms(logged, raw / 8), rng()).clipped == 0
    assert estimate(Ips(Switch(2.0)).terms(logged, raw / 8), rng()).clipped == pytest.approx(8 / 9.5)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.floats(1e-3, 1e6))
def test_limits_never_raise_importance_and_do_nothing_when_wide(importance, at):
    raw = np.array(importance)
    for limit in (Clip(at), Shrink(at), Switch(at)):
        assert (limit(raw) <= raw * (1 + 1e-12)).all()
        assert (limit(raw) >= 0).all()
    for wide in (Clip(1e30), Shrink(1e30), Switch(1e30)):
        np.testing.assert_allclose(wide(raw), raw)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=20), st.floats(0.1, 10))
def test_the_effective_size_is_between_one_and_all_and_knows_no_scale(importance, scale):
    raw = np.array(importance)
    assert 1 - 1e-9 <= effective(raw) <= len(raw) + 1e-9
    assert effective(raw * scale) == pytest.approx(effective(raw))


def test_a_log_that_never_does_what_the_target_does_says_so():
    logged = small(actions=np.array([0, 0]))
    nothing = estimate(Snips().terms(logged, np.array([[0.0, 1.0]] * 2)), rng())
    assert np.isnan([nothing.value, nothing.bootstrap.low, nothing.normal.high, nothing.effective]).all()
    assert nothing.mean == 0
    assert estimate(Ips().terms(logged, np.array([[0.0, 1.0]] * 2)), rng()).mean == 0


def test_the_direct_method_has_no_importance():
    said = estimate(Direct().terms(small(expected=EVENLY), EVENLY), rng())
    assert said.value == 0.5
    assert np.isnan([said.effective, said.mean, said.clipped]).all()


def test_decisions_of_one_round_are_drawn_together():
    """Every decision copied four times tells nothing new: with rounds the interval stays, without it narrows by half."""
    decisions, _, target = world(400, rng(6))
    four = np.repeat(np.arange(400), 4)
    copies = Decisions(decisions.actions[four], decisions.rewards[four], decisions.propensities[four], 3, rounds=four)
    alone = estimate(Snips().terms(decisions, target), rng())
    together = estimate(Snips().terms(copies, target[four]), rng())
    apart = estimate(Snips().terms(replace(copies, rounds=None), target[four]), rng())

    def width(interval):
        return interval.high - interval.low

    assert together.value == pytest.approx(alone.value)
    assert width(together.normal) == pytest.approx(width(alone.normal))
    assert width(together.bootstrap) == pytest.approx(width(alone.bootstrap), rel=0.1)
    assert width(apart.normal) == pytest.approx(width(alone.normal) / 2, rel=0.01)


def test_rounds_of_different_sizes_count_by_decision():
    logged = Decisions(np.zeros(3, int), np.array([1.0, 1.0, 4.0]), np.ones(3), 1, rounds=np.array([7, 7, 2]))
    assert estimate(Ips().terms(logged, np.ones(3)), rng()).value == 2


def test_the_normal_interval_is_that_of_a_mean():
    values = rng(7).normal(size=100)
    said = estimate(Terms(values[:, None], np.ones((100, 1)), np.ones((100, 1)), np.ones((100, 1))), rng())
    half = 1.959964 * values.std(ddof=1) / 10
    assert (said.normal.low, said.normal.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=1e-6)
    assert said.normal.low == pytest.approx(said.bootstrap.low, abs=0.03)


def test_same_seed_same_answer_and_reading_changes_nothing():
    decisions, _, target = world(50, rng())
    before = (decisions.rewards.copy(), target.copy())
    terms = Ips(Clip(1.5)).terms(decisions, target)
    assert estimate(terms, rng(3)) == estimate(terms, rng(3))
    np.testing.assert_array_equal(decisions.rewards, before[0])
    np.testing.assert_array_equal(target, before[1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"propensities": np.array([0.5, 0.0])}, "propensities must be above 0 and at most 1, got 0.0 in row 1"),
        ({"propensities": np.array([1.5, 0.5])}, "at most 1, got 1.5 in row 0"),
        ({"propensities": np.array([np.nan, 0.5])}, "got nan in row 0"),
        ({"propensities": np.array([0.5])}, r"propensities must have the shape \(2,\)"),
        ({"actions": np.array([0, 2])}, r"actions must be 0 … 1, got 2 in row 1"),
        ({"actions": np.array([-1, 0])}, "got -1 in row 0"),
        ({"actions": np.array([0.0, 1.0])}, "whole numbers, got float64"),
        ({"rewards": np.array([1.0, np.inf])}, "rewards must be finite, got inf in row 1"),
        ({"rounds": np.array([1])}, r"rounds must have the shape \(2,\)"),
        ({"expected": np.zeros((2, 3))}, r"expected must have the shape \(2, 2\), got \(2, 3\)"),
        ({"expected": np.array([[0, 0], [0, np.nan]])}, "expected must be finite, got nan in row 1"),
    ],
)
def test_decisions_that_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        small(**changes)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (np.array([[0.5, 0.5], [0.5, 0.6]]), "must sum to 1, got 1.1 in row 1"),
        (np.array([[-0.5, 1.5], [0.5, 0.5]]), "within 0..1, got -0.5 in row 0"),
        (np.array([0.5, np.nan]), "within 0..1, got nan in row 1"),
        (np.full((2, 3), 1 / 3), r"shape \(2, 2\) or \(2,\), got \(2, 3\)"),
    ],
)
def test_targets_that_are_refused(target, message):
    with pytest.raises(DataError, match=message):
        Ips().terms(small(), target)


def test_other_refusals():
    with pytest.raises(DataError, match="needs expected rewards, and there are none"):
        DoublyRobust().terms(small(), EVENLY)
    with pytest.raises(DataError, match="between 0 and 1, got 95"):
        estimate(Ips().terms(small(), EVENLY), rng(), level=95)
    for make, name in ((Clip, "clip: at"), (Shrink, "shrink: by"), (Switch, "switch: above")):
        with pytest.raises(ConfigError, match=f"{name} must be above 0, got 0"):
            make(0)


# The model of rewards


def test_the_regression_finds_the_rewards_and_helps():
    decisions, contexts, target = world(6000, rng(8))
    helped = foretold(decisions, np.eye(2)[contexts], rng())
    np.testing.assert_allclose(helped.expected, EARNS[contexts], atol=0.08)
    plain, robust = (estimate(one.terms(helped, target), rng()) for one in (Ips(), DoublyRobust()))
    assert robust.normal.high - robust.normal.low < plain.normal.high - plain.normal.low
    assert robust.value == pytest.approx(VALUE, abs=0.03)


@pytest.mark.parametrize("loss", ["logistic", "squared"])
def test_the_defining_equation(loss):
    """Where Σ cost + l2/2 (…) is least, the residuals balance the pull: Σ_i gap_i x_i = −l2 γ_a over the rows of action a."""
    draws, recipe = rng(9), RewardRegression(loss, l2=2.0)
    x, actions = draws.normal(size=(80, 2)), draws.integers(3, size=80)
    rewards = (draws.random(80) < 0.4).astype(float)
    model = recipe.fit(x, actions, rewards, 3)
    gaps = model.predict(x)[np.arange(80), actions] - rewards
    full = np.hstack([np.ones((80, 1)), (x - model.mean) / model.scale])
    pushes = np.stack([(gaps[actions == a, None] * full[actions == a]).sum(axis=0) for a in range(3)])
    assert gaps.sum() == pytest.approx(0, abs=1e-3)  # the free constant
    own = -pushes / 2.0  # γ_a
    shared = model.weights - own  # β, the same for every action
    np.testing.assert_allclose(shared, shared[[0, 0, 0]], atol=1e-3)
    np.testing.assert_allclose(shared[0, 1:], -pushes.sum(axis=0)[1:] / 2.0, atol=1e-3)


def test_each_row_is_foretold_without_its_round():
    """Rewards that are noise, one context a round: a model that had seen the round would know them by heart."""
    n = 60
    rewards = rng(10).integers(2, size=n).astype(float)
    rounds = np.arange(n) // 2
    logged = Decisions(np.zeros(n, int), np.repeat(rewards[::2], 2), np.ones(n), 1, rounds=rounds)
    recipe = RewardRegression(l2=1e-3)
    blind = foretold(logged, np.eye(n // 2)[rounds], rng(), recipe)
    peeking = foretold(replace(logged, rounds=None), np.eye(n // 2)[rounds], rng(), recipe, folds=n)
    assert np.abs(peeking.expected[:, 0] - logged.rewards).mean() < 0.1
    assert np.abs(blind.expected[:, 0] - logged.rewards).mean() > 0.4


def test_without_features_and_with_an_action_never_taken():
    logged = Decisions(np.zeros(40, int), np.tile([0.0, 1.0], 20), np.ones(40), 2)
    expected = foretold(logged, np.empty((40, 0)), rng(), folds=2).expected
    np.testing.assert_allclose(expected[:, 0], expected[:, 1], atol=1e-5)  # the never taken one as the other
    assert set(expected[:, 0].round(4)) <= {0.65, 0.35}  # each half as the mean of the other half


def test_the_regression_refuses():
    with pytest.raises(DataError, match=r"rewards within 0\.\.1, got 0 … 3"):
        RewardRegression().fit(np.zeros((2, 1)), np.array([0, 1]), np.array([0.0, 3.0]), 2)
    with pytest.raises(DataError, match="one row for each decision"):
        foretold(small(), np.zeros((3, 1)), rng())
    with pytest.raises(DataError, match=r"within 2 … 2, the number of rounds, got 3"):
        foretold(small(), np.zeros((2, 1)), rng())
    with pytest.raises(ConfigError, match="logistic or squared, got hinge"):
        RewardRegression("hinge")
    with pytest.raises(ConfigError, match="l2 must be above 0, got 0"):
        RewardRegression(l2=0)

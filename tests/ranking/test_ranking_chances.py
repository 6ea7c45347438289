"""What an item is worth to its user: never more for less, and learned back from what it made."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from bowerbird.errors import DataError
from bowerbird.ranking import Chances, fit_chances
from bowerbird.ranking import chances as module

TRUE = Chances(level=-2.5, middle=1.0, width=0.5, power=1.2, fall=0.6)


def pools(n: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Of some users all scores are low."""
    return [np.sort(rng.normal(rng.normal(), 0.7, 40))[::-1].astype(np.float32) for _ in range(n)]


def drawn(chances: Chances, of: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    return [(rng.random(len(pool)) < chances.of(pool)).astype(np.float64) for pool in of]


def test_what_made_the_data_is_found() -> None:
    rng = np.random.default_rng(0)
    seen = pools(4000, rng)
    found = fit_chances(seen, drawn(TRUE, seen, rng))
    fresh = pools(300, rng)
    wanted, worth = (np.concatenate([chances.of(pool) for pool in fresh]) for chances in (TRUE, found))
    assert worth.sum() == pytest.approx(wanted.sum(), rel=0.05)
    assert np.abs(np.log(worth / wanted))[wanted > 0.02].max() < 0.15
    assert found.fall == pytest.approx(TRUE.fall, abs=0.08)


@pytest.mark.parametrize(("times", "plus"), [(100.0, 0.0), (0.01, 5.0)])
def test_the_scale_of_the_scores_does_not_matter(times: float, plus: float) -> None:
    rng = np.random.default_rng(1)
    seen = [pool.astype(np.float64) for pool in pools(400, rng)]
    gains = drawn(TRUE, [pool.astype(np.float32) for pool in seen], rng)
    moved = [(times * pool + plus).astype(np.float32) for pool in seen]
    one, other = fit_chances([pool.astype(np.float32) for pool in seen], gains), fit_chances(moved, gains)
    np.testing.assert_allclose(one.of(seen[0].astype(np.float32)), other.of(moved[0]), rtol=0.02)


def test_users_of_whom_nothing_much_is_expected_are_told_apart() -> None:
    """As a softmax does not: half of the users have the same pool, but lower, and never want any of it."""
    rng = np.random.default_rng(2)
    high = [np.sort(rng.normal(3, 1, 30))[::-1].astype(np.float32) for _ in range(300)]
    low = [pool - 6 for pool in high]
    gains = [np.eye(30)[0] if n % 2 else np.zeros(30) for n in range(300)]
    found = fit_chances([*high, *low], [*gains, *[np.zeros(30)] * 300])
    assert sum(found.of(pool).sum() for pool in high) == pytest.approx(150, rel=0.1)
    assert sum(found.of(pool).sum() for pool in low) < 5


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 50), st.floats(0, 8), st.floats(0, 4))
@settings(max_examples=50, deadline=None)
def test_neither_a_lower_score_nor_a_later_place_is_worth_more(seed: int, width: float, power: float, fall: float) -> None:
    scores = np.sort(np.random.default_rng(seed).normal(0, 30, 20))[::-1].astype(np.float32)
    worth = Chances(level=0.5, middle=1.0, width=width, power=power, fall=fall).of(scores)
    assert np.isfinite(worth).all()
    assert (worth >= 0).all()
    assert (worth <= 1).all()
    assert (np.diff(worth) <= 0).all()


def test_the_slope_is_that_of_the_function() -> None:
    for x in (-600.0, -3.0, 0.0, 2.0, 40.0):
        _, slope = module._log_softplus(np.array([x]))
        assert slope[0] == pytest.approx(approx_fprime([x], lambda at: module._log_softplus(np.asarray(at))[0][0], 1e-6)[0], abs=1e-4)


def test_of_nothing_wanted_nothing_is_learned() -> None:
    with pytest.raises(DataError, match="no user wanted anything of what was scored best"):
        fit_chances([np.ones(3, np.float32)], [np.zeros(3)])

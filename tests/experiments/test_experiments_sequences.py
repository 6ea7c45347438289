"""Intervals that hold at every look: the equation by hand, how often they ever miss, and what a test made for one look does."""

import numpy as np
import pytest

from bowerbird.errors import DataError
from bowerbird.experiments import difference_sequence, mean_sequence, mismatch

RUNS, USERS = 300, 2000


def test_it_is_the_equation_of_the_paper() -> None:
    x = np.random.default_rng(0).random(40)
    odds, weight, spent, weighted = np.log(2 / 0.05), 0.0, 0.0, 0.0
    seen, deviations, mean, variance, low, high = [], 0.25, 0.5, 0.25, [], []
    for t, value in enumerate(x, start=1):
        bet = min(np.sqrt(2 * odds / (variance * t * np.log(1 + t))), 0.5)
        weight, weighted = weight + bet, weighted + bet * value
        spent += 4 * (value - mean) ** 2 * (-np.log(1 - bet) - bet) / 4
        seen.append(value)
        mean = (0.5 + sum(seen)) / (t + 1)
        deviations += (value - mean) ** 2
        variance = deviations / (t + 1)
        low.append(max([0, (weighted - odds - spent) / weight, *low[-1:]]))
        high.append(min([1, (weighted + odds + spent) / weight, *high[-1:]]))
    found = mean_sequence(2 * x + 3, 3, 5)
    np.testing.assert_allclose(found.low, 3 + 2 * np.array(low))
    np.testing.assert_allclose(found.high, 3 + 2 * np.array(high))


def ever_missed(rng: np.random.Generator, share: float, rates: tuple[float, float]) -> tuple[bool, bool]:
    """Whether the sequence, and whether an interval made for one look, ever misses the true difference."""
    treated = rng.random(USERS) < share
    values = (rng.random(USERS) < np.where(treated, rates[1], rates[0])).astype(np.float64)
    truth = rates[1] - rates[0]
    found = difference_sequence(values, treated, share)
    n = np.maximum(np.stack([np.cumsum(~treated), np.cumsum(treated)]), 1)
    means = np.stack([np.cumsum(np.where(treated, 0, values)), np.cumsum(np.where(treated, values, 0))]) / n
    margin = 1.96 * np.sqrt((means * (1 - means) / n).sum(axis=0))
    naive = np.abs(means[1] - means[0] - truth)[200:] > margin[200:]
    return bool(((found.low > truth) | (found.high < truth)).any()), bool(naive.any())


@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize("rates", [(0.3, 0.3), (0.2, 0.3)])
def test_it_misses_seldom_however_often_it_is_looked_at(share: float, rates: tuple[float, float]) -> None:
    rng = np.random.default_rng(1)
    missed = np.array([ever_missed(rng, share, rates) for _ in range(RUNS)]).mean(axis=0)
    assert missed[0] <= 0.05
    assert missed[1] > 0.15  # so the simulation would show it


def test_it_finds_a_difference_and_narrows() -> None:
    rng = np.random.default_rng(2)
    treated = rng.random(20_000) < 0.5
    values = (rng.random(20_000) < np.where(treated, 0.35, 0.3)).astype(np.float64)
    found = difference_sequence(values, treated, 0.5)
    assert 0 < found.low[-1] < 0.05 < found.high[-1]
    assert (np.diff(found.low) >= 0).all()
    assert (np.diff(found.high) <= 0).all()


def test_few_users_are_no_news() -> None:
    assert len(difference_sequence(np.empty(0), np.empty(0, np.bool_), 0.5).low) == 0
    one = difference_sequence(np.ones(1), np.ones(1, np.bool_), 0.5)
    assert one.low[0] <= -0.9


def test_sizes_of_arms() -> None:
    rng = np.random.default_rng(3)
    shares = np.array([0.5, 0.3, 0.2])

    def most(true: np.ndarray) -> float:
        counts = np.cumsum(np.eye(3, dtype=np.int64)[rng.choice(3, 1000, p=true)], axis=0)
        return max(mismatch(row, shares) for row in counts[9::10])

    assert np.mean([most(shares) > 20 for _ in range(100)]) <= 0.05
    assert np.mean([most(np.array([0.4, 0.4, 0.2])) > 1000 for _ in range(20)]) > 0.9
    assert mismatch(np.zeros(3, np.int64), shares) == pytest.approx(1)


def test_the_evidence_of_sizes_is_a_martingale() -> None:
    """Its mean after one user more, who comes by the planned shares, is what it is."""
    shares, counts = np.array([0.6, 0.4]), np.array([30, 31])
    onward = sum(share * mismatch(counts + step, shares) for share, step in zip(shares, np.eye(2, dtype=np.int64), strict=True))
    assert onward == pytest.approx(mismatch(counts, shares))


def test_wrong_values_are_one_sentence() -> None:
    with pytest.raises(DataError, match=r"must lie in 0\.\.1, got 2"):
        mean_sequence(np.array([2.0]), 0, 1)
    with pytest.raises(DataError, match="level"):
        mean_sequence(np.array([1.0]), 0, 1, level=1)
    with pytest.raises(DataError, match="share"):
        difference_sequence(np.array([1.0]), np.array([True]), 1.0)

"""The guard: it is looked at after every slate, and still false alarms are as rare as they are said to be."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom

from bowerbird.errors import DataError
from bowerbird.retraining.guard import Guard, Rate, evidence
from bowerbird.retraining.settings import GuardSettings

SETTINGS = GuardSettings(alarm=0.1)


def evidences(rate: float, kept: np.ndarray, slates: int, rng: np.random.Generator) -> np.ndarray:
    """(runs, slates): the evidence after each slate of a bundle of this rate, each run with what it has to keep."""
    seen = np.cumsum(rng.random((len(kept), slates)) < rate, axis=1)
    return np.stack([evidence(row, np.arange(1, slates + 1), q) for row, q in zip(seen, kept, strict=True)])


def kept(rate: float, before: int, runs: int, rng: np.random.Generator, settings: GuardSettings = SETTINGS) -> np.ndarray:
    """What has to be kept, in so many worlds in which the former bundle had this rate."""
    return np.array([Guard(Rate(before, int(n)), settings).kept for n in rng.binomial(before, rate, runs)])


@pytest.mark.parametrize("q", [0.02, 0.3])
def test_the_evidence_is_the_mean_of_all_bets_on_lower_rates(q: float) -> None:
    for s, n in ((0, 0), (0, 40), (1, 40), (12, 40)):
        mean, _ = quad(lambda rate, s=s, n=n: (rate / q) ** s * ((1 - rate) / (1 - q)) ** (n - s), 0, q, epsabs=1e-12)
        assert float(evidence(s, n, q)) == pytest.approx(np.log(mean / q), abs=1e-6)


def test_what_must_be_kept_is_the_rate_at_which_so_much_reward_is_as_rare_as_said() -> None:
    """The definition of Clopper and Pearson's limit."""
    guard = Guard(Rate(400, 90), SETTINGS)
    assert binom.sf(89, 400, guard.kept) == pytest.approx(SETTINGS.alarm / 2)
    lenient = Guard(Rate(400, 90), GuardSettings(alarm=0.1, tolerance=0.25))
    assert lenient.kept == pytest.approx(0.75 * guard.kept)


@pytest.mark.parametrize("n", [1, 7, 60])
def test_nobody_who_keeps_the_rate_is_expected_to_give_evidence(n: int) -> None:
    """The mean of the evidence after n slates is 1 at the rate itself, and less above it."""
    s = np.arange(n + 1)
    odds = np.exp(evidence(s, n, 0.2))
    means = [float(odds @ binom.pmf(s, n, rate)) for rate in (0.2, 0.25, 0.4)]
    assert means[0] == pytest.approx(1)
    assert 1 > means[1] > means[2]


@pytest.mark.parametrize("rate", [0.05, 0.4])
def test_false_alarms_are_rare_though_it_is_looked_at_after_every_slate(rate: float) -> None:
    rng = np.random.default_rng(0)
    q = kept(rate, before=2000, runs=300, rng=rng)
    ever = (evidences(rate, q, slates=2000, rng=rng) >= np.log(2 / SETTINGS.alarm)).any(axis=1)
    assert ever.mean() <= SETTINGS.alarm


@pytest.mark.parametrize("odds", [4, 20])
def test_against_a_rate_that_is_known_such_evidence_is_as_rare_as_ville_says(odds: float) -> None:
    """And not much rarer: else drops would be seen too late."""
    rng = np.random.default_rng(4)
    ever = (evidences(0.3, np.full(400, 0.3), slates=1500, rng=rng) >= np.log(odds)).any(axis=1).mean()
    assert 0.2 / odds < ever <= 1 / odds


def test_a_test_made_to_be_looked_at_once_would_cry_wolf() -> None:
    """Why all this: against a former rate that is known, Fisher's kind of test looked at after each slate is wrong time and again."""
    rng = np.random.default_rng(0)
    n = np.arange(1, 2001)
    looks = binom.cdf(np.cumsum(rng.random((200, 2000)) < 0.2, axis=1), n, 0.2) <= SETTINGS.alarm
    assert looks[:, 50:].any(axis=1).mean() > 3 * SETTINGS.alarm


def test_a_drop_is_seen() -> None:
    rng = np.random.default_rng(1)
    q = kept(0.2, before=5000, runs=100, rng=rng)
    seen = evidences(0.14, q, slates=2000, rng=rng) >= np.log(2 / SETTINGS.alarm)
    assert seen.any(axis=1).mean() > 0.95
    assert np.median(seen.argmax(axis=1)) < 1000


def test_the_tolerance_may_be_lost() -> None:
    rng = np.random.default_rng(2)
    settings = GuardSettings(alarm=0.1, tolerance=0.3)
    q = kept(0.2, before=5000, runs=100, rng=rng, settings=settings)
    assert (evidences(0.14, q, slates=2000, rng=rng) >= np.log(2 / 0.1)).any(axis=1).mean() <= 0.1


def test_the_guard_is_the_fold_of_its_slates() -> None:
    rewards = (np.random.default_rng(3).random(400) < 0.1).astype(int).tolist()
    guard, n = Guard(Rate(2000, 600), SETTINGS), 0
    while guard.verdict == "watching":
        assert guard.evidence < np.log(2 / SETTINGS.alarm)
        guard, n = guard.after(rewards[n]), n + 1
        assert guard.since == Rate(n, sum(rewards[:n]))
        assert guard.evidence == pytest.approx(float(evidence(sum(rewards[:n]), n, guard.kept)))
    assert guard.verdict == "dropped"
    assert guard.evidence >= np.log(2 / SETTINGS.alarm)
    for reward in [1] * 500:
        guard = guard.after(reward)
    assert (guard.verdict, guard.since.slates) == ("dropped", n)


def test_it_is_let_go_after_so_many_slates() -> None:
    guard = Guard(Rate(100, 30), GuardSettings(until=50))
    verdicts = [(guard := guard.after(n % 3 == 0)).verdict for n in range(60)]
    assert verdicts[48:51] == ["watching", "held", "held"]


def test_of_a_bundle_that_earned_nothing_nothing_can_be_lost() -> None:
    guard = Guard(Rate(500, 0))
    for _ in range(200):
        guard = guard.after(0)
    assert (guard.verdict, guard.kept, guard.evidence) == ("watching", 0.0, 0.0)


@pytest.mark.parametrize("reward", [0.5, -1, 2, float("nan")])
def test_a_reward_is_0_or_1(reward: float) -> None:
    with pytest.raises(DataError, match="reward must be 0 or 1"):
        Guard(Rate(10, 3)).after(reward)

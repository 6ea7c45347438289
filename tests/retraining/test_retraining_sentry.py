"""The sentry: a bundle that earns less than the one before it is taken back, once; one that earns as much stays."""

import numpy as np
import pytest

from bowerbird.errors import BundleError
from bowerbird.retraining import GuardSettings, Rate, Sentry


def rewards(rate: float, n: int, seed: int) -> list[int]:
    return (np.random.default_rng(seed).random(n) < rate).astype(int).tolist()


def sentry(done: list[str], **settings: float) -> Sentry:
    """One that saw 2000 slates of "old", of which three in ten were rewarded, and then a swap."""
    watch = Sentry("old", lambda: done.append("rollback"), GuardSettings(**settings))
    assert not any(watch.slate("old", reward) for reward in rewards(0.3, 2000, 0))
    watch.swapped("new")
    return watch


def test_a_drop_is_taken_back_once() -> None:
    done: list[str] = []
    watch = sentry(done)
    decided = [watch.slate("new", reward) for reward in rewards(0.1, 600, 1)]
    assert decided.count(True) == 1
    assert done == ["rollback"]
    assert (watch.live, watch.guard, watch.rollbacks) == ("old", None, 1)
    assert watch.late == 600 - 1 - decided.index(True)


def test_after_a_rollback_the_old_tally_goes_on() -> None:
    watch = sentry([])
    for reward in rewards(0.0, 200, 1):
        watch.slate("new", reward)
    for reward in [1] * 10:
        watch.slate("old", reward)
    watch.swapped("newer")
    assert watch.guard.before == Rate(2010, sum(rewards(0.3, 2000, 0)) + 10)


def test_one_as_good_stays_and_is_let_go() -> None:
    done: list[str] = []
    watch = sentry(done, until=500)
    assert not any(watch.slate("new", reward) for reward in rewards(0.3, 500, 2))
    assert (done, watch.live, watch.guard) == ([], "new", None)


def test_of_the_old_bundle_the_newest_slates_count() -> None:
    watch = Sentry("old", lambda: None, GuardSettings(before=100))
    for reward in [1] * 500 + [0] * 90:
        watch.slate("old", reward)
    watch.swapped("new")
    assert watch.guard.before == Rate(100, 10)


def test_slates_of_other_bundles_count_for_nothing() -> None:
    watch = sentry([])
    for _ in range(300):
        watch.slate("old", 0)
    assert (watch.guard.since, watch.late) == (Rate(), 300)


def test_where_nothing_can_be_taken_back_it_says_so() -> None:
    def refuse() -> None:
        raise BundleError("rollback: no bundle was live before this one")

    watch = Sentry("old", refuse)
    for reward in rewards(0.5, 500, 0):
        watch.slate("old", reward)
    watch.swapped("new")
    while watch.guard.evidence < np.log(2 / 0.05) - 0.3:  # one zero more is enough
        watch.slate("new", 0)
    with pytest.raises(BundleError, match="no bundle was live"):
        watch.slate("new", 0)
    assert (watch.live, watch.rollbacks) == ("new", 0)

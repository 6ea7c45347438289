import importlib.util

import numpy as np
import pytest

from bowerbird.adaptation import Adwin, Drift, PageHinkley
from bowerbird.errors import ConfigError

RIVER = importlib.util.find_spec("river") is not None


LOOK = PageHinkley(threshold=20, tolerance=0.05)


def broken_at(figures):
    stream, found = Drift(LOOK), []
    for number, figure in enumerate(figures):
        stream = stream.after(float(figure))
        found += [number] if stream.broke else []
    return found


def rewards(*means, each=1000, seed=0):
    return np.concatenate([np.random.default_rng(seed + n).random(each) < mean for n, mean in enumerate(means)]).astype(float)


@pytest.mark.parametrize("means", [(0.2, 0.6), (0.6, 0.2)])
def test_a_rate_that_moves_is_seen_soon_and_once(means):
    (at,) = broken_at(rewards(*means))
    assert 1000 < at < 1150


def test_a_rate_that_stays_is_left_alone():
    assert [broken_at(rewards(0.3, each=2000, seed=seed)) for seed in range(20)] == [[]] * 20


def test_each_break_is_seen():
    found = broken_at(rewards(0.2, 0.7, 0.2))
    assert [at // 1000 for at in found] == [1, 2]


def test_a_state_can_be_kept_and_gone_on_with():
    figures = rewards(0.2, 0.6)
    begun = Drift()
    for figure in figures[:700]:
        begun = begun.after(figure)
    twice = []
    for _ in range(2):
        stream = begun
        for figure in figures[700:]:
            stream = stream.after(figure)
        twice.append(stream)
    assert twice[0] == twice[1]
    assert begun.seen == 700


@pytest.mark.skipif(not RIVER, reason="river is not installed; it comes with the extra `drift`")
def test_breaks_are_seen_where_river_sees_them():
    from river.drift import PageHinkley as Theirs  # noqa: PLC0415

    theirs, figures, found = Theirs(min_instances=30, delta=0.05, threshold=20, alpha=1.0), rewards(0.2, 0.7, 0.1, 0.5), []
    for number, figure in enumerate(figures):
        theirs.update(figure)
        found += [number] if theirs.drift_detected else []
    assert broken_at(figures) == found


@pytest.mark.skipif(not RIVER, reason="river is not installed; it comes with the extra `drift`")
def test_adwin_sees_a_rate_that_moves():
    found = Adwin().breaks(rewards(0.2, 0.6))
    assert found
    assert 1000 < found[0] < 1200
    assert Adwin().breaks(rewards(0.3, each=2000)) == []


@pytest.mark.skipif(RIVER, reason="river is installed")
def test_without_river_adwin_says_what_is_missing():
    with pytest.raises(ConfigError, match="extra `drift`"):
        Adwin().breaks([0.0])

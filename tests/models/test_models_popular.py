"""Popularity, worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models_world import DAY

from bowerbird.config import parse
from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError
from bowerbird.models import Popular
from bowerbird.types import History, Log, Query


def counted(recipe: Popular, days: list[float] | None, items: list[int], weights: list[float] | None = None) -> list[float]:
    """What is counted for each of four items of a log of one event a user."""
    n = len(items)
    times = np.full(n, np.nan) if days is None else np.array(days) * DAY
    log = Log(np.arange(n, dtype=np.int32), np.array(items, np.int32), np.array(weights or [1] * n, np.float32), times, n, 4)
    model = recipe.fit(log, Catalogue.of(["a", "b", "c", "d"]), np.random.default_rng(0))
    return np.expm1(model.score([Query(History.of([]))])[0]).tolist()


def test_likes_are_counted_by_their_weight() -> None:
    assert counted(Popular(), None, [0, 0, 1, 3], [1, 1, 0.5, -1]) == pytest.approx([2, 0.5, np.nan, np.nan], nan_ok=True)


def test_a_window_counts_the_last_days_only() -> None:
    """Item 1 was liked before: it is known, and not popular now."""
    assert counted(Popular(window_days=7), [0, 10, 5, 3.5], [1, 0, 0, 2]) == pytest.approx([2, 0, 1, np.nan], nan_ok=True)


def test_the_edge_of_the_window_is_inside() -> None:
    assert counted(Popular(window_days=7), [3, 10], [1, 0])[:2] == pytest.approx([1, 1])


def test_a_half_life_halves() -> None:
    assert counted(Popular(half_life_days=2), [8, 10, 6, 4], [0, 1, 2, 3]) == pytest.approx([0.5, 1, 0.25, 0.125])


def test_decay_and_window_together() -> None:
    assert counted(Popular(half_life_days=2, window_days=3), [8, 10, 6], [0, 1, 0])[:2] == pytest.approx([0.5, 1])


def test_without_a_clock_all_events_count_alike() -> None:
    wanted = counted(Popular(), None, [0, 0, 1])
    assert counted(Popular(half_life_days=1, window_days=1), None, [0, 0, 1]) == pytest.approx(wanted, nan_ok=True)


def test_everyone_is_told_the_same() -> None:
    log = Log(np.zeros(2, np.int32), np.array([0, 1], np.int32), np.ones(2, np.float32), np.full(2, np.nan), 1, 2)
    model = Popular().fit(log, Catalogue.of(["a", "b"]), np.random.default_rng(0))
    one, two = model.score([Query(History.of([])), Query(History.of([0, 0], weights=[-1, 1]))])
    assert one.tolist() == two.tolist()


@pytest.mark.parametrize("name", ["window_days", "half_life_days"])
def test_times_must_be_above_zero(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: input should be greater than 0, got 0"):
        parse(Popular, {name: 0})


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=60), st.integers(1, 6), st.sampled_from([0.5, 1.0]))
def test_fake_users_move_a_count_by_no_more_than_they_are(done: list[tuple[int, int]], mature: int, share: float) -> None:
    """Whatever they send, and however often: each by at most their share, and of that the part of a grown user that they are."""
    likes = sorted(done)
    honest = _log([(0, 0), (0, 1), (1, 0)], 2)
    pushed = _log([(0, 0), (0, 1), (1, 0), *((user + 2, item) for user, item in likes)], 6)
    recipe, shop = Popular(mature=mature, share=share), Catalogue.of(list("abcde"))
    before, after = (np.nan_to_num(np.expm1(recipe.fit(log, shop, np.random.default_rng(0)).strengths)) for log in (honest, pushed))
    for item in range(5):
        fakes = {user for user, liked in likes if liked == item}
        grown = sum(min(len({liked for other, liked in likes if other == user}) / mature, 1) for user in fakes)
        assert after[item] - before[item] <= share * grown + 1e-5


def _log(likes: list[tuple[int, int]], n_users: int) -> Log:
    users, items = np.array(likes, np.int32).reshape(-1, 2).T
    return Log(users, items, np.ones(len(likes), np.float32), np.arange(len(likes), dtype=np.float64), n_users, 5)

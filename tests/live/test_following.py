"""What is learned while a bundle is live: a fold over the log, the same however it was interrupted; nobody teaches too much."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.adaptation import LiveSettings, PageHinkley
from bowerbird.bundle import Bundle, Config, now
from bowerbird.engine import Engine
from bowerbird.live import Follower, Grower, Learned, fresh, learns
from bowerbird.live.following import Room
from bowerbird.models import Blend, Ease, Lessons, Popular, Trend
from bowerbird.store import SqlStore
from bowerbird.types import Event
from little_world import Spotter, bundle

WATCHED = LiveSettings(drift=PageHinkley(), per_user=4, window=30)
CONFIG = Config(model=Blend(members=(Popular(), Ease(), Trend(half_life_days=1)), lessons=Lessons(step=0.1)), live=WATCHED)


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle(CONFIG)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as opened:
        yield opened


def some(seed: int, n: int, users: int = 9) -> list[Event]:
    """Likes and other events of the last hour, in some order."""
    rng = np.random.default_rng(seed)
    kinds = ["like", "view", "dislike"]
    return [
        Event(
            f"u{rng.integers(users)}",
            f"{('tea', 'rope', 'paint')[rng.integers(3)]}-{rng.integers(8)}",
            now() - timedelta(seconds=float(rng.integers(3600))),
            kinds[rng.integers(3)],
        )
        for _ in range(n)
    ]


def filled(store: SqlStore, fitted: Bundle, n: int = 60) -> Follower:
    store.import_events(fitted.events)
    store.append(some(0, n // 2))
    store.put_items([{"item": "rope-new", "title": "rope number new"}])
    store.append([Event("u1", "rope-new", now(), "like"), Event("u2", "no such item", now(), "like"), *some(1, n // 2)])
    return Follower(store, Grower(Spotter()))


def test_the_fold_is_the_same_wherever_it_is_interrupted(store: SqlStore, fitted: Bundle) -> None:
    follower = filled(store, fitted)
    whole = follower.onward(fresh(fitted), store.newest())
    assert (whole.unknown, whole.taught + whole.passed) == (1, 61)
    assert whole.passed > 0
    for step in (1, 7, 50):
        learned = fresh(fitted)
        while learned.offset < store.newest():
            learned = follower.onward(learned, min(learned.offset + step, store.newest()))
            learned = Learned.from_bytes(fitted, learned.bundle, learned.to_bytes())
        assert learned.to_bytes() == whole.to_bytes()


def test_what_happened_moves_the_state_and_old_events_do_not(store: SqlStore, fitted: Bundle) -> None:
    follower = filled(store, fitted, n=0)
    before = follower.onward(fresh(fitted), len(fitted.events))
    assert (before.taught, before.fingerprint) == (0, replace(fresh(fitted), offset=len(fitted.events)).fingerprint)
    assert follower.onward(before, store.newest()).fingerprint != before.fingerprint


def test_an_item_teaches_from_the_moment_that_it_was_put(store: SqlStore, fitted: Bundle) -> None:
    store.import_events(fitted.events)
    store.append([Event("u1", "rope-new", now(), "like")])
    store.put_items([{"item": "rope-new", "title": "rope number new"}])
    store.append([Event("u2", "rope-new", now(), "like")])
    learned = Follower(store, Grower(Spotter())).onward(fresh(fitted), store.newest())
    assert (learned.taught, learned.unknown, learned.item_offset) == (1, 1, 1)


def test_a_restart_loses_nothing_that_was_learned(tmp_path: Path, fitted: Bundle) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with SqlStore(url) as store:
        engine = Engine(fitted, store, Spotter())
        with engine.following():
            engine.observe(some(3, 40))
            engine.put_items([{"item": "rope-new", "title": "rope number new"}])
            engine.observe([Event("u1", "rope-new", kind="like")])
        engine.catch_up()
        said, answer = engine.learned.to_bytes(), engine.recommend(user="u5")
    with SqlStore(url) as store:
        again = Engine(fitted, store, Spotter())
        assert again.learned.to_bytes() == said
        assert again.replay(answer.receipt).items == answer.items
        assert store.snapshot(fitted.fingerprint) is not None
        store.keep_snapshot(fitted.fingerprint, 0, fresh(fitted).to_bytes())


def test_two_processes_on_one_log_learn_the_same(store: SqlStore, fitted: Bundle) -> None:
    one, other = Engine(fitted, store, Spotter()), Engine(fitted, store, Spotter())
    for part in range(4):
        (one, other)[part % 2].observe(some(part, 10))
        one.catch_up()
    other.catch_up()
    assert one.learned.to_bytes() == other.learned.to_bytes()


def test_a_slate_from_before_something_was_learned_is_made_again(store: SqlStore, fitted: Bundle) -> None:
    engine = Engine(fitted, store, Spotter())
    first = engine.recommend(user="stranger", k=8)
    engine.observe([Event(f"new{number}", "paint-7", kind="like") for number in range(20)])
    engine.catch_up()
    second = engine.recommend(user="stranger", k=8)
    assert second.items != first.items
    assert engine.replay(first.receipt).items == first.items
    assert engine.replay(second.receipt).items == second.items


def test_reading_changes_nothing(store: SqlStore, fitted: Bundle) -> None:
    engine = Engine(fitted, store, Spotter())
    engine.observe(some(5, 20))
    engine.catch_up()
    state, events = engine.learned.to_bytes(), store.newest()
    first = [engine.recommend(user=f"u{user}", explain=True, diversity=0.3) for user in range(5)]
    engine.similar("tea-1"), engine.search_titles("rope"), engine.history("u1"), engine.users(), engine.item("tea-2")
    engine.catch_up()
    assert (engine.learned.to_bytes(), store.newest()) == (state, events)
    assert [engine.replay(one.receipt).items for one in first] == [one.items for one in first]


def test_a_swap_and_a_rollback_learn_from_the_log_as_well(store: SqlStore, fitted: Bundle) -> None:
    engine, other = Engine(fitted, store, Spotter()), bundle(CONFIG, seed=3)
    engine.observe(some(5, 20))
    engine.swap(other)
    assert engine.learned.taught == 20 - engine.learned.passed > 0
    engine.rollback()
    engine.catch_up()
    assert engine.learned.base is fitted
    assert engine.learned.offset == store.newest()


def test_a_bundle_that_learns_nothing_is_told_nothing(store: SqlStore) -> None:
    engine = Engine(bundle(Config(model=Ease())), store)
    engine.observe(some(5, 20))
    assert not learns(engine.bundle)
    assert engine.catch_up() == 0
    with engine.following():
        assert engine.recommend(user="u1").receipt.learned == 0
    assert store.snapshot(engine.bundle.fingerprint) is None


@given(st.lists(st.sampled_from("abcd"), max_size=80), st.integers(1, 4), st.integers(1, 12))
def test_of_any_window_of_lessons_one_user_gives_no_more_than_their_part(users: Sequence[str], per_user: int, window: int) -> None:
    room = Room(LiveSettings(per_user=per_user, window=window))
    taught = [user for user in users if room.take(user)]
    for start in range(len(taught)):
        stretch = taught[start : start + window]
        assert max(stretch.count(user) for user in "abcd") <= per_user
    resumed = Room(LiveSettings(per_user=per_user, window=window), room.teachers)
    assert [room.take(user) for user in "abcdabcd"] == [resumed.take(user) for user in "abcdabcd"]


def test_a_flood_of_one_user_moves_nobody_elses_slate_by_more_than_its_part(store: SqlStore) -> None:
    """10,000 events: four teach. Each adds at most one sign of interest to one item, so the trend's part of a score moves by no more
    than log(1 + share) standard scores can say; of the slates of others no more than two places in ten go to the flooded items."""
    fitted = bundle(CONFIG)
    engine = Engine(fitted, store, Spotter())
    engine.observe([Event(f"v{number % 12}", f"tea-{number % 8}", kind="like") for number in range(60)])
    engine.catch_up()
    others = [f"u{number}" for number in range(36)] + ["stranger"]
    before = {user: [one.item for one in engine.recommend(user=user, k=10).items] for user in others}
    taught = engine.learned.taught
    for _ in range(20):
        engine.observe([Event("flood", f"paint-{number % 8}", kind="like") for number in range(500)])
        engine.catch_up()
    assert engine.learned.taught - taught <= WATCHED.per_user
    assert engine.learned.passed >= 10_000 - WATCHED.per_user
    for user in others:
        after = [one.item for one in engine.recommend(user=user, k=10).items]
        assert len(set(after) - set(before[user])) <= 2, user

"""What slates earned is read from the log: each once, in order, when it is old enough; a restart comes to know the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bowerbird.data import Catalogue, DataSettings, ValueScale
from bowerbird.errors import ConfigError
from bowerbird.retraining import GuardSettings, Rate, Reckoner, Sentry, Shelf, beside
from bowerbird.store import SlateRow, SqlStore
from bowerbird.types import Event

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


class World:
    """A log, an hour that passes, and which bundle is live."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.at, self.live, self.made = store, NOON, "old", 0

    def bundle(self) -> Any:
        config = SimpleNamespace(data=DataSettings())
        return SimpleNamespace(fingerprint=self.live, catalogue=Catalogue.of(["heat", "ronin"]), config=config, scale=ValueScale())

    def shows(self, n: int, liked: int, kind: str = "like") -> None:
        for number in range(n):
            self.made += 1
            self.at += timedelta(seconds=1)
            name = f"s{self.made:05}"
            row = SlateRow(name, self.store.newest(), self.at, "ann", self.live, {}, ("heat", "ronin"), (0.5, 0.0), (1.0, 1.0))
            self.store.log_slates([row])
            if number < liked:
                self.store.append([Event("ann", "ronin", self.at, kind, slate=name)])

    def reckoner(self, sentry: Sentry, since: datetime | None = None) -> Reckoner:
        return Reckoner(self.store, sentry, self.bundle, timedelta(minutes=1), since, lambda: self.at)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with SqlStore(f"sqlite:///{tmp_path / 'log.db'}") as store:
        yield World(store)


def tally(sentry: Sentry) -> Rate:
    sentry.swapped("another")
    assert sentry.guard is not None
    return sentry.guard.before


def test_each_slate_is_told_once_and_only_when_it_is_old_enough(world: World) -> None:
    sentry = Sentry("old", lambda: None)
    reckoner = world.reckoner(sentry)
    world.shows(10, liked=3)
    assert reckoner.look() == 0
    world.at += timedelta(seconds=55)
    assert reckoner.look() == 5
    world.at += timedelta(seconds=60)
    assert reckoner.look() == 5
    assert reckoner.look() == 0
    assert tally(sentry) == Rate(10, 3)


def test_what_somebody_did_not_like_or_somebody_else_did_earns_nothing(world: World) -> None:
    sentry = Sentry("old", lambda: None)
    world.shows(4, liked=4, kind="not_interested")
    world.shows(1, liked=0)
    world.store.append([Event("thief", "heat", world.at, "like", slate="s00005")])
    world.at += timedelta(hours=1)
    world.reckoner(sentry).look()
    assert tally(sentry) == Rate(5, 0)


def test_a_drop_after_a_swap_is_taken_back_and_a_restart_sees_it_too(world: World) -> None:
    def watched(sentry: Sentry) -> tuple[list[str], int]:
        done.clear()
        world.live = "new"
        world.reckoner(sentry).look()
        return list(done), sentry.late

    done: list[str] = []

    def back() -> None:
        done.append("back")
        world.live = "old"

    world.shows(300, liked=200)
    first = Sentry("old", back)
    world.at += timedelta(hours=1)
    before = world.reckoner(first)
    assert before.look() == 300
    world.live = "new"
    world.shows(80, liked=2)
    world.at += timedelta(hours=1)
    before.look()
    assert (done, first.live, first.rollbacks) == (["back"], "old", 1)
    late = first.late
    assert watched(Sentry("old", back)) == (["back"], late)


def test_a_bundle_as_good_stays(world: World) -> None:
    sentry = Sentry("old", lambda: pytest.fail("taken back"), GuardSettings(until=50))
    world.shows(100, liked=50)
    world.live = "new"
    world.shows(30, liked=15)
    world.at += timedelta(hours=1)
    world.reckoner(sentry).look()
    assert sentry.guard is not None
    assert sentry.guard.since == Rate(30, 15)


def test_slates_from_before_the_former_bundle_are_left_alone(world: World) -> None:
    world.shows(10, liked=10)
    since = world.at + timedelta(seconds=1)
    world.shows(5, liked=0)
    world.at += timedelta(hours=1)
    sentry = Sentry("old", lambda: None)
    assert world.reckoner(sentry, since).look() == 5


def test_a_log_in_memory_cannot_be_retrained_from(tmp_path: Path) -> None:
    engine: Any = SimpleNamespace()
    with pytest.raises(ConfigError, match="must be one that another process can open, got sqlite://"):
        beside(engine, "sqlite://", Shelf(tmp_path, tmp_path / "first", "f00d"))

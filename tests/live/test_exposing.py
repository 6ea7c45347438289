"""What the logged slates showed before a bundle was fitted gives way to what they did not; later slates count from the next fit on."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from bowerbird.bundle import Bundle, Config, now
from bowerbird.config import parse
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError
from bowerbird.live import shown_before
from bowerbird.models import Popular
from bowerbird.pipeline import Pipeline, RankingSettings
from bowerbird.ranking import ExposureSettings
from bowerbird.store import SqlStore
from bowerbird.types import History, Query, Request
from little_world import Spotter, bundle

RANKING = RankingSettings(exposure=ExposureSettings(strength=0.6, days=2))


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle(Config(model=Popular(), ranking=RANKING))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as opened:
        yield opened


def ids(engine: Engine) -> list[str]:
    return [one.item for one in engine.recommend(user="stranger", k=6).items]


def test_the_next_bundle_shows_what_the_one_before_did_not(store: SqlStore, fitted: Bundle) -> None:
    engine = Engine(fitted, store, Spotter())
    shown = [ids(engine) for _ in range(20)]
    engine.flush()
    assert len({tuple(slate) for slate in shown}) == 1, "slates do not change a bundle that is live"
    later = replace(fitted, created=now(), seed=1)
    counts = shown_before(store, later, RANKING)
    assert counts is not None
    told = Counter(item for slate in shown for item in slate)
    assert {fitted.catalogue.ids[n]: int(c) for n, c in enumerate(counts) if c} == told
    engine.swap(later)
    answer = engine.recommend(user="stranger", k=6)
    others = [one.item for one in answer.items]
    assert set(others) != set(shown[0])
    engine.flush()
    assert ids(engine) == others
    assert engine.replay(answer.receipt).items == answer.items


def test_only_the_days_before_the_fit_are_counted(store: SqlStore, fitted: Bundle) -> None:
    engine = Engine(fitted, store, Spotter())
    ids(engine)
    engine.flush()
    for days, found in ((-1, False), (1, True), (3, False)):
        counts = shown_before(store, replace(fitted, created=now() + timedelta(days=days)), RANKING)
        assert counts is not None
        assert counts.any() == found, days
    assert shown_before(store, fitted, RankingSettings()) is None


def test_an_item_that_came_later_was_never_shown(fitted: Bundle) -> None:
    n = len(fitted.catalogue)
    pipeline = Pipeline(fitted.model, fitted.catalogue, RANKING, shown=np.ones(n - 1, np.int64))
    alike = replace(pipeline, shown=np.append(np.ones(n - 1, np.int64), 0))
    asked = [Request(Query(History.of([])), k=n)]
    assert pipeline.recommend(asked)[0].items.tolist() == alike.recommend(asked)[0].items.tolist()


def test_days_without_strength_are_refused() -> None:
    with pytest.raises(ConfigError, match="days has no effect with strength 0"):
        parse(ExposureSettings, {"days": 3})

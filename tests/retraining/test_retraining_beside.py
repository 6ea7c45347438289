"""Beside a real engine: what won goes live, a drop in what slates earn brings the former bundle back, and a restart serves what is live."""

from datetime import timedelta
from pathlib import Path

from bowerbird.bundle import Bundle, Config, now
from bowerbird.engine import Engine
from bowerbird.models import Popular
from bowerbird.retraining import Shelf, beside
from bowerbird.store import SqlStore
from bowerbird.types import Event
from little_world import Spotter, bundle


def test_a_drop_brings_the_former_bundle_back(tmp_path: Path) -> None:
    old, new = bundle(Config(model=Popular())), bundle(Config(model=Popular(half_life_days=30)), seed=1)
    old.save(tmp_path / "old")
    new.save(tmp_path / "new")
    shelf, url = Shelf(tmp_path / "shelf", tmp_path / "old", old.fingerprint), f"sqlite:///{tmp_path / 'log.db'}"
    with SqlStore(url) as store:
        engine = Engine(Bundle.load(shelf.live.path), store, Spotter())
        both = beside(engine, url, shelf)
        both.reckoner.since = None
        both.reckoner.clock = lambda: now() + timedelta(hours=1)

        def visits(n: int, liked: int) -> None:
            for visit in range(n):
                answer = engine.recommend(user=f"v{visit}", k=3)
                if visit < liked:
                    engine.observe([Event(f"v{visit}", answer.items[0].item, kind="like", slate=answer.slate_id)])
            engine.flush()
            both.reckoner.look()

        visits(60, liked=40)
        engine.swap(Bundle.load(tmp_path / "new"))
        shelf.put(tmp_path / "new", new.fingerprint)
        assert shelf.former is not None
        visits(60, liked=0)
        assert both.sentry.rollbacks == 1
        assert engine.bundle.fingerprint == old.fingerprint == shelf.live.fingerprint
        visits(20, liked=15)
        assert both.sentry.rollbacks == 1
    assert Shelf(tmp_path / "shelf", tmp_path / "old", old.fingerprint).live.fingerprint == old.fingerprint

"""All of retraining beside one engine: what wins goes live, what drops comes back, and a restart serves what was live."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bowerbird.bundle import Bundle
from bowerbird.config import parse, read_toml
from bowerbird.engine import Engine
from bowerbird.errors import ConfigError
from bowerbird.retraining.reckoning import Reckoner
from bowerbird.retraining.retrainer import Retrainer
from bowerbird.retraining.sentry import Sentry
from bowerbird.retraining.settings import RetrainSettings
from bowerbird.retraining.shelf import Shelf
from bowerbird.retraining.watcher import Watcher


@dataclass(frozen=True, eq=False)
class Beside:
    """What retrains an engine, and what watches over it."""

    retrainer: Retrainer
    sentry: Sentry
    reckoner: Reckoner
    watcher: Watcher

    @contextmanager
    def working(self) -> Iterator[None]:
        """Retrain and watch in the background while the block runs; a fit that runs at its end is ended."""
        with self.watcher.looking(), self.retrainer.looking(), self.reckoner.looking():
            yield


def beside(engine: Engine, url: str, shelf: Shelf, settings: Path | None = None) -> Beside:
    """Retraining for an engine that serves the live bundle of a shelf.

    url       of the engine's event log, which another process must be able to open
    settings  `RetrainSettings` as a TOML file; None = all defaults
    raises    ConfigError if the log is in memory, or a setting is wrong
    """
    if url.partition("?")[0] in ("sqlite://", "sqlite:///:memory:"):
        raise ConfigError(f"retrain: the event log must be one that another process can open, got {url}")
    chosen = RetrainSettings() if settings is None else parse(RetrainSettings, read_toml(settings))

    watcher = Watcher(engine, shelf)

    def back() -> None:
        rates = "" if sentry.guard is None else f": {sentry.guard.since} where the one before had {sentry.guard.before}"
        shelf.take_back(engine.bundle.fingerprint, by="guard", why=f"its slates earned less{rates}")
        watcher.look()

    former = shelf.former or shelf.live
    sentry = Sentry(former.fingerprint, back, chosen.guard)
    since = engine.bundle.created if shelf.former is None else Bundle.load(former.path).created
    wait = timedelta(minutes=chosen.guard.wait_minutes)
    reckoner = Reckoner(engine.store, sentry, lambda: engine.bundle, wait, since)
    retrainer = Retrainer(
        url, engine.store, shelf, lambda: engine.bundle, watcher.take, lambda: engine.learned.drift.breaks, chosen, settings
    )
    return Beside(retrainer, sentry, reckoner, watcher)

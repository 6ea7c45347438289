"""An engine whose users are dealt to arms, each of which is an engine of its own on the same store."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bowerbird.answers import Answer, Receipt
from bowerbird.bundle import Bundle
from bowerbird.engine import Engine
from bowerbird.errors import BundleError, DataError, StoreError
from bowerbird.experiments.dealing import dealt
from bowerbird.experiments.settings import Arm, Experiment
from bowerbird.types import Event, Offset, UserId

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Tally:
    """What became of an arm's requests in this process.

    asked   how many there were
    failed  how many its engine could not answer; the control did
    closed  why it answers no more, in a sentence; None while it does
    """

    asked: int = 0
    failed: int = 0
    closed: str | None = None


@dataclass(eq=False)
class Split(Engine):
    """Answers each user as their arm does. The control is this engine itself; who comes with a history and no id is in no arm.

    Models and catalogues are shared between arms that differ in settings alone; what is learned live is learned by each. A failure of an
    arm's engine costs its user nothing: the control answers, and the slate counts for no arm. Mistakes of the caller, and a store that does
    not answer, are nobody's failure.

    experiment  who is in which arm
    told        called once for each arm that is closed, with its name and why
    tallies     by arm's name, of this process

    raises      BundleError for an arm's bundle that cannot be read, ConfigError for a setting that its bundle refuses
    """

    experiment: Experiment = field(kw_only=True)
    told: Callable[[str, str], object] | None = field(kw_only=True, default=None)
    tallies: dict[str, Tally] = field(init=False)
    _others: dict[str, Engine] = field(init=False, repr=False)
    _given: dict[str, Bundle] = field(init=False, repr=False)
    _counting: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        others = self.experiment.arms[1:]
        self.tallies = {arm.name: Tally() for arm in self.experiment.arms}
        self._given = {arm.name: Bundle.load(arm.bundle) for arm in others if arm.bundle is not None}
        bundles = self._made(self.first)
        super().__post_init__()
        self._others = {arm.name: Engine(bundles[arm.name], self.store, self.encoder, self.progress) for arm in others}

    def recommend(self, *, user: UserId | None = None, **asked: Any) -> Answer:
        """As `Engine.recommend`, by the arm of the user."""
        if user is None:
            return super().recommend(**asked)
        arm = dealt(self.experiment, user)
        tally, engine = self.tallies[arm.name], self._others.get(arm.name)
        with self._counting:
            tally.asked += 1
        if engine is None:
            return super().recommend(user=user, arm=self.experiment.label(arm), **asked)
        if tally.closed is None:
            try:
                return engine.recommend(user=user, arm=self.experiment.label(arm), **asked)
            except (DataError, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 whatever is wrong with the arm, the user gets an answer
                self._failed(arm, error)
        return super().recommend(user=user, **asked)

    def replay(self, receipt: Receipt) -> Answer:
        """As `Engine.replay`, by the arm that made it."""
        for name, engine in self._others.items():
            if receipt.arm == f"{self.experiment.name}/{name}":
                return engine.replay(receipt)
        return super().replay(receipt)

    def observe(self, events: Sequence[Event]) -> Offset:
        """As `Engine.observe`, for all arms."""
        if any(event.slate for event in events):
            for engine in self._others.values():
                engine.flush()
        offset = super().observe(events)
        for engine in self._others.values():
            engine._news.set()
        return offset

    def flush(self) -> None:
        """As `Engine.flush`, for all arms."""
        super().flush()
        for engine in self._others.values():
            engine.flush()

    @contextmanager
    def following(self) -> Iterator[None]:
        """As `Engine.following`, for all arms."""
        with ExitStack() as stack:
            stack.enter_context(super().following())
            for engine in self._others.values():
                stack.enter_context(engine.following())
            yield

    def swap(self, bundle: Bundle) -> None:
        """As `Engine.swap`; arms without a bundle of their own are made of the new one.

        raises  ConfigError where it refuses the settings of an arm: nothing has changed
        """
        bundles = self._made(bundle)
        super().swap(bundle)
        self._follow(bundles)

    def rollback(self) -> Bundle:
        """As `Engine.rollback`, likewise."""
        bundle = super().rollback()
        self._follow(self._made(bundle))
        return bundle

    def fingerprint(self, name: str) -> str:
        """Of the bundle that an arm answers from."""
        return self._others.get(name, self).bundle.fingerprint

    def close_arm(self, name: str, why: str) -> None:
        """Answer the users of an arm as the control does from now on; their slates count for no arm.

        raises  BundleError for the control, or an arm that there is not
        """
        if name not in self._others:
            raise BundleError(f"experiment {self.experiment.name}: {name!r} is no arm that can be closed")
        with self._counting:
            if self.tallies[name].closed is not None:
                return
            self.tallies[name].closed = why
        logger.warning("experiment %s: arm %s is closed: %s", self.experiment.name, name, why)
        if self.told is not None:
            self.told(name, why)

    @property
    def slates_dropped(self) -> int:
        """As `Engine.slates_dropped`, of all arms."""
        return super().slates_dropped + sum(engine.slates_dropped for engine in self._others.values())

    def _failed(self, arm: Arm, error: Exception) -> None:
        watch = self.experiment.watch
        with self._counting:
            tally = self.tallies[arm.name]
            tally.failed += 1
            failed, asked = tally.failed, tally.asked
        logger.error("experiment %s: arm %s failed, the control answers", self.experiment.name, arm.name, exc_info=error)
        if asked >= watch.least and failed > watch.errors * asked:
            self.close_arm(arm.name, f"{failed} of {asked} requests failed, the last with: {error}")

    def _made(self, live: Bundle) -> dict[str, Bundle]:
        """The bundle of each arm but the control, with its settings."""
        made = {}
        for arm in self.experiment.arms[1:]:
            base = self._given.get(arm.name, live)
            made[arm.name] = replace(base, config=self.experiment.config(arm, base.config))
        return made

    def _follow(self, bundles: dict[str, Bundle]) -> None:
        for name, engine in self._others.items():
            if bundles[name].fingerprint != engine.bundle.fingerprint:
                engine.swap(bundles[name])

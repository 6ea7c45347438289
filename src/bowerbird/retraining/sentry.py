"""Stands by a bundle that went live, and has it taken back if its reward has dropped."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bowerbird.retraining.guard import Guard, Rate
from bowerbird.retraining.settings import GuardSettings

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Sentry:
    """Told of the reward of each slate, it tallies the live bundle, and after a swap holds the new one against the old (`Guard`).

    live      fingerprint of the bundle that answers
    rollback  takes the live bundle back, as `Engine.rollback`; called at most once a swap, by who tells of the slate that decides,
              and must not call the sentry
    settings  of the guard
    guard     of the live bundle; None if it did not come by a swap, or its watch is over
    late      slates of other bundles than the live one, which count for nothing
    rollbacks how many there were
    """

    live: str
    rollback: Callable[[], object]
    settings: GuardSettings = field(default_factory=GuardSettings)
    guard: Guard | None = field(init=False, default=None)
    late: int = field(init=False, default=0)
    rollbacks: int = field(init=False, default=0)
    _rewards: deque[int] = field(init=False, repr=False)
    _former: tuple[str, deque[int]] | None = field(init=False, repr=False, default=None)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._rewards = deque(maxlen=self.settings.before)

    def swapped(self, bundle: str) -> None:
        """Another bundle is live from now on; it is held against the one that was."""
        with self._lock:
            self._former = self.live, self._rewards
            self.guard = Guard(Rate(len(self._rewards), sum(self._rewards)), self.settings)
            self.live, self._rewards = bundle, deque(maxlen=self.settings.before)
            logger.info("guard: %s is held against %s, which had %s", bundle, self._former[0], self.guard.before)

    def slate(self, bundle: str, reward: int) -> bool:
        """A slate of this bundle had this reward, 0 or 1; whether the live bundle was taken back for it.

        raises  DataError for any other reward; what `rollback` raises, and then again at the next slate
        """
        with self._lock:
            if bundle != self.live:
                self.late += 1
                return False
            Rate().after(reward)
            self._rewards.append(reward)
            if self.guard is None:
                return False
            self.guard = self.guard.after(reward)
            if self.guard.verdict == "held":
                self.guard = None
            if self.guard is None or self.guard.verdict != "dropped" or self._former is None:
                return False
            former, rewards = self._former
            told = self.guard.since, former, self.guard.before
            self.rollback()
            logger.warning("guard: %s was taken back: %s, where %s had %s", bundle, *told)
            self.guard, self._former, self.live, self._rewards = None, None, former, rewards
            self.rollbacks += 1
            return True

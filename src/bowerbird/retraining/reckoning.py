"""What each slate earned: read from the log once it is old enough to tell, and told to who watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bowerbird.bundle import Bundle, now
from bowerbird.data import history_of
from bowerbird.retraining.looking import looking
from bowerbird.retraining.sentry import Sentry
from bowerbird.store import SlateRow, SqlStore
from bowerbird.types import Event

LOOK_S = 10.0
"""Seconds between two looks into the log."""


@dataclass(eq=False)
class Reckoner:
    """Tells a sentry of the reward of each logged slate, in the order in which they were made, by whichever process.

    A slate has earned 1 if an event with a weight above 0 answers it, else 0. It is told `wait` after it was made, whatever comes later.
    The first slate of a bundle that went live meanwhile tells the sentry of the swap. All of it is in the log, so a sentry that begins
    after a restart, with the bundle that was live before the live one, comes to know what it knew.

    store   the log
    sentry  is told
    live    the bundle that answers now: its settings weigh the events
    wait    how long a slate may still be answered
    since   slates made before are not told
    clock   aware UTC
    """

    store: SqlStore
    sentry: Sentry
    live: Callable[[], Bundle]
    wait: timedelta
    since: datetime | None = None
    clock: Callable[[], datetime] = now
    _last: SlateRow | None = field(init=False, repr=False, default=None)

    def look(self) -> int:
        """Tell of all slates that are old enough and were not told yet; how many those were.

        raises  StoreError; what the sentry's rollback raises: the slates that were not told yet are told at the next look
        cost    a query for each thousand slates, and one for each slate that counts
        """
        told = 0
        for slate in self.store.all_slates(self._last, self.since, self.clock() - self.wait):
            live = self.live().fingerprint
            if slate.bundle == live != self.sentry.live:
                self.sentry.swapped(live)
            if slate.items and slate.bundle in (live, self.sentry.live):
                self.sentry.slate(slate.bundle, self._reward(slate))
                told += 1
            self._last = slate
        return told

    @contextmanager
    def looking(self, every_s: float = LOOK_S) -> Iterator[None]:
        """Look again and again in the background while the block runs."""
        with looking(self.look, every_s, "guard"):
            yield

    def _reward(self, slate: SlateRow) -> int:
        return int(any(self._liked(answer) for answer in self.store.answers(slate.id) if slate.user in (None, answer.user)))

    def _liked(self, answer: Event) -> bool:
        bundle = self.live()
        history, _ = history_of([answer], bundle.catalogue, bundle.config.data, bundle.scale)
        return bool((history.weights > 0).any())

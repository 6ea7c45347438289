"""A clock that is not put back by a little: what happens later is never written down as earlier."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bowerbird.bundle import now

HELD = timedelta(hours=1)
"""A machine's clock that steps back by no more is waited for; one that steps back further was wrong before, and is believed."""

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Clock:
    """The present instant, aware UTC. Where the machine's clock steps back, this one stands still until it is caught up with.

    machine  the machine's clock

    >>> from datetime import UTC
    >>> told = iter([datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 11, 30, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)])
    >>> clock = Clock(lambda: next(told))
    >>> [clock().isoformat() for _ in range(3)]
    ['2026-01-01T12:00:00+00:00', '2026-01-01T12:00:00+00:00', '2025-01-01T00:00:00+00:00']
    """

    machine: Callable[[], datetime] = now
    _latest: datetime | None = field(init=False, repr=False, default=None)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __call__(self) -> datetime:
        """Now."""
        with self._lock:
            at = self.machine()
            if self._latest is not None and self._latest - at > HELD:
                log.warning("the machine's clock stepped back from %s to %s", self._latest.isoformat(), at.isoformat())
                self._latest = at
            self._latest = at if self._latest is None else max(at, self._latest)
            return self._latest

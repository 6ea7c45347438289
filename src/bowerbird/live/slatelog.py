"""Slates on their way into the log: gathered, for one write of many is far cheaper than many writes."""

import threading
from collections import deque
from dataclasses import dataclass, field

from bowerbird.store import SlateRow, SqlStore

GATHERED = 256
"""So many are written without being asked."""

HELD = 10_000
"""So many wait at most, where the store does not answer; then the oldest are dropped, and counted."""


@dataclass(eq=False)
class SlateLog:
    """Slates that were made and are not stored yet. One object serves all threads.

    A slate that is lost with its process costs what answers to it would have taught, and no more: an event that names it is kept without
    the name.

    dropped  how many were not stored, since too many waited
    """

    store: SqlStore
    dropped: int = 0
    _waiting: deque[SlateRow] = field(init=False, repr=False, default_factory=deque)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    _writing: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, slate: SlateRow) -> bool:
        """Let a slate wait; whether so many more wait now that they should be written: where the store does not answer, not at each one."""
        with self._lock:
            self._waiting.append(slate)
            if len(self._waiting) > HELD:
                self._waiting.popleft()
                self.dropped += 1
            return len(self._waiting) % GATHERED == 0

    def flush(self) -> None:
        """Store all that wait.

        raises  StoreError: then they wait on
        """
        with self._writing:
            with self._lock:
                slates = list(self._waiting)
            if not slates:
                return
            self.store.log_slates(slates)
            with self._lock:
                written = {slate.id for slate in slates}
                while self._waiting and self._waiting[0].id in written:
                    self._waiting.popleft()

"""Data that is old enough is deleted while a server runs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bowerbird.store import People, SqlStore

EVERY = timedelta(days=1)
"""How often it is looked for: whatever learns from the log learns again where something went."""


@dataclass(eq=False)
class Expirer:
    """Deletes events and slates when they are older than the settings say. Not to be used from several threads at a time."""

    store: SqlStore
    _looked: datetime | None = field(init=False, repr=False, default=None)

    def look(self, keep_days: float | None, now: datetime) -> int:
        """Delete what is too old, if the last look was long enough ago; how many rows that were.

        keep_days  None = everything is kept
        raises     StoreError: then it is tried again after as long
        """
        if keep_days is None or (self._looked is not None and now - self._looked < EVERY):
            return 0
        self._looked = now
        return sum(People(self.store).expire(now - timedelta(days=keep_days), now).values())

"""The keys as a server has them at hand: read from the store now and then, not with every request."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Protocol

from bowerbird.access.bucket import Bucket
from bowerbird.access.tokens import digest_of, id_of
from bowerbird.store import KeyRow

FRESH_S = 2.0
"""So old may what is known of the keys be: a key that is revoked opens nothing after that, on any server."""

NOBODY = bytes(32)
"""The digest that an unknown key is compared with, so that the time it takes tells nothing of which ids there are."""


class _Keeps(Protocol):
    def all(self) -> list[KeyRow]: ...


@dataclass(eq=False)
class KeyRing:
    """Finds the key that a text is, and counts how often each is used. Not to be used from several threads at a time, but for `refresh`.

    keys   where they are kept; read at once
    fresh_s, clock  when they are `stale`
    raises StoreError if they cannot be read

    Buckets are this process's own: where N servers share the database, a key may ask N times as often.
    """

    keys: _Keeps
    fresh_s: float = FRESH_S
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, KeyRow] = field(init=False, repr=False, default_factory=dict)
    _buckets: dict[str, Bucket] = field(init=False, repr=False, default_factory=dict)
    _read: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.refresh()

    @property
    def stale(self) -> bool:
        """Whether the keys should be read again."""
        return self.clock() - self._read > self.fresh_s

    def refresh(self) -> None:
        """Read the keys again.

        raises  StoreError: then those that were known are known on, and the next try is not at once
        """
        self._read = self.clock()
        self._known = {key.id: key for key in self.keys.all()}

    def find(self, token: str, at: datetime | None = None) -> KeyRow | None:
        """The key that a text is, if it is good at this instant (unless given, now). Compares in constant time."""
        id = id_of(token)
        key = None if id is None else self._known.get(id)
        same = compare_digest(digest_of(token), NOBODY if key is None else key.digest)
        return key if key is not None and same and key.good(at or datetime.now(UTC)) else None

    def wait(self, key: KeyRow) -> float:
        """0 where the key may be used now, and it was; else the seconds until it may."""
        bucket = self._buckets.get(key.id)
        if bucket is None:
            bucket = self._buckets[key.id] = Bucket(key.per_second, key.burst)
        return bucket.wait(self.clock())

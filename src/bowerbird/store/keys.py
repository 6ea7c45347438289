"""API keys beside the event log: every server on the database knows the same ones."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import RowMapping, func, insert, select, update

from bowerbird.errors import DataError
from bowerbird.store.events import SqlStore
from bowerbird.store.rows import instant, microseconds
from bowerbird.store.schema import keys as keys_table

Scope = Literal["read", "write", "operate"]
"""read: slates, items, histories. write: events, items. operate: metrics, people's data, pages, whatever is for those who run it."""

SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key as it is kept.

    id          8 hex digits, names it; no secret
    name        whose it is, in the words of whoever made it
    digest      SHA-256 of the key; the key itself is not kept
    scopes      what it is good for; none includes another
    created     aware UTC
    expires     from then on it is good for nothing; None = never
    revoked     since when it is good for nothing; None = it is not
    per_second  requests that it may make in the long run
    burst       and at once

    raises  DataError if the scopes are none or others than `SCOPES`, or a limit is not above 0
    """

    id: str
    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[str]
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    per_second: float = 100.0
    burst: int = 200

    def __post_init__(self) -> None:
        if not self.scopes or not self.scopes <= set(SCOPES):
            raise DataError(f"key: scopes must be one or more of {', '.join(SCOPES)}, got {', '.join(sorted(self.scopes)) or 'none'}")
        if not self.per_second > 0 or self.burst < 1:
            raise DataError(f"key: per_second must be above 0 and burst at least 1, got {self.per_second:g} and {self.burst}")

    def good(self, at: datetime) -> bool:
        """Whether it opens anything at this instant."""
        return self.revoked is None and (self.expires is None or at < self.expires)


class Keys:
    """The keys in a database.

    raises  StoreError from every method, if the database cannot be read or written
    """

    def __init__(self, store: SqlStore) -> None:
        self._database = store.database

    def add(self, key: KeyRow) -> None:
        """Keep a new key."""
        with self._database.writing() as connection:
            connection.execute(insert(keys_table).values(**_stored(key)))

    def revoke(self, id: str, at: datetime) -> KeyRow:
        """From now on a key is good for nothing; of one that was revoked before nothing changes. Servers know within `KeyRing.fresh_s`.

        raises  DataError if there is no such key
        """
        columns = keys_table.c
        with self._database.writing() as connection:
            connection.execute(update(keys_table).where(columns.id == id, columns.revoked.is_(None)).values(revoked=microseconds(at)))
            row = connection.execute(select(keys_table).where(columns.id == id)).mappings().first()
        if row is None:
            raise DataError(f"key {id!r}: there is none of this id; `bowerbird keys list` shows them")
        return _key(row)

    def all(self) -> list[KeyRow]:
        """All keys that ever were, in the order in which they were made."""
        with self._database.reading() as connection:
            rows = connection.execute(select(keys_table).order_by(keys_table.c.created, keys_table.c.id)).mappings()
            return [_key(row) for row in rows]

    def any(self) -> bool:
        """Whether a key was ever made."""
        with self._database.reading() as connection:
            return bool(connection.execute(select(func.count()).select_from(keys_table)).scalar_one())


def _stored(key: KeyRow) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "digest": key.digest.hex(),
        "scopes": " ".join(scope for scope in SCOPES if scope in key.scopes),
        "per_second": key.per_second,
        "burst": key.burst,
        **{name: time and microseconds(time) for name in ("created", "expires", "revoked") for time in (getattr(key, name),)},
    }


def _key(row: RowMapping) -> KeyRow:
    times = {name: None if row[name] is None else instant(row[name]) for name in ("expires", "revoked")}
    return KeyRow(
        row["id"],
        row["name"],
        bytes.fromhex(row["digest"]),
        frozenset(row["scopes"].split()),
        instant(row["created"]),
        per_second=row["per_second"],
        burst=row["burst"],
        **times,
    )

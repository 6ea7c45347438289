"""People's own data in the store: shown to them, erased, kept from profiling, and forgotten with age."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, delete, insert, select

from bowerbird.store.events import SqlStore
from bowerbird.store.rows import event_of, instant, microseconds
from bowerbird.store.schema import acts, events, metadata, objections, slates, snapshots
from bowerbird.store.slates import SlateRow, slate_of
from bowerbird.store.wishes import ALLOW, ERASE, EXPIRE, OBJECT, mark_of
from bowerbird.types import Event, UserId


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of one person.

    events     oldest first, edits of the profile among them
    slates     that they were shown
    objecting  since when they object to being profiled; None = they do not
    """

    events: tuple[Event, ...]
    slates: tuple[SlateRow, ...]
    objecting: datetime | None


class People:
    """What the store does with people's data, at their wish or with time.

    Each act is a row of `acts`, with no id in it: of who was erased a mark is kept (`mark_of`), by which all who read the database know
    not to take them in again from elsewhere. What was learned from the log is learned again without them (`bowerbird.live.Follower`).

    raises  StoreError from every method, if the database cannot be read or written: then nothing of the act has happened
    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._database = store.database

    def kept(self, user: UserId) -> Kept:
        """All that is kept of a person; nothing of a stranger. O(their rows)."""
        user = self._store.named(user)
        with self._database.reading() as connection:
            done = connection.execute(select(events).where(events.c.user == user).order_by(events.c.offset)).mappings()
            past = tuple(map(event_of, done))
            shown = connection.execute(select(slates).where(slates.c.user == user).order_by(slates.c.offset, slates.c.time)).mappings()
            return Kept(past, tuple(map(slate_of, shown)), _since(connection, user))

    def erase(self, user: UserId, at: datetime) -> dict[str, int]:
        """Delete all that is kept of a person, and remember to take nothing of theirs from before this instant again. What somebody does
        under the same id afterwards is a beginning.

        returns  rows that were deleted, by table
        cost     O(their rows), and the snapshots of what was learned, which are made again
        """
        user = self._store.named(user)
        with self._database.writing() as connection:
            deleted = {table.name: _deleted(connection, table, user) for table in metadata.sorted_tables if "user" in table.c}
            _act(connection, ERASE, at, before=at, user=user)
        self._database.scrub()
        return deleted

    def object(self, user: UserId, at: datetime) -> None:
        """A person is not to be profiled: from now on nothing they do is stored, what they did before teaches nobody, and their slates are
        those of somebody of whom nothing is known. What is kept of them stays, for them to see or have erased."""
        user = self._store.named(user)
        with self._database.writing() as connection:
            if _since(connection, user) is None:
                connection.execute(insert(objections).values(user=user, since=microseconds(at)))
                _act(connection, OBJECT, at, user=user)

    def allow(self, user: UserId, at: datetime) -> None:
        """A person objects no longer."""
        user = self._store.named(user)
        with self._database.writing() as connection:
            if connection.execute(delete(objections).where(objections.c.user == user)).rowcount:
                _act(connection, ALLOW, at, user=user)

    def objecting(self, user: UserId) -> datetime | None:
        """Since when a person objects to being profiled; None = they do not."""
        with self._database.reading() as connection:
            return _since(connection, self._store.named(user))

    def expire(self, before: datetime, at: datetime) -> dict[str, int]:
        """Delete the events and slates of everybody from before an instant. Events without a time have no age, and stay.

        returns  rows that were deleted, by table
        """
        with self._database.writing() as connection:
            deleted = {
                table.name: connection.execute(delete(table).where(table.c.time < microseconds(before))).rowcount
                for table in (events, slates)
            }
            if any(deleted.values()):
                _act(connection, EXPIRE, at, before=before)
        self._database.scrub()
        return deleted


def _since(connection: Connection, user: UserId) -> datetime | None:
    since = connection.execute(select(objections.c.since).where(objections.c.user == user)).scalar()
    return None if since is None else instant(since)


def _deleted(connection: Connection, table: Table, user: UserId) -> int:
    return connection.execute(delete(table).where(table.c.user == user)).rowcount


def _act(connection: Connection, does: str, at: datetime, *, before: datetime | None = None, user: UserId | None = None) -> None:
    """Remember an act; what was learned with what it took away is deleted."""
    connection.execute(
        insert(acts).values(
            does=does,
            who=None if user is None else mark_of(user),
            time=microseconds(at),
            before=None if before is None else microseconds(before),
        )
    )
    connection.execute(delete(snapshots))

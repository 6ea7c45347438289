"""The event log in a database: SQLite from the box; any other that SQLAlchemy speaks where several servers share one log."""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, Self

import polars as pl
from sqlalchemy import Connection, Dialect, Select, delete, func, insert, select, tuple_
from sqlalchemy.sql.compiler import SQLCompiler

from bowerbird.errors import StoreError
from bowerbird.protocols import Progress, silent
from bowerbird.pseudonyms import Pseudonyms
from bowerbird.store.connect import LONG_S, Database
from bowerbird.store.grouping import Grouped
from bowerbird.store.rows import event_of, microseconds, row_of, rows_of, to_json
from bowerbird.store.schema import acts, snapshots
from bowerbird.store.schema import events as events_table
from bowerbird.store.schema import items as items_table
from bowerbird.store.schema import slates as slates_table
from bowerbird.store.slates import SlateRow, forget_unknown, found, slate_of, stored
from bowerbird.store.whole import table
from bowerbird.store.wishes import COUNTS, TEACHES, admitted, spared
from bowerbird.types import Event, Json, Offset, UserId

CHUNK = 20_000
"""Rows of one statement of an import."""

GROUP = 5000
"""Events of one commit, if they are of many calls."""

HELD = 50_000
"""Events that wait for their commit at most; further calls are refused."""

SNAPSHOTS = 20
"""How many are kept of a bundle."""

KEYS = 500
"""Keys of one look-up; databases bound the number of parameters."""

PAGE = 1000
"""Rows read at a time where there may be many."""

NEWEST_EVENT, NEWEST_ITEM = select(func.max(events_table.c.offset)), select(func.max(items_table.c.offset))

NEWEST_ACT = select(func.max(acts.c.number))

NEWEST = select(
    NEWEST_EVENT.scalar_subquery().label("events"),
    NEWEST_ITEM.scalar_subquery().label("items"),
    NEWEST_ACT.scalar_subquery().label("acts"),
)
"""The newest event, put and act."""


@dataclass(frozen=True, slots=True)
class State:
    """How the log stood at one instant.

    offset, item_offset  of the newest event and of the newest item put in; 0 where there is none
    acts                 the newest act on people's data, as `SqlStore.acts`
    history              of the user who was asked for
    """

    offset: Offset
    item_offset: Offset
    acts: int
    history: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """An item that was put in live.

    events  offset of the newest event then: what of events and items came first
    row     as it was put
    """

    offset: Offset
    events: Offset
    row: Json


class SqlStore:
    """An `EventStore` in a database. One object serves all threads of a process; many processes may share the database.

    url        as SQLAlchemy writes it: `sqlite:///bowerbird.db` (a file), `sqlite://` (in memory, for tests)
    timeout_s  how long a write waits while another process writes
    names      makes pseudonyms of users' ids and of idempotency keys before anything is stored or looked up; None = ids are kept as they
               come
    raises     StoreError if the database cannot be opened or is not ours; and from every method, if it cannot be read or written
    cost       `append` waits for the disk once a call, or once for the calls of many threads that come meanwhile: many events in one call,
               or from many threads, are far cheaper than one by one

    >>> with SqlStore("sqlite://") as store:
    ...     store.append([Event("ann", "heat"), Event("ann", "ronin", kind="like")])
    ...     [event.item for event in store.history("ann", limit=10)]
    2
    ['heat', 'ronin']
    """

    def __init__(self, url: str = "sqlite:///bowerbird.db", timeout_s: float = 10.0, names: Pseudonyms | None = None) -> None:
        self._database = Database(url, timeout_s)
        self._appended = Grouped(self._append, size=len, most=GROUP, held=HELD)
        self.names = names
        self._counting = threading.Lock()
        self._unknown_slates = 0
        self._left_out: Counter[str] = Counter()

    @property
    def database(self) -> Database:
        """Where it is kept, for what else is kept there."""
        return self._database

    @property
    def unknown_slates(self) -> int:
        """How many events were stored through this object without the slate that they named: none of that id with their item is stored."""
        return self._unknown_slates

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many events and slates were not stored through this object, by why: "objected", their user is not to be profiled; "erased",
        they are from before their user was erased."""
        return self._left_out

    def named(self, user: UserId) -> UserId:
        """The id under which a user is kept."""
        return user if self.names is None else self.names.of(user)

    def append(self, events: Sequence[Event]) -> Offset:
        """Store the events in order: all of them, on disk, when it returns; none after an error.

        An event whose key is stored already is the same event and is not stored again. One that names a slate that is not stored, or
        that its item is not in, is stored without the name, and counted in `unknown_slates`: so the log alone says what was learned. One
        of a user who objects to being profiled, or from before its user was erased, is not stored, and counted in `left_out`.
        Returns the offset of the newest event in the log.

        raises  DataError if an event holds what cannot be kept: a time without a zone, a value that is not finite
        """
        return self._appended([self._hidden(row_of(event)) for event in events])

    def history(self, user: UserId, limit: int, up_to: Offset | None = None) -> list[Event]:
        """The newest `limit` events of `user` with an offset of at most `up_to`, oldest first; none of a user who objects to being
        profiled. O(limit), by index."""
        query = self._history(user, limit)
        if up_to is not None:
            query = query.where(events_table.c.offset <= _known(up_to))
        with self._database.reading() as connection:
            return [event_of(row) for row in connection.execute(query).mappings()][::-1]

    def newest(self) -> Offset:
        """The offset of the newest event; 0 where there is none."""
        with self._database.reading() as connection:
            return _newest(connection)

    def offsets(self) -> tuple[Offset, Offset]:
        """The offsets of the newest event and of the newest item put in, at one instant; 0 where there is none."""
        with self._database.reading() as connection:
            found = connection.execute(NEWEST).one()
        return found.events or 0, found.items or 0

    def seen(self, user: UserId | None, limit: int) -> State:
        """How the log stands, with the `history` of a user; of nobody, an empty one."""
        with self._database.reading() as connection:
            found = connection.execute(NEWEST).one()
            rows = [] if user is None else connection.execute(self._history(user, limit)).mappings().all()
        return State(found.events or 0, found.items or 0, found.acts or 0, tuple(event_of(row) for row in reversed(rows)))

    def count(self) -> int:
        """How many events there are. O(events): reads an index through."""
        with self._database.reading(LONG_S) as connection:
            return connection.execute(select(func.count()).select_from(events_table)).scalar_one()

    def tables(self, up_to: Offset | None = None, rows: int = CHUNK) -> Iterator[pl.DataFrame]:
        """All events with an offset of at most `up_to`, in the order of their arrival, `rows` a table; none where there are none. Without
        those of users who object to being profiled.

        Columns: offset, user, item, time (aware UTC), kind, value, text, context (a JSON object, null = empty).

        up_to  unless given, the newest when the first table is asked for: what is stored later is not in any of the tables
        cost   O(events); memory, that of one table
        """
        end, since = self.newest() if up_to is None else _known(up_to), 0
        while since < end:
            with self._database.reading(LONG_S) as connection:
                part = table(connection, since, end, rows)
            if not len(part):
                return
            yield part
            since = int(part["offset"][-1])

    def users(self, limit: int) -> list[UserId]:
        """Up to `limit` users, whoever did something last first; nobody who objects to being profiled. Reads back from the newest event
        until it has found so many."""
        found: dict[UserId, None] = {}
        query = select(events_table.c.user).where(TEACHES).order_by(events_table.c.offset.desc()).execution_options(yield_per=1000)
        with self._database.reading(LONG_S) as connection, connection.execute(query) as rows:
            for user in rows.scalars():
                if len(found) >= limit:
                    break
                found.setdefault(user)
        return list(found)

    def import_events(self, frame: pl.DataFrame, progress: Progress = silent, *, unless_filled: bool = False) -> Offset:
        """Fill an empty store in the order of the frame, in one transaction. Returns the offset of the newest event.

        frame          columns user, item and, if wanted, time, kind, value, text, slate as in `append`; all others but `weight` are context
        unless_filled  leave a store as it is that has events: another server may have been first
        raises         StoreError if there are events already, unless told so; DataError if the frame is not as said
        cost           O(rows), 20,000 a statement; readers see an empty log until all are there
        """
        rows, unknown = rows_of(frame), 0
        left_out: Counter[str] = Counter()
        with self._database.writing(LONG_S) as connection:
            if (newest := _newest(connection)) and unless_filled:
                return newest
            if newest:
                raise StoreError(f"{self._database.where}: must be empty to be filled from a bundle, but it holds events already")
            for start in range(0, len(rows), CHUNK):
                new, out = admitted(connection, [self._hidden(row) for row in rows[start : start + CHUNK].to_dicts()])
                left_out += out
                unknown += forget_unknown(connection, new)
                if new:
                    _insert(connection, new)
                progress("filling the event store", min(start + CHUNK, len(rows)), len(rows))
            newest = _newest(connection)
        self._count(unknown, left_out)
        return newest

    def log_slates(self, slates: Sequence[SlateRow]) -> None:
        """Store slates as they were shown, as durably as events. One whose id is stored already is the same slate and is not stored again;
        nor is one of a user who objects to being profiled, or from before its user was erased (`left_out`).

        raises  DataError if one holds what cannot be kept: then none is stored
        cost    one transaction: many in one call are far cheaper than one by one
        """
        rows = {slate.id: stored(slate if self.names is None else slate.hidden(self.names)) for slate in slates}
        with self._database.writing() as connection:
            there = found(connection, rows)
            new, left_out = admitted(connection, [row for name, row in rows.items() if name not in there])
            if new:
                connection.execute(insert(slates_table), new)
        self._count(0, left_out)

    def slates(self, ids: Iterable[str]) -> dict[str, SlateRow]:
        """The slates of these ids that are stored, by id."""
        with self._database.reading() as connection:
            return {name: slate_of(row) for name, row in found(connection, ids).items()}

    def slate(self, id: str) -> SlateRow | None:
        """The slate of this id, or None."""
        return self.slates([id]).get(id)

    def all_slates(self, after: SlateRow | None = None, since: datetime | None = None, until: datetime | None = None) -> Iterator[SlateRow]:
        """All slates in the order in which they were made, but those of users who object to being profiled. Read page by page.

        after         only those after this one
        since, until  only those made from one instant up to another
        """
        columns = slates_table.c
        place = tuple_(columns.offset, columns.time, columns.id)
        query = select(slates_table).where(COUNTS).order_by(*place).limit(PAGE)
        if since is not None:
            query = query.where(columns.time >= microseconds(since))
        if until is not None:
            query = query.where(columns.time <= microseconds(until))
        last = None if after is None else tuple_(after.offset, microseconds(after.time), after.id)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query if last is None else query.where(place > last)).mappings().all()
            yield from map(slate_of, rows)
            if len(rows) < PAGE:
                return
            last = tuple_(rows[-1]["offset"], rows[-1]["time"], rows[-1]["id"])

    def answers(self, slate: str, up_to: Offset | None = None) -> list[Event]:
        """The events that answer a slate, oldest first, with an offset of at most `up_to`. O(answers), by index."""
        columns = events_table.c
        query = select(events_table).where(columns.slate == slate, TEACHES).order_by(columns.offset)
        if up_to is not None:
            query = query.where(columns.offset <= _known(up_to))
        with self._database.reading() as connection:
            return [event_of(row) for row in connection.execute(query).mappings()]

    def all_answers(self) -> Iterator[tuple[Offset, Event]]:
        """All events that answer a slate, in the order of their arrival, with the offset of each. O(events), page by page."""
        columns, since = events_table.c, 0
        query = select(events_table).where(columns.slate.is_not(None), TEACHES).order_by(columns.offset).limit(PAGE)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query.where(columns.offset > since)).mappings().all()
            yield from ((row["offset"], event_of(row)) for row in rows)
            if len(rows) < PAGE:
                return
            since = rows[-1]["offset"]

    def put_items(self, rows: Sequence[Mapping[str, Any]]) -> Offset:
        """Store items as they were put, in order, as durably as events. Returns the offset of the newest put.

        raises  DataError if a row is not plain JSON
        """
        texts = [to_json(dict(row), "item") for row in rows]
        with self._database.writing() as connection:
            if texts:
                events = _newest(connection)
                connection.execute(insert(items_table), [{"row": text, "events": events} for text in texts])
            return _newest(connection, NEWEST_ITEM)

    def items_since(self, offset: Offset) -> list[Put]:
        """What was put after `offset` (0 = ever), oldest first."""
        query = select(items_table).where(items_table.c.offset > _known(offset)).order_by(items_table.c.offset)
        with self._database.reading() as connection:
            return [Put(row.offset, row.events, json.loads(row.row)) for row in connection.execute(query)]

    def newer(self, than: datetime | None, offset: Offset, up_to: Offset, limit: int) -> list[tuple[Offset, Event]]:
        """The first `limit` events after `offset`, none after `up_to`, that happened later than `than`; events without a time never did,
        and those of users who object to being profiled are left out.

        than  None = any time will do
        cost  O(events between the offsets)
        """
        columns = events_table.c
        query = select(events_table).where(columns.offset > _known(offset), columns.offset <= _known(up_to), TEACHES)
        query = query.where(columns.time.is_not(None) if than is None else columns.time > microseconds(than))
        with self._database.reading() as connection:
            return [(row["offset"], event_of(row)) for row in connection.execute(query.order_by(columns.offset).limit(limit)).mappings()]

    def acts(self) -> int:
        """The number of the newest act on people's data (`bowerbird.store.People`); 0 where there was none. What was learned before it was
        learned from what may be there no longer."""
        with self._database.reading() as connection:
            return _newest_act(connection)

    def acted(self, since: datetime) -> bool:
        """Whether there was an act on people's data from an instant on."""
        with self._database.reading() as connection:
            return connection.execute(select(acts.c.number).where(acts.c.time >= microseconds(since)).limit(1)).first() is not None

    def spared(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A frame of events, from a file or a bundle, without what was erased or has expired; the very same where that is nothing."""
        with self._database.reading() as connection:
            return spared(connection, frame)

    def keep_snapshot(self, bundle: str, offset: Offset, state: bytes, acts: int = 0) -> None:
        """Keep what was learned up to an offset, in place of what is kept for it; only the newest few of a bundle stay.

        acts  the newest act that it was learned after; if there was another since, nothing is kept
        """
        columns = snapshots.c
        with self._database.writing() as connection:
            if _newest_act(connection) != acts:
                return
            connection.execute(delete(snapshots).where(columns.bundle == bundle, columns.offset == offset))
            connection.execute(insert(snapshots).values(bundle=bundle, offset=offset, state=state))
            kept = select(columns.offset).where(columns.bundle == bundle).order_by(columns.offset.desc()).limit(SNAPSHOTS)
            oldest = min(connection.execute(kept).scalars())
            connection.execute(delete(snapshots).where(columns.bundle == bundle, columns.offset < oldest))

    def snapshot(self, bundle: str, up_to: Offset | None = None) -> tuple[Offset, bytes] | None:
        """The newest that is kept of a bundle, at most up to an offset."""
        columns = snapshots.c
        query = select(columns.offset, columns.state).where(columns.bundle == bundle).order_by(columns.offset.desc()).limit(1)
        if up_to is not None:
            query = query.where(columns.offset <= _known(up_to))
        with self._database.reading() as connection:
            found = connection.execute(query).first()
        return None if found is None else (found.offset, found.state)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def _history(self, user: UserId, limit: int) -> Select[Any]:
        columns = events_table.c
        return select(events_table).where(columns.user == self.named(user), TEACHES).order_by(columns.offset.desc()).limit(_known(limit))

    def _append(self, batches: Sequence[Sequence[Json]]) -> Offset:
        with self._database.writing() as connection:
            new, left_out = admitted(connection, _unseen(connection, chain.from_iterable(batches)))
            unknown = forget_unknown(connection, new)
            if new:
                _insert(connection, new)
            newest = _newest(connection)
        self._count(unknown, left_out)
        return newest

    def _hidden(self, row: Json) -> Json:
        """The row with pseudonyms, where they are wanted."""
        if self.names is None:
            return row
        key = row.get("key")
        return {**row, "user": self.names.of(row["user"]), **({} if key is None else {"key": self.names.key_of(key)})}

    def _count(self, unknown: int, left_out: Counter[str]) -> None:
        with self._counting:
            self._unknown_slates += unknown
            self._left_out += left_out

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _known(offset: Offset) -> Offset:
    """The same among the numbers that databases count with: what is beyond is before or after everything."""
    return max(min(offset, 2**63 - 1), -(2**63))


def _insert(connection: Connection, rows: Sequence[Json]) -> None:
    """Rows of events, all with the same columns, in one statement. The driver gets them as they are: SQLAlchemy's own look at each would
    cost as much again as storing it."""
    names = tuple(rows[0])
    compiled = _compiled(connection.dialect, names)
    of = itemgetter(*(compiled.positiontup or names))
    connection.exec_driver_sql(str(compiled), [of(row) for row in rows] if compiled.positional else list(rows))


@cache
def _compiled(dialect: Dialect, names: tuple[str, ...]) -> SQLCompiler:
    return insert(events_table).compile(dialect=dialect, column_keys=names)


def _newest(connection: Connection, of: Select[Offset] = NEWEST_EVENT) -> Offset:
    return connection.execute(of).scalar() or 0


def _newest_act(connection: Connection) -> int:
    return connection.execute(NEWEST_ACT).scalar() or 0


def _unseen(connection: Connection, rows: Iterable[Json]) -> list[Json]:
    """The rows whose key is neither stored nor earlier among them; rows without a key are always new."""
    rows = list(rows)
    keys = [row["key"] for row in rows if row["key"] is not None]
    seen: set[str] = set()
    for start in range(0, len(keys), KEYS):
        column = events_table.c.key
        seen.update(connection.execute(select(column).where(column.in_(keys[start : start + KEYS]))).scalars())
    new = []
    for row in rows:
        key = row["key"]
        if key is None:
            new.append(row)
        elif key not in seen:
            new.append(row)
            seen.add(key)
    return new

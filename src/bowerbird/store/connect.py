"""How the event store talks to its database: durable commits, writers one at a time, readers never blocked, no endless waits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import InvalidatePoolError

from bowerbird.errors import StoreError
from bowerbird.store.engines import opened, parsed
from bowerbird.store.faults import hung_up, told
from bowerbird.store.health import Health
from bowerbird.store.migrating import format_of, migrate
from bowerbird.store.schema import FORMAT

WRITER = "SELECT pg_advisory_xact_lock(2026, 1)"
"""PostgreSQL's only writer is who has this lock, until its transaction ends; the numbers are any, the same in all servers."""

PING_S = 3.0
"""How long PostgreSQL may take to say that it is there."""

READ_S = 5.0
"""How long it may take to read what a request waits for."""

LONG_S = 24 * 3600.0
"""How long it may take for what goes through a whole log."""


class Database:
    """An open database that holds our tables; safe to use from many threads.

    url        as SQLAlchemy writes it: `sqlite:///bowerbird.db`, `sqlite://` (in memory), `postgresql+psycopg://…`
    timeout_s  how long a writer waits for another process's write before it gives up
    raises     StoreError if it cannot be opened, is not ours, or is of a format this version does not read; from all of it,
               UnavailableError where PostgreSQL does not answer in time. After that nobody waits for it until it does.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        address = parsed(url)
        self.where = f"event store {address.render_as_string(hide_password=True)}"
        self._timeout_s = timeout_s
        # Threads queue here: SQLite's own waiting is polling, a seventh of the speed with 32 writers and seconds for the unlucky.
        self._write_lock = threading.Lock()
        self._health = Health(self.where, self._ask)
        self.engine = opened(address, timeout_s, self.where)
        self._networked = self.engine.dialect.name == "postgresql"
        if self._networked:
            event.listen(self.engine, "checkout", self._ping)
        try:
            self._prepare()
        except StoreError:
            self.close()
            raise

    @contextmanager
    def reading(self, limit_s: float = READ_S) -> Iterator[Connection]:
        """A connection that sees one state of the log, whatever is written meanwhile.

        limit_s  how long PostgreSQL may take
        """
        with self._reaching(), self.engine.connect() as connection:
            if self._networked:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with self._within(connection, limit_s), connection.begin():
                yield connection

    @contextmanager
    def writing(self, limit_s: float | None = None) -> Iterator[Connection]:
        """The only writer: what it did is on disk when the block ends, all of it or, after an error, none.

        limit_s  how long PostgreSQL may take; None = twice `timeout_s`
        raises   UnavailableError where the connection was lost so late that nobody knows which; what has a key can be sent again
        """
        with (
            self._reaching(),
            self._write_lock,
            self.engine.connect().execution_options(writes=True) as connection,
            self._within(connection, limit_s or 2 * self._timeout_s),
            connection.begin() as transaction,
        ):
            if self._networked:
                if limit_s is not None:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(limit_s * 1000)}")
                # Without it a lower offset could become visible after a higher one, and a receipt's log would change under it.
                connection.exec_driver_sql(WRITER)
            yield connection
            with hung_up(f"{self.where}: the connection was lost while this call was being stored; whether it was is not known"):
                transaction.commit()

    @property
    def down(self) -> bool:
        """Whether it is known not to answer."""
        return self._health.down

    def scrub(self) -> None:
        """Have what was deleted leave SQLite's files too, now: the log of its writes is emptied into the database, where deleted rows are
        zeros. Elsewhere that is the database's own business (PostgreSQL: VACUUM)."""
        if self.engine.dialect.name == "sqlite":
            with told(self.where), self._write_lock, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Close all connections."""
        self._health.close()
        self.engine.dispose()

    def _prepare(self) -> None:
        """Bring the database to our format, if it is of another: an empty one gets its tables."""
        with self.reading() as connection:
            known = format_of(connection, self.where)
        if known != FORMAT:
            with self.writing(LONG_S) as connection:
                migrate(connection, self.where)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        self._health.check()
        with told(self.where, self._health.lost):
            yield

    @contextmanager
    def _within(self, connection: Connection, limit_s: float) -> Iterator[None]:
        watched = self._health.within(connection.connection.driver_connection, limit_s) if self._networked else nullcontext()
        with watched:
            yield

    def _ping(self, driver_connection: Any, *_: object) -> None:
        """A connection that was opened long ago may be dead: then the pool opens another."""
        try:
            with self._health.within(driver_connection, PING_S):
                self.engine.dialect.do_ping(driver_connection)
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError(str(error)) from error

    def _ask(self) -> None:
        with told(self.where), self.engine.connect():
            return

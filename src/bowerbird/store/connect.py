"""How the event store talks to its database: durable commits, writers one at a time, readers never blocked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from bowerbird.errors import StoreError
from bowerbird.store.faults import told
from bowerbird.store.migrating import format_of, migrate
from bowerbird.store.schema import FORMAT

WRITER = "SELECT pg_advisory_xact_lock(2026, 1)"
"""PostgreSQL's only writer is who has this lock, until its transaction ends; the numbers are any, the same in all servers."""

CONNECT_S = 3
"""How long a database across a network may take to say hello."""


class Database:
    """An open database that holds our tables; safe to use from many threads.

    url        as SQLAlchemy writes it: `sqlite:///bowerbird.db`, `sqlite://` (in memory), `postgresql+psycopg://…`
    timeout_s  how long a writer waits for another process's write before it gives up
    raises     StoreError if it cannot be opened, is not ours, or is of a format this version does not read
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        parsed = _parse(url)
        self.where = f"event store {parsed.render_as_string(hide_password=True)}"
        # Threads queue here: SQLite's own waiting is polling, a seventh of the speed with 32 writers and seconds for the unlucky.
        self._write_lock = threading.Lock()
        self.engine = _engine(parsed, timeout_s, self.where)
        try:
            self._prepare()
        except StoreError:
            self.engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the log, whatever is written meanwhile."""
        with told(self.where), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer: what it did is on disk when the block ends, all of it or, after an error, none."""
        with told(self.where), self._write_lock, self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                # Without it a lower offset could become visible after a higher one, and a receipt's log would change under it.
                connection.exec_driver_sql(WRITER)
            yield connection

    def scrub(self) -> None:
        """Have what was deleted leave SQLite's files too, now: the log of its writes is emptied into the database, where deleted rows are
        zeros. Elsewhere that is the database's own business (PostgreSQL: VACUUM)."""
        if self.engine.dialect.name == "sqlite":
            with told(self.where), self._write_lock, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _prepare(self) -> None:
        """Bring the database to our format, if it is of another: an empty one gets its tables."""
        with self.reading() as connection:
            known = format_of(connection, self.where)
        if known != FORMAT:
            with self.writing() as connection:
                migrate(connection, self.where)


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise StoreError(f"event store: the address must look like sqlite:///file.db, got {url!r}") from None


def _engine(url: URL, timeout_s: float, where: str) -> Engine:
    options: dict[str, Any] = {}
    backend = url.get_backend_name()
    if backend == "postgresql":
        connecting = {"connect_timeout": CONNECT_S, "application_name": "bowerbird", "options": f"-c lock_timeout={int(timeout_s * 1000)}"}
        options = {"pool_size": 10, "max_overflow": 10, "pool_timeout": timeout_s, "pool_pre_ping": True, "connect_args": connecting}
    if backend == "sqlite":
        in_memory = url.database in (None, "", ":memory:")
        # Memory is one connection's own, so there it is lent to one thread at a time.
        pool = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": 8, "max_overflow": -1}
        options = {"poolclass": QueuePool, "connect_args": {"timeout": timeout_s, "check_same_thread": False}, **pool}
    try:
        engine = create_engine(url, **options)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"{where}: {str(error).splitlines()[0]}") from None
    except ImportError as error:
        raise StoreError(f"{where}: the database's driver is not installed ({error})") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
        event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _: object) -> None:
    """WAL: readers and the writer do not wait for each other. FULL: a commit is on disk when it returns, on macOS too.
    Deleted rows are overwritten, for they may be somebody's."""
    connection.isolation_level = None  # transactions are begun by `_begin`, not by the driver
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: taking it in the middle of a transaction can fail where another process wrote since."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

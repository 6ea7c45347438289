"""SQLAlchemy's engines as the event store wants them: durable commits, no endless waits."""

from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from bowerbird.errors import StoreError

CONNECT_S = 3
"""How long a database across a network may take to say hello."""

CONNECTIONS = 20
"""To one PostgreSQL at most, of one process."""


def parsed(url: str) -> URL:
    """The parts of an address.

    raises  StoreError if it is none
    """
    try:
        return make_url(url)
    except ArgumentError:
        raise StoreError(f"event store: the address must look like sqlite:///file.db, got {url!r}") from None


def opened(url: URL, timeout_s: float, where: str) -> Engine:
    """An engine that has connected to nothing yet.

    timeout_s  how long a writer waits for another process's write, and a thread for a connection
    where      the database, for sentences
    raises     StoreError if there is no driver for such a database
    """
    chosen = {"postgresql": _postgresql, "sqlite": _sqlite}.get(url.get_backend_name())
    options = {} if chosen is None else chosen(url, timeout_s)
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


def _postgresql(url: URL, timeout_s: float) -> dict[str, Any]:
    wanted = {"connect_timeout": CONNECT_S, "application_name": "bowerbird"}
    said: dict[str, Any] = {name: value for name, value in wanted.items() if name not in url.query}
    said["options"] = " ".join(("-c", f"lock_timeout={int(timeout_s * 1000)}", str(url.query.get("options", ""))))
    return {"pool_size": CONNECTIONS // 2, "max_overflow": CONNECTIONS // 2, "pool_timeout": timeout_s, "connect_args": said}


def _sqlite(url: URL, timeout_s: float) -> dict[str, Any]:
    in_memory = url.database in (None, "", ":memory:")
    # Memory is one connection's own, so there it is lent to one thread at a time.
    pool = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": 8, "max_overflow": -1}
    return {"poolclass": QueuePool, "connect_args": {"timeout": timeout_s, "check_same_thread": False}, **pool}


def _durable(connection: Any, _: object) -> None:
    """WAL: readers and the writer do not wait for each other. FULL: a commit is on disk when it returns, on macOS too.
    Deleted rows are overwritten, for they may be somebody's."""
    connection.isolation_level = None  # transactions are begun by `_begin`, not by the driver
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: taking it in the middle of a transaction can fail where another process wrote since."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

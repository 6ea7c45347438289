"""A database of any format up to ours, brought to ours in place by Alembic; the steps are in `migrations/versions`, one a format."""

import threading
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from bowerbird.errors import StoreError
from bowerbird.store.schema import FORMAT, VERSIONS, events

SCRIPTS = Path(__file__).parent / "migrations"

OLD = Table("bowerbird", MetaData(), Column("name", String), Column("value", String))
"""Where formats 1 and 2 say which they are: the row `format`."""

_one_at_a_time = threading.Lock()
"""Alembic keeps what it is at in its module."""


def format_of(connection: Connection, where: str) -> int:
    """The format of a database; 0 for an empty one.

    raises  StoreError if it is not ours, or of a format that this version does not know
    """
    present = set(inspect(connection).get_table_names())
    known: str | None = "0"
    if VERSIONS.name in present:
        known = connection.execute(select(VERSIONS.c.version_num)).scalar() or "0"
    elif OLD.name in present:
        known = connection.execute(select(OLD.c.value).where(OLD.c.name == "format")).scalar()
    elif events.name in present:
        raise StoreError(f"{where}: has a table {events.name!r} that is not Bowerbird's; give the event store a database of its own")
    if known is None or known not in [str(format) for format in range(FORMAT + 1)]:
        raise StoreError(f"{where}: must be of format {FORMAT}, got format {known}; it was written by another version of Bowerbird")
    return int(known)


def migrate(connection: Connection, where: str) -> None:
    """Bring a database to our format: what is stored stays as it is.

    connection  in a transaction that writes and that no other process shares: after an error nothing has changed
    raises      StoreError as `format_of`
    cost        nothing if it is of our format; else see the steps
    """
    known = format_of(connection, where)
    if known == FORMAT:
        return
    from alembic import command  # noqa: PLC0415 most starts need none of it
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection, "version_table": VERSIONS.name})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _one_at_a_time:
        if known and not inspect(connection).has_table(VERSIONS.name):
            command.stamp(config, str(known))
        command.upgrade(config, "head")

"""A database of the format before this one, brought to this one in place."""

from sqlalchemy import Connection, inspect, update

from bowerbird.store.schema import FORMAT, about, answers, slates, snapshots

COLUMNS = {"events": {"slate": "TEXT"}, "items": {"events": "BIGINT DEFAULT '0' NOT NULL"}}
"""Those that the tables of format 1 lack."""


def upgraded(connection: Connection, known: str | None) -> str | None:
    """Format 1 becomes format 2: events may name a slate, items say after which event they came; slates and snapshots have tables.
    What is stored stays as it is.

    connection  in a transaction that writes: after an error nothing has changed
    known       the format as this transaction sees it: another process may have been first
    returns     the format that the database has now
    cost        no row is touched
    """
    if known != str(FORMAT - 1):
        return known
    for table, columns in COLUMNS.items():
        present = {column["name"] for column in inspect(connection).get_columns(table)}
        for name in columns.keys() - present:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
    answers.create(connection)
    slates.create(connection)
    snapshots.create(connection, checkfirst=True)
    connection.execute(update(about).where(about.c.name == "format").values(value=str(FORMAT)))
    return str(FORMAT)

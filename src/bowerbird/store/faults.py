"""What a database says when it fails, as one sentence of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bowerbird.errors import StoreError

SENTENCES = {
    "SQLITE_BUSY": "another process has been writing to it for too long; try again, or raise `timeout_s`",
    "SQLITE_LOCKED": "another process has been writing to it for too long; try again, or raise `timeout_s`",
    "SQLITE_CANTOPEN": "cannot be opened; the folder must be there, and both may need write permission",
    "SQLITE_CORRUPT": "the file is damaged; restore it from a copy",
    "SQLITE_FULL": "the disk is full; nothing of this call was stored",
    "SQLITE_IOERR": "the disk does not read or write as it should; nothing of this call was stored",
    "SQLITE_NOTADB": "the file is not an SQLite database",
    "SQLITE_READONLY": "it is read-only",
}

STATES = {
    "53100": SENTENCES["SQLITE_FULL"],
    "55P03": SENTENCES["SQLITE_BUSY"],
    "25006": SENTENCES["SQLITE_READONLY"],
}
"""The same of PostgreSQL, by SQLSTATE."""


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what the database raises into a StoreError that begins with `where`."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"{where}: {_sentence(error)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{where}: {_first_line(error)}") from error


def _sentence(error: DBAPIError) -> str:
    """SQLite's extended codes begin with the plain one: SQLITE_IOERR_WRITE, SQLITE_READONLY_DBMOVED …"""
    code = getattr(error.orig, "sqlite_errorname", "")
    for known, sentence in SENTENCES.items():
        if code == known or code.startswith(f"{known}_"):
            return sentence
    state = getattr(error.orig, "sqlstate", None)
    if state in STATES:
        return STATES[state]
    return _first_line(error.orig or error)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

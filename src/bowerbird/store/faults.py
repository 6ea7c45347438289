"""What a database says when it fails, as one sentence of ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InvalidRequestError, SQLAlchemyError, TimeoutError

from bowerbird.errors import StoreError, UnavailableError

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


BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03")
GONE = ("08", "57P", "53300")
"""What SQLSTATE begins with where PostgreSQL is not there, goes away, comes up, or takes no more connections."""


@contextmanager
def told(where: str, lost: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Turn what the database raises into a StoreError that begins with `where`.

    lost  called if the database does not answer
    """
    try:
        yield
    except SQLAlchemyError as error:
        if _gone(error):
            lost()
            raise UnavailableError(f"{where}: does not answer ({_first_line(getattr(error, 'orig', None) or error)})") from error
        sentence = _sentence(error) if isinstance(error, DBAPIError) else _first_line(error)
        kind = UnavailableError if _busy(error) else StoreError
        raise kind(f"{where}: {sentence}") from error


@contextmanager
def hung_up(sentence: str) -> Iterator[None]:
    """Turn a connection that is lost within the block into an UnavailableError with a sentence of its own."""
    try:
        yield
    except SQLAlchemyError as error:
        if _gone(error):
            raise UnavailableError(sentence) from error
        raise


def _gone(error: SQLAlchemyError) -> bool:
    if isinstance(error, InvalidRequestError):
        return "closed" in str(error)
    if not isinstance(error, DBAPIError) or not hasattr(error.orig, "sqlstate"):
        return False
    state: str | None = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (state or "08").startswith(GONE)


def _busy(error: SQLAlchemyError) -> bool:
    orig = getattr(error, "orig", None)
    said = getattr(orig, "sqlite_errorname", None) or getattr(orig, "sqlstate", None) or ""
    return isinstance(error, TimeoutError) or said.startswith(BUSY)


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

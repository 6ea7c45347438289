"""The file behind a cache: one SQLite table, a checksum in every row."""

import logging
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bowerbird.errors import LanguageError

FORMAT = 1
AT_ONCE = 500
WAIT_S = 30.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file keeps.

    what   of the values: names the table
    model, key, value  names of the columns
    mark   in the head of the file, so that no other program's database, and no other cache, is taken for it
    """

    what: str
    model: str
    key: str
    value: str
    mark: int

    @property
    def table(self) -> str:
        """The statement that makes it."""
        return (
            f"CREATE TABLE IF NOT EXISTS {self.what} "
            f"({self.model} TEXT, {self.key} BLOB, {self.value} BLOB, crc INTEGER, PRIMARY KEY ({self.model}, {self.key}))"
        )


VECTORS = Kept("vectors", "encoder", "text", "vector", 0x42574242)
ANSWERS = Kept("answers", "chat", "prompt", "answer", 0x42574243)


class Shelf:
    """Bytes by (model, key) in the file `path`; it never gives wrong ones.

    Each call opens and closes the file, so the value may be shared by threads and survives a fork. What cannot be read is
    as if it were not kept, and what cannot be written is not kept; both are said in the log.

    raises  LanguageError if the file is a database of another program or version: that is left alone
    """

    def __init__(self, path: Path, kept: Kept = VECTORS) -> None:
        self.path = path
        self.kept = kept

    def get(self, model: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values that are kept and whole."""
        try:
            return self._get(model, keys) if self.path.exists() else {}
        except (sqlite3.Error, OSError) as error:
            self._fault(error)
            return {}

    def put(self, model: str, values: Mapping[bytes, bytes]) -> None:
        """Keep these, all or none; those of the same key are replaced."""
        rows = [(model, key, raw, checksum(model, key, raw)) for key, raw in values.items()]
        try:
            with self._file() as file:
                file.execute("BEGIN IMMEDIATE")
                file.executemany(f"INSERT OR REPLACE INTO {self.kept.what} VALUES (?, ?, ?, ?)", rows)
                file.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._fault(error)

    def _get(self, model: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        kept = self.kept
        found: dict[bytes, bytes] = {}
        damaged = 0
        with self._file() as file:
            for start in range(0, len(keys), AT_ONCE):
                some = keys[start : start + AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT {kept.key}, {kept.value}, crc FROM {kept.what} WHERE {kept.model} = ? AND {kept.key} IN ({marks})"
                for key, raw, crc in file.execute(query, (model, *some)):
                    if isinstance(raw, bytes) and crc == checksum(model, key, raw):
                        found[key] = raw
                    else:
                        damaged += 1
        if damaged:
            logger.warning("cache %s: %d %s are damaged and are made again", self.path, damaged, kept.what)
        return found

    @contextmanager
    def _file(self) -> Iterator[sqlite3.Connection]:
        """The open file, with its table."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
        try:
            if self._marks(file) == (0, 0):
                file.execute("BEGIN IMMEDIATE")
                self._begin(file)
                file.execute("COMMIT")
            if (got := self._marks(file)) != (self.kept.mark, FORMAT):
                raise LanguageError(
                    f"cache {self.path}: must be one of {self.kept.what}, format {FORMAT}, got another program's or version's file {got}"
                )
            yield file
        finally:
            file.close()

    def _marks(self, file: sqlite3.Connection) -> tuple[int, int]:
        return file.execute("PRAGMA application_id").fetchone()[0], file.execute("PRAGMA user_version").fetchone()[0]

    def _begin(self, file: sqlite3.Connection) -> None:
        """Mark an empty file as ours; called under its write lock, so only one process does."""
        if file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            file.execute(self.kept.table)
            file.execute(f"PRAGMA application_id = {self.kept.mark}")
            file.execute(f"PRAGMA user_version = {FORMAT}")

    def _fault(self, error: sqlite3.Error | OSError) -> None:
        """Say what is wrong; a damaged file is put aside so that the next write begins anew."""
        if type(error) is not sqlite3.DatabaseError:
            logger.warning("cache %s: cannot be used now (%s); %s are not kept", self.path, error, self.kept.what)
            return
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            os.replace(self.path, aside)
        except OSError as stuck:
            logger.warning("cache %s: damaged (%s) and cannot be put aside (%s); %s are not kept", self.path, error, stuck, self.kept.what)
        else:
            logger.warning("cache %s: damaged (%s); put aside as %s and begun anew", self.path, error, aside.name)


def checksum(model: str, key: bytes, raw: bytes) -> int:
    """CRC-32 over whose value it is and what it says."""
    return zlib.crc32(raw, zlib.crc32(key, zlib.crc32(model.encode())))

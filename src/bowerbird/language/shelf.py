"""The file behind the cache: one SQLite table, a checksum in every row."""

import logging
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import LanguageError

Vectors = dict[bytes, NDArray[np.float32]]

TABLE = "CREATE TABLE IF NOT EXISTS vectors (encoder TEXT, text BLOB, vector BLOB, crc INTEGER, PRIMARY KEY (encoder, text))"
OURS, FORMAT = 0x42574242, 1
"""Marks in the head of the file, so that no other program's database is taken for a cache."""
AT_ONCE = 500
WAIT_S = 30.0

logger = logging.getLogger(__name__)


class Shelf:
    """Vectors by (encoder, key) in the file `path`; it never gives a wrong one.

    Each call opens and closes the file, so the value may be shared by threads and survives a fork. What cannot be read is
    as if it were not kept, and what cannot be written is not kept; both are said in the log.

    raises  LanguageError if the file is a database of another program or version: that is left alone
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, encoder: str, keys: Sequence[bytes]) -> Vectors:
        """The vectors that are kept and whole, all of one dimension."""
        try:
            return self._get(encoder, keys) if self.path.exists() else {}
        except (sqlite3.Error, OSError) as error:
            self._fault(error)
            return {}

    def put(self, encoder: str, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep these, all or none; those of the same key are replaced."""
        rows = [(encoder, key, (raw := np.asarray(one, "<f4").tobytes()), checksum(encoder, key, raw)) for key, one in vectors.items()]
        try:
            with self._file() as file:
                file.execute("BEGIN IMMEDIATE")
                file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
                file.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._fault(error)

    def _get(self, encoder: str, keys: Sequence[bytes]) -> Vectors:
        found: Vectors = {}
        damaged = 0
        with self._file() as file:
            for start in range(0, len(keys), AT_ONCE):
                some = keys[start : start + AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT text, vector, crc FROM vectors WHERE encoder = ? AND text IN ({marks})"
                for key, raw, crc in file.execute(query, (encoder, *some)):
                    if isinstance(raw, bytes) and raw and len(raw) % 4 == 0 and crc == checksum(encoder, key, raw):
                        found[key] = np.frombuffer(raw, "<f4").astype(np.float32, copy=False)
                    else:
                        damaged += 1
        if damaged:
            logger.warning("cache %s: %d vectors are damaged and are read again", self.path, damaged)
        if len({len(vector) for vector in found.values()}) > 1:
            logger.warning("cache %s: the vectors of %s differ in dimension and are read again", self.path, encoder)
            return {}
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
            if (got := self._marks(file)) != (OURS, FORMAT):
                raise LanguageError(f"cache {self.path}: must be a cache of format {FORMAT}, got another program's or version's file {got}")
            yield file
        finally:
            file.close()

    def _marks(self, file: sqlite3.Connection) -> tuple[int, int]:
        return file.execute("PRAGMA application_id").fetchone()[0], file.execute("PRAGMA user_version").fetchone()[0]

    def _begin(self, file: sqlite3.Connection) -> None:
        """Mark an empty file as ours; called under its write lock, so only one process does."""
        if file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            file.execute(TABLE)
            file.execute(f"PRAGMA application_id = {OURS}")
            file.execute(f"PRAGMA user_version = {FORMAT}")

    def _fault(self, error: sqlite3.Error | OSError) -> None:
        """Say what is wrong; a damaged file is put aside so that the next write begins anew."""
        if type(error) is not sqlite3.DatabaseError:
            logger.warning("cache %s: cannot be used now (%s); vectors are not kept", self.path, error)
            return
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            os.replace(self.path, aside)
        except OSError as stuck:
            logger.warning("cache %s: damaged (%s) and cannot be put aside (%s); vectors are not kept", self.path, error, stuck)
        else:
            logger.warning("cache %s: damaged (%s); put aside as %s and begun anew", self.path, error, aside.name)


def checksum(encoder: str, key: bytes, raw: bytes) -> int:
    """CRC-32 over whose vector it is and what it says."""
    return zlib.crc32(raw, zlib.crc32(key, zlib.crc32(encoder.encode())))

"""The file behind the cache: one SQLite table, a checksum in every row."""

import logging
import os
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = dict[bytes, NDArray[np.float32]]

TABLE = "CREATE TABLE IF NOT EXISTS vectors (encoder TEXT, text BLOB, vector BLOB, crc INTEGER, PRIMARY KEY (encoder, text)) WITHOUT ROWID"
FORMAT = 1
AT_ONCE = 500
WAIT_S = 30.0
ABSENT = ("unable to open", "readonly", "disk is full", "locked", "disk i/o")

logger = logging.getLogger(__name__)


class Shelf:
    """Vectors by (encoder, key) in the file `path`. It never gives a wrong vector and never raises for the file's sake.

    Each call opens and closes the file, so the value may be shared by threads and survives a fork.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, encoder: str, keys: Sequence[bytes]) -> Vectors:
        """The vectors that are kept and whole, all of one dimension."""
        try:
            return self._get(encoder, keys)
        except (sqlite3.Error, OSError) as error:
            self._fault(error)
            return {}

    def put(self, encoder: str, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep these; those of the same key are replaced."""
        rows = [(encoder, key, (raw := np.asarray(one, "<f4").tobytes()), checksum(encoder, key, raw)) for key, one in vectors.items()]
        try:
            with closing(self._open()) as file, file:
                file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
        except (sqlite3.Error, OSError) as error:
            self._fault(error)

    def _get(self, encoder: str, keys: Sequence[bytes]) -> Vectors:
        if not self.path.exists():
            return {}
        found: Vectors = {}
        damaged = 0
        with closing(self._open()) as file:
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

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(self.path, timeout=WAIT_S)
        try:
            version = file.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, FORMAT):
                raise sqlite3.DatabaseError(f"its format is {version}, this version reads {FORMAT}")
            if not version:
                file.execute("PRAGMA journal_mode = WAL")
                file.execute(TABLE)
                file.execute(f"PRAGMA user_version = {FORMAT}")
                file.commit()
            file.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _fault(self, error: sqlite3.Error | OSError) -> None:
        """Say what is wrong; a file that is no cache is put aside so that the next write begins anew."""
        if isinstance(error, OSError) or any(word in str(error).lower() for word in ABSENT):
            logger.warning("cache %s: cannot be used now (%s); vectors are not kept", self.path, error)
            return
        aside = self.path.with_suffix(".damaged")
        logger.warning("cache %s: damaged (%s); put aside as %s and begun anew", self.path, error, aside.name)
        try:
            os.replace(self.path, aside)
            for tail in ("-wal", "-shm"):
                Path(f"{self.path}{tail}").unlink(missing_ok=True)
        except OSError as stuck:
            logger.warning("cache %s: cannot be put aside (%s); vectors are not kept", self.path, stuck)


def checksum(encoder: str, key: bytes, raw: bytes) -> int:
    """CRC-32 over whose vector it is and what it says."""
    return zlib.crc32(raw, zlib.crc32(key, zlib.crc32(encoder.encode())))

"""A name for data: the same rows give the same name, whatever file they came from."""

import hashlib

import numpy as np
import polars as pl

CHUNK = 1_000_000


def fingerprint(*frames: pl.DataFrame) -> str:
    """16 hex digits of the SHA-256 over the tables' rows.

    Columns count by name, in any order, and those without a value not at all; numbers count as float64, flags as 0 and 1.

    cost    O(rows)

    >>> fingerprint(pl.DataFrame({"a": [1, 2]})) == fingerprint(pl.DataFrame({"b": [None, None], "a": [1.0, 2.0]}))
    True
    """
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(f"table of {len(frame)}".encode())
        for name in sorted(frame.columns):
            if frame[name].null_count() < len(frame):
                digest.update(b"\0column " + name.encode() + b"\0")
                for start in range(0, len(frame), CHUNK):
                    _add(digest, frame[name].slice(start, CHUNK))
    return digest.hexdigest()[:16]


def _add(digest: "hashlib._Hash", column: pl.Series) -> None:
    digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
    if isinstance(column.dtype, pl.List):
        lengths = column.list.len().fill_null(0)
        digest.update(lengths.cast(pl.Int64).to_numpy().astype("<i8").tobytes())
        column = column.filter(lengths > 0).explode()
    if column.dtype.is_temporal():
        column = column.cast(pl.Int64)
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        digest.update(column.cast(pl.Float64).fill_null(0.0).to_numpy().astype("<f8").tobytes())
        return
    texts = column.cast(pl.String).fill_null("")
    digest.update(texts.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
    digest.update((texts.str.join("").item() if len(texts) else "").encode())

"""The S3-Rec sequence format: one line a user, first the user, then the items in their order. No times."""

from pathlib import Path

import polars as pl

from bowerbird.data.readers.table import decoded, file_bytes, present, read_table
from bowerbird.errors import DataError

KIND = "interaction"


def read_events(path: Path) -> pl.DataFrame:
    """One event an item, in the order of the lines. A file with a table's suffix is read as a table.

    raises  DataError if the file is missing or empty, or a line has a user and no item
    """
    if present(path).is_dir():
        raise DataError(f"{path}: is a folder; name the file of sequences, such as Beauty.txt")
    if path.suffix not in (".txt", ""):
        return read_table(path)
    lines = pl.Series("line", decoded(file_bytes(path)).splitlines()).to_frame().with_row_index("number", offset=1)
    words = lines.with_columns(pl.col("line").str.extract_all(r"\S+")).filter(pl.col("line").list.len() > 0)
    short = words.filter(pl.col("line").list.len() < 2)
    if len(short):
        raise DataError(f"{path}: line {short['number'][0]} has a user and no item")
    return words.select(pl.col("line").list.first().alias("user"), pl.col("line").list.slice(1).alias("item")).explode("item")

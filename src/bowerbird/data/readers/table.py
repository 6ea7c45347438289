"""CSV, TSV, JSON Lines and Parquet, told by the file's suffix, as a table of what stands in the file."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from polars.exceptions import NoDataError, PolarsError

from bowerbird.errors import DataError

SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".dat": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")


def read_table(path: Path, *, encoding: str = "utf-8", quote: str | None = '"') -> pl.DataFrame:
    """The file as a table: all columns are text for CSV and TSV, typed for JSON Lines and Parquet. Gzip (`.csv.gz`) is undone.

    encoding  of CSV and TSV; text that is not UTF-8 although it should be is read as latin-1, and cleaning mends what that spoils
    quote     the quote sign of CSV and TSV; None = there is none
    raises    DataError if the file is missing, empty, of no known format, damaged, or a row has too few or too many fields
    """
    kind = _suffix(path)
    with _faults(path):
        if kind in PARQUET:
            frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
        elif kind in JSON_LINES:
            frame = _json_lines(path)
        else:
            frame = _separated(path, SEPARATORS[kind], encoding, quote)
    if not len(frame):
        raise DataError(f"{path}: the file has no rows")
    return frame


def present(path: Path, what: str = "file") -> Path:
    """The path, if there is something.

    raises  DataError if there is not
    """
    if not path.exists():
        raise DataError(f"{path}: no such {what}")
    return path


def file_bytes(path: Path) -> bytes:
    """What is in the file, gzip undone.

    raises  DataError if it is missing, empty or cannot be read
    """
    with _faults(present(path)):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if not data.strip():
        raise DataError(f"{path}: the file is empty")
    return data


def decoded(data: bytes) -> str:
    """UTF-8 where it is, else latin-1, which reads anything."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _suffix(path: Path) -> str:
    present(path)
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file, or set data.format to the format whose folder it is")
    suffixes = [part.lower() for part in path.suffixes]
    kind = suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
    known = (*SEPARATORS, *JSON_LINES, *PARQUET)
    if kind not in known:
        raise DataError(f"{path}: unknown format {kind or 'without suffix'!r}, it must be one of {', '.join(known)}")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty")
    return kind


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Say in one sentence what the libraries say in many."""
    try:
        yield
    except NoDataError:
        raise DataError(f"{path}: the file is empty") from None
    except PolarsError as error:
        raise DataError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def _separated(path: Path, separator: str, encoding: str, quote: str | None) -> pl.DataFrame:
    source: Path | io.BytesIO = path
    if encoding != "utf-8":
        source = io.BytesIO(path.read_bytes().decode(encoding).encode())
    try:
        frame = _parse(source, separator, quote)
    except NoDataError:
        raise
    except PolarsError as error:
        data = file_bytes(path)
        text = decoded(data)
        _refuse_ragged(path, text, separator, quote)
        if "utf-8" not in str(error):
            raise
        return _parse(io.BytesIO(text.encode()), separator, quote)
    if frame.width > 1 and frame[:, -1].null_count():
        _refuse_ragged(path, decoded(file_bytes(path)), separator, quote)
    return frame


def _parse(source: Path | io.BytesIO, separator: str, quote: str | None) -> pl.DataFrame:
    frame = pl.read_csv(source, separator=separator, quote_char=quote, infer_schema=False, glob=False)
    return frame.rename({name: name.strip() for name in frame.columns})


def _refuse_ragged(path: Path, text: str, separator: str, quote: str | None) -> None:
    """Find the first row that has not as many fields as the header: half a line, or a stray separator."""
    rules = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, **rules)
    try:
        header = next(rows)
        for row in rows:
            if row and len(row) != len(header):
                raise DataError(f"{path}: line {rows.line_num} has {len(row)} fields where the header has {len(header)}")
    except csv.Error as error:
        raise DataError(f"{path}: line {rows.line_num} cannot be read ({error})") from None


def _json_lines(path: Path) -> pl.DataFrame:
    data = file_bytes(path)
    try:
        return pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)
    except PolarsError:
        for number, line in enumerate(decoded(data).splitlines(), start=1):
            _check_json(path, number, line)
        raise


def _check_json(path: Path, number: int, line: str) -> None:
    try:
        row = json.loads(line) if line.strip() else {}
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: line {number} is not whole JSON ({error.msg} at character {error.pos + 1})") from None
    if not isinstance(row, dict):
        raise DataError(f"{path}: line {number} must be a JSON object, got {line:.40}")
